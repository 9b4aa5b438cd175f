"""The model file: LightGBM behind a Protocol."""

import json
import math
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from greenbridge.scoring.gateway import kernels
from greenbridge.scoring.gateway.artifacts import check_registered, fingerprint
from greenbridge.scoring.gateway.forest import Tree, UnsupportedTreesError, trees
from greenbridge.scoring.gateway.layouts import Edges, Masks, edges, masks
from greenbridge.scoring.gateway.single import CONTRIBUTIONS, RAW, SingleRow
from greenbridge.scoring.rules.calibration import calibrate
from greenbridge.scoring.rules.features import EDITION
from greenbridge.scoring.rules.reasons import evidence
from greenbridge.scoring.values import Evidence, Floats

FEW = 256  # up to so many rows, one by one is quicker than what compiled loops cost to load
LEAST_LOGIT = -700  # exp(700) still fits a float


class DefaultModel(Protocol):
    """A trained default model with its card. `sha256`: of what decides (see `fingerprint`); `edition` of the features' formulas."""

    version: str
    sha256: str
    edition: int
    card: dict[str, Any]
    features: tuple[str, ...]
    evidence: dict[str, Evidence]

    def probability(self, row: Floats) -> float:
        """Return the calibrated probability of one firm, float[n_features]."""
        ...

    def probabilities(self, x: Floats) -> Floats:
        """Return the calibrated probabilities of many."""
        ...

    def contributions(self, x: Floats) -> Floats:
        """Return float[n, n_features]: what each feature adds to the margin (Shapley values, exact)."""
        ...

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Return (probability float[n], contributions to the margin float[n, n_features])."""
        ...

    def sibling(self, version: str, sha256: str) -> "DefaultModel":
        """Return another version from the same place; loaded once. Raises ArtifactRefused."""
        ...


class LightGbmModel:
    """A model folder of `ml/artifacts/`: model.txt and card.json. Loaded in the worker, one thread (it can hang after fork)."""

    def __init__(self, folder: Path, siblings: "dict[tuple[str, str], LightGbmModel] | None" = None) -> None:
        import lightgbm  # noqa: PLC0415  slow to import, and only workers that score need it

        self.folder = folder
        self.card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        self.version = str(self.card["version"])
        self.features = tuple(feature["name"] for feature in self.card["features"])
        self.edition = int(self.card.get("features_edition", 1))
        self.evidence = evidence(self.card)
        self.sha256 = fingerprint(folder)
        self._text = (folder / "model.txt").read_text(encoding="utf-8")
        self._booster = lightgbm.Booster(model_str=self._text)
        self._siblings = {} if siblings is None else siblings
        self._siblings[self.version, self.sha256] = self

    def probability(self, row: Floats) -> float:
        """Return one firm's probability; the margin's bits are `Booster.predict`'s."""
        margin = self._one_margin.margin(row) if self._one_margin else float(self._booster.predict(row[None], raw_score=True)[0])
        of = self.card["calibration"]
        if of.get("kind", "logistic") == "logistic":  # what NumPy would take four times as long for
            logit = of["slope"] * margin + of["intercept"]
            return 1 / (1 + math.exp(-logit)) if logit > LEAST_LOGIT else 0.0
        return float(calibrate(of, np.array([margin]))[0])

    def probabilities(self, x: Floats) -> Floats:
        """Return probabilities of many rows: compiled where the trees are known to the kernels, the booster's otherwise."""
        return calibrate(self.card["calibration"], self.margins(x))

    def margins(self, x: Floats) -> Floats:
        """Return raw margins, bit for bit `Booster.predict(x, raw_score=True)`."""
        if len(x) <= FEW and self._one_margin:
            return np.array([self._one_margin.margin(row) for row in x])
        if self._masks is None:
            return np.asarray(self._booster.predict(x, raw_score=True, num_threads=1), dtype=float)
        return kernels.margins(self._masks, x)

    def contributions(self, x: Floats) -> Floats:
        """Return Shapley values along the trees' paths; without the last column of `pred_contrib`, the base."""
        if len(x) <= FEW and self._one_explained:
            return np.array([self._one_explained.contributions(row) for row in x]).reshape(x.shape)
        if self._edges is None:
            return np.asarray(self._booster.predict(x, pred_contrib=True, num_threads=1), dtype=float)[:, :-1]
        return kernels.contributions(self._edges, x)

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Return (calibrated probabilities, contributions)."""
        return self.probabilities(x), self.contributions(x)

    def sibling(self, version: str, sha256: str) -> "LightGbmModel":
        """Return another version from the same folder of artifacts."""
        if (version, sha256) not in self._siblings:
            check_registered(self.folder.parent, version, sha256)
            LightGbmModel(self.folder.parent / version, self._siblings)
        return self._siblings[version, sha256]

    @cached_property
    def _one_margin(self) -> SingleRow | None:
        return _single(self._booster, RAW)

    @cached_property
    def _one_explained(self) -> SingleRow | None:
        return _single(self._booster, CONTRIBUTIONS)

    @cached_property
    def _trees(self) -> tuple[Tree, ...] | None:
        try:
            return trees(self._text)
        except UnsupportedTreesError:
            return None

    @cached_property
    def _masks(self) -> Masks | None:
        return masks(self._trees, len(self.features)) if self._trees is not None else None

    @cached_property
    def _edges(self) -> Edges | None:
        return edges(self._trees) if self._trees is not None else None


def _single(booster: Any, kind: int) -> SingleRow | None:
    try:
        return SingleRow(booster, kind)
    except (AttributeError, OSError):  # another build of LightGBM: its own predict does the same, slower
        return None


class FakeModel:
    """A model for tests: the probability is the last feature's value, which alone contributes."""

    version = "fake-1"
    sha256 = "0" * 64
    edition = EDITION

    def __init__(self, features: tuple[str, ...]) -> None:
        self.features = features
        self.card: dict[str, Any] = {
            "version": self.version,
            "calibration": {"kind": "logistic", "slope": 1.0, "intercept": 0.0},
            "features": [{"name": name, "median": 0.0} for name in features],
        }
        self.evidence = evidence(self.card)

    def probability(self, row: Floats) -> float:
        """Return the last value, held within [0, 1]."""
        return float(self.probabilities(row[None])[0])

    def probabilities(self, x: Floats) -> Floats:
        """Return the last column, held within [0, 1]."""
        return np.clip(np.nan_to_num(x[:, -1]), 0, 1)

    def contributions(self, x: Floats) -> Floats:
        """Return the probability in the last column."""
        found = np.zeros_like(x)
        found[:, -1] = self.probabilities(x)
        return found

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Return both."""
        return self.probabilities(x), self.contributions(x)

    def sibling(self, version: str, sha256: str) -> "FakeModel":
        """Return itself: it stands for any version."""
        del version, sha256
        return self


def current_version(artifacts: Path) -> str:
    """Return the version that `artifacts/current` names. Raises FileNotFoundError."""
    return (artifacts / "current").read_text(encoding="utf-8").strip()


def load_current(artifacts: Path) -> LightGbmModel:
    """Return the model that `artifacts/current` names, whatever the registry says: for benchmarks and tests. Raises FileNotFoundError."""
    return LightGbmModel(artifacts / current_version(artifacts))


def load_registered(artifacts: Path, version: str, sha256: str) -> LightGbmModel:
    """Return a version whose files are those registered. Raises ArtifactRefused."""
    check_registered(artifacts, version, sha256)
    return LightGbmModel(artifacts / version)
