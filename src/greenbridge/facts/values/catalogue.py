"""What departments deliver: items with their fields, rules, clocks and departments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from greenbridge.facts.values.known import Fact
from greenbridge.kit.text import Text


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

    def happened_on(self, fact: Fact) -> date | None:
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
