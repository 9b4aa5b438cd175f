"""Named values that schemes ask for, and what is known of a firm."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from greenbridge.kit.text import Text

# What a named value may be: a number, yes or no, or a word of a list.
Value = float | bool | str
NOBODY = Text("", "")


class InputKind(StrEnum):
    """What a named value is."""

    NUMBER = "number"
    YES_NO = "yes_no"
    WORD = "word"


class Better(StrEnum):
    """Which way a named value is better; words are listed best first, and NONE is neither."""

    MORE = "more"
    LESS = "less"
    YES = "yes"
    NO = "no"
    FIRST = "first"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class InputName:
    """One named value that schemes may ask for. `items`: the departments' items that it is read from; none: given by the firm or the
    platform. `words`: value -> label, best first. Units: share, count, months, points, fen, percentile, ratio, year or none.
    `given_by`: firm, project, market, platform, elsewhere; empty where departments deliver it.
    """

    name: str
    label: Text
    kind: InputKind
    unit: str
    better: Better
    items: tuple[str, ...] = ()
    words: Mapping[str, Text] = field(default_factory=dict)
    giver: Text = NOBODY
    given_by: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a value comes from: item and date of a record, or what was uploaded. `pledged`: the firm's own word for it."""

    item: str
    source: Text
    on: date | None
    reference: str = ""
    pledged: bool = False
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A named value that is known, with what it stands on; without evidence it follows from there being no record."""

    value: Value
    evidence: tuple[Evidence, ...] = ()


Inputs = Mapping[str, Known]
