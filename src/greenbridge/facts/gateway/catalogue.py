"""The shipped catalogue: one TOML a category, departments, showing periods."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from greenbridge.facts.values import (
    Catalogue,
    Category,
    Clock,
    Department,
    Field,
    Item,
    Kind,
    Openness,
    QualityRule,
    Shape,
)
from greenbridge.kit.text import Text

_FOLDER = files("greenbridge.facts") / "catalogue"
# Every item may name the firm in these ways beside its code; see rules.identity.
USCC = Field("uscc", Kind.TEXT, Text("统一社会信用代码", "Social credit code"), required=True, names=("统一社会信用代码", "credit_code"))
# Of a field that does not say: what anybody may read is 1, what needs a consent is 3 (JR/T 0197).
_SENSITIVITY = {Openness.PUBLIC: 1, Openness.ON_REQUEST: 2, Openness.AUTHORISED: 3, Openness.INTERNAL: 4}


@cache
def catalogue() -> Catalogue:
    """Return the catalogue; raises KeyError or ValueError for a file that breaks its form."""
    departments = {d["code"]: Department(d["code"], _text(d)) for d in _read("departments.toml")["department"]}
    retention = _read("retention.toml")
    clocks: dict[str, tuple[Clock, ...]] = {}
    for row in sorted(retention["clock"], key=lambda c: c["from"], reverse=True):
        clocks[row["code"]] = (*clocks.get(row["code"], ()), _clock(row))
    names = sorted(f.name for f in _FOLDER.iterdir() if f.name[:2].isdecimal() and f.name.endswith(".toml"))
    categories = tuple(_category(_read(name), departments) for name in names)
    items = {item.code: item for category in categories for item in category.items}
    for item in items.values():
        _check(item, clocks)
    return Catalogue(retention["version"], categories, tuple(departments.values()), clocks, items)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _text(row: Mapping[str, Any]) -> Text:
    return Text(row["zh"], row["en"])


def _clock(row: Mapping[str, Any]) -> Clock:
    cases = tuple((case["field"], case["equals"], case["months"]) for case in row.get("case", ()))
    return Clock(
        row["code"],
        _text(row),
        Text(row["source"], row["source_en"]),
        row["from"],
        row.get("to"),
        tuple(row.get("start", ())),
        row.get("months"),
        row.get("until_field", ""),
        row.get("never", {}),
        cases,
    )


def _category(table: Mapping[str, Any], departments: Mapping[str, Department]) -> Category:
    items = tuple(_item(row, table["code"], departments) for row in table["item"])
    return Category(table["code"], _text(table), table.get("national", True), items)


def _item(row: Mapping[str, Any], category: str, departments: Mapping[str, Department]) -> Item:
    openness = Openness(row["openness"])
    return Item(
        code=row["code"],
        category=category,
        department_code=row["department"],
        department=departments[row["department"]].label,
        label=_text(row),
        shape=Shape(row["kind"]),
        refresh_days=row["refresh_days"],
        fields=(USCC, *(_field(f, _SENSITIVITY[openness]) for f in row["fields"])),
        key=tuple(row["key"]),
        key_else=tuple(row.get("key_else", ())),
        valid_from=tuple(row.get("valid_from", ())),
        valid_to=row.get("valid_to"),
        closed_by=row.get("closed_by"),
        due_working_days=row.get("due_working_days"),
        openness=openness,
        legal_basis=row["legal_basis"],
        retention=row["retention"],
        national=row.get("national", True),
        alert=row.get("alert", {}),
        rules=tuple(_rule(rule) for rule in row.get("rules", ())),
    )


def _field(row: Mapping[str, Any], sensitivity: int) -> Field:
    known = {"name", "kind", "zh", "en", "names", "choices", "sensitivity"}
    return Field(
        row["name"],
        Kind(row["kind"]),
        _text(row),
        names=tuple(row.get("names", ())),
        choices={value: tuple(spelled) for value, spelled in row.get("choices", {}).items()},
        sensitivity=row.get("sensitivity", sensitivity),
        **{name: value for name, value in row.items() if name not in known},
    )


def _rule(row: Mapping[str, Any]) -> QualityRule:
    return QualityRule(**{**row, "parts": tuple(row.get("parts", ()))})


def _check(item: Item, clocks: Mapping[str, object]) -> None:
    """Raise ValueError where an item names a field or a clock that there is not."""
    fields = {f.name for f in item.fields}
    named = {*item.key, *item.key_else, *item.valid_from, *filter(None, [item.valid_to, item.closed_by])}
    for rule in item.rules:
        named |= {name for name in (rule.earlier, rule.later, rule.total, *rule.parts) if name}
    if unknown := named - fields:
        raise ValueError(f"{item.code} names unknown fields {sorted(unknown)}")
    if item.retention not in clocks:
        raise ValueError(f"{item.code} names no known clock: {item.retention}")
    if wrong := [f.name for f in item.fields if not 1 <= f.sensitivity <= 5]:
        raise ValueError(f"{item.code}: sensitivity of {wrong} is not 1 to 5")
