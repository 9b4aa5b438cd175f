"""A rating as its readers see it: lines with bars, values in words, what is missing, what would bring the next grade."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from greenbridge.green.rules.evidence import newest
from greenbridge.green.values import Author, Statement
from greenbridge.kit.text import Language, Text
from greenbridge.schemes.rules import words
from greenbridge.schemes.values import InputKind, InputName, Scheme

Vocabulary = Mapping[str, InputName]
FULL = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A value that the firm may state: how it is typed, what it stated last."""

    name: InputName
    stated: Statement | None
    found: Statement | None
    shown: str
    options: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """An indicator as it is shown. `share` and `known`: of its maximum, 0 to 100."""

    code: str
    name: Text
    points: float | None
    max: float
    share: float
    known: float
    value: str
    limit: tuple[Text, ...]
    missing: tuple[Text, ...]
    evidence: Sequence[Mapping[str, Any]]
    applies: bool
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A dimension with its lines."""

    code: str
    name: Text
    points: float
    max: float
    share: float
    lines: tuple[Line, ...]


def groups(
    scheme: Scheme,
    content: Mapping[str, Any],
    statements: Iterable[Statement],
    vocabulary: Vocabulary,
    language: Language,
    may_state: Iterable[str] = (),
) -> list[Group]:
    """Return a rating's dimensions with their lines; `may_state`: names that get a field to fill in."""
    said, allowed = newest(statements), set(may_state)
    by_code = {line["code"]: line for line in content["indicators"]}
    sums = {d["code"]: d for d in content["dimensions"]}
    shown: set[str] = set()
    found = []
    for dimension in scheme.dimensions:
        lines = []
        for indicator in (i for i in scheme.indicators if i.dimension == dimension.code):
            line = by_code[indicator.code]
            names = dict.fromkeys(name for part in indicator.parts for name in part.input.names)
            asked = tuple(_asked(vocabulary[n], said, language) for n in names if n in allowed and n not in shown)
            shown |= set(names)
            values = [p["value"] for p in line["parts"]] or [line["value"]]
            told = [words.part_value(part, value, vocabulary, language) for part, value in zip(indicator.parts, values, strict=True)]
            most = float(line["max"]) or 1.0
            lines.append(
                Line(
                    line["code"],
                    indicator.name,
                    line["points"],
                    float(line["max"]),
                    FULL * float(line["points"] or 0) / most,
                    FULL * float(line["known_max"]) / most,
                    " / ".join(told),
                    tuple(Text(limit["zh"], limit["en"]) for limit in line["limit"]),
                    tuple(vocabulary[name].label for name in line["missing"]),
                    line["evidence"],
                    line["applies"],
                    asked,
                )
            )
        total = sums[dimension.code]
        share = FULL * total["points"] / total["max"] if total["max"] else 0.0
        found.append(Group(dimension.code, dimension.name, total["points"], total["max"], share, tuple(lines)))
    return found


def others(
    scheme: Scheme, statements: Iterable[Statement], vocabulary: Vocabulary, language: Language, may_state: Iterable[str]
) -> list[Asked]:
    """Return what a firm may state that no line measures, only a veto asks for."""
    of_lines = {name for i in scheme.indicators for part in i.parts for name in part.input.names}
    said = newest(statements)
    return [_asked(vocabulary[name], said, language) for name in may_state if name not in of_lines]


def _asked(name: InputName, said: Mapping[tuple[str, Author], Statement], language: Language) -> Asked:
    stated, found = said.get((name.name, Author.FIRM)), said.get((name.name, Author.REVIEWER))
    stated = stated if stated and stated.value is not None else None
    return Asked(name, stated, found, value_words(name, stated.value if stated else None, language), options(name))


def value_words(name: InputName, value: Any, language: Language) -> str:
    """Return a value in words: 0.6 of a share is `60 %`, a word its label."""
    if isinstance(value, str) and value in name.words:
        return name.words[value].in_(language)
    return words.value(value, name.unit, language)


def options(name: InputName) -> tuple[tuple[str, Text], ...]:
    """Return (value, label) to choose from; empty where a number is typed."""
    if name.kind is InputKind.YES_NO:
        return (("yes", Text("是", "Yes")), ("no", Text("否", "No")))
    return tuple(name.words.items())


def typed(name: InputName, text: str) -> str:
    """Return what a person typed as the scheme takes it: a share is typed in per cent. `60` of a share is `0.6`. Else as it is."""
    if name.kind is InputKind.NUMBER and name.unit == "share" and text.strip():
        try:
            return f"{float(text.strip().rstrip('%％').strip()) / FULL:.6f}"
        except ValueError:
            return text
    return text


def back(name: InputName, value: Any) -> str:
    """Return a stated value as it is typed: 0.6 of a share is `60`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | int) and name.unit == "share":
        return f"{value * FULL:g}"
    return f"{value:g}" if isinstance(value, float) else str(value)


STEPS: tuple[tuple[str, Text], ...] = (
    ("draft", Text("自评填报", "Self-report")),
    ("rated", Text("系统评级", "System rating")),
    ("in_review", Text("第三方评审", "Third-party review")),
    ("published", Text("公示", "Publicity")),
    ("certified", Text("证书与入库", "Certificate and pool")),
)


def step_of(state: str) -> int:
    """Return how far a state is along the steps, 1 to 5; 0 for one that ended without a certificate."""
    order = {"draft": 1, "rated": 2, "in_review": 3, "published": 4, "objected": 4, "certified": 5, "superseded": 5, "expired": 5}
    return order.get(state, 0)
