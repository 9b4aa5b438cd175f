"""Repeated stratified cross-validation of the default model and its baselines, on the same splits."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score, roc_curve
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Fit = Callable[[Floats, Labels], Callable[[Floats], Floats]]

SEED = 20200201
FOLDS, REPEATS, INNER_FOLDS = 5, 10, 5
# Chosen before the first run and not tuned to these splits: stumps add up one feature at a time, so that 123 firms cannot teach
# interactions that are not there; the constraints keep every effect in the direction that a credit officer expects.
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 2,
    "learning_rate": 0.05,
    "min_data_in_leaf": 5,
    "lambda_l2": 1.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "seed": SEED,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
ROUNDS = 200


def train_booster(x: Floats, y: Labels, directions: list[int]) -> lightgbm.Booster:
    """Return the booster; `directions` are the monotone constraints, one per feature."""
    return lightgbm.train({**PARAMETERS, "monotone_constraints": directions}, lightgbm.Dataset(x, y), num_boost_round=ROUNDS)


def platt(margin: Floats, y: Labels) -> tuple[float, float]:
    """Return (slope, intercept) of the logistic calibration of a margin (Platt 1999)."""
    fitted = LogisticRegression(C=1e6).fit(margin.reshape(-1, 1), y)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def out_of_fold_margin(x: Floats, y: Labels, directions: list[int], folds: int = INNER_FOLDS, seed: int = SEED) -> Floats:
    """Return each firm's margin from a booster that has not seen it."""
    margin = np.zeros(len(y))
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=seed).split(x, y):
        margin[test] = np.asarray(train_booster(x[train], y[train], directions).predict(x[test], raw_score=True))
    return margin


def calibrated(x: Floats, y: Labels, directions: list[int]) -> tuple[lightgbm.Booster, float, float]:
    """Return (booster, slope, intercept): trained on all given rows, calibrated on margins from inner folds of the same rows."""
    slope, intercept = platt(out_of_fold_margin(x, y, directions), y)
    return train_booster(x, y, directions), slope, intercept


def monotone(directions: list[int]) -> Fit:
    """Return the fit of the model that is served."""

    def fit(x: Floats, y: Labels) -> Callable[[Floats], Floats]:
        booster, slope, intercept = calibrated(x, y, directions)
        return lambda new: 1 / (1 + np.exp(-(slope * np.asarray(booster.predict(new, raw_score=True)) + intercept)))

    return fit


def logistic(x: Floats, y: Labels) -> Callable[[Floats], Floats]:
    """Fit the baseline: median imputation, standard scores, ridge logistic regression."""
    model = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=0.1, max_iter=1000),
    )
    model.fit(x, y)
    return lambda new: np.asarray(model.predict_proba(new)[:, 1])


def untuned(x: Floats, y: Labels) -> Callable[[Floats], Floats]:
    """Fit LightGBM with its defaults: no constraints, no calibration."""
    booster = lightgbm.train(
        {
            "objective": "binary",
            "verbosity": -1,
            "num_threads": 1,
            "seed": SEED,
            "deterministic": True,
            "force_row_wise": True,
        },
        lightgbm.Dataset(x, y),
    )
    return lambda new: np.asarray(booster.predict(new))


@dataclass(frozen=True, slots=True)
class Result:
    """Means over all held-out folds, with the standard deviation of the AUC; `oof` float[repeats, n] are held-out probabilities."""

    auc_mean: float
    auc_std: float
    auc_repeat_std: float
    ks: float
    brier: float
    log_loss: float
    oof: Floats

    def table(self) -> dict[str, float]:
        """Return the figures, rounded."""
        names = ("auc_mean", "auc_std", "auc_repeat_std", "ks", "brier", "log_loss")
        return {name: round(getattr(self, name), 4) for name in names}


def cross_validate(x: Floats, y: Labels, fit: Fit) -> Result:
    """Evaluate on 5 stratified folds, 10 times; every figure is of firms that the fitted model had not seen."""
    splits = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=SEED).split(x, y)
    oof = np.zeros((REPEATS, len(y)))
    aucs = []
    for number, (train, test) in enumerate(splits):
        probability = fit(x[train], y[train])(x[test])
        oof[number // FOLDS, test] = probability
        aucs.append(roc_auc_score(y[test], probability))
    ks = []
    for row in oof:
        false_positive, true_positive, _ = roc_curve(y, row)
        ks.append(float(np.max(true_positive - false_positive)))
    return Result(
        float(np.mean(aucs)),
        float(np.std(aucs)),
        float(np.std([roc_auc_score(y, row) for row in oof])),
        float(np.mean(ks)),
        float(np.mean([brier_score_loss(y, row) for row in oof])),
        float(np.mean([log_loss(y, np.clip(row, 1e-6, 1 - 1e-6)) for row in oof])),
        oof,
    )


def reliability(y: Labels, probability: Floats, edges: tuple[float, ...] = (0, 0.05, 0.1, 0.2, 0.4, 1.0001)) -> list[dict[str, float]]:
    """Return per band of predicted probability: firms, mean prediction, observed share of defaults."""
    rows = []
    for low, high in pairwise(edges):
        inside = (probability >= low) & (probability < high)
        if inside.any():
            rows.append(
                {
                    "from": low,
                    "to": min(high, 1.0),
                    "firms": int(inside.sum()),
                    "predicted": round(float(probability[inside].mean()), 4),
                    "observed": round(float(y[inside].mean()), 4),
                }
            )
    return rows
