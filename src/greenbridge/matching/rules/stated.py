"""Whether a value that somebody states of a fact can be one: its kind, its words, its range, its code."""

import math
import re
from functools import lru_cache

from greenbridge.catalog.rules import language
from greenbridge.catalog.rules.vocabulary import FACTS, NUMERIC_UNITS
from greenbridge.catalog.values import FactName, Subject, Unit
from greenbridge.kit.codes import region
from greenbridge.kit.text import Text
from greenbridge.needs.rules import MAX_AMOUNT_FEN, MAX_RATE_BP, MAX_TERM_MONTHS

# GB/T 4754: a section, and of its digits none, two, three or four.
_INDUSTRY = re.compile(r"[A-T](\d{2,4})?", re.ASCII)
_NOT_BELOW_NOTHING = (0.0, None)
# Least and most; growth is at least the loss of all, and more input than output tax is a VAT below nothing.
_RANGES: dict[str, tuple[float | None, float | None]] = {
    "amount_fen": (1, MAX_AMOUNT_FEN),
    "term_months": (1, MAX_TERM_MONTHS),
    "max_annual_rate_bp": (1, MAX_RATE_BP),
    "vat_12m_fen": (None, None),
    "revenue_growth_12m": (-1, None),
    "electricity_growth_12m": (-1, None),
    "sales_active_months_12": (0, 12),
    "sales_zero_months_24": (0, 24),
}


_CERTAIN_RANGES = {
    fact.name: (-math.inf if least is None else least, math.inf if most is None else most)
    for fact in FACTS.values()
    if fact.unit in NUMERIC_UNITS and fact.about is not Subject.BRANCH
    for least, most in [_RANGES.get(fact.name, (0, 1) if fact.unit is Unit.SHARE else _NOT_BELOW_NOTHING)]
}
_CERTAIN_WORDS = {
    fact.name: {str(word) for word in fact.words} for fact in FACTS.values() if fact.words and fact.about is not Subject.BRANCH
}


@lru_cache(maxsize=4_096)
def _is_region(code: str) -> bool:
    return region(code) is not None


def surely(name: str, value: object) -> bool:
    """Return whether a value is a good one at the first look: a number in its range, known words. False says nothing: ask `problem`."""
    kind = value.__class__
    if kind is int or kind is float:
        ends = _CERTAIN_RANGES.get(name)
        return ends is not None and ends[0] <= value <= ends[1] and -math.inf < value < math.inf  # type: ignore[operator]
    words = _CERTAIN_WORDS.get(name)
    if words is None:
        return False
    if kind is str:
        return value in words and FACTS[name].unit is Unit.WORD
    return kind is tuple and FACTS[name].unit is Unit.WORDS and all(one.__class__ is str and one in words for one in value)  # type: ignore[attr-defined]


def problem(fact: FactName, value: object) -> Text | None:
    """Return what is wrong with a known value, with what is allowed; None for a good one."""
    if not language.fits(value, fact.unit):
        kind = fact.unit.value
        return Text(f"取值应为 {kind}", f"the value is no {kind}")
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return _out_of_range(fact, value)
    return _no_word(fact, value if isinstance(value, tuple) else (value,))


def _no_word(fact: FactName, words: tuple[object, ...]) -> Text | None:
    if fact.words and not {*words} <= {*fact.words}:
        listed = ", ".join(fact.words)
        return Text(f"没有这个取值；可用：{listed}", f"no such word; allowed: {listed}")
    if fact.unit is Unit.REGION and not all(_is_region(str(word)) for word in words):
        return Text("没有这个行政区划代码（6 位数字，如 330502）", "no such region code (six digits, such as 330502)")
    if fact.unit is Unit.INDUSTRY and not all(_INDUSTRY.fullmatch(str(word)) for word in words):
        zh, en = "不是行业代码（门类字母加 2 至 4 位数字，如 C1742）", "no industry code (a section and two to four digits, such as C1742)"
        return Text(zh, en)
    return None


def _out_of_range(fact: FactName, value: float) -> Text | None:
    least, most = _RANGES.get(fact.name, (0, 1) if fact.unit is Unit.SHARE else _NOT_BELOW_NOTHING)
    if least is not None and value < least:
        return Text(f"应不低于 {least:g}", f"it is at least {least:g}")
    if most is not None and value > most:
        return Text(f"应不高于 {most:g}", f"it is at most {most:g}")
    return None
