"""The rule language: what a rule may say. What it then answers is in `verdicts`; both are specified in docs/matching-rules.md."""

import difflib
import math
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from greenbridge.catalog.rules.vocabulary import FACTS, NUMERIC_UNITS
from greenbridge.catalog.values import AnyRule, Group, Limit, Operator, Rule, Unit
from greenbridge.kit import codes
from greenbridge.kit.text import Text

MAX_MEMBERS = 12
_ORDERED = frozenset({Operator.AT_LEAST, Operator.AT_MOST, Operator.BETWEEN})
_SETS = frozenset({Operator.IN, Operator.NOT_IN})
OPERATORS: dict[Unit, frozenset[Operator]] = {
    **dict.fromkeys(NUMERIC_UNITS, _ORDERED),
    Unit.DATE: _ORDERED | {Operator.BEFORE},
    Unit.YES_NO: frozenset({Operator.IN}),
    **dict.fromkeys((Unit.WORD, Unit.WORDS, Unit.REGION, Unit.INDUSTRY), _SETS),
}
# (unit as a rule may write it, unit of the fact) -> how many of the fact's units it is.
UNITS: dict[tuple[str, Unit], Decimal] = {
    ("fen", Unit.FEN): Decimal(1),
    ("yuan", Unit.FEN): Decimal(100),
    ("wan", Unit.FEN): Decimal(1_000_000),
    ("bp", Unit.BASIS_POINTS): Decimal(1),
    ("percent", Unit.BASIS_POINTS): Decimal(100),
    ("share", Unit.SHARE): Decimal(1),
    ("percent", Unit.SHARE): Decimal("0.01"),
    ("months", Unit.MONTHS): Decimal(1),
    ("years", Unit.MONTHS): Decimal(12),
    ("count", Unit.COUNT): Decimal(1),
    ("times", Unit.TIMES): Decimal(1),
}


def in_units_of(fact: str, limit: Limit, unit: str | None) -> Limit:
    """Return a limit in its fact's unit. `in_units_of("firm_age_months", 2, "years") == 24`. Raises ValueError for a unit that is none.

    Decimal inside: 12 percent are 0.12 and not 0.12000000000000001. A limit that is no number is given back for `problem` to refuse.
    """
    if unit is None or fact not in FACTS:
        return limit
    factor = UNITS.get((unit, FACTS[fact].unit))
    if factor is None:
        known = sorted(name for name, of in UNITS if of is FACTS[fact].unit)
        raise ValueError(f"{fact} is not counted in {unit}; allowed: {', '.join(known) or 'no unit'}")
    if isinstance(limit, tuple):
        return tuple(_times(part, factor) for part in limit)
    return _times(limit, factor)


def _times(limit: str | bool | float, factor: Decimal) -> str | bool | float:
    if isinstance(limit, (str, bool)) or not math.isfinite(limit):
        return limit
    found = Decimal(str(limit)) * factor
    return int(found) if found == found.to_integral_value() else float(found)


def criteria(rules: Sequence[AnyRule]) -> Iterator[Rule]:
    """Yield every criterion, those inside groups too."""
    for rule in rules:
        yield from rule.members if isinstance(rule, Group) else (rule,)


def covered(unit: Unit, limit: Sequence[str | bool | float], value: str) -> bool:
    """Return whether a list covers a word. Regions and industries are trees: 330500 covers 330502; C covers C1742, and so does 17."""
    if unit is Unit.REGION:
        return "000000" in limit or codes.covers(tuple(str(code) for code in limit), value)
    if unit is Unit.INDUSTRY:
        return any(value.startswith(str(code)) or value[1:].startswith(str(code)) for code in limit)
    return value in limit


def problem(rule: AnyRule) -> tuple[str, Text] | None:
    """Return (where: `fact`, `operator`, `limit`, `any_of.1.limit`; what is wrong, with what is allowed); None for a good rule."""
    if isinstance(rule, Rule):
        return _criterion_problem(rule)
    name = rule.connective.value
    if not 1 <= len(rule.members) <= MAX_MEMBERS:
        return name, Text(f"一组应有 1 至 {MAX_MEMBERS} 条", f"a group has 1 to {MAX_MEMBERS} members")
    for index, member in enumerate(rule.members):
        if found := _criterion_problem(member):
            return f"{name}.{index}.{found[0]}", found[1]
    return None


def _criterion_problem(rule: Rule) -> tuple[str, Text] | None:
    fact = FACTS.get(rule.fact)
    if fact is None:
        near = difflib.get_close_matches(rule.fact, FACTS, 1)
        zh, en = (f"；是否指 {near[0]}？", f"; did you mean {near[0]}?") if near else ("", "")
        listed = ", ".join(sorted(FACTS))
        return "fact", Text(f"没有事实 {rule.fact!r}{zh}可用：{listed}", f"unknown fact {rule.fact!r}{en}; allowed: {listed}")
    allowed = OPERATORS[fact.unit]
    if rule.operator not in allowed:
        listed = ", ".join(sorted(allowed))
        return "operator", Text(
            f"{rule.fact}（{fact.unit.value}）不能用 {rule.operator.value}；可用：{listed}",
            f"{rule.fact} ({fact.unit.value}) cannot be compared with {rule.operator.value}; allowed: {listed}",
        )
    if said := _limit_problem(rule.limit, rule.operator, fact.unit, fact.words):
        return "limit", Text(f"{rule.fact} 的限值有误：{said.zh}", f"the limit of {rule.fact} is wrong: {said.en}")
    return None


def _limit_problem(limit: Limit, operator: Operator, unit: Unit, words: tuple[str, ...]) -> Text | None:
    if operator in _SETS:
        return _list_problem(limit, unit, words)
    if operator is Operator.BETWEEN:
        if not isinstance(limit, tuple) or len(limit) != 2 or not all(_single(end, unit) for end in limit):
            return Text("应为两个值的列表：[最小, 最大]", "it must be a list of two values: [least, most]")
        return Text("最小值大于最大值", "the least is above the most") if _above(limit[0], limit[1]) else None
    if isinstance(limit, tuple) or not _single(limit, unit):
        return Text("应为日期 YYYY-MM-DD", "it must be a date YYYY-MM-DD") if unit is Unit.DATE else Text("应为数值", "it must be a number")
    return None


def _above(low: str | bool | float, high: str | bool | float) -> bool:
    return low > high if isinstance(low, str) and isinstance(high, str) else float(low) > float(high)


def _list_problem(limit: Limit, unit: Unit, words: tuple[str, ...]) -> Text | None:
    if not isinstance(limit, tuple) or not limit:
        return Text("应为非空列表", "it must be a list that is not empty")
    if unit is Unit.YES_NO:
        good = all(isinstance(one, bool) for one in limit)
        return None if good else Text("只能为 true 或 false", "it holds only true or false")
    if not all(isinstance(one, str) and one for one in limit):
        return Text("应为词语列表", "it must be a list of words")
    if words and (odd := sorted({str(one) for one in limit} - set(words))):
        listed = ", ".join(words)
        return Text(f"没有 {', '.join(odd)}；可用：{listed}", f"there is no {', '.join(odd)}; allowed: {listed}")
    if unit is Unit.REGION and not all(len(str(code)) == 6 and str(code).isdecimal() for code in limit):
        return Text("应为六位行政区划代码", "regions are codes of six digits")
    return None


def _single(limit: str | bool | float, unit: Unit) -> bool:
    if unit is Unit.DATE:
        return isinstance(limit, str) and _is_date(limit)
    return isinstance(limit, (int, float)) and not isinstance(limit, bool) and math.isfinite(limit)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def fits(value: object, unit: Unit) -> bool:
    """Return whether a known value is of the fact's kind: what a case or a request may state."""
    if unit is Unit.YES_NO:
        return isinstance(value, bool)
    if unit is Unit.WORDS:
        return isinstance(value, tuple) and all(isinstance(one, str) for one in value)
    if unit in {Unit.WORD, Unit.REGION, Unit.INDUSTRY}:
        return isinstance(value, str) and bool(value)
    return isinstance(value, (str, bool, int, float)) and _single(value, unit)
