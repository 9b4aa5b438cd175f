"""Deliveries, quarantine, facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from greenbridge.kit.text import Text

Floats = NDArray[np.float64]


class Kind(StrEnum):
    """How a delivered column is read."""

    TEXT = "text"
    DATE = "date"
    YUAN = "yuan"  # stored as fen
    NUMBER = "number"
    CHOICE = "choice"


class Shape(StrEnum):
    """What a row of an item says.

    A record has one true form (a penalty, a case): what is stated later replaces it. A state holds from its day until the next
    state of the same key begins (a registration, a colour): all its days stay known.
    """

    RECORD = "record"
    STATE = "state"


class Openness(StrEnum):
    """Who may be shown an item: everybody, on request, with the firm's consent, the operator alone."""

    PUBLIC = "public"
    ON_REQUEST = "on_request"
    AUTHORISED = "authorised"
    INTERNAL = "internal"


# How sensitive a field is (JR/T 0197).
SENSITIVITY_NAMES: Mapping[int, Text] = {
    1: Text("公开", "open"),
    2: Text("低敏", "low"),
    3: Text("中敏", "medium"),
    4: Text("高敏", "high"),
    5: Text("极敏", "highest"),
}
OPENNESS_NAMES: Mapping[Openness, Text] = {
    Openness.PUBLIC: Text("向社会公开", "Open to everybody"),
    Openness.ON_REQUEST: Text("依申请公开", "On request"),
    Openness.AUTHORISED: Text("经企业授权", "With the firm's consent"),
    Openness.INTERNAL: Text("仅供运营", "The operator alone"),
}
KIND_NAMES: Mapping[Kind, Text] = {
    Kind.TEXT: Text("文本", "text"),
    Kind.DATE: Text("日期", "date"),
    Kind.YUAN: Text("金额", "amount"),
    Kind.NUMBER: Text("数值", "number"),
    Kind.CHOICE: Text("代码", "code list"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One column of an item. `names` are further spellings that departments use for it.

    `choices` maps each allowed value to its spellings, the first of which is its Chinese name. `sensitivity` follows JR/T 0197
    (1 open to 5 most sensitive). `ahead`: the date may lie after the business date. `foreign`: amounts may be in another
    currency than yuan, and are then kept in that currency's hundredths.
    """

    name: str
    kind: Kind
    label: Text
    required: bool = False
    names: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    sensitivity: int = 1
    ahead: bool = False
    foreign: bool = False

    @property
    def stored(self) -> tuple[str, ...]:
        """Return the names under which a value is stored: an amount is in fen, or in a foreign currency."""
        return tuple(f"{self.name}_{part}" for part in ("fen", "foreign", "currency")) if self.kind is Kind.YUAN else (self.name,)

    def choice_name(self, value: str) -> str:
        """Return a choice's Chinese name; the value itself where it has none."""
        return next(iter(self.choices.get(value, ())), value)


@dataclass(frozen=True, slots=True)
class QualityRule:
    """What two or more fields of one row must agree on: `order` (earlier <= later) or `sum` (parts make the total, in fen)."""

    kind: str
    reason: str
    earlier: str = ""
    later: str = ""
    parts: tuple[str, ...] = ()
    total: str = ""
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class Clock:
    """How long an adverse record is shown: `months` from the first of the `start` fields that the record has.

    `until_field` names the record's own last day, which comes first. `never` lists values with which a record is not shown at
    all; `cases` are (field, value, months) that differ. No `months`: shown as long as it is known.
    """

    code: str
    label: Text
    source: Text
    in_force_from: date
    in_force_to: date | None = None
    start: tuple[str, ...] = ()
    months: int | None = None
    until_field: str = ""
    never: Mapping[str, str] = field(default_factory=dict)
    cases: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Department:
    """Who delivers."""

    code: str
    label: Text


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of record that a department delivers.

    `key` names the fields that make a record unique beside the firm's code; where all of them are empty, `key_else` does.
    `valid_from` names the date fields of which the first one given says since when it is true; without any, the day on which the
    department stated it counts. `closed_by`: the field that says since when a record holds no more; empty, it still does.
    `refresh_days` is the longest expected time between two deliveries: older facts are stale.
    `due_working_days` is how soon after its own day a record must arrive. `alert` maps a quality measure to its threshold.
    """

    code: str
    category: str
    department_code: str
    department: Text
    label: Text
    shape: Shape
    refresh_days: int
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    key_else: tuple[str, ...] = ()
    valid_from: tuple[str, ...] = ()
    valid_to: str | None = None
    closed_by: str | None = None
    due_working_days: int | None = None
    openness: Openness = Openness.AUTHORISED
    legal_basis: str = ""
    retention: str = "neutral"
    national: bool = True
    alert: Mapping[str, float] = field(default_factory=dict)
    rules: tuple[QualityRule, ...] = ()

    def field_named(self, name: str) -> Field:
        """Return a field; raises KeyError."""
        return next(f for f in self.fields if f.name == name)

    def happened_on(self, fact: "Fact") -> date | None:
        """Return the day on which a record lies in the past; None for what still holds: a state, a licence, a mortgage, an entry in a
        list that was not removed, a case that is open.
        """
        still = self.shape is Shape.STATE or self.valid_to or (self.closed_by and not fact.values.get(self.closed_by))
        return None if still else fact.valid_from


@dataclass(frozen=True, slots=True)
class Category:
    """A group of items, in the catalogue's order."""

    code: str
    label: Text
    national: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that departments deliver, with whose law and for how long it is shown."""

    version: str
    categories: tuple[Category, ...]
    departments: tuple[Department, ...]
    clocks: Mapping[str, tuple[Clock, ...]]  # newest first
    items: Mapping[str, Item]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file as it came: its bytes, or the path of a file that is read piece by piece.

    `constants` fill columns that the file lacks; `renames` maps its columns to the item's. `subjects` maps the source's own
    firm keys to social credit codes, for masked sources. `batch_key` is the sender's own number of the delivery: the same
    number again is the same delivery. `stated_at` is when the department stated its content; without it, the receipt counts.
    `scales` says what bare numbers of a field count in (10,000 for 万元). `masked` names a source that hides its firms behind keys
    of its own: each key is given a generated, marked code, of the region `masked_region`.
    """

    item: str
    file_name: str
    content: bytes | Path
    constants: Mapping[str, str] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)
    generated: bool = False
    batch_key: str | None = None
    stated_at: datetime | None = None
    scales: Mapping[str, float] = field(default_factory=dict)
    masked: str | None = None
    masked_region: str = "000000"


@dataclass(frozen=True, slots=True)
class Batch:
    """A delivery's record: accepted + quarantined = delivered, always. `covers_to` is the newest day it speaks of.

    `filled_cells` of `cells` hold something that is no placeholder. `late_rows` came after their item's due day; None where the
    item has none.
    """

    id: UUID
    item: str
    file_name: str
    sha256: str
    received_at: datetime
    delivered: int
    accepted: int
    quarantined: int
    covers_to: date | None
    generated: bool
    reasons: Mapping[str, int]
    filled_cells: int = 0
    cells: int = 0
    stated_at: datetime | None = None
    late_rows: int | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Quality:
    """An item's quality on a day, as shares in [0, 1]; None where nothing was to be measured."""

    item: str
    day: date
    delivered: int
    completeness: float | None
    validity: float | None
    timeliness: float | None
    uniqueness: float | None
    consistency: float | None
    compliance: float | None


@dataclass(frozen=True, slots=True)
class Alert:
    """An item that fell under the threshold of a measure, until it is back."""

    id: UUID
    item: str
    measure: str
    threshold: float
    value: float
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One record of a department about one firm: when it was true, when it was stated, when we knew, where it came from."""

    item: str
    uscc: str
    key: str
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    batch_id: UUID
    generated: bool
    values: Mapping[str, Any]
    stated_at: datetime
    digest: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class ListedFact:
    """A fact as its reader sees it: shown fields with their values (money in fen), the others with why they are withheld.

    `fact=None`: no field of the item may be seen, and it is not told whether there are any records. `valid_from` is None where
    the day comes from a withheld field. `disputed_since`: the firm objects to it since then, and it is being looked into.
    """

    item: str
    fact: Fact | None
    valid_from: date | None
    shown: Mapping[str, Any]
    withheld: Mapping[str, str]
    disputed_since: date | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Monthly VAT series of firms, oldest month first, up to and with `last_month`.

    Each array of `monthly` is float[n_firms, n_months] in fen or counts; NaN before the firm's first invoice (unknown), 0
    where it was silent after. Each array of `yearly` is float[n_firms, n_years] over whole calendar years, the last one
    the last year that was over at the cut; NaN where nothing is known. `yearly["months_known"]` float[n_firms, n_years + 1]:
    of how many months of each such year, and of the year before them, something is known.
    """

    usccs: tuple[str, ...]
    last_month: date | None
    monthly: Mapping[str, Floats]
    yearly: Mapping[str, Floats]

    def of(self, index: int) -> "Series":
        """Return the series of one firm, as arrays of one row."""
        row = slice(index, index + 1)
        monthly = {name: array[row] for name, array in self.monthly.items()}
        return Series((self.usccs[index],), self.last_month, monthly, {name: array[row] for name, array in self.yearly.items()})


# Records that their firms dispute: (uscc, item, key) -> since when.
Disputed = Mapping[tuple[str, str, str], date]

MONTHLY = tuple(
    f"{side}_{name}"
    for side in ("sales", "purchase")
    for name in ("net", "tax", "absolute", "red", "void", "count", "void_count", "red_count", "partners")
)
YEARLY = tuple(f"{side}_{name}" for side in ("customer", "supplier") for name in ("top1_share", "top5_share", "count", "kept_share"))


@dataclass(frozen=True, slots=True)
class Counterparty:
    """A customer or supplier of one firm in one calendar year. `share` is of the year's valid net amount."""

    direction: str
    year: int
    counterparty: str
    net_fen: int
    invoices: int
    share: float


@dataclass(frozen=True, slots=True)
class Trade:
    """All firms' sales and purchases of a calendar year, in columns of one length.

    Row k: `usccs[k]` sold to (bought from, where not `sales[k]`) `partners[k]`, None for somebody who is no known firm, `net_fen[k]`.
    """

    year: int
    usccs: list[str]
    sales: list[bool]
    partners: list[str | None]
    net_fen: list[int]
