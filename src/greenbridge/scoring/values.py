"""Features, reasons, scores, bands, versions of the model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from greenbridge.kit.text import Text

Floats = NDArray[np.float64]
Arrays = Mapping[str, Floats]


class Group(StrEnum):
    """What a feature speaks of; the parts of a report follow the same groups."""

    REGISTRATION = "registration"
    TAX = "tax"
    COUNTERPARTIES = "counterparties"
    LEGAL = "legal"
    OPERATING = "operating"
    UTILITIES = "utilities"
    SOCIAL_INSURANCE = "social_insurance"
    NETWORK = "network"
    PLATFORM_HISTORY = "platform_history"


GROUP_NAMES: Mapping[Group, Text] = {
    Group.REGISTRATION: Text("登记", "Registration"),
    Group.TAX: Text("税务", "Tax"),
    Group.COUNTERPARTIES: Text("交易对手", "Counterparties"),
    Group.LEGAL: Text("司法与处罚", "Courts and penalties"),
    Group.OPERATING: Text("经营", "Operation"),
    Group.UTILITIES: Text("水电气", "Utilities"),
    Group.SOCIAL_INSURANCE: Text("社保公积金", "Social insurance"),
    Group.NETWORK: Text("关联", "Network"),
    Group.PLATFORM_HISTORY: Text("平台记录", "Platform history"),
}
NOT_DELIVERED = Text("来源部门尚未提供数据", "The department has delivered nothing")


@dataclass(frozen=True, slots=True)
class Case:
    """A feature's value for one firm: rows of the arrays it reads, or the facts that they are read from; `value` None is unknown.

    Facts are by item; the day is 2026-01-31. An item that is named without facts was delivered and holds nothing of the firm.
    """

    value: float | None
    arrays: Mapping[str, tuple[float, ...] | float] = field(default_factory=dict)
    facts: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of a model. `direction` is the monotone constraint on default: +1 riskier when larger, -1 safer, 0 free.

    `function` maps the arrays named by `reads` (float[n_firms, n_months], float[n_firms, n_years] or float[n_firms]) to
    float[n_firms], as `formula` says it; NaN means unknown, and `missing` says when that is. `sources` are the departments'
    fields behind it. `activity`: a firm that falls silent moves it, so it may carry an outcome of which the date is unknown.
    """

    name: str
    label: Text
    unit: str
    group: Group
    direction: int
    formula: str
    function: Callable[[Arrays], Floats]
    reads: tuple[str, ...]
    sources: tuple[str, ...]
    missing: Text
    cases: tuple[Case, ...]
    activity: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """What the training firms say of one cut of a feature: how many lie under it and from it on, and which share of each defaulted."""

    at: float
    n_below: int
    default_rate_below: float
    n_above: int
    default_rate_above: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the model's card says of a feature: the median of the firms it learnt from, and its cuts."""

    median: float
    splits: tuple[Split, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a probability is high or low: a feature, its value, what it adds to the log-odds of default (`contribution`), in a sentence.

    `code` is stable: the feature's name (docs/reason-codes.md). `usual` is the median of the firms the model learnt from.
    """

    code: str
    group: str
    label: Text
    value: float | None
    usual: float
    unit: str
    contribution: float
    sentence: Text

    @property
    def raises(self) -> bool:
        """Return whether it raises the probability of default."""
        return self.contribution > 0


@dataclass(frozen=True, slots=True)
class GroupEffect:
    """What the features of a group add to the log-odds of default together; `known` of `of` features had a value."""

    group: str
    label: Text
    contribution: float
    known: int
    of: int


@dataclass(frozen=True, slots=True)
class Band:
    """One of ten steps of the probability of default; its probabilities lie under `under`."""

    code: str
    under: float
    label: Text
    meaning: Text


@dataclass(frozen=True, slots=True)
class Scale:
    """How points are reckoned: `base` at `odds` : 1, `pdo` more when the odds double, held within `lowest` and `highest`."""

    base: int
    odds: int
    pdo: int
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class BandPolicy:
    """An edition of bands, the safest first, and of points."""

    version: str
    in_force_from: date
    source: str
    bands: tuple[Band, ...]
    scale: Scale

    @property
    def cuts(self) -> dict[str, float]:
        """Return band -> the probability that it ends before."""
        return {band.code: band.under for band in self.bands}


@dataclass(frozen=True, slots=True)
class Score:
    """A firm's probability of default as of a day. `band` R1 (safest) to R10; `points` higher is better, None in rows before 2026.

    `reasons` raise it and lower it, the weightiest first: at most four of each; `groups` are all features, summed.
    """

    id: UUID
    enterprise_id: UUID
    as_of: date
    scored_at: datetime
    model_version: str
    default_probability: float
    band: Band
    points: int
    points_held: bool
    band_policy: str
    reasons: tuple[Reason, ...]
    groups: tuple[GroupEffect, ...]
    known_share: float

    @property
    def raising(self) -> tuple[Reason, ...]:
        """Return the reasons that raise the probability."""
        return tuple(reason for reason in self.reasons if reason.raises)

    @property
    def lowering(self) -> tuple[Reason, ...]:
        """Return the reasons that lower it."""
        return tuple(reason for reason in self.reasons if not reason.raises)


@dataclass(frozen=True, slots=True)
class KeptScore:
    """A score as it was kept: its band's code, the sentence of the reason that raised it most (None: of a whole run, or nothing did) and
    the names of the features that it was made of (none: of a whole run).
    """

    enterprise_id: UUID
    as_of: date
    model_version: str
    default_probability: float
    band: str
    reason: Text | None = None
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkScores:
    """Scores of many firms without reasons, in the firms' order; NaN where too few features are known."""

    probabilities: Floats
    known_shares: Floats


# The distribution of the score among those of features.
SCORE = "score"


@dataclass(frozen=True, slots=True)
class Distribution:
    """How the values of a feature, or of the score, lie: `edges` part the bins (an edge belongs to the bin above it), `counts` are those of
    the bins and, last, of the missing.
    """

    name: str
    edges: tuple[float, ...]
    counts: tuple[float, ...]

    @property
    def firms(self) -> float:
        """Return how many values there are, the missing among them."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class BulkRun:
    """A run of one version over the city: how many firms, how likely their default on average; beside the champion's run of that
    day, over the firms that both scored: the mean distance of the two probabilities, None without one.
    """

    version: str
    as_of: date
    firms: int
    mean_probability: float
    mean_distance: float | None


class ModelState(StrEnum):
    """Where a version stands. Banks see the champion's scores; a challenger scores in the shadow; a draft and a retired one do not."""

    DRAFT = "draft"
    CHALLENGER = "challenger"
    CHAMPION = "champion"
    RETIRED = "retired"


class ModelAct(StrEnum):
    """What is done to a version."""

    REGISTER = "register"
    CHALLENGE = "challenge"
    PROMOTE = "promote"
    DISPLACE = "displace"  # another one was promoted
    RETIRE = "retire"
    WITHDRAW = "withdraw"  # a champion rolled back
    REINSTATE = "reinstate"  # the one before it, by that roll-back


@dataclass(frozen=True, slots=True)
class ModelEvent:
    """One act on a version: from which state (None: not registered) to which, who (a user of the machine) and why."""

    number: int
    version: str
    sha256: str
    act: ModelAct
    before: ModelState | None
    after: ModelState
    at: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered version as it stands, with its history, oldest first."""

    version: str
    sha256: str
    state: ModelState
    history: tuple[ModelEvent, ...]

    @property
    def since(self) -> datetime:
        """Return since when it stands so."""
        return self.history[-1].at


MODEL_STATE_NAMES = {
    ModelState.DRAFT: Text("草稿", "Draft"),
    ModelState.CHALLENGER: Text("挑战者", "Challenger"),
    ModelState.CHAMPION: Text("冠军", "Champion"),
    ModelState.RETIRED: Text("已退役", "Retired"),
}
MODEL_ACT_NAMES = {
    ModelAct.REGISTER: Text("登记", "Registered"),
    ModelAct.CHALLENGE: Text("列为挑战者", "Made a challenger"),
    ModelAct.PROMOTE: Text("升为冠军", "Promoted"),
    ModelAct.DISPLACE: Text("被取代", "Displaced"),
    ModelAct.RETIRE: Text("退役", "Retired"),
    ModelAct.WITHDRAW: Text("回退撤下", "Rolled back"),
    ModelAct.REINSTATE: Text("回退恢复", "Reinstated"),
}
