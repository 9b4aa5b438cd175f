"""Networks of exposures and paths of risk."""

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

    `weight` is what an edge carries on (decay, channel, industry and core applied), `channel` an index into CHANNELS, `share` what
    stands behind it, for words: of sales, purchases, guaranteed debt or capital; NaN where the whole is not known. `bound`: the
    largest row sum of `weight`, under 1.
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
    """One step of a path: from an exposed firm along a channel to the firm with this number; `share` None: not known."""

    firm: int
    channel: Channel
    share: float | None


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
    share: float | None


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
