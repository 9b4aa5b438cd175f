"""Building blocks of sections: a section, a line of records, sums over months of records."""

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from greenbridge.facts.values import Fact
from greenbridge.kit.calendar import add_months
from greenbridge.kit.text import Text
from greenbridge.reports.rules import records
from greenbridge.reports.values import Line, Material, Section, Table

YEAR = 12
IN_FORCE = Text("公示期内", "Within its showing period")


def section(
    key: str, title: Text, material: Material, wanted: Sequence[str], *first: str, lines: Sequence[Line] = (), tables: Sequence[Table] = ()
) -> Section:
    """Return a section of lines and tables, then the records of the items wanted; the note is on the items that matter `first`."""
    every = (*tables, *records.tables(material, wanted))
    return Section(key, title, tuple(lines), every, records.missing(material, first), records.matter(material, first))


def counted(
    material: Material,
    key: str,
    label: Text,
    item: str,
    reads: Sequence[str],
    holds: Callable[[Mapping[str, Any]], bool] = bool,
    *,
    amount: str | None = None,
) -> list[Line]:
    """Return how many records of an item hold, and the sum of their amounts; unknown while nobody delivers the item.

    `reads` are the names of the fields that the condition looks at. None on the firm, of an item that is delivered, is 0.
    """
    fields = tuple(f"{item}.{name}" for name in reads)
    found = [fact for fact in records.of(material, item) if holds(fact.values)]
    described = records.of_fact(material, found[0]) if found else records.of_item(material, item)
    when, disputed = shown_period(material), records.disputed(material, found)
    lines = [Line(key, label, len(found) if described else None, "records", fields, described, period=when, disputed=disputed)]
    if amount is not None:
        total, told = amounts(found, amount)
        name = Text(f"{label.zh}涉及金额", f"{label.en}: amount")
        if told < len(found):
            when = Text(f"{when.zh}，{len(found)} 条中 {told} 条有金额", f"{when.en}, {told} of {len(found)} with an amount")
        source = described if told else None
        lines.append(Line(f"{key}_amount", name, total, "fen", (*fields, f"{item}.{amount}"), source, period=when, disputed=disputed))
    return lines


def amounts(facts: Sequence[Fact], *names: str) -> tuple[int | None, int]:
    """Return (the sum of amounts in fen, how many records have any); a sum of none is unknown, not zero."""
    known = [fact for fact in facts if any(fact.values.get(f"{name}_fen") is not None for name in names)]
    total = sum(fact.values.get(f"{name}_fen") or 0 for fact in known for name in names)
    return (total if known else None), len(known)


def shown_period(material: Material) -> Text:
    """Return of which time records are counted: as long as they are shown, or as far back as the reader may look and what is still open."""
    months = material.reader.months if material.reader else None
    if months is None:
        return IN_FORCE
    return Text(f"近 {months} 个月及仍未了结的", f"Last {months} months, and what is still open")


def by_month(material: Material, item: str, field: str) -> dict[date, float]:
    """Return month -> the sum of a field over the item's records of the month (amounts in fen)."""
    found: dict[date, float] = {}
    for fact in records.of(material, item):
        value = fact.values.get(field)
        if value is not None:
            month = fact.valid_from.replace(day=1)
            found[month] = found.get(month, 0.0) + value
    return found


def year_sum(months: Mapping[date, float], last: date | None) -> float | None:
    """Return the sum of the twelve months that end with `last`; None where one of them is missing."""
    if last is None:
        return None
    wanted = [add_months(last, -back) for back in range(YEAR)]
    return sum(months[month] for month in wanted) if all(month in months for month in wanted) else None


@functools.lru_cache(512)
def period(first: date, last: date) -> Text:
    """Return months in words. `period(date(2025, 2, 1), date(2026, 1, 1))` is 2025-02 至 2026-01."""
    return Text(f"{first:%Y-%m} 至 {last:%Y-%m}", f"{first:%Y-%m} to {last:%Y-%m}")


def newest(facts: Sequence[Fact]) -> Fact | None:
    """Return the fact that became true last."""
    return max(facts, key=lambda fact: fact.valid_from, default=None)
