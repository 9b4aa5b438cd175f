"""Networks of exposures, paths of risk, changes of a borrower, checks of the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from greenbridge.kit.text import Text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Channel(StrEnum):
    """What ties a firm to the one that it is exposed to; told from the exposed firm."""

    CUSTOMER = "customer"  # it sells to the other
    SUPPLIER = "supplier"  # it buys from the other
    GUARANTEED = "guaranteed"  # it stands surety for the other
    GUARANTOR = "guarantor"  # the other stands surety for it
    OWNER = "owner"  # the other holds its shares
    INVESTMENT = "investment"  # it holds the other's shares


CHANNELS = tuple(Channel)
TRADE = frozenset({Channel.CUSTOMER, Channel.SUPPLIER})
HOLDING = frozenset({Channel.OWNER, Channel.INVESTMENT})


class Level(StrEnum):
    """How strong the risk is that reaches a firm from others: all that a bank is told of its size."""

    NONE = "none"
    SLIGHT = "slight"
    MARKED = "marked"
    STRONG = "strong"


LEVEL_NAMES = {
    Level.NONE: Text("无明显传导", "none to speak of"),
    Level.SLIGHT: Text("轻微", "slight"),
    Level.MARKED: Text("明显", "marked"),
    Level.STRONG: Text("较强", "strong"),
}


@dataclass(frozen=True, slots=True)
class ContagionPolicy:
    """How risk spreads. `weights` of channels sum to at most 1 and `decay` lies under 1: that is why it converges.

    `severity`: item -> own risk of a firm with an open record of it. `levels` and `classes` are lower ends of a risk in [0, 1].
    """

    version: str
    in_force_from: date
    source: str
    decay: float
    weights: Mapping[Channel, float]
    same_division: float
    same_section: float
    other_section: float
    core_floor: float
    core_half: float
    severity: Mapping[str, float]
    levels: Mapping[Level, float]
    high_risk: float
    raised_risk: float
    depth: int
    top: int
    least: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class Ties:
    """Ties of one kind between firms 0..n-1: `one[k]` sells to (stands surety for, holds shares of) `other[k]`.

    `size`: yuan or fen, or a share in [0, 1] of the other's capital.
    """

    one: Ints
    other: Ints
    size: Floats


@dataclass(frozen=True, slots=True)
class Network:
    """Who is exposed to whom, in compressed rows: the edges of firm i are those from `start[i]` to `start[i + 1]`.

    `weight` is what an edge carries on (decay, channel, industry and core applied), `share` what stands behind it in [0, 1],
    `channel` an index into CHANNELS. `bound`: the largest row sum of `weight`, under 1.
    """

    start: Ints
    target: Ints
    channel: Ints
    share: Floats
    weight: Floats
    bound: float

    @property
    def firms(self) -> int:
        return len(self.start) - 1


@dataclass(frozen=True, slots=True)
class Spread:
    """Own and reached risk of each firm in [0, 1], how many rounds it took, and how far the fixed point may still lie."""

    risk: Floats
    rounds: int
    error: float


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a path: from an exposed firm along a channel to the firm with this number."""

    firm: int
    channel: Channel
    share: float


@dataclass(frozen=True, slots=True)
class Path:
    """How risk comes to a firm: steps away from it, and how much of its risk that makes."""

    hops: tuple[Hop, ...]
    contribution: float


@dataclass(frozen=True, slots=True)
class Event:
    """An open public record of a firm: why its own risk is what it is."""

    item: str
    since: date


@dataclass(frozen=True, slots=True)
class KeptHop:
    """One step of a path as it is kept: the firm by its code."""

    uscc: str
    channel: Channel
    share: float


@dataclass(frozen=True, slots=True)
class KeptPath:
    """A path as it is kept. `risk`: the own risk of its last firm, which no page ever shows; `event`: the public record behind it."""

    hops: tuple[KeptHop, ...]
    contribution: float
    risk: float
    event: Event | None


@dataclass(frozen=True, slots=True)
class ContagionRun:
    """One measurement of the whole network. `period`: the year whose invoices were read, None where there were none."""

    id: UUID
    as_of: date
    made_at: datetime
    policy_version: str
    period: int | None
    firms: int
    edges: int
    rounds: int
    bound: float
    error: float
    known_share: float | None
    kept: int


@dataclass(frozen=True, slots=True)
class FirmContagion:
    """One firm of a run. `own_risk` None: neither a score nor a record. `reached`: what comes from others, in [0, 1].

    `known_share`: the share of its exposures, by weight, to firms of which something is known; None: it has no exposure.
    """

    run_id: UUID
    as_of: date
    uscc: str
    own_risk: float | None
    reached: float
    known_share: float | None
    exposures: int
    period: int | None
    paths: tuple[KeptPath, ...]


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    """What makes a borrower worse. `records`: item -> weight of a record that began since."""

    version: str
    in_force_from: date
    source: str
    days: int
    least_change: float
    contagion_step: float
    contagion_stands: float
    records: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed at a borrower. `weight`: for the order of the list; negative: it got better."""

    kind: str
    text: Text
    weight: float
    detail: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreThen:
    """A probability of default as of a day, and its weightiest reason in words."""

    as_of: date
    probability: float
    band: str
    model_version: str
    reason: Text | None


@dataclass(frozen=True, slots=True)
class Watched:
    """A borrower on the watch-list. `name` is None where no consent names it; `closed`: why nothing more is shown.

    `score` None with `score_withheld` None: unknown. `points`: (days since the first one, 1 - probability) for a small curve.
    """

    need_id: UUID
    number: str
    name: str | None
    uscc: str | None
    generated: bool
    amount_fen: int
    closed: Text | None = None
    score: ScoreThen | None = None
    score_withheld: Text | None = None
    level: Level | None = None
    level_withheld: Text | None = None
    changes: tuple[Change, ...] = ()
    points: tuple[tuple[date, float], ...] = ()

    @property
    def worsening(self) -> float:
        """Return how much worse the firm got, for the order; 0 where nothing did."""
        return sum(change.weight for change in self.changes if change.weight > 0)


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
    bins: int
    chance: float
    least_firms: int
    reference_days: int
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
    """One check of the model: drift of score and features, vintages, what banks did."""

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
