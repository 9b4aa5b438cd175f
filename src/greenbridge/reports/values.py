"""What a report is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from greenbridge.consents.values import Withheld
from greenbridge.enterprises.values import Enterprise
from greenbridge.facts.values import Catalogue, Counterparty, Fact, Item, Series
from greenbridge.green.values import GreenStanding
from greenbridge.kit.calendar import business_date
from greenbridge.kit.text import Text
from greenbridge.peers.values import Standing
from greenbridge.schemes.values import Rating
from greenbridge.scoring.values import Score


class Freshness(StrEnum):
    """Whether a department delivered within the item's refresh time, as of the report's day."""

    FRESH = "fresh"
    STALE = "stale"


UNIT_NAMES = {
    "fen": Text("万元", "x10k yuan"),
    "share": Text("%", "%"),
    "months": Text("个月", "months"),
    "kwh": Text("kWh", "kWh"),
    "m3": Text("m³", "m³"),
    "kwh_per_wan": Text("kWh/万元", "kWh per 10k yuan"),
    "persons": Text("人", "persons"),
    "records": Text("条", "records"),
    "count": Text("", ""),
    "ratio": Text("", ""),
    "firms": Text("家", "firms"),
}


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
    """One fact in a report. `unit` is a key of UNIT_NAMES, or empty for words; value and source None: unknown.

    `reads`: the fields it is made of; `since`: the earliest day that it speaks of, None where it speaks of now. Both stand in
    the line whether there is a value or not: what a reader may not see looks the same either way. `period`: which time it speaks of.
    `disputed`: the firm objects to a record that it is made of, since that day.
    """

    key: str
    label: Text
    value: Any
    unit: str
    reads: tuple[str, ...]
    source: Source | None = None
    since: date | None = None
    withheld: Withheld | None = None
    period: Text | None = None
    disputed: date | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a section, newest first; each column has a key, a label and a unit. Source None: no rows.

    `reads`: column -> the fields that it is made of. `days`: of each row the day it speaks of, None where it speaks of now.
    `withheld`: column -> why it is not shown; `count`: how many rows there are in the reader's range, of which the first stand here.
    `law`: how long its records are shown and by which rule, for adverse ones. `every`: all fields of `reads`, where they are at hand.
    `disputed`: of each row since when the firm objects to it; empty where it objects to none.
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
    law: Text | None = None
    every: tuple[str, ...] = ()
    disputed: Sequence[date | None] = ()

    @property
    def is_withheld(self) -> bool:
        """Return whether no column may be seen."""
        return bool(self.columns) and len(self.withheld) == len(self.columns)


@dataclass(frozen=True, slots=True)
class Section:
    """One part, with all that could stand in it. `note` says what is missing and who would deliver it, for a reader who may see
    the fields `matter` and finds nothing.
    """

    key: str
    title: Text
    lines: tuple[Line, ...]
    tables: tuple[Table, ...]
    note: Text | None
    matter: tuple[str, ...]


class Level(StrEnum):
    """How much a finding weighs."""

    SEVERE = "severe"
    ATTENTION = "attention"
    IMPROVED = "improved"
    WORSENED = "worsened"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence of the summary: a red flag, or what changed in twelve months. `reads` and `since` as in a line.

    `text` None: looked at, and nothing found. `known` False: the data for it is not there. `disputed`: the firm objects to a record
    that it is made of, since that day.
    """

    key: str
    label: Text
    level: Level
    reads: tuple[str, ...]
    text: Text | None = None
    known: bool = True
    since: date | None = None
    disputed: date | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """One reading of the firm's report by a bank, from the ledger."""

    at: datetime
    organisation: str
    purpose: Text


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a report was made for, and how far that reader may look back (None: without limit)."""

    organisation: str
    login: str
    function: Text | None
    purpose: Text | None
    step: Text | None
    policy: str | None
    months: int | None


@dataclass(frozen=True, slots=True)
class Rated:
    """The firm by one white-box scheme. `reads`: the fields that the scheme may look at; `certified`: its standing, of the green one."""

    key: str
    rating: Rating
    reads: tuple[str, ...]
    certified: GreenStanding | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """All that a report is assembled from; nothing else is read.

    `bands`: grade -> the probability of default that it ends before. `marks`: code of an associated firm -> what public lists say of
    it; `peers`: the firm among firms of its kind; `queries`: who read its report in the last 12 months, newest first (named to the
    firm itself alone). `disputed`: (item, key) of a record -> since when the firm objects to it. `by_item`: the facts that the reader
    may see, as `projection.visible` sets them; `model_fields`: what the model reads, whoever may see it. `ratings`: by the platform's
    schemes, of all facts.
    """

    enterprise: Enterprise
    as_of: date
    known_at: datetime
    facts: Sequence[Fact]
    series: Series
    counterparties: Sequence[Counterparty]
    coverage: Mapping[str, tuple[date | None, datetime, bool]]
    score: Score | None
    model_version: str
    bands: Mapping[str, float]
    catalogue: Catalogue
    levels: Mapping[str, int]
    marks: Mapping[str, Text] = field(default_factory=dict)
    peers: Sequence[Standing] = ()
    queries: Sequence[Query] = ()
    reader: Reader | None = None
    disputed: Mapping[tuple[str, str], date] = field(default_factory=dict)
    by_item: Mapping[str, list[Fact]] = field(default_factory=dict)
    ratings: Sequence[Rated] = ()
    model_fields: Sequence[str] = ()

    @property
    def items(self) -> Mapping[str, Item]:
        """Return the catalogue's items."""
        return self.catalogue.items

    @property
    def known_on(self) -> date:
        """Return the business day on which this was known: the day that ages and showing periods count from."""
        return business_date(self.known_at)


@dataclass(frozen=True, slots=True)
class CreditReport:
    """A kept report; `sha256` is over the canonical JSON of its content, from which number and id follow.

    `head` is what was signed, `seed` (hex) makes the salts, `signature` is key id, algorithm and value. A report made before reports
    were signed has none. `leaf_hashes` and `body` (the content's canonical bytes): as they were when it was signed just now, so that
    nobody hashes or writes twice.
    """

    id: UUID
    number: str
    enterprise_id: UUID
    as_of: date
    made_at: datetime
    content: Mapping[str, Any]
    sha256: str
    head: Mapping[str, Any] | None
    seed: str | None
    signature: Mapping[str, str] | None
    leaf_hashes: Mapping[str, bytes] | None = field(default=None, compare=False)
    body: bytes | None = field(default=None, compare=False)
