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
    """One fact in a report. `unit` is fen, share, months, count, kwh, day, or empty for words.

    `reads`: the fields it is made of, where that is not the item's field of its key; `since`: the earliest day that it
    speaks of, None where it speaks of now.
    """

    key: str
    label: Text
    value: Any
    unit: str
    source: Source
    reads: tuple[str, ...] = ()
    since: date | None = None
    withheld: Withheld | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields of departments' data that the line is made of: those it names, or the one of its key."""
        return self.reads or (f"{self.source.item}.{self.key}",)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a section; each column has a key, a label and a unit.

    `reads`: column -> fields that it is made of, where that is not the item's field of its key. `days`: of each row the day it
    speaks of, None where it speaks of now. `withheld`: column -> why it is not shown; `older_withheld`: how many rows are not.
    """

    key: str
    title: Text
    columns: Sequence[tuple[str, Text, str]]
    rows: Sequence[Sequence[Any]]
    source: Source
    days: Sequence[date | None] = ()
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    withheld: Mapping[str, Withheld] = field(default_factory=dict)
    older_withheld: int = 0

    def fields(self, column: str) -> tuple[str, ...]:
        """Return the fields that a column is made of."""
        return self.reads.get(column) or (f"{self.source.item}.{column}",)


@dataclass(frozen=True, slots=True)
class Section:
    """One of the five parts. Without data, `note` says what is missing and who would deliver it."""

    key: str
    title: Text
    lines: tuple[Line, ...]
    tables: tuple[Table, ...]
    note: Text | None


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
