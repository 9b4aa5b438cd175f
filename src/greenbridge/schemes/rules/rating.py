"""The fold: a scheme over inputs gives a rating. See docs/decisions/0023-schemes.md for why unknown works as it does."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from greenbridge.kit.text import Text
from greenbridge.schemes.rules import curves, expressions
from greenbridge.schemes.values import (
    NOT_RATED,
    Bar,
    Condition,
    DimensionPoints,
    Evidence,
    Grade,
    Indicator,
    IndicatorPoints,
    Inputs,
    NextGrade,
    Part,
    PartPoints,
    Rating,
    Scheme,
    Settled,
    Value,
)

HUNDREDTHS, SHARES = 2, 6
Lookup = Mapping[str, Value]


def rate(scheme: Scheme, inputs: Inputs, business_class: str | None = None, as_of: date | None = None) -> Rating:
    """Return the rating. Raises KeyError for a class that the scheme does not have.

    The grade stands on the sum of known points: of all rules under which knowing more never lowers it, the most generous one. What
    is unknown is None, adds nothing, and shows in `coverage`.
    """
    kind = scheme.business_class(business_class)
    known = {name: given.value for name, given in inputs.items() if not isinstance(given.value, float) or math.isfinite(given.value)}
    lines = tuple(_indicator(line, kind.weights.get(line.code, line.max), known, inputs) for line in scheme.indicators)
    bonus = tuple(_indicator(line, kind.weights.get(line.code, line.max), known, inputs) for line in scheme.bonus)
    dimensions = tuple(_dimension(scheme, lines, code) for code in (d.code for d in scheme.dimensions))
    points, extra = _sum(i.points for i in lines), _sum(b.points for b in bonus)
    whole, known_max = _sum(i.max for i in lines), _sum(i.known_max for i in lines)
    coverage = round(known_max / whole, SHARES) if whole else 0.0
    total = round(scheme.base + points + extra, HUNDREDTHS)
    open_bonus = _sum(b.max - b.known_max for b in bonus)
    vetoes = tuple(found for c in scheme.vetoes if (found := _settled(c, known)))
    caps = tuple(found for c in scheme.caps if (found := _settled(c, known)))
    bars = [*_vetoed(scheme, vetoes), *_covered(scheme, coverage), *_capped(caps), *_gated(scheme, dimensions)]
    possible = round(total + whole - known_max + open_bonus, HUNDREDTHS)
    by_points = _by_points(scheme, total)
    grade = _graded(scheme, by_points, bars)
    return Rating(
        scheme=scheme,
        business_class=kind,
        as_of=as_of,
        indicators=lines,
        bonus=bonus,
        dimensions=dimensions,
        points=total,
        coverage=coverage,
        scaled=round(scheme.base + points / known_max * whole + extra, HUNDREDTHS) if known_max else None,
        possible=possible,
        vetoes=vetoes,
        caps=caps,
        grade=grade,
        grade_by_points=by_points.code,
        possible_grade=_possible(scheme, possible, dimensions, vetoes, caps),
        capped_by=tuple(bar for bar in bars if bar.kind == "veto" or scheme.rank(bar.grade) > scheme.rank(by_points.code)),
        next_grade=_next(scheme, grade, total, bars),
    )


def _sum(values: Iterable[float | None]) -> float:
    return round(math.fsum(value for value in values if value is not None), HUNDREDTHS)


def _indicator(line: Indicator, most: float, known: Lookup, inputs: Inputs) -> IndicatorPoints:
    share = most / line.max if line.max else 0.0
    parts = tuple(_part(part, share, known, inputs) for part in line.parts)
    earned = [part for part in parts if part.points is not None]
    if not most or not earned:
        return IndicatorPoints(line, None, most, 0.0, parts)
    return IndicatorPoints(line, _sum(p.points for p in earned), most, _sum(p.max for p in earned), parts)


def _part(part: Part, share: float, known: Lookup, inputs: Inputs) -> PartPoints:
    value = expressions.evaluate(part.input, known)
    if value is None:
        value = _settled_by_bound(part, known)
    points = None if value is None else curves.points(part.curve, value, part.max)
    most = round(part.max * share, HUNDREDTHS)
    missing = tuple(name for name in part.input.names if name not in known)
    if points is None:
        return PartPoints(part, value, None, most, missing, _evidence(part.input.names, inputs))
    return PartPoints(part, value, min(round(points * share, HUNDREDTHS), most), most, (), _evidence(part.input.names, inputs))


def _settled_by_bound(part: Part, known: Lookup) -> Value | None:
    """Return the bound of an unknown value that has all points already, None where there is none: whatever the rest is, it adds nothing.

    Of the greater of carbon neutral (yes) and green power (unknown) the first settles it.
    """
    slope = curves.slope(part.curve)
    low, high = expressions.bounds(part.input, known) if slope else (None, None)
    bound = low if slope > 0 else high
    return bound if bound is not None and curves.points(part.curve, bound, part.max) == part.max else None


def _evidence(names: Sequence[str], inputs: Inputs) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(e for name in names if name in inputs for e in inputs[name].evidence))


def _dimension(scheme: Scheme, lines: Sequence[IndicatorPoints], code: str) -> DimensionPoints:
    own = [line for line in lines if line.indicator.dimension == code]
    dimension = next(d for d in scheme.dimensions if d.code == code)
    return DimensionPoints(dimension, _sum(o.points for o in own), _sum(o.max for o in own), _sum(o.known_max for o in own))


def _settled(condition: Condition, known: Lookup) -> Settled | None:
    """Return a condition that holds or cannot be ruled out; None for one that does not hold."""
    holds = expressions.evaluate(condition.when, known)
    if holds is None:
        return Settled(condition, known=False, missing=tuple(name for name in condition.when.names if name not in known))
    return Settled(condition, known=True) if holds else None


def _vetoed(scheme: Scheme, vetoes: Sequence[Settled]) -> list[Bar]:
    """Return the vetoes that hold; those that are not ruled out leave no grade, unless a veto as bad holds already."""
    held = [Bar("veto", v.condition.code, v.condition.grade, v.condition.name) for v in vetoes if v.known]
    worst = max((scheme.rank(bar.grade) for bar in held), default=-1)
    open_ = [v for v in vetoes if not v.known and scheme.rank(v.condition.grade) > worst]
    words = [(v.condition.code, v.condition.name) for v in open_]
    return [
        *held,
        *(Bar("open_veto", code, NOT_RATED, Text(f"尚不能排除：{name.zh}", f"not ruled out: {name.en}")) for code, name in words),
    ]


def _covered(scheme: Scheme, coverage: float) -> list[Bar]:
    """Return what too little knowledge does to the grade."""
    limits = [(scheme.unknown.not_rated_under, NOT_RATED), *((cap.under, cap.grade) for cap in scheme.unknown.caps)]
    return [
        Bar("coverage", grade, grade, Text(f"已知指标不足 {under:.0%}", f"less than {under:.0%} is known"))
        for under, grade in limits
        if coverage < under
    ]


def _capped(caps: Sequence[Settled]) -> list[Bar]:
    bars = []
    for held in caps:
        name = held.condition.name
        words = name if held.known else Text(f"尚不能排除：{name.zh}", f"not ruled out: {name.en}")
        bars.append(Bar("cap" if held.known else "open_cap", held.condition.code, held.condition.grade, words))
    return bars


def _gated(scheme: Scheme, dimensions: Sequence[DimensionPoints], *, possible: bool = False) -> list[Bar]:
    """Return the gates that are not passed; `possible`: those that would not be with every unknown point earned."""
    bars = []
    for gate in scheme.gates:
        found = next(d for d in dimensions if d.dimension.code == gate.dimension)
        needed = round(gate.at_least * found.max / found.dimension.max, HUNDREDTHS)
        points = round(found.points + found.max - found.known_max, HUNDREDTHS) if possible else found.points
        if points < needed:
            name, under = found.dimension.name, scheme.grades[scheme.rank(gate.grade) + 1].code
            words = Text(f"{name.zh}须达到 {needed:g} 分，现为 {points:g} 分", f"{name.en} needs {needed:g} points, has {points:g}")
            bars.append(Bar("gate", f"{gate.dimension}>={gate.at_least:g}", under, words))
    return bars


def _possible(
    scheme: Scheme, points: float, dimensions: Sequence[DimensionPoints], vetoes: Sequence[Settled], caps: Sequence[Settled]
) -> str:
    """Return the best grade that may still come out when all becomes known."""
    bars = [*_vetoed(scheme, [v for v in vetoes if v.known]), *_capped([c for c in caps if c.known])]
    return _graded(scheme, _by_points(scheme, points), [*bars, *_gated(scheme, dimensions, possible=True)])


def _by_points(scheme: Scheme, total: float) -> Grade:
    by_cut = [grade for grade in scheme.grades if grade.at_least is not None]
    return next((grade for grade in by_cut if grade.at_least is not None and total >= grade.at_least), by_cut[-1])


def _graded(scheme: Scheme, by_points: Grade, bars: Sequence[Bar]) -> str:
    held = [bar for bar in bars if bar.kind in {"veto", "open_veto"}]
    # A veto settles the grade at once: nothing else is asked then.
    deciding = held if any(bar.kind == "veto" for bar in held) else [Bar("points", "", by_points.code, by_points.words), *bars]
    return max((bar.grade for bar in deciding), key=scheme.rank)


def _next(scheme: Scheme, grade: str, total: float, bars: Sequence[Bar]) -> NextGrade | None:
    """Return the next better grade that points reach; from not rated, the grade that would stand if all were known as it is."""
    place = scheme.rank(grade)
    if grade == NOT_RATED:
        rest = [bar for bar in bars if bar.grade != NOT_RATED]
        target = scheme.grade_named(_graded(scheme, _by_points(scheme, total), rest))
    else:
        target = next((g for g in reversed(scheme.grades[:place]) if g.at_least is not None), None)
    if target is None or target.at_least is None:
        return None
    wanted = scheme.rank(target.code)
    return NextGrade(
        target,
        round(max(0.0, target.at_least - total), HUNDREDTHS),
        tuple(bar for bar in bars if scheme.rank(bar.grade) > wanted),
    )
