"""Scheme files: TOML, closed, checked, each with its own cases."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from greenbridge.kit.errors import FieldProblem, Invalid
from greenbridge.kit.text import Text
from greenbridge.schemes.gateway.vocabulary import vocabulary
from greenbridge.schemes.rules import checking, expressions
from greenbridge.schemes.schemas import ConditionIn, IndicatorIn, Named, PartIn, SchemeFile
from greenbridge.schemes.values import (
    BusinessClass,
    Condition,
    CoverageCap,
    Curve,
    CurveKind,
    Dimension,
    Expression,
    Gate,
    Grade,
    Indicator,
    Part,
    Scheme,
    SchemeCase,
    UnknownPolicy,
)

INPUTS_FILE = "inputs.toml"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A scheme and the file that it came from."""

    source: str
    scheme: Scheme


@cache
def shipped() -> tuple[Loaded, ...]:
    """Return the schemes that ship with the service, by code and version."""
    folder = files("greenbridge.schemes") / "catalogue"
    texts = {f.name: f.read_text(encoding="utf-8") for f in folder.iterdir() if f.name.endswith(".toml") and f.name != INPUTS_FILE}
    return _sorted([load_text(name, text) for name, text in texts.items()])


def load_folder(folder: Path) -> tuple[Loaded, ...]:
    """Return the schemes of a folder; raises Invalid for the first file that is wrong."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        try:
            found.append(load_text(path.name, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            raise _wrong(path.name, [("", "it is not UTF-8 text")]) from None
    return _sorted(found)


def _sorted(found: list[Loaded]) -> tuple[Loaded, ...]:
    for key in checking.repeated(f"{one.scheme.code} {one.scheme.version}" for one in found):
        raise _wrong(key, [("version", "this code and version comes twice")])
    return tuple(sorted(found, key=lambda one: (one.scheme.code, one.scheme.effective_from, one.scheme.version)))


def load_text(source: str, text: str) -> Loaded:
    """Return a scheme of a file's text; raises Invalid that names the file, and of each problem the line."""
    try:
        document = SchemeFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _wrong(source, [("", f"it is not TOML: {error}")]) from None
    except ValidationError as error:
        told = [(".".join(str(part) for part in e["loc"]), e["msg"]) for e in error.errors()]
        raise _wrong(source, told) from None
    try:
        scheme = _scheme(document)
    except expressions.WrongExpression as error:
        where, found = error.args[0], error.args[1]
        raise _wrong(source, [(f"line {_line(text, where)}", str(found))]) from None
    if problems := checking.problems(scheme, vocabulary()):
        raise _wrong(source, [(f"line {_line(text, sought)}, {where}", problem) for where, sought, problem in problems])
    return Loaded(source, scheme)


def _wrong(source: str, told: list[tuple[str, str]]) -> Invalid:
    fields = tuple(FieldProblem(where or source, Text(problem, problem)) for where, problem in told)
    said = "; ".join(f"{where}: {problem}" if where else problem for where, problem in told)
    return Invalid("wrong-scheme", f"计分方案 {source} 有误：{said}。", f"Scheme {source} is wrong: {said}.", fields=fields)


def _line(text: str, sought: str) -> int:
    """Return the line in which a text first stands; 1 if it does not stand in one line."""
    quoted = sought.replace("\\", "\\\\").replace('"', '\\"')
    lines = text.splitlines()
    return next((n for n, line in enumerate(lines, 1) if sought in line or quoted in line), 1)


def _scheme(d: SchemeFile) -> Scheme:
    groups = {group.code: _text(group) for group in d.group}
    sources = {dimension.code: dimension.source for dimension in d.dimension}
    return Scheme(
        code=d.code,
        version=d.version,
        name=_text(d),
        status=d.status,
        status_words=_text(d.status_words),
        issuer=_text(d.issuer),
        source=d.source,
        effective_from=d.effective_from,
        effective_to=d.effective_to,
        total=d.total,
        base=d.base,
        deducts=d.deducts,
        subject=_text(d.subject),
        of_firms=d.of_firms,
        dimensions=tuple(Dimension(x.code, _text(x), x.max) for x in d.dimension),
        indicators=tuple(_indicator(x, d, groups, sources) for x in d.indicator),
        bonus=tuple(_indicator(x, d, groups, sources) for x in d.bonus),
        classes=tuple(BusinessClass(x.code, _text(x), x.weights, _text(x.note) if x.note else None) for x in d.business_class),
        vetoes=tuple(_condition(x) for x in d.veto),
        caps=tuple(_condition(x) for x in d.cap),
        gates=tuple(Gate(x.grade, x.dimension, x.at_least) for x in d.gate),
        grades=tuple(Grade(x.code, _text(x), x.at_least, _text(x.words), x.tone) for x in d.grade),
        unknown=UnknownPolicy(d.unknown.not_rated_under, tuple(CoverageCap(c.under, c.grade) for c in d.unknown.caps)),
        cases=tuple(_cases(d)),
        watch_under=d.watch_under,
        notes=tuple(_text(note) for note in d.notes),
    )


def _text(row: Named) -> Text:
    return Text(row.zh, row.en)


def _parsed(text: str) -> Expression:
    try:
        return expressions.parse(text)
    except expressions.WrongExpression as error:
        raise expressions.WrongExpression(text, str(error)) from None


def _condition(row: ConditionIn) -> Condition:
    return Condition(row.code, _text(row), _parsed(row.when), row.grade, _text(row.period), row.source)


def _indicator(row: IndicatorIn, d: SchemeFile, groups: Mapping[str, Text], sources: Mapping[str, str]) -> Indicator:
    parts = tuple(_part(piece) for piece in row.pieces())
    known = vocabulary()
    givers = list(dict.fromkeys(known[name].giver for part in parts for name in part.input.names if name in known))
    return Indicator(
        code=row.code,
        name=_text(row),
        dimension=row.dimension,
        group=groups.get(row.group) if row.group else None,
        max=row.max,
        parts=parts,
        status=row.status or d.status,
        source=row.source or sources.get(row.dimension, d.source),
        evidence=Text("；".join(g.zh for g in givers), "; ".join(g.en for g in givers)),
        note=_text(row.note) if row.note else None,
    )


def _part(row: PartIn) -> Part:
    expression, known = _parsed(row.input), vocabulary()
    unit = row.unit if row.unit is not None else known[row.input].unit if row.input in known else ""
    return Part(_text(row), expression, unit, row.max, _curve(row.curve_names()[0], row))


def _curve(kind: str, row: PartIn) -> Curve:
    given: Any = getattr(row, kind)
    match kind:
        case "table":
            return Curve(CurveKind.TABLE, table=given)
        case "yes" | "no":
            knots = ((1.0, given), (0.0, 0.0)) if kind == "yes" else ((1.0, 0.0), (0.0, given))
            return Curve(CurveKind.YES_NO, knots=knots)
        case "each":
            return Curve(CurveKind.EACH, start=given.start, step=given.step)
        case "at_least" | "at_most":
            return Curve(CurveKind.BANDS, knots=tuple((x, y) for x, y in given), at_most=kind == "at_most")
        case _:
            return Curve(CurveKind(kind), knots=tuple((x, y) for x, y in given))


def _cases(d: SchemeFile) -> list[SchemeCase]:
    return [
        SchemeCase(
            c.name,
            c.business_class,
            c.inputs,
            c.grade,
            c.total,
            c.coverage,
            {code: None if value == "unknown" else float(value) for code, value in c.points.items()},
            frozenset(c.vetoes),
            None if c.capped_by is None else frozenset(c.capped_by),
        )
        for c in d.cases
    ]
