"""Units of a whole axis, nice ticks and how numbers are written."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10

from greenbridge.kit.text import Language, Text

# Beyond this a number is a mistake of its source, and sums of it would leave the range of floats.
_MOST = 1e30
_LEAST = 1e-200
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0)


@dataclass(frozen=True, slots=True)
class Unit:
    """What one step of an axis means: values are divided by `divisor` and said with `name`; `whole` for counts.

    `Unit(Text("万元", "x10k yuan"), 1_000_000).say(380_000_000) == "380"`.
    """

    name: Text
    divisor: float = 1.0
    whole: bool = False

    def say(self, value: float) -> str:
        """Return a value in this unit with three places or so: `"1,234"`, `"12.3"`, `"0.05"`."""
        return number(value / self.divisor, whole=self.whole)

    def said(self, value: float, language: Language) -> str:
        """Return a value with its unit: `"380 万元"`, `"51%"`."""
        name = self.name.in_(language)
        return f"{self.say(value)}{'' if name == '%' else ' '}{name}"


PERCENT = Unit(Text("%", "%"), 0.01)
POINTS = Unit(Text("分", "points"))


def count(zh: str, en: str) -> Unit:
    """Return the unit of things that are counted: `count("件", "cases")`."""
    return Unit(Text(zh, en), whole=True)


def amounts(values: Iterable[float | None]) -> Unit:
    """Return the unit in which a whole axis of amounts in fen reads well: 元, 万元 from 1 万元 on, 亿元 from 1 亿元 on.

    `amounts([380_000_000]).name.zh == "万元"`; `amounts([12_000_000_000]).name.zh == "亿元"`.
    """
    most = max((abs(v) for v in map(known, values) if v is not None), default=0.0)
    if most >= 1e10:
        return Unit(Text("亿元", "x100m yuan"), 1e10)
    if most >= 1e6 or most == 0:
        return Unit(Text("万元", "x10k yuan"), 1e6)
    return Unit(Text("元", "yuan"), 1e2)


def known(value: float | None) -> float | None:
    """Return the value as a float, or None where it is missing, not finite or beyond 1e30."""
    # NaN fails the comparison as well. What is so small that a scale over it would be infinite is nothing.
    if value is None or not -_MOST < value < _MOST:
        return None
    return float(value) if abs(value) > _LEAST else 0.0


def known_in(values: Iterable[float | None], divisor: float) -> list[float | None]:
    """Return the values divided, None where `known` has none: one pass over a long series."""
    return [value / divisor if value is not None and -_MOST < value < _MOST else None for value in values]


def number(value: float, *, whole: bool = False) -> str:
    """Return a number to read: `1234.5 -> "1,234"`, `617.5 -> "617.5"`, `12.34 -> "12.3"`, `0.004 -> "<0.01"`, `-3 -> "−3"`."""
    size = abs(value)
    if size >= 1e12:
        text = f"{size:.2e}"
    elif whole or size >= 1000:
        text = f"{size:,.0f}"
    else:
        text = f"{size:.1f}" if size >= 10 else f"{size:.2f}"
        text = text.rstrip("0").rstrip(".")
    if text == "0" and size:
        text = "<1" if whole else "<0.01"
        return text if value > 0 else f">−{text[1:]}"
    return f"−{text}" if value < 0 else text


def ticks(low: float, high: float, *, whole: bool = False) -> tuple[list[float], list[str]]:
    """Return three to five round numbers that cover low, high and zero, and their words.

    `ticks(0, 382) == ([0, 100, 200, 300, 400], ["0", "100", ...])`. With `whole` the step is at least one.
    """
    low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-12:
        high = 1.0
    power = 10.0 ** floor(log10((high - low) / 5))
    if whole:
        power = max(power, 1.0)
    step, first, last = 1.0, 0, 1
    for factor in _STEPS:
        step = factor * power
        if whole and step != floor(step):
            continue
        # A hair of tolerance: 0.3 / 0.1 is not 3 in floats.
        first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
        if last - first <= 4:
            break
    if last - first < 2:
        first, last = (first, first + 2) if last > 0 else (last - 2, last)
    decimals = max(0, -floor(log10(step) + 1e-9) + (1 if step / 10.0 ** floor(log10(step) + 1e-9) % 1 > 1e-6 else 0))
    places = [k * step for k in range(first, last + 1)]
    return places, [_tick(place, decimals) for place in places]


def _tick(value: float, decimals: int) -> str:
    size = abs(value)
    text = f"{size:.1e}" if size >= 1e12 or 0 < size < 1e-4 else f"{size:,.{decimals}f}"
    return f"−{text}" if value < 0 else text
