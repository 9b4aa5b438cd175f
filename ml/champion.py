"""Ours: LightGBM with monotone constraints, searched and calibrated inside the rows that it is given."""

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from greenbridge.scoring.rules.calibration import calibrate
from ml import boosting, calibrating, tuning
from ml.dataset import Column, Floats, Labels
from ml.encoding import Encoder

# Averaged in one file: small sets are cheap and noisy.
SMALL_BOOSTERS, BOOSTERS = 5, 4


@dataclass(frozen=True, slots=True)
class Champion:
    """A trained model: `booster` reads what `encoder` makes of a row; `calibration` turns its margin into a probability."""

    booster: lightgbm.Booster
    encoder: Encoder
    calibration: calibrating.Calibration
    search: dict[str, Any]

    def margin(self, frame: pd.DataFrame) -> Floats:
        """Return the raw margin."""
        return np.asarray(self.booster.predict(self.encoder.transform(frame), raw_score=True), dtype=float)

    def predict(self, frame: pd.DataFrame) -> Floats:
        """Return calibrated probabilities."""
        return calibrate(self.calibration, self.margin(frame))


def fit(frame: pd.DataFrame, y: Labels, columns: tuple[Column, ...], imputation: str, seed: int, trials: int | None = None) -> Champion:
    """Return the model of the given rows alone: parameters, rounds and calibration come from their inner folds."""
    found = tuning.search(frame, y, columns, imputation, seed, trials)
    margin = np.mean([trial.margin for trial in found.kept], axis=0)
    calibration, losses = calibrating.choose(margin, y[found.rows], seed)
    encoder = Encoder(frame, y, columns, imputation, seed)
    boosters = SMALL_BOOSTERS if len(y) < boosting.SMALL else BOOSTERS
    booster = boosting.averaged(found.kept, boosters, encoder, encoder.of_training(frame, y), y, seed)
    told = {
        "tried": found.tried,
        "boosters": boosters,
        "kept": [{**trial.params, "rounds": trial.rounds, "inner_log_loss": round(trial.loss, 5)} for trial in found.kept],
        "calibration_log_loss": {kind: round(loss, 5) for kind, loss in losses.items()},
    }
    return Champion(booster, encoder, calibration, told)
