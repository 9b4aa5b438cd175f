"""What ours is compared with on the same splits: a logistic regression, and LightGBM as it comes."""

import lightgbm
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ml.dataset import Column, Floats, Labels
from ml.encoding import MOST_CATEGORIES, Encoder
from ml.evaluate import Fitted


def logistic(frame: pd.DataFrame, y: Labels, columns: tuple[Column, ...], imputation: str, seed: int) -> Fitted:
    """Fit imputation, standard scores and a ridge logistic regression; categories as indicators, of many their encoded share."""
    encoder = Encoder(frame, y, columns, "none", seed)
    x = encoder.of_training(frame, y)
    numbers = [i for i in range(x.shape[1]) if i not in encoder.categorical]
    model = make_pipeline(
        ColumnTransformer([
            ("numbers", make_pipeline(SimpleImputer(strategy=imputation, keep_empty_features=True), StandardScaler()), numbers),
            ("codes", OneHotEncoder(handle_unknown="ignore", max_categories=MOST_CATEGORIES), encoder.categorical),
        ]),
        LogisticRegression(C=0.1, max_iter=2000),
    )  # fmt: skip
    model.fit(x, y)

    def predict(new: pd.DataFrame) -> Floats:
        return np.asarray(model.predict_proba(encoder.transform(new))[:, 1], dtype=float)

    return Fitted(predict)


def untuned(frame: pd.DataFrame, y: Labels, columns: tuple[Column, ...], imputation: str, seed: int) -> Fitted:
    """Fit LightGBM with its defaults, on the same encoded columns: no constraints, no search, no calibration."""
    encoder = Encoder(frame, y, columns, imputation, seed)
    params = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": seed, "deterministic": True, "force_row_wise": True}
    data = lightgbm.Dataset(encoder.of_training(frame, y), y, categorical_feature=encoder.categorical or "auto")
    booster = lightgbm.train(params, data)
    return Fitted(lambda new: np.asarray(booster.predict(encoder.transform(new)), dtype=float))
