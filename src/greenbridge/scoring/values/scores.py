"""Scores, their bands, and many of them at once."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from greenbridge.kit.text import Text
from greenbridge.scoring.values.features import Floats, GroupEffect, Reason


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
