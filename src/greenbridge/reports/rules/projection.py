"""The one projection: a report's sections as a reader may see them. What is withheld is shown as withheld, never as missing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from greenbridge.consents.rules import age
from greenbridge.consents.values import Withheld
from greenbridge.reports.values import Line, Section, Table
from greenbridge.scoring.rules import features
from greenbridge.scoring.values import Score

# Asks of fields, and of how many months back, why they are not shown; see consents.service.Reading.
Ask = Callable[[Sequence[str], int], Withheld | None]


def project(sections: Sequence[Section], ask: Ask, today: date) -> tuple[Section, ...]:
    """Return the sections with withheld values and rows taken out and marked.

    The range of months counts back from today, also in a report as of an earlier day: that opens nothing older.
    """
    return tuple(
        replace(
            section,
            lines=tuple(_line(line, ask, today) for line in section.lines),
            tables=tuple(_table(table, ask, today) for table in section.tables),
        )
        for section in sections
    )


def _line(line: Line, ask: Ask, today: date) -> Line:
    why = ask(line.fields, age(line.since, today))
    return line if why is None else replace(line, value=None, withheld=why)


def _table(table: Table, ask: Ask, today: date) -> Table:
    withheld = {key: why for key, _, _ in table.columns if (why := ask(table.fields(key), 0)) is not None}
    open_columns = [key for key, _, _ in table.columns if key not in withheld]
    if not open_columns:
        return replace(table, rows=(), days=(), withheld=withheld)
    fields = table.fields(open_columns[0])
    days = table.days or [None] * len(table.rows)
    shown = [i for i, day in enumerate(days) if ask(fields, age(day, today)) is None]
    rows = [[None if key in withheld else cell for (key, _, _), cell in zip(table.columns, table.rows[i], strict=True)] for i in shown]
    return replace(table, rows=rows, days=[days[i] for i in shown], withheld=withheld, older_withheld=len(table.rows) - len(rows))


def score(found: Score | None, last_month: date | None, ask: Ask, today: date) -> tuple[Score | None, Withheld | None]:
    """Return (the score with the reasons that may be seen, why there is none); `last_month` of the invoices it was made of."""
    if found is None or last_month is None:
        return None, None
    if (why := ask(features.MODEL_FIELDS, age(features.reach(last_month), today))) is not None:
        return None, why
    return replace(found, reasons=tuple(reason for reason in found.reasons if ask(features.fields(reason.code), 0) is None)), None
