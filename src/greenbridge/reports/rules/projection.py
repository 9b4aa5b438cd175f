"""The one projection: a report's sections as a reader may see them. What is withheld is shown as withheld, never as missing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from greenbridge.consents.rules import age
from greenbridge.consents.values import Withheld
from greenbridge.facts.values import Fact
from greenbridge.reports.rules.sections import ratings
from greenbridge.reports.rules.sections.evaluation import compared
from greenbridge.reports.values import Finding, Line, Material, Rated, Section, Table
from greenbridge.scoring.rules import features
from greenbridge.scoring.values import Score

# Asks of fields, and of how many months back, why they are not shown; see consents.service.Reading.
Ask = Callable[[Sequence[str], int], Withheld | None]
# A report shows the newest records of an item, and how many there are in all.
SHOWN = 36


def visible(material: Material, ask: Ask) -> Material:
    """Return the material with the facts that the reader may see: closed fields taken out, records beyond the range left out.

    What is derived from facts afterwards cannot speak of more than that.
    """
    opened: dict[str, tuple[frozenset[str], str | None]] = {}
    reaches: dict[tuple[str, int], bool] = {}
    today = material.known_on
    facts: list[Fact] = []
    for fact in material.facts:
        item = material.items[fact.item]
        if fact.item not in opened:
            told = [f for f in item.fields if f.name != "uscc" and ask((f"{item.code}.{f.name}",), 0) is None]
            names = frozenset(name for f in told for name in f.stored)
            opened[fact.item] = names, f"{item.code}.{told[0].name}" if told else None
        names, key = opened[fact.item]
        # Whether a record is still open is told only to those who may see what closes it.
        day = item.happened_on(fact) if item.closed_by is None or item.closed_by in names else fact.valid_from
        if key is None:
            continue
        back = age(day, today)
        if (key, back) not in reaches:
            reaches[key, back] = ask((key,), back) is None
        if not reaches[key, back]:
            continue
        whole = len(names) >= len(fact.values) and names >= fact.values.keys()
        facts.append(fact if whole else replace(fact, values={name: v for name, v in fact.values.items() if name in names}))
    by_item: dict[str, list[Fact]] = {}
    for fact in facts:
        by_item.setdefault(fact.item, []).append(fact)
    peers = []
    for standing in material.peers:
        reads, since = compared(standing.metric, material.series.last_month)
        if ask(reads, age(since, today)) is None:
            peers.append(standing)
    return replace(material, facts=facts, by_item=by_item, peers=peers)


def project(sections: Sequence[Section], ask: Ask, today: date) -> tuple[Section, ...]:
    """Return the sections with what the reader may see: what is withheld is marked, without a word on whether there is any of it.

    The range of months counts back from today, also in a report as of an earlier day: that opens nothing older.
    """
    return tuple(_section(section, ask, today) for section in sections)


def _section(section: Section, ask: Ask, today: date) -> Section:
    lines = [_line(line, ask, today) for line in section.lines]
    tables = [_table(table, ask, today) for table in section.tables]
    closed = bool(lines) and all(line.withheld for line in lines)
    lines = [line for line in lines if line.withheld or line.value is not None]
    tables = [table for table in tables if table.is_withheld or table.rows]
    shown = any(not line.withheld for line in lines) or any(not table.is_withheld for table in tables)
    told = any(ask((key,), 0) is None for key in section.matter)
    return replace(section, lines=tuple(lines), tables=tuple(tables), note=None if shown or closed or not told else section.note)


def _line(line: Line, ask: Ask, today: date) -> Line:
    why = ask(line.reads, age(line.since, today))
    return line if why is None else replace(line, value=None, source=None, withheld=why, disputed=None)


def _table(table: Table, ask: Ask, today: date) -> Table:
    if table.every and ask(table.every, 0) is None:  # one question for most tables
        withheld = {}
    else:
        withheld = {key: why for key, _, _ in table.columns if (why := ask(table.reads[key], 0)) is not None}
    open_columns = [key for key, _, _ in table.columns if key not in withheld]
    if not open_columns:
        return replace(table, rows=(), days=(), source=None, withheld=withheld, disputed=())
    if not table.rows:
        return table
    fields = table.reads[open_columns[0]]
    days = table.days or [None] * len(table.rows)
    ages = {day: age(day, today) for day in set(days)}
    seen = {months: ask(fields, months) is None for months in set(ages.values())}
    found = [i for i, day in enumerate(days) if seen[ages[day]]]
    rows = [table.rows[i] for i in found[:SHOWN]]
    # A column without a value is left out; a withheld one stays, whether it has values or not.
    kept = [
        c
        for c, (key, _, _) in enumerate(table.columns)
        if key in withheld or key == open_columns[0] or any(row[c] is not None for row in rows)
    ]
    cells = [[None if table.columns[c][0] in withheld else row[c] for c in kept] for row in rows]
    columns = [table.columns[c] for c in kept]
    marks = [table.disputed[i] for i in found[:SHOWN]] if table.disputed else ()
    shown_days = [days[i] for i in found[:SHOWN]]
    return replace(table, columns=columns, rows=cells, days=shown_days, withheld=withheld, count=len(found), disputed=marks)


def score(
    found: Score | None, reads: Sequence[str], last_month: date | None, ask: Ask, today: date
) -> tuple[Score | None, Withheld | None]:
    """Return (the score with the reasons that may be seen, why it is withheld, whether there is one or not).

    `reads`: the fields that its model reads; `last_month`: of the invoices that scores are made of.
    """
    reach = features.reach(last_month) if last_month else None
    if (why := ask(reads, age(reach, today))) is not None:
        return None, why
    if found is None:
        return None, None
    return replace(found, reasons=tuple(reason for reason in found.reasons if ask(features.fields(reason.code), 0) is None)), None


def why_unrated(rated: Rated, ask: Ask, as_of: date, today: date) -> Withheld | None:
    """Return why a reader may not see a rating: it is told to those alone who may see all that it is made of."""
    return ask(rated.reads, age(ratings.since(as_of), today))


def findings(found: Sequence[Finding], ask: Ask, today: date) -> tuple[list[Finding], list[Finding], list[tuple[Finding, Withheld]]]:
    """Return (what was found or looked at, what is not known, what is withheld) of findings, whatever there is behind them."""
    told: list[Finding] = []
    unknown: list[Finding] = []
    withheld = []
    for one in found:
        if (why := ask(one.reads, age(one.since, today))) is not None:
            withheld.append((replace(one, text=None, known=True), why))
        else:
            (told if one.known else unknown).append(one)
    return told, unknown, withheld
