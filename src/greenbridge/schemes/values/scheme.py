"""A scheme as it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from greenbridge.kit.text import Text
from greenbridge.schemes.values.inputs import Value

NOT_RATED = "not_rated"


class Status(StrEnum):
    """Whose numbers a scheme or a line of it has."""

    OFFICIAL = "official"
    RECONSTRUCTION = "reconstruction"
    ADAPTED = "adapted"


STATUS_NAMES: Mapping[Status, Text] = {
    Status.OFFICIAL: Text("官方公布", "Official numbers"),
    Status.RECONSTRUCTION: Text("重构，非官方文本", "Reconstruction, not the official text"),
    Status.ADAPTED: Text("参照公开办法改编", "Adapted from a published method"),
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula over named values: its text and its checked tree (see rules.expressions)."""

    text: str
    tree: tuple[object, ...]
    names: tuple[str, ...]


class CurveKind(StrEnum):
    """How a value becomes points."""

    TABLE = "table"
    BANDS = "bands"
    LINEAR = "linear"
    PERCENTILE = "percentile"
    YES_NO = "yes_no"
    EACH = "each"


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a value. TABLE: `table`. BANDS: first of `knots` (limit, points) that the value reaches; `at_most` turns the comparison.
    LINEAR and PERCENTILE: straight between `knots`, flat outside. YES_NO: `knots` hold (1, points of yes), (0, points of no).
    EACH: `start` + `step` times the value.
    """

    kind: CurveKind
    table: Mapping[str, float] = field(default_factory=dict)
    knots: tuple[tuple[float, float], ...] = ()
    at_most: bool = False
    start: float = 0.0
    step: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """What an indicator measures: one value on one curve, worth `max` points."""

    label: Text
    input: Expression
    unit: str
    max: float
    curve: Curve


@dataclass(frozen=True, slots=True)
class Indicator:
    """One line of a scheme. `max` is that of the first weight set; `status` and `source` say whose numbers the line has."""

    code: str
    name: Text
    dimension: str
    group: Text | None
    max: float
    parts: tuple[Part, ...]
    status: Status
    source: str
    evidence: Text
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Dimension:
    """A part of a scheme with its share of the points."""

    code: str
    name: Text
    max: float


@dataclass(frozen=True, slots=True)
class BusinessClass:
    """A kind of firms. `weights`: indicator -> its points where they differ; 0: the indicator does not apply."""

    code: str
    name: Text
    weights: Mapping[str, float]
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What settles a grade beside points: while `when` holds, the grade is `grade` at once (a veto) or at most that (a cap).

    `period`: how long it lasts, in words.
    """

    code: str
    name: Text
    when: Expression
    grade: str
    period: Text
    source: str


@dataclass(frozen=True, slots=True)
class Gate:
    """A grade, and every better one, needs so many points in a dimension."""

    grade: str
    dimension: str
    at_least: float


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade and the points it begins at; the last one begins at nothing. `tone`: good, fair, look or bad."""

    code: str
    name: Text
    at_least: float | None
    words: Text
    tone: str


@dataclass(frozen=True, slots=True)
class CoverageCap:
    """Under so much coverage the grade is at most this one."""

    under: float
    grade: str


@dataclass(frozen=True, slots=True)
class UnknownPolicy:
    """What unknown indicators do: under `not_rated_under` there is no grade; `caps` hold the grade down."""

    not_rated_under: float
    caps: tuple[CoverageCap, ...]


@dataclass(frozen=True, slots=True)
class SchemeCase:
    """A case of a scheme: inputs, and what must come of them. None: not said."""

    name: str
    business_class: str | None
    inputs: Mapping[str, Value]
    grade: str
    total: float | None
    coverage: float | None
    points: Mapping[str, float | None]
    vetoes: frozenset[str]
    capped_by: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scorecard. `total`: the most points (without bonus). `base`: what everybody has. `deducts`: shown as deductions from full.

    `of_firms`: whether what it rates is a firm, so that a list of firms can be screened by it; a project is none.
    """

    code: str
    version: str
    name: Text
    status: Status
    status_words: Text
    issuer: Text
    source: str
    effective_from: date
    effective_to: date | None
    total: float
    base: float
    deducts: bool
    subject: Text
    dimensions: tuple[Dimension, ...]
    indicators: tuple[Indicator, ...]
    bonus: tuple[Indicator, ...]
    classes: tuple[BusinessClass, ...]
    vetoes: tuple[Condition, ...]
    caps: tuple[Condition, ...]
    gates: tuple[Gate, ...]
    grades: tuple[Grade, ...]
    unknown: UnknownPolicy
    cases: tuple[SchemeCase, ...]
    watch_under: float | None = None
    of_firms: bool = True
    notes: tuple[Text, ...] = ()

    def business_class(self, code: str | None) -> BusinessClass:
        """Return a class, the first one where none is named; raises KeyError."""
        if code is None:
            return self.classes[0]
        return {c.code: c for c in self.classes}[code]

    def grade_named(self, code: str) -> Grade | None:
        """Return a grade; None for not rated."""
        return next((g for g in self.grades if g.code == code), None)

    def rank(self, code: str) -> int:
        """Return a grade's place, 0 is best; not rated comes after the last."""
        return next((i for i, g in enumerate(self.grades) if g.code == code), len(self.grades))

    @property
    def names(self) -> tuple[str, ...]:
        """Every named value that the scheme asks for, once."""
        lines = (part.input.names for line in (*self.indicators, *self.bonus) for part in line.parts)
        conditions = (c.when.names for c in (*self.vetoes, *self.caps))
        return tuple(dict.fromkeys(name for names in (*lines, *conditions) for name in names))
