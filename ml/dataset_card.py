"""What a dataset card may say, and reading one: `read(path)`. A card that is wrong is refused in one sentence that names the field."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from greenbridge.kit.text import Text

NUMBER, WHOLE = (int, float), (int,)
TEXT = (str, dict)  # one language, or { zh = "...", en = "..." }
SCALAR = (str, int, float, bool)
# section -> key -> (types, whether it must be there). A name ending in [] is a list of tables; `*` takes any key.
SCHEMA: Mapping[str, Mapping[str, tuple[tuple[type, ...], bool]]] = {
    "": {
        "name": ((str,), True), "version": ((str,), False), "title": (TEXT, False), "purpose": (TEXT, False),
        "intended_use": ((list,), False), "not_intended_use": ((list,), False), "limits": ((list,), False),
    },
    "data": {
        "source": ((str,), False), "files": ((list,), False), "cut": ((date,), False), "other_cuts": ((list,), False),
        "description": (TEXT, False), "dates": (TEXT, False), "missing_values": ((list,), False), "decimal": ((str,), False),
        "keep": ((dict,), False),
    },
    "label": {"column": ((str,), True), "positive": ((*SCALAR, list), True), "name": (TEXT, False)},
    "protocol": {
        "kind": ((str,), True), "folds": (WHOLE, False), "repeats": (WHOLE, False), "test_share": (NUMBER, False), "seed": (WHOLE, False),
        "column": ((str,), False), "train": ((*SCALAR, list), False), "test": ((*SCALAR, list), False), "cut": ((*SCALAR, date), False),
    },
    "features": {
        "use": ((list,), False), "except": ((list,), False), "except_activity": ((bool,), False),
        "types": ((dict,), False), "directions": ((dict,), False), "labels": ((dict,), False),
    },
    "leaks[]": {"columns": ((list,), True), "reason": (TEXT, True)},
    "artefacts[]": {"columns": ((list,), True), "reason": (TEXT, True)},
    "segments[]": {"column": ((str,), True), "cuts": ((list,), False), "name": (TEXT, False)},
    "stability": {"column": ((str,), True), "why_not": (TEXT, False)},
    "imputation": {"trees": ((str,), False), "linear": ((str,), False)},
    "tuning": {"trials": (WHOLE, False)},
    "published[]": {"model": ((str,), True), "auc": (NUMBER, True), "spread": (NUMBER, False), "source": ((str,), True)},
    "goals": {"auc": (NUMBER, False), "over_logistic": (NUMBER, False), "over_untuned": (NUMBER, False)},
    "bands": {"*": (NUMBER, True)},
}  # fmt: skip
KINDS: Mapping[str, tuple[str, ...]] = {
    "kfold": ("folds", "repeats", "seed"), "holdout": ("test_share", "repeats", "seed"),
    "column": ("column", "train", "test", "seed"), "files": ("test", "seed"), "time": ("column", "cut", "seed"),
}  # fmt: skip
TYPES = ("numeric", "categorical", "date")
BANDS = {"A": 0.05, "B": 0.1, "C": 0.2, "D": 0.4, "E": 1.01}
SEED = 20200201
MOST_TRIALS = 200


class CardError(Exception):
    """A card, or data under it, that cannot be trained on. `str()` is one sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Leak:
    """Columns that are never read, and why: they carry the outcome, or are true of this data set alone."""

    columns: tuple[str, ...]
    reason: Text


@dataclass(frozen=True, slots=True)
class Segment:
    """Firms apart by the values of a column, or by cuts of its numbers: cuts 5, 20 give three segments."""

    column: str
    cuts: tuple[float, ...]
    name: Text


@dataclass(frozen=True, slots=True)
class Protocol:
    """`kind` kfold, holdout, column, files or time; `train` and `test` are values of `column`, or the names of test files."""

    kind: str
    folds: int = 5
    repeats: int = 1
    test_share: float = 0.1
    seed: int = SEED
    column: str = ""
    train: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    cut: Any = None


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """One way to train and judge on one data set. `raw` is the file as it was parsed."""

    path: Path
    name: str
    version: str
    protocol: Protocol
    leaks: tuple[Leak, ...]
    segments: tuple[Segment, ...]
    bands: Mapping[str, float]
    raw: Mapping[str, Any]
    lines: tuple[str, ...]

    def get(self, section: str, key: str, default: Any = None) -> Any:
        """Return what stands in a section, or the default."""
        return self.raw.get(section, {}).get(key, default)

    def error(self, field: str, problem: str) -> CardError:
        """Return the error that names the file, the line and the field."""
        return _error(self.path, self.lines, field, problem)


def text(value: Any) -> Text:
    """Return words of a card in both languages; of one language, the same for both."""
    return (
        Text(value.get("zh") or value.get("en", ""), value.get("en") or value.get("zh", ""))
        if isinstance(value, dict)
        else Text(value, value)
    )


def words(value: Any) -> tuple[str, ...]:
    """Return one value or a list as texts to compare cells with: 1, 1.0 and "1" are the same."""
    return tuple(cell(v) for v in (value if isinstance(value, list) else [value]))


def cell(value: Any) -> str:
    """Return a value as text to compare with: of 1.0, True and " 1 " it is "1"."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return {"true": "1", "false": "0"}.get(str(value).strip().lower(), str(value).strip())


def read(path: Path) -> DatasetCard:
    """Return the card of a TOML file. Raises CardError."""
    try:
        source = path.read_text(encoding="utf-8")
        raw = tomllib.loads(source)
    except OSError as problem:
        raise CardError(f"{path}: the card cannot be read ({problem.strerror}).") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise CardError(f"{path}: the card is not TOML: {problem}.") from problem
    lines = tuple(source.splitlines())
    _check(path, lines, raw)
    protocol = _protocol(path, lines, raw)
    never = [*raw.get("leaks", ()), *raw.get("artefacts", ())]
    leaks = tuple(Leak(tuple(map(str, leak["columns"])), text(leak["reason"])) for leak in never)
    segments = tuple(
        Segment(s["column"], tuple(map(float, s.get("cuts", ()))), text(s.get("name", s["column"]))) for s in raw.get("segments", ())
    )
    bands = {name: float(upper) for name, upper in raw.get("bands", BANDS).items()}
    name = raw["name"]
    return DatasetCard(path, name, raw.get("version", name), protocol, leaks, segments, bands, raw, lines)


def _check(path: Path, lines: tuple[str, ...], raw: Mapping[str, Any]) -> None:
    for name, value in raw.items():
        if name not in SCHEMA[""]:
            _section(path, lines, name, value)
    _fields(path, lines, "", {k: v for k, v in raw.items() if k in SCHEMA[""]}, SCHEMA[""])
    for section in ("data", "label", "protocol"):
        if section not in raw and not (section == "label" and raw.get("data", {}).get("source", "files") != "files"):
            raise _error(path, lines, section, "is missing")
    for field, problem in _wrong(raw):
        raise _error(path, lines, field, problem)


def _section(path: Path, lines: tuple[str, ...], name: str, value: Any) -> None:
    """Check one table, or list of tables, of a card."""
    listed = f"{name}[]" in SCHEMA
    if not listed and name not in SCHEMA:
        raise _error(path, lines, name, f"is no part of a card{_meant(name, [*(n.removesuffix('[]') for n in SCHEMA), *SCHEMA['']])}")
    if not isinstance(value, list if listed else dict) or (listed and not all(isinstance(v, dict) for v in value)):
        raise _error(path, lines, name, f"must be a {'list of tables: [[' + name + ']]' if listed else 'table: [' + name + ']'}")
    for place, table in enumerate(value if listed else [value]):
        _fields(path, lines, f"{name}[{place}]" if listed else name, table, SCHEMA[f"{name}[]" if listed else name])


def _wrong(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (field, what is wrong) of what types alone do not say."""
    yield from _wrong_columns(raw)
    trials = raw.get("tuning", {}).get("trials", 1)
    if not 1 <= trials <= MOST_TRIALS:
        yield "tuning.trials", f"must lie between 1 and {MOST_TRIALS}, not {trials!r}"
    for key in ("trees", "linear"):
        method = raw.get("imputation", {}).get(key, "mean")
        if method not in {"none", "mean", "median"} or (key == "linear" and method == "none"):
            yield f"imputation.{key}", 'must be "mean" or "median"' + (' or "none"' if key == "trees" else "")


def _wrong_columns(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the same of data and features."""
    data, features = raw["data"], raw.get("features", {})
    if data.get("source", "files") not in {"files", "greenbridge.vat"}:
        yield "data.source", 'must be "files" or "greenbridge.vat"'
    if data.get("source", "files") == "files" and not (data.get("files") and all(isinstance(f, str) for f in data["files"])):
        yield "data.files", "must name at least one .csv, .csv.gz or .parquet file"
    if data.get("source") == "greenbridge.vat" and "cut" not in data:
        yield "data.cut", "is missing: features of firms are cut at a day"
    for column, kind in features.get("types", {}).items():
        if kind not in TYPES:
            yield f"features.types.{column}", f"must be one of {', '.join(TYPES)}, not {kind!r}"
    for column, direction in features.get("directions", {}).items():
        if direction not in {-1, 0, 1}:
            yield f"features.directions.{column}", "must be 1 (riskier when larger), -1 (safer) or 0"


def _fields(
    path: Path, lines: tuple[str, ...], where: str, table: Mapping[str, Any], schema: Mapping[str, tuple[tuple[type, ...], bool]]
) -> None:
    for key, value in table.items():
        field = f"{where}.{key}".removeprefix(".")
        if key not in schema and "*" not in schema:
            raise _error(path, lines, field, f"is not known{_meant(key, list(schema))}")
        types, _ = schema.get(key) or schema["*"]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            expected = " or ".join(dict.fromkeys({"str": "a text", "int": "a whole number", "float": "a number", "list": "a list",
                "dict": "a table", "bool": "true or false", "date": "a date"}[t.__name__] for t in types))  # fmt: skip
            raise _error(path, lines, field, f"must be {expected}, not {value!r}")
    for key, (_, needed) in schema.items():
        if needed and key != "*" and key not in table:
            raise _error(path, lines, f"{where}.{key}".removeprefix("."), "is missing")


def _protocol(path: Path, lines: tuple[str, ...], raw: Mapping[str, Any]) -> Protocol:
    stated = raw["protocol"]
    kind = stated["kind"]
    if kind not in KINDS:
        raise _error(path, lines, "protocol.kind", f"must be one of {', '.join(KINDS)}, not {kind!r}")
    for key in stated:
        if key != "kind" and key not in KINDS[kind]:
            raise _error(path, lines, f"protocol.{key}", f"does not belong to the protocol {kind!r}, which takes {', '.join(KINDS[kind])}")
    for key in {"column": ("column", "test"), "files": ("test",), "time": ("column", "cut")}.get(kind, ()):
        if key not in stated:
            raise _error(path, lines, f"protocol.{key}", f"is missing: the protocol {kind!r} needs it")
    limits = {"folds": (2, 50), "repeats": (1, 100), "test_share": (0.01, 0.9)}
    for key, (low, high) in limits.items():
        if key in stated and not low <= stated[key] <= high:
            raise _error(path, lines, f"protocol.{key}", f"must lie between {low} and {high}, not {stated[key]!r}")
    given: dict[str, Any] = {key: stated[key] for key in ("folds", "repeats", "test_share", "seed", "column", "cut") if key in stated}
    given |= {key: words(stated[key]) for key in ("train", "test") if key in stated}
    return Protocol(kind, **given)


def _meant(name: str, known: list[str]) -> str:
    near = get_close_matches(name, [k for k in known if k not in {"", "*"}], 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _error(path: Path, lines: tuple[str, ...], field: str, problem: str) -> CardError:
    key = field.rpartition(".")[2].partition("[")[0]
    at = next(
        (i for i, line in enumerate(lines, 1) if line.strip().startswith((f"{key} ", f"{key}=", f"[{key}", f"[[{key}", f'"{key}"'))), None
    )
    return CardError(f"{path}{f', line {at}' if at else ''}: {field} {problem}.")
