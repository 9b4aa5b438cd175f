"""Values of features in words: every number is the value read, in a unit that people use."""

import math
import re
from functools import cache

from greenbridge.kit.text import Text

# Where a feature is held (features.growth): what lies beyond is not told apart.
GROWTH_BOUND = 3.0
# What a feature's label says of its scale is not said to people: the value is turned back.
_SCALE = re.compile(r"\s*[（(][^（）()]*(?:对数|log)[^（）()]*[）)]")
_COUNTED = {
    "months": Text(" 个月", " months"),
    "days": Text(" 天", " days"),
    "years": Text(" 年", " years"),
    "persons": Text(" 人", " persons"),
    "records": Text(" 条", " records"),
    "count": Text("", ""),
    "ratio": Text("", ""),
    "points": Text(" 分", " points"),
}


@cache
def label(of: Text) -> Text:
    """Return a feature's label without its scale. "销售额同比（对数）" is "销售额同比"."""
    zh, en = _SCALE.sub("", of.zh), re.sub(r"\s*\([^()]*log[^()]*\)", _without_log, of.en)
    return Text(zh, en)


def _without_log(found: re.Match[str]) -> str:
    """Return what a bracket says beside the scale: ` (log10 yuan)` nothing, ` (12 months, log)` the months."""
    kept = [part.strip() for part in found.group().strip(" ()").split(",") if "log" not in part]
    return f" ({', '.join(kept)})" if kept else ""


def said(value: float, unit: str) -> Text:
    """Return a value with its unit. `said(0.17, "share")` is 17.0 %; `said(6.0, "log10")` of yuan is 100.0 万元 (10^6 - 1 yuan), and of
    -6.0 it is -100.0 万元;
    `said(2.0, "log10_count")` is 99;
    `said(0.6931, "log")` is 增长 100.0 %.
    """
    if unit == "share":
        return Text(f"{_plain(value * 100, 1)} %", f"{_plain(value * 100, 1)} %")
    if unit == "log10":
        yuan = math.copysign(10 ** abs(value) - 1, value)
        return _amount(yuan)
    if unit == "log10_count":
        number = _plain(10**value - 1, 0)
        return Text(number, number)
    if unit == "fen":
        return _amount(value / 100)
    if unit == "log":
        return _growth(value)
    name = _COUNTED.get(unit, Text(f" {unit}", f" {unit}"))
    number = _plain(value, 0 if value == int(value) else 2)
    return Text(f"{number}{name.zh}", f"{number}{name.en}")


def _amount(yuan: float) -> Text:
    number = _plain(yuan / 10_000, 1)
    return Text(f"{number} 万元", f"{number} x10k yuan")


def _growth(value: float) -> Text:
    change = math.expm1(value)
    number = f"{_plain(abs(change) * 100, 1)} %"
    held_zh, held_en = (" 或以上", " or more") if abs(value) >= GROWTH_BOUND else ("", "")
    if change >= 0:
        return Text(f"增长 {number}{held_zh}", f"up {number}{held_en}")
    return Text(f"下降 {number}{held_zh}", f"down {number}{held_en}")


def _plain(value: float, digits: int) -> str:
    """Return a number with thousands and without a minus before zero."""
    return f"{round(value, digits) + 0.0:,.{digits}f}"
