"""What is wrong with a scheme as written, and where its cases and the engine differ."""

import math
from collections.abc import Iterable, Iterator, Mapping

from greenbridge.schemes.rules.rating import rate
from greenbridge.schemes.values import (
    CurveKind,
    Expression,
    Indicator,
    InputKind,
    InputName,
    Known,
    Part,
    Rating,
    Scheme,
    SchemeCase,
    Value,
)

Vocabulary = Mapping[str, InputName]
# (where in the scheme, the text to find in the file, what is wrong)
Found = tuple[str, str, str]
TOLERANCE = 0.005
_NUMERIC = {"+", "-", "*", "/", "min", "max", "ratio"}


def problems(scheme: Scheme, vocabulary: Vocabulary) -> list[Found]:
    """Return everything that is wrong with a scheme; empty means good."""
    found = [*_sums(scheme), *_grades(scheme)]
    codes: set[str] = set()
    for line in (*scheme.indicators, *scheme.bonus):
        if line.code in codes:
            found.append((line.code, line.code, "this code comes twice"))
        codes.add(line.code)
        found += _line(scheme, line, vocabulary)
    for condition in (*scheme.vetoes, *scheme.caps):
        found += _expression(condition.code, condition.when, vocabulary, wanted=InputKind.YES_NO)
        if scheme.rank(condition.grade) == len(scheme.grades):
            found.append((condition.code, condition.code, f"there is no grade {condition.grade!r}"))
    return found


def _sums(scheme: Scheme) -> Iterator[Found]:
    for kind in scheme.classes:
        if unknown := set(kind.weights) - {line.code for line in (*scheme.indicators, *scheme.bonus)}:
            yield kind.code, kind.code, f"weights of unknown indicators {sorted(unknown)}"
        whole = scheme.base + math.fsum(kind.weights.get(line.code, line.max) for line in scheme.indicators)
        if abs(whole - scheme.total) > TOLERANCE:
            yield kind.code, kind.code, f"points of class {kind.code} make {whole:g}, not {scheme.total:g}"
    for dimension in scheme.dimensions:
        own = math.fsum(line.max for line in scheme.indicators if line.dimension == dimension.code)
        if abs(own - dimension.max) > TOLERANCE:
            yield dimension.code, f'"{dimension.code}"', f"its indicators make {own:g} points, not {dimension.max:g}"


def _grades(scheme: Scheme) -> Iterator[Found]:
    cuts = [grade.at_least for grade in scheme.grades if grade.at_least is not None]
    if not cuts or cuts[-1] > 0 or sorted(cuts, reverse=True) != cuts:
        yield "grades", "[[grade]]", "grades are listed best first, and the last one by points begins at 0"
        return
    codes = {grade.code for grade in scheme.grades}
    floor = max(scheme.rank(grade.code) for grade in scheme.grades if grade.at_least is not None)
    for veto in scheme.vetoes:
        if veto.grade in codes and scheme.rank(veto.grade) < floor:
            yield veto.code, veto.code, "a veto leads to the lowest grade by points or to one under it"
    for gate in scheme.gates:
        if gate.grade not in codes or scheme.rank(gate.grade) + 1 >= len(scheme.grades):
            yield gate.grade, gate.grade, "a gate names a grade with another one under it"
        if gate.dimension not in {d.code for d in scheme.dimensions}:
            yield gate.dimension, gate.dimension, f"there is no dimension {gate.dimension!r}"
    yield from ((cap.grade, cap.grade, f"there is no grade {cap.grade!r}") for cap in scheme.unknown.caps if cap.grade not in codes)


def _line(scheme: Scheme, line: Indicator, vocabulary: Vocabulary) -> Iterator[Found]:
    if line in scheme.indicators and line.dimension not in {d.code for d in scheme.dimensions}:
        yield line.code, line.code, f"there is no dimension {line.dimension!r}"
    if abs(math.fsum(part.max for part in line.parts) - line.max) > TOLERANCE:
        yield line.code, line.code, f"its parts do not make {line.max:g} points"
    for part in line.parts:
        wanted = {CurveKind.TABLE: InputKind.WORD, CurveKind.YES_NO: InputKind.YES_NO}.get(part.curve.kind, InputKind.NUMBER)
        found = list(_expression(line.code, part.input, vocabulary, wanted))
        yield from found or _curve(line, part, vocabulary)


def _curve(line: Indicator, part: Part, vocabulary: Vocabulary) -> Iterator[Found]:
    curve = part.curve
    reached = [*curve.table.values(), *(p for _, p in curve.knots), *([curve.start] if curve.kind is CurveKind.EACH else [])]
    if curve.kind is CurveKind.EACH and curve.step > 0:
        reached = [part.max]
    if not reached or abs(max(reached) - part.max) > TOLERANCE or min(reached) < 0:
        yield line.code, line.code, f"its curve reaches {max(reached, default=0):g} points, not {part.max:g}, or goes under 0"
    limits = [x for x, _ in curve.knots]
    ordered = sorted(set(limits), reverse=curve.kind is CurveKind.BANDS and not curve.at_most)
    if curve.kind in {CurveKind.BANDS, CurveKind.LINEAR, CurveKind.PERCENTILE} and limits != ordered:
        yield line.code, line.code, "its limits are not in order (bands: the best first; lines: from left to right)"
    for name in part.input.names if curve.kind is CurveKind.TABLE else ():
        if unknown := set(curve.table) - set(vocabulary[name].words):
            yield line.code, min(unknown), f"{name} has no word {sorted(unknown)}; known: {', '.join(vocabulary[name].words)}"


def _expression(where: str, expression: Expression, vocabulary: Vocabulary, wanted: InputKind) -> Iterator[Found]:
    if unknown := [name for name in expression.names if name not in vocabulary]:
        allowed = ", ".join(sorted(vocabulary))
        yield where, expression.text, f"unknown name {unknown[0]!r} in {expression.text!r}; allowed: {allowed}"
        return
    try:
        kind = _kind(expression.tree, vocabulary)
    except ValueError as error:
        yield where, expression.text, f"{expression.text!r}: {error}"
        return
    if kind is not wanted and not (wanted is InputKind.NUMBER and kind is InputKind.YES_NO):
        yield where, expression.text, f"{expression.text!r} is a {kind.value}, and a {wanted.value} is needed"


def _kind(node: tuple[object, ...], vocabulary: Vocabulary) -> InputKind:
    """Return what a formula gives; raises ValueError where its parts do not fit together."""
    kind = node[0]
    if kind == "name":
        return vocabulary[str(node[1])].kind
    if kind == "value":
        return InputKind.YES_NO if isinstance(node[1], bool) else InputKind.WORD if isinstance(node[1], str) else InputKind.NUMBER
    if kind in {"in", "not in"}:
        _words(node[1], node[2], vocabulary)
        return InputKind.YES_NO
    parts = [(one, _kind(one, vocabulary)) for one in node[1:] if isinstance(one, tuple)]
    kinds = {part for _, part in parts}
    if kind in {"and", "or", "not"}:
        if kinds != {InputKind.YES_NO}:
            raise ValueError(f"`{kind}` joins yes and no alone")
        return InputKind.YES_NO
    if kind in {"==", "!="} and InputKind.WORD in kinds:
        (left, _), (right, _) = parts
        named, other = (left, right) if left[0] == "name" else (right, left)
        _words(named, (other[1],), vocabulary)
        return InputKind.YES_NO
    if InputKind.WORD in kinds:
        raise ValueError(f"a word cannot stand with `{kind}`")
    return InputKind.NUMBER if kind in _NUMERIC else InputKind.YES_NO


def _words(node: object, words: object, vocabulary: Vocabulary) -> None:
    assert isinstance(node, tuple)
    assert isinstance(words, tuple)
    if node[0] != "name" or vocabulary[str(node[1])].kind is not InputKind.WORD:
        raise ValueError("words are compared with a named word")
    known = vocabulary[str(node[1])].words
    if unknown := [word for word in words if word not in known]:
        raise ValueError(f"{node[1]} has no word {unknown[0]!r}; known: {', '.join(known)}")


def case_problems(scheme: Scheme, case: SchemeCase, vocabulary: Vocabulary) -> list[str]:
    """Return where a case's promise and the engine differ."""
    if unknown := sorted(set(case.inputs) - set(vocabulary)):
        return [f"unknown inputs {unknown}; allowed: {', '.join(sorted(vocabulary))}"]
    if wrong := [name for name, value in case.inputs.items() if not fits(vocabulary[name], value)]:
        return [f"inputs of the wrong kind {sorted(wrong)}"]
    if unused := sorted(set(case.inputs) - set(scheme.names)):
        return [f"inputs that the scheme does not ask for {unused}"]
    try:
        got = rate(scheme, {name: Known(value) for name, value in case.inputs.items()}, case.business_class)
    except KeyError:
        return [f"there is no business class {case.business_class!r}"]
    return list(_differences(case, got))


def _differences(case: SchemeCase, got: Rating) -> Iterator[str]:
    if got.grade != case.grade:
        yield f"grade {case.grade} expected, got {got.grade}"
    points = {line.indicator.code: line.points for line in (*got.indicators, *got.bonus)}
    for code, expected in case.points.items():
        if code not in points:
            yield f"there is no indicator {code}"
        elif not _same(points[code], expected):
            yield f"{code}: {_said(expected)} points expected, got {_said(points[code])}"
    if case.total is not None and not _same(got.points, case.total):
        yield f"total {case.total:g} expected, got {got.points:g}"
    if case.coverage is not None and abs(got.coverage - case.coverage) > TOLERANCE:
        yield f"coverage {case.coverage:g} expected, got {got.coverage:g}"
    vetoes = {v.condition.code for v in got.vetoes if v.known}
    if vetoes != case.vetoes:
        yield f"vetoes {sorted(case.vetoes)} expected, got {sorted(vetoes)}"
    capped = {bar.code for bar in got.capped_by if bar.kind != "veto"}
    if case.capped_by is not None and capped != case.capped_by:
        yield f"capped by {sorted(case.capped_by)} expected, got {sorted(capped)}"


def _same(one: float | None, other: float | None) -> bool:
    return one is other if one is None or other is None else abs(one - other) < TOLERANCE


def _said(points: float | None) -> str:
    return "unknown" if points is None else f"{points:g}"


def fits(name: InputName, value: Value) -> bool:
    """Return whether a value is of the named kind."""
    match name.kind:
        case InputKind.YES_NO:
            return isinstance(value, bool)
        case InputKind.WORD:
            return isinstance(value, str) and value in name.words
        case _:
            return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def repeated(codes: Iterable[str]) -> list[str]:
    """Return what comes twice."""
    seen: set[str] = set()
    return [code for code in codes if code in seen or seen.add(code)]  # type: ignore[func-returns-value]
