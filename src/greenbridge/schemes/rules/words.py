"""A scheme in plain words: formulas, curves, conditions, values with their units."""

from collections.abc import Callable, Mapping
from typing import Any

from greenbridge.kit.text import Language, Text
from greenbridge.schemes.values import Curve, CurveKind, Expression, InputName, Part, Value

Vocabulary = Mapping[str, InputName]
WAN = 10_000
UNITS: Mapping[str, Text] = {
    "count": Text("次", ""),
    "months": Text("个月", "months"),
    "points": Text("分", "points"),
    "persons": Text("人", "persons"),
    "m2": Text("平方米", "m²"),
    "m3": Text("立方米", "m³"),
    "stars": Text("星", "stars"),
    "tonnes": Text("吨", "tonnes"),
    "hours": Text("小时", "hours"),
    "days": Text("天", "days"),
    "years": Text("年", "years"),
    "ratio": Text("倍", "times"),
}
_SIGNS = {"+": " + ", "-": " − ", "*": " × ", "/": " ÷ ", "<": " < ", "<=": " ≤ ", ">": " > ", ">=": " ≥ ", "==": " = ", "!=": " ≠ "}


def value(given: Value | None, unit: str, language: Language) -> str:  # noqa: PLR0911 (one answer a unit)
    """Return a value with its unit: 0.3 share is `30 %`, 1,200,000 yuan `120 万元`; unknown is said as unknown."""
    if given is None:
        return "未知" if language == "zh" else "unknown"
    if isinstance(given, bool):
        return ("是" if given else "否") if language == "zh" else ("yes" if given else "no")
    if isinstance(given, str):
        return given
    if unit == "share":
        return f"{_plain(given * 100)} %"
    if unit == "yuan":
        return _yuan(given, language)
    if unit == "percentile":
        return f"{given:g} 分位" if language == "zh" else f"percentile {given:g}"
    name = UNITS.get(unit)
    return f"{_plain(given)} {name.in_(language)}".rstrip() if name else _plain(given)


def _plain(number: float) -> str:
    """Return a number to the hundredth without idle zeros: 1.35353 is `1.35`, 12.0 is `12`."""
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def _yuan(given: float, language: Language) -> str:
    if language == "zh" and abs(given) >= WAN:
        return f"{_plain(given / WAN)} 万元"
    return f"{given:,.0f} {'元' if language == 'zh' else 'yuan'}"


def part_value(part: Part, given: Value | None, vocabulary: Vocabulary, language: Language) -> str:
    """Return a part's value in words; a word of the vocabulary by its label."""
    if isinstance(given, str) and len(part.input.names) == 1:
        label = vocabulary[part.input.names[0]].words.get(given)
        return label.in_(language) if label else given
    return value(given, part.unit, language)


def expression(formula: Expression, vocabulary: Vocabulary, language: Language) -> str:
    """Return a formula with labels for names: `利润总额 ÷ 营业总收入`."""
    return _said(formula.tree, vocabulary, language)


def _said(node: tuple[Any, ...], vocabulary: Vocabulary, language: Language) -> str:  # noqa: C901, PLR0911 (one sentence a form)
    def inner(one: tuple[Any, ...]) -> str:
        text = _said(one, vocabulary, language)
        return f"({text})" if one[0] in {"+", "-", "and", "or"} else text

    def either(zh: str, en: str) -> str:
        return zh if language == "zh" else en

    kind = node[0]
    if kind == "name":
        return vocabulary[node[1]].label.in_(language)
    if kind == "value":
        return value(node[1], "", language)
    if kind in {"and", "or"}:
        return either({"and": "且", "or": "或"}[kind], f" {kind} ").join(inner(one) for one in node[1:])
    if kind == "not":
        return either(f"非“{_said(node[1], vocabulary, language)}”", f"not “{_said(node[1], vocabulary, language)}”")
    if kind in {"in", "not in"}:
        labels = vocabulary[node[1][1]].words
        listed = either("、", ", ").join(labels[word].in_(language) for word in node[2])
        be = either("为", " is ") if kind == "in" else either("不为", " is not ")
        return f"{inner(node[1])}{be}{listed}"
    if kind in {"==", "!="} and node[1][0] == "name" and node[2][0] == "value" and isinstance(node[2][1], str):
        label = vocabulary[node[1][1]].words[node[2][1]].in_(language)
        return f"{inner(node[1])}{_SIGNS[kind]}{label}"
    if kind == "ratio":
        return f"{inner(node[1])} ÷ {inner(node[2])}"
    if kind in {"min", "max"}:
        listed = either("、", ", ").join(_said(one, vocabulary, language) for one in node[1:])
        return either(f"{listed}的较{'小' if kind == 'min' else '大'}者", f"the {'lesser' if kind == 'min' else 'greater'} of {listed}")
    return f"{inner(node[1])}{_SIGNS[kind]}{inner(node[2])}"


def curve(part: Part, vocabulary: Vocabulary, language: Language, scale: float = 1.0) -> str:
    """Return how a value becomes points, in one sentence; `scale` for another weight set."""
    given, zh = part.curve, language == "zh"

    def points(found: float) -> str:
        return f"{round(found * scale, 2):g}" + (" 分" if zh else "")

    def said(x: float) -> str:
        return value(x, part.unit, language)

    return _SAYERS[given.kind](given, part, vocabulary, language, points, said)


Say = Callable[[float], str]


def _table(c: Curve, part: Part, vocabulary: Vocabulary, language: Language, points: Say, said: Say) -> str:
    del said
    labels = vocabulary[part.input.names[0]].words
    return _join([f"{labels[word].in_(language)} → {points(p)}" for word, p in c.table.items()], language)


def _yes_no(c: Curve, part: Part, vocabulary: Vocabulary, language: Language, points: Say, said: Say) -> str:
    del part, vocabulary, said
    yes = dict(c.knots)[1.0] > 0
    best = max(p for _, p in c.knots)
    words = ("是", "否") if language == "zh" else ("yes", "no")
    first, second = words if yes else words[::-1]
    return _join([f"{first} → {points(best)}", f"{second} → {points(0)}"], language)


def _each(c: Curve, part: Part, vocabulary: Vocabulary, language: Language, points: Say, said: Say) -> str:
    del part, vocabulary, said
    if language == "zh":
        return f"{points(c.start)}起，每次{'减' if c.step < 0 else '加'} {points(abs(c.step))}，减完为止"
    return f"{points(c.start)} at first, {'less' if c.step < 0 else 'plus'} {points(abs(c.step))} each, not under 0"


def _bands(c: Curve, part: Part, vocabulary: Vocabulary, language: Language, points: Say, said: Say) -> str:
    del part, vocabulary
    sign, rest = ("≤" if c.at_most else "≥"), ("其余 " if language == "zh" else "else ")
    return _join([*(f"{sign} {said(x)} → {points(p)}" for x, p in c.knots), f"{rest}→ {points(0)}"], language)


def _line(c: Curve, part: Part, vocabulary: Vocabulary, language: Language, points: Say, said: Say) -> str:
    del part, vocabulary
    between = "，其间按直线计算" if language == "zh" else "; straight between"
    (x0, p0), (x1, p1) = c.knots[0], c.knots[-1]
    ends = [f"≤ {said(x0)} → {points(p0)}", *(f"{said(x)} → {points(p)}" for x, p in c.knots[1:-1]), f"≥ {said(x1)} → {points(p1)}"]
    return _join(ends, language) + between


def _join(parts: list[str], language: Language) -> str:
    return ("，" if language == "zh" else ", ").join(parts)


_SAYERS: Mapping[CurveKind, Callable[[Curve, Part, Vocabulary, Language, Say, Say], str]] = {
    CurveKind.TABLE: _table,
    CurveKind.YES_NO: _yes_no,
    CurveKind.EACH: _each,
    CurveKind.BANDS: _bands,
    CurveKind.LINEAR: _line,
    CurveKind.PERCENTILE: _line,
}


def full(part: Part, vocabulary: Vocabulary) -> Text:
    """Return what full points need, in words: `≥ 50 %`, `国家级`."""
    return Text(_full(part, vocabulary, "zh"), _full(part, vocabulary, "en"))


def _full(part: Part, vocabulary: Vocabulary, language: Language) -> str:
    c = part.curve
    if c.kind is CurveKind.TABLE:
        best = max(c.table, key=c.table.__getitem__)
        return vocabulary[part.input.names[0]].words[best].in_(language)
    if c.kind is CurveKind.YES_NO:
        return value(dict(c.knots)[1.0] > 0, "", language)
    if c.kind is CurveKind.EACH:
        need = 0.0 if c.step < 0 else (part.max - c.start) / c.step
        return _bound(need, low=c.step < 0, said=value(need, part.unit, language))
    best_points = max(p for _, p in c.knots)
    reached = [x for x, p in c.knots if p == best_points]
    low = c.at_most or (c.kind is not CurveKind.BANDS and c.knots[0][1] == best_points)
    limit = max(reached) if low else min(reached)
    return _bound(limit, low=low, said=value(limit, part.unit, language))


def _bound(limit: float, *, low: bool, said: str) -> str:
    """Return a limit with its sign; at most none is just none."""
    return said if low and limit == 0 else f"{'≤' if low else '≥'} {said}"
