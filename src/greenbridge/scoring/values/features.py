"""Features, and the evidence that reasons stand on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

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
