"""The scheme file as people write it, and what the API says of schemes, ratings and screenings."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from greenbridge.kit.wire import Closed
from greenbridge.schemes.values import Better, InputKind, Status

FORMAT = "1.0"
MAX_FIRMS = 20_000
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]
Word = Annotated[str, Field(min_length=1, max_length=600)]
Points = Annotated[float, Field(ge=0, le=100_000)]
Knot = Annotated[list[float], Field(min_length=2, max_length=2)]
Knots = Annotated[list[Knot], Field(min_length=1, max_length=20)]
CURVES = ("table", "at_least", "at_most", "linear", "percentile", "yes", "no", "each")


class Named(Closed):
    """Something with a name in both languages."""

    zh: Word
    en: Word


class EachIn(Closed):
    """Points that change with every one: `start + step * value`."""

    start: float
    step: float


class CurveIn(Closed):
    """A value and exactly one curve."""

    input: Annotated[str, Field(min_length=1, max_length=400, description="A named value, or a formula over named values.")]
    unit: str | None = None
    max: Points
    table: dict[str, Points] | None = Field(None, description="word -> points; a word that is not listed is unknown")
    at_least: Knots | None = Field(None, description="[limit, points], highest first: the first limit that the value reaches")
    at_most: Knots | None = Field(None, description="[limit, points], lowest first: the first limit that the value stays within")
    linear: Knots | None = Field(None, description="[value, points], left to right; straight between, flat outside")
    percentile: Knots | None = Field(None, description="as linear, over the percentile (0 to 100) in the industry")
    yes: Points | None = Field(None, description="points of yes; no has none")
    no: Points | None = Field(None, description="points of no; yes has none")
    each: EachIn | None = None

    def curve_names(self) -> list[str]:
        """Return the names of the curves that are given."""
        return [name for name in CURVES if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _one_curve(self) -> Self:
        if len(self.curve_names()) != 1:
            raise ValueError(f"needs exactly one of {', '.join(CURVES)}")
        return self


class PartIn(CurveIn, Named):
    """A part of an indicator that has several."""


class IndicatorIn(Named):
    """A line: either one `input` with one curve, or `parts`."""

    code: Code
    dimension: str = ""
    group: str | None = None
    max: Points
    input: str | None = None
    unit: str | None = None
    table: dict[str, Points] | None = None
    at_least: Knots | None = None
    at_most: Knots | None = None
    linear: Knots | None = None
    percentile: Knots | None = None
    yes: Points | None = None
    no: Points | None = None
    each: EachIn | None = None
    parts: list[PartIn] = []
    status: Status | None = None
    source: str | None = None
    note: Named | None = None

    @model_validator(mode="after")
    def _parts_or_curve(self) -> Self:
        if bool(self.parts) == (self.input is not None):
            raise ValueError("needs either an input with its curve, or parts")
        curves = sum(getattr(self, name) is not None for name in CURVES)
        if curves != (0 if self.parts else 1):
            raise ValueError(f"needs exactly one of {', '.join(CURVES)}; with parts, each part has its own")
        return self

    def pieces(self) -> list[PartIn]:
        """Return the parts; a plain indicator is one part of its own name."""
        if self.parts:
            return self.parts
        own = {name: getattr(self, name) for name in ("zh", "en", "input", "unit", "max", *CURVES)}
        return [PartIn.model_validate({name: value for name, value in own.items() if value is not None}, from_attributes=True)]


class DimensionIn(Named):
    """A dimension; `source` is that of its lines which name none."""

    code: Code
    max: Points
    source: Word


class GroupIn(Named):
    """A heading inside a dimension."""

    code: Code


class ClassIn(Named):
    """A business class and the points that differ for it."""

    code: Code
    weights: dict[str, Points] = {}
    note: Named | None = None


class ConditionIn(Named):
    """A veto or a cap."""

    code: Code
    when: Annotated[str, Field(min_length=1, max_length=400)]
    grade: str
    period: Named
    source: Word


class GateIn(Closed):
    """A grade and the points that it needs in a dimension."""

    grade: str
    dimension: str
    at_least: Points


class GradeIn(Named):
    """A grade; without `at_least` only a veto leads to it."""

    code: Code
    at_least: float | None = None
    words: Named
    tone: Literal["good", "fair", "look", "bad"]


class CoverageCapIn(Closed):
    """Under so much coverage, at most this grade."""

    under: float = Field(gt=0, le=1)
    grade: str


class UnknownIn(Closed):
    """What unknown indicators do to the grade."""

    not_rated_under: float = Field(ge=0, le=1)
    caps: list[CoverageCapIn] = []


class SchemeCaseIn(Closed):
    """A case: inputs, and what must come of them. In `points`, "unknown" stands for no points known."""

    name: Word
    business_class: str | None = None
    inputs: dict[str, bool | float | str]
    grade: str
    total: float | None = None
    coverage: float | None = None
    points: dict[str, float | Literal["unknown"]] = {}
    vetoes: list[str] = []
    capped_by: list[str] | None = None


class SchemeFile(Named):
    """A scheme: one file a scheme and version."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Greenbridge scheme 1.0")

    format: Literal["1.0"]
    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,59}$")]
    version: Code
    status: Status
    status_words: Named
    issuer: Named
    source: Word
    effective_from: date
    effective_to: date | None = None
    total: float = Field(gt=0)
    base: Points = 0
    deducts: bool = False
    watch_under: float | None = None
    subject: Named
    of_firms: bool = True
    notes: list[Named] = []
    unknown: UnknownIn
    dimension: Annotated[list[DimensionIn], Field(min_length=1)]
    group: list[GroupIn] = []
    indicator: Annotated[list[IndicatorIn], Field(min_length=1)]
    bonus: list[IndicatorIn] = []
    business_class: Annotated[list[ClassIn], Field(min_length=1)]
    veto: list[ConditionIn] = []
    cap: list[ConditionIn] = []
    gate: list[GateIn] = []
    grade: Annotated[list[GradeIn], Field(min_length=2)]
    cases: Annotated[list[SchemeCaseIn], Field(min_length=1)]


class InputIn(Named):
    """A named value of the vocabulary; `words`: value -> "中文|English"."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,59}$")]
    kind: InputKind
    better: Better
    unit: str = ""
    words: dict[str, str] = {}
    items: list[str] = []
    giver: Literal["firm", "market", "platform", "project", "elsewhere", ""] = ""


class InputsFile(Closed):
    """The vocabulary."""

    version: str
    input: list[InputIn]


# What the API says


class ScreeningIn(Closed):
    """Firms to screen: each with its code, its registered name, or both."""

    firms: Annotated[list["FirmIn"], Field(min_length=1, max_length=MAX_FIRMS)]
    scheme: str | None = None
    below: str | None = None


class FirmIn(Closed):
    """One firm of a list."""

    uscc: Annotated[str, Field(max_length=100)] = ""
    name: Annotated[str, Field(max_length=200)] = ""
