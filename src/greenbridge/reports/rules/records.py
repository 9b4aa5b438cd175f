"""Tables of departments' records in a report: one per item, straight from the catalogue."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from greenbridge.facts.rules import items, retention
from greenbridge.facts.values import Clock, Fact, Field, Item, Kind, Shape
from greenbridge.kit.calendar import business_date, month_end
from greenbridge.kit.text import Text
from greenbridge.reports.values import Freshness, Material, Source, Table

_UNITS = {"yuan": "fen", "kwh": "kwh", "share": "share", "persons": "persons", "count": "count", "m2": "count", "m3": "m3"}
SHOWN_UNTIL = Text("公示至", "Shown until")
WHILE_LISTED = Text("列入期间", "While listed")


def source(material: Material, item: str, valid_on: date, received_on: date, *, generated: bool) -> Source:
    """Return a line's source; stale when the department's newest data is older than the item's refresh time."""
    described = material.items[item]
    newest = material.coverage[item][0] or received_on
    fresh = max(newest, received_on if not _is_dated(item) else newest) >= material.as_of - timedelta(days=described.refresh_days)
    return Source(item, described.department, valid_on, received_on, Freshness.FRESH if fresh else Freshness.STALE, generated)


def _is_dated(item: str) -> bool:
    """Return whether the item's rows carry their own days (invoices, readings), so that its coverage is known by the day."""
    return item in {items.VAT_INVOICES, items.ELECTRICITY}


def of_fact(material: Material, fact: Fact) -> Source:
    """Return a record's source: a register speaks of the day it was delivered, a month's record of its end."""
    received_on = business_date(fact.recorded_at)
    described = material.items[fact.item]
    day = fact.valid_from
    if described.shape is Shape.STATE and described.code == items.REGISTRATION:
        day = received_on
    elif described.valid_from and not any(fact.values.get(name) for name in described.valid_from):
        day = received_on  # the record's own day is closed to the reader
    elif described.valid_from == ("month",):
        day = month_end(day)
    return source(material, fact.item, day, received_on, generated=fact.generated)


def of_item(material: Material, item: str) -> Source | None:
    """Return the source of a statement on all of an item's records, such as that there are none; None: it was never delivered."""
    if item not in material.coverage:
        return None
    newest, received_at, generated = material.coverage[item]
    received_on = business_date(received_at)
    return source(material, item, min(newest or received_on, material.as_of), received_on, generated=generated)


def of(material: Material, item: str) -> list[Fact]:
    """Return the firm's facts of an item, newest first."""
    return material.by_item.get(item, [])


def disputed(material: Material, facts: Iterable[Fact]) -> date | None:
    """Return since when the firm objects to one of these facts, the earliest day; None: to none of them.

    Facts that the reader may not see are not asked, as they are not in `of`: the mark of what is withheld is withheld too.
    """
    if not material.disputed:
        return None
    days = (material.disputed.get((fact.item, fact.key)) for fact in facts)
    return min((day for day in days if day), default=None)


def missing(material: Material, wanted: Sequence[str]) -> Text:
    """Return a note: which departments have delivered nothing at all, or nothing on this firm."""
    absent = [material.items[item] for item in wanted if item not in material.coverage]
    if absent:
        return Text(
            "暂无数据：" + "；".join(f"{name.zh}尚未提供{'、'.join(i.label.zh for i in group)}" for name, group in _grouped(absent)) + "。",
            "No data: "
            + "; ".join(f"{name.en} has not delivered {', '.join(i.label.en.lower() for i in group)}" for name, group in _grouped(absent))
            + ".",
        )
    names = [name for name, _ in _grouped([material.items[item] for item in wanted])]
    return Text(
        "、".join(name.zh for name in names) + "已提供数据，其中没有本企业的记录。",
        "Delivered by " + ", ".join(name.en for name in names) + "; nothing on this firm.",
    )


def _grouped(wanted: Sequence[Item]) -> list[tuple[Text, list[Item]]]:
    groups: dict[str, tuple[Text, list[Item]]] = {}
    for item in wanted:
        groups.setdefault(item.department_code, (item.department, []))[1].append(item)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class _Form:
    """How the records of an item stand in a table, whatever the firm: cells, columns, what each reads, the rule of showing."""

    cells: tuple[Callable[[Mapping[str, Any]], Any], ...]
    columns: tuple[tuple[str, Text, str], ...]
    reads: Mapping[str, tuple[str, ...]]
    every: tuple[str, ...]
    ends: bool
    law: Text | None


# (version of the catalogue, item) -> its form: made once, read with each report.
_FORMS: dict[tuple[str, str], _Form] = {}


def _form(material: Material, item: Item) -> _Form:
    key = material.catalogue.version, item.code
    if key not in _FORMS:
        _FORMS[key] = _made(item, material.catalogue.clocks[item.retention][0])
    return _FORMS[key]


def _made(item: Item, clock: Clock) -> _Form:
    ends = clock.months is not None
    # A record that says itself until when it is shown has that in the rule's column.
    fields = tuple(f for f in item.fields if f.name != "uscc" and not (ends and f.name == "shown_until"))
    columns = [(f.name, f.label, column_unit(f)) for f in fields]
    reads: dict[str, tuple[str, ...]] = {f.name: (f"{item.code}.{f.name}",) for f in fields}
    law = None
    if ends:
        columns.append(("shown_until", SHOWN_UNTIL, "day"))
        starting = (*clock.start, clock.until_field, *clock.never)
        reads["shown_until"] = tuple(f"{item.code}.{f.name}" for f in item.fields if f.name in starting) or reads[fields[0].name]
        law = Text(f"{clock.label.zh}（{clock.source.zh}）", f"{clock.label.en} ({clock.source.en})")
    every = tuple(dict.fromkeys(key for keys in reads.values() for key in keys))
    return _Form(tuple(map(shown_by, fields)), tuple(columns), reads, every, ends, law)


def tables(material: Material, wanted: Sequence[str]) -> list[Table]:
    """Return a table of each item in the order wanted, with all its columns, also of those of which the firm has no records."""
    found = []
    for code in wanted:
        item, facts = material.items[code], of(material, code)
        form = _form(material, item)
        if not facts:
            found.append(Table(code, item.label, form.columns, (), form.reads, law=form.law, every=form.every))
            continue
        days = [item.happened_on(fact) for fact in facts]
        described = of_fact(material, facts[0])
        rows = _Rows(material, form, facts)
        marks = [material.disputed.get((code, fact.key)) for fact in facts] if material.disputed else ()
        found.append(
            Table(code, item.label, form.columns, rows, form.reads, described, days, law=form.law, every=form.every, disputed=marks)
        )
    return found


@dataclass(frozen=True, slots=True)
class _Rows(Sequence[tuple[Any, ...]]):
    """A table's rows, made when they are asked for: of many records a report shows the newest."""

    material: Material
    form: _Form
    facts: Sequence[Fact]

    def __len__(self) -> int:
        return len(self.facts)

    def __getitem__(self, place: Any) -> Any:
        """Return one row."""
        fact = self.facts[place]
        row = tuple([cell(fact.values) for cell in self.form.cells])
        return (*row, _shown_until(self.material, fact)) if self.form.ends else row


def _shown_until(material: Material, fact: Fact) -> Any:
    item = material.items[fact.item]
    clocks = material.catalogue.clocks[item.retention]
    last = retention.shown_until(clocks, fact.values, material.known_on)
    if last is not None:
        return last.isoformat()
    return WHILE_LISTED if clocks[0].months == 0 else None


def matter(material: Material, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the fields of items."""
    return tuple(f"{code}.{f.name}" for code in wanted for f in material.items[code].fields if f.name != "uscc")


def column_unit(field: Field) -> str:
    """Return the unit in which a report shows a field: fen, share, kwh, count, day, or empty for words and years."""
    if field.kind is Kind.DATE:
        return "month" if field.name == "month" else "day"
    return _UNITS.get(field.unit, "")


def shown_by(field: Field) -> Callable[[Mapping[str, Any]], Any]:
    """Return what shows a field of a record: choices in words, foreign amounts with their currency, years as words."""
    name, unit = field.name, field.unit
    if field.kind is Kind.YUAN:
        return partial(_amount, f"{name}_fen", f"{name}_foreign", f"{name}_currency")
    if name == "month":
        return lambda values: str(values[name])[:7] if values.get(name) else None
    if field.kind is Kind.CHOICE:
        return partial(_choice, name, {value: Text(field.choice_name(value), value.replace("_", " ")) for value in field.choices})
    if unit == "percent":
        return lambda values: f"{values[name]:g} %" if values.get(name) is not None else None
    if unit == "year":
        return lambda values: str(values[name]) if values.get(name) is not None else None
    return lambda values: values.get(name)


def shown(field: Field, values: Mapping[str, Any]) -> Any:
    """Return a field's value as shown."""
    return shown_by(field)(values)


def _choice(name: str, choices: Mapping[str, Text], values: Mapping[str, Any]) -> Text | None:
    value = values.get(name)
    return None if value is None else choices.get(value) or Text(str(value), str(value).replace("_", " "))


def _amount(fen: str, foreign: str, currency: str, values: Mapping[str, Any]) -> Any:
    if (of_another := values.get(foreign)) is not None:
        return f"{of_another / 100:,.2f} {values.get(currency)}"
    return values.get(fen)
