"""The model file: LightGBM behind a Protocol."""

import json
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from greenbridge.scoring.rules.calibration import calibrate
from greenbridge.scoring.values import Floats


class DefaultModel(Protocol):
    """A trained default model with its card."""

    version: str
    card: dict[str, Any]
    features: tuple[str, ...]

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Return (probability float[n], contributions to the margin float[n, n_features])."""
        ...


class LightGbmModel:
    """A model folder of `ml/artifacts/`: model.txt and card.json. Loaded in the worker, one thread (it can hang after fork)."""

    def __init__(self, folder: Path) -> None:
        import lightgbm  # noqa: PLC0415  slow to import, and only workers that score need it

        self.card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        self.version = str(self.card["version"])
        self.features = tuple(feature["name"] for feature in self.card["features"])
        self._booster = lightgbm.Booster(model_str=(folder / "model.txt").read_text(encoding="utf-8"))

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Return (calibrated probability, TreeSHAP contributions); the last SHAP column, the base, is part of the margin only."""
        shap = np.asarray(self._booster.predict(x, pred_contrib=True, num_threads=1), dtype=float)
        return calibrate(self.card["calibration"], shap.sum(axis=1)), shap[:, :-1]


class FakeModel:
    """A model for tests: the probability is the last feature's value, which alone contributes."""

    version = "fake-1"

    def __init__(self, features: tuple[str, ...]) -> None:
        self.features = features
        self.card: dict[str, Any] = {
            "version": self.version,
            "bands": {"A": 0.05, "B": 0.1, "C": 0.2, "D": 0.4, "E": 1.01},
            "features": [{"name": name, "median": 0.0} for name in features],
        }

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Return the last column, held within [0, 1]."""
        value = np.clip(np.nan_to_num(x[:, -1]), 0, 1)
        contributions = np.zeros_like(x)
        contributions[:, -1] = value
        return value, contributions


def load_current(artifacts: Path) -> LightGbmModel:
    """Return the model that `artifacts/current` names. Raises FileNotFoundError."""
    return LightGbmModel(artifacts / (artifacts / "current").read_text(encoding="utf-8").strip())
