"""Checks of models: drift, vintages, what banks did, alerts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from greenbridge.kit.text import Text

Bools = NDArray[np.bool_]


class Drift(StrEnum):
    """What a population stability index says."""

    STABLE = "stable"
    MOVED = "moved"
    SHIFTED = "shifted"
    NOISE = "noise"  # above the threshold, and no more than chance makes with so few firms
    TOO_FEW = "too_few"


DRIFT_NAMES = {
    Drift.STABLE: Text("稳定", "Stable"),
    Drift.MOVED: Text("有变化，关注", "Moved, watch"),
    Drift.SHIFTED: Text("明显漂移", "Shifted"),
    Drift.NOISE: Text("在抽样波动之内", "Within chance"),
    Drift.TOO_FEW: Text("样本不足，不判断", "Too few to say"),
}


@dataclass(frozen=True, slots=True)
class ModelPolicy:
    """When a model is said to have drifted or to have been wrong."""

    version: str
    in_force_from: date
    source: str
    moved: float
    shifted: float
    chance: float
    least_firms: int
    recent_days: int
    horizon_days: int
    least_events: int
    least_auc: float
    confidence: float
    labels: tuple[str, ...]
    bad_states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Psi:
    """One population stability index. `noise`: what chance alone stays under; `n` firms now, `n_reference` then."""

    name: str
    label: Text
    value: float | None
    noise: float | None
    n: int
    n_reference: int
    missing: float | None
    missing_reference: float | None
    drift: Drift


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval, each in [0, 1]."""

    value: float
    low: float
    high: float


class Ripeness(StrEnum):
    """Whether a vintage can be judged."""

    RIPE = "ripe"
    YOUNG = "young"
    FEW = "few"


@dataclass(frozen=True, slots=True)
class Vintage:
    """Scores of one month against what happened in the horizon. `in_default`: left out, a record was open on the day of the score.

    A young vintage has its events so far and no verdict: what has not happened yet is not good.
    """

    month: date
    model_version: str
    ripeness: Ripeness
    ripe_on: date
    n: int
    events: int
    in_default: int
    auc: Interval | None = None
    ks: float | None = None
    brier: float | None = None
    predicted: float | None = None
    observed: Interval | None = None

    @property
    def calibrated(self) -> bool | None:
        """Return whether the mean probability lies in the interval of what was seen; None: not judged."""
        if self.ripeness is not Ripeness.RIPE or self.observed is None or self.predicted is None:
            return None
        return self.observed.low <= self.predicted <= self.observed.high


@dataclass(frozen=True, slots=True)
class BandFeedback:
    """What banks did with firms of one band (None: without a score when the bank answered): answers by state, declines by reason."""

    band: str | None
    states: Mapping[str, int]
    reasons: Mapping[str, int]

    @property
    def n(self) -> int:
        return sum(self.states.values())


class AlertKind(StrEnum):
    """What about the model needs somebody's eyes."""

    SCORE_DRIFT = "score_drift"
    FEATURE_DRIFT = "feature_drift"
    CALIBRATION = "calibration"
    DISCRIMINATION = "discrimination"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something beyond its limit: `subject` is a feature or a vintage."""

    kind: AlertKind
    subject: str
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class ModelAlert:
    """A finding, from the check that found it first to the one that did no more."""

    id: UUID
    model_version: str
    finding: Finding
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """One check of a model: drift of score and features, vintages, what banks did.

    `reference_from` None: measured by the training firms of its card. `recent_from` None: no run of late to measure. `state`: champion or
    challenger, which no bank sees and of which nothing is asked of banks' answers.
    """

    as_of: date
    made_at: datetime
    model_version: str
    policy_version: str
    reference_from: date | None
    reference_to: date | None
    recent_from: date | None
    recent_to: date | None
    score: Psi | None
    features: tuple[Psi, ...]
    vintages: tuple[Vintage, ...]
    feedback: tuple[BandFeedback, ...]
    state: str = "champion"
