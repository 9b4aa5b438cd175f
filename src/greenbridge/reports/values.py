"""What a report is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from greenbridge.consents.values import Withheld
from greenbridge.enterprises.values import Enterprise
from greenbridge.facts.values import Counterparty, Fact, Item, Series
from greenbridge.kit.text import Text
from greenbridge.scoring.values import Score


class Freshness(StrEnum):
    """Whether a department delivered within the item's refresh time, as of the report's day."""

    FRESH = "fresh"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a line comes from: department, the day it speaks of, when it was delivered."""

    item: str
    department: Text
    valid_on: date
    received_on: date
    freshness: Freshness
    generated: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One fact in a report. `unit` is fen, share, months, count, kwh, day, or empty for words; value and source None: unknown.

    `reads`: the fields it is made of; `since`: the earliest day that it speaks of, None where it speaks of now. Both stand in
    the line whether there is a value or not: what a reader may not see looks the same either way.
    """

    key: str
    label: Text
    value: Any
    unit: str
    reads: tuple[str, ...]
    source: Source | None = None
    since: date | None = None
    withheld: Withheld | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a section, newest first; each column has a key, a label and a unit. Source None: no rows.

    `reads`: column -> the fields that it is made of. `days`: of each row the day it speaks of, None where it speaks of now.
    `withheld`: column -> why it is not shown; `count`: how many rows there are in the reader's range, of which the first stand here.
    """

    key: str
    title: Text
    columns: Sequence[tuple[str, Text, str]]
    rows: Sequence[Sequence[Any]]
    reads: Mapping[str, tuple[str, ...]]
    source: Source | None = None
    days: Sequence[date | None] = ()
    withheld: Mapping[str, Withheld] = field(default_factory=dict)
    count: int = 0

    @property
    def is_withheld(self) -> bool:
        """Return whether no column may be seen."""
        return len(self.withheld) == len(self.columns)


@dataclass(frozen=True, slots=True)
class Section:
    """One of the five parts, with all that could stand in it. `note` says what is missing and who would deliver it, for a reader
    who may see the fields `matter` and finds nothing.
    """

    key: str
    title: Text
    lines: tuple[Line, ...]
    tables: tuple[Table, ...]
    note: Text | None
    matter: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """All that a report is assembled from; nothing else is read."""

    enterprise: Enterprise
    as_of: date
    known_on: date
    facts: Sequence[Fact]
    series: Series
    counterparties: Sequence[Counterparty]
    coverage: Mapping[str, tuple[date | None, datetime, bool]]
    score: Score | None
    model_version: str
    items: Mapping[str, Item]


@dataclass(frozen=True, slots=True)
class CreditReport:
    """A kept report; `sha256` is over the canonical JSON of its content."""

    id: UUID
    number: str
    enterprise_id: UUID
    as_of: date
    made_at: datetime
    content: Mapping[str, Any]
    sha256: str
