"""What a chart says, before anything is drawn: values in their own unit, words in both languages, None where unknown."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from greenbridge.kit.charts.scales import PERCENT, Unit
from greenbridge.kit.text import Text

# Names of firms and people have one form; what the service says has two.
Label = Text | str

MOST_MONTHS = 36
MOST_SERIES = 4
BASE = Text("基准", "Base")
RESULT = Text("结果", "Result")

Relation = Literal["shareholder", "person", "guarantor", "supplier", "customer", "guaranteed", "investment", "branch"]


@dataclass(frozen=True, slots=True)
class Series:
    """One value a month, in the order of the months; None is unknown, never zero."""

    name: Label
    values: tuple[float | None, ...]
    kind: Literal["bars", "line"] = "bars"


@dataclass(frozen=True, slots=True)
class Months:
    """Up to 36 months from `first` on and up to four series of the same length. Raises ValueError beyond that or below 240 x 120 px."""

    title: Text
    unit: Unit
    first: date
    series: tuple[Series, ...]
    width: int = 640
    height: int = 220

    def __post_init__(self) -> None:
        if self.width < 240 or self.height < 120:
            raise ValueError(f"{self.width} x {self.height}: axes and legend need 240 x 120")
        if len(self.series) > MOST_SERIES:
            raise ValueError(f"{len(self.series)} series; a chart of months carries {MOST_SERIES}")
        lengths = {len(series.values) for series in self.series}
        if len(lengths) > 1 or max(lengths, default=0) > MOST_MONTHS:
            raise ValueError(f"series of {sorted(lengths)} months; they must be equal and at most {MOST_MONTHS}")


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a ranking: a value in the chart's unit and, where it has one, its share in [0, 1] of the whole."""

    label: Label
    value: float | None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """A ranking, in the order given; the first ten rows are drawn and what is left out is counted in words."""

    title: Text
    unit: Unit
    rows: tuple[Bar, ...]
    width: int = 640


@dataclass(frozen=True, slots=True)
class Part:
    label: Label
    value: float | None


@dataclass(frozen=True, slots=True)
class Stacked:
    """The composition of one whole. What the parts do not explain is drawn as unknown; `whole` None is the parts' sum."""

    title: Text
    parts: tuple[Part, ...]
    whole: float | None = 1.0
    unit: Unit = PERCENT
    width: int = 640


@dataclass(frozen=True, slots=True)
class Standing:
    """The firm's place among `n` peers: `percentile` in [0, 100] is the share of peers with a lower value."""

    label: Label
    percentile: float | None
    n: int
    better: Literal["high", "low", "neither"] = "high"
    value: Label | None = None


@dataclass(frozen=True, slots=True)
class Percentiles:
    title: Text
    rows: tuple[Standing, ...]
    peers: Text | None = None
    width: int = 640


@dataclass(frozen=True, slots=True)
class Step:
    label: Label
    change: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """How a base became a result. What the steps do not explain is drawn as a step of its own, so that the sum is right.

    Of more than ten steps, those after the ninth are drawn together.
    """

    title: Text
    unit: Unit
    base: float
    steps: tuple[Step, ...]
    result: float
    base_label: Text = BASE
    result_label: Text = RESULT
    higher_is_better: bool = True
    width: int = 640


@dataclass(frozen=True, slots=True)
class Node:
    """One party around the firm; `detail` is a share or an amount, `risk` the word for what speaks against it."""

    relation: Relation
    name: Label
    detail: Label | None = None
    risk: Label | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """The firm among its parties. Of more than fit, the last of a group says how many are left; risks are left out last.

    Raises ValueError below 640 x 420 px.
    """

    title: Text
    firm: Label
    nodes: tuple[Node, ...]
    width: int = 640
    height: int = 420

    def __post_init__(self) -> None:
        if self.width < 640 or self.height < 420:
            raise ValueError(f"{self.width} x {self.height}: labels of a graph keep apart from 640 x 420 on")


@dataclass(frozen=True, slots=True)
class Sparkline:
    title: Text
    unit: Unit
    values: tuple[float | None, ...]
    width: int = 120
    height: int = 24


@dataclass(frozen=True, slots=True)
class Band:
    """One band of default probability, up to and including `upper` in [0, 1]."""

    grade: Label
    upper: float


@dataclass(frozen=True, slots=True)
class Ladder:
    """Bands from the safest on; `at` counts from 1, None where the firm is not rated."""

    title: Text
    bands: tuple[Band, ...]
    at: int | None
    probability: float | None = None
    width: int = 640


@dataclass(frozen=True, slots=True)
class Dots:
    """Points of one kind: (value across, value up)."""

    name: Label
    points: tuple[tuple[float | None, float | None], ...]


@dataclass(frozen=True, slots=True)
class Scatter:
    """Up to four kinds of points over two axes that both begin at zero; a point without both values is left out and counted.

    Raises ValueError beyond that or below 240 x 160 px.
    """

    title: Text
    across: Text
    across_unit: Unit
    up: Text
    up_unit: Unit
    kinds: tuple[Dots, ...]
    width: int = 640
    height: int = 300

    def __post_init__(self) -> None:
        if self.width < 240 or self.height < 160 or len(self.kinds) > MOST_SERIES:
            raise ValueError(f"{self.width} x {self.height}, {len(self.kinds)} kinds: from 240 x 160 on, at most {MOST_SERIES}")


Chart = Months | Bars | Stacked | Percentiles | Waterfall | Graph | Sparkline | Ladder | Scatter
