"""Changes of a borrower on the watch-list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from greenbridge.kit.text import Text
from greenbridge.monitoring.values.network import Level


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
