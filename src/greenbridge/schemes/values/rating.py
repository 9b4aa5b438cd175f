"""What a scheme says of a firm on a day."""

from dataclasses import dataclass
from datetime import date

from greenbridge.kit.text import Text
from greenbridge.schemes.values.inputs import Evidence, Value
from greenbridge.schemes.values.scheme import BusinessClass, Condition, Dimension, Grade, Indicator, Part, Scheme


@dataclass(frozen=True, slots=True)
class PartPoints:
    """One part of an indicator: its value (None: unknown, and then `missing` names what is lacking), its points of `max`."""

    part: Part
    value: Value | None
    points: float | None
    max: float
    missing: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class IndicatorPoints:
    """An indicator's points: None where nothing of it is known. `known_max`: the points of its known parts. `applies`: False in a
    business class that leaves it out (its `max` is 0).
    """

    indicator: Indicator
    points: float | None
    max: float
    known_max: float
    parts: tuple[PartPoints, ...]

    @property
    def applies(self) -> bool:
        """Whether the indicator counts for this kind of firm."""
        return self.max > 0

    @property
    def value(self) -> Value | None:
        """The value of an indicator of one part; of several, of the first that is known."""
        return next((p.value for p in self.parts if p.value is not None), None)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What all parts stand on."""
        return tuple(dict.fromkeys(e for p in self.parts for e in p.evidence))


@dataclass(frozen=True, slots=True)
class DimensionPoints:
    """A dimension's sum."""

    dimension: Dimension
    points: float
    max: float
    known_max: float


@dataclass(frozen=True, slots=True)
class Settled:
    """A veto or cap that holds (`known`), or that cannot be ruled out because `missing` values are unknown."""

    condition: Condition
    known: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """What holds the grade under the one that points would give: coverage, gate, cap, veto, or what is not ruled out."""

    kind: str
    code: str
    grade: str
    words: Text


@dataclass(frozen=True, slots=True)
class NextGrade:
    """The next better grade: points that lack to its cut (0: the cut is reached), and what else stands before it."""

    grade: Grade
    points: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Rating:
    """What a scheme says of a firm on a day.

    `points` is the sum of known points (with base and bonus); the grade stands on it: what is unknown adds nothing and takes nothing.
    `scaled`: what the known points would be of the whole, None where nothing is known. `possible`: with every unknown point earned.
    `coverage`: known maximum / whole maximum. The grade of full knowledge lies from `grade` up to `possible_grade`.
    """

    scheme: Scheme
    business_class: BusinessClass
    as_of: date | None
    indicators: tuple[IndicatorPoints, ...]
    bonus: tuple[IndicatorPoints, ...]
    dimensions: tuple[DimensionPoints, ...]
    points: float
    coverage: float
    scaled: float | None
    possible: float
    vetoes: tuple[Settled, ...]
    caps: tuple[Settled, ...]
    grade: str
    grade_by_points: str
    possible_grade: str
    capped_by: tuple[Bar, ...]
    next_grade: NextGrade | None

    @property
    def grade_name(self) -> Text:
        """The grade in words."""
        found = self.scheme.grade_named(self.grade)
        return found.name if found else Text("未评级", "Not rated")

    @property
    def watched(self) -> bool:
        """Whether the points lie under the scheme's watch line, and all of it is known well enough to say so."""
        return self.scheme.watch_under is not None and self.possible < self.scheme.watch_under
