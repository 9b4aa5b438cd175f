"""From rows of a file to entries of a list: each row gives entries, or the reason why it is refused."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from greenbridge.reference.values import Entry, Kind, Refusal, Sheet, Tenor

Row = Mapping[str, str]
REQUIRED = {
    Kind.REGIONS: ("code", "name"),
    Kind.INDUSTRIES: ("code", "name", "level", "parent", "section"),
    Kind.GREEN_CATALOGUE: ("level2", "level3_code", "level3_name"),
    Kind.BANKS: ("cnaps_no", "bank_name"),
    Kind.LPR: ("quote_date", "lpr_1y_pct", "lpr_5y_pct"),
}
INDUSTRY_FORMS = {"1": r"[A-T]", "2": r"\d{2}", "3": r"\d{3}", "4": r"\d{4}"}
MAX_RATE_BP = 10_000  # a rate of 100 % a year is a misplaced comma


class Refused(Exception):
    """Raised inside this module with a reason of REASONS."""


def missing_columns(kind: Kind, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that a list of this kind needs and the file lacks; a history of regions needs both its months."""
    months = ("first_revision", "last_revision")
    needed = REQUIRED[kind] + (months if kind is Kind.REGIONS and set(months) & set(columns) else ())
    return tuple(name for name in needed if name not in columns)


def is_dated(kind: Kind, columns: Sequence[str]) -> bool:
    """Return whether each row carries its own first day: quotes, and histories of regions."""
    return kind is Kind.LPR or (kind is Kind.REGIONS and "first_revision" in columns)


def read(kind: Kind, sheet: Sheet, valid_from: date) -> tuple[list[Entry], list[Refusal]]:
    """Return the entries of the good rows, and the refused rows. `valid_from` is the first day of what carries no date of its own.

    Raises KeyError for a sheet that lacks columns: ask `missing_columns` first.
    """
    parse = _parser(kind, sheet, valid_from)
    found: dict[tuple[str, date], Entry] = {}
    refusals = []
    for line in sheet.lines:
        try:
            if len(line.cells) != len(sheet.columns):
                raise Refused("wrong_columns")  # noqa: TRY301
            entries = parse(dict(zip(sheet.columns, line.cells, strict=True)))
            if any((e.code, e.valid_from) in found for e in entries):
                raise Refused("repeated_code")  # noqa: TRY301
        except Refused as refused:
            refusals.append(Refusal(line.number, str(refused)))
        else:
            found |= {(e.code, e.valid_from): e for e in entries}
    return list(found.values()), refusals


def _parser(kind: Kind, sheet: Sheet, valid_from: date) -> Callable[[Row], Sequence[Entry]]:
    if kind is Kind.REGIONS and is_dated(kind, sheet.columns):
        nexts = _next_revisions(sheet)
        return lambda row: [_dated_region(row, nexts, sheet.source)]
    if kind is Kind.LPR:
        return lambda row: _quotes(row, sheet.source)
    undated = {Kind.REGIONS: _region, Kind.INDUSTRIES: _industry, Kind.GREEN_CATALOGUE: _catalogue_item, Kind.BANKS: _bank}[kind]
    return lambda row: [undated(row, valid_from, sheet.source)]


def _text(row: Row, column: str) -> str:
    if not row[column]:
        raise Refused("missing_name")
    return row[column]


def _code(text: str, form: str) -> str:
    if not re.fullmatch(form, text, re.ASCII):
        raise Refused("bad_code")
    return text


def _region(row: Row, valid_from: date, source: str) -> Entry:
    code = _code(row["code"], r"\d{2}(\d{2}(\d{2})?)?").ljust(6, "0")
    parent = None if code.endswith("0000") else f"{code[:2]}0000" if code.endswith("00") else f"{code[:4]}00"
    return Entry(Kind.REGIONS, code, _text(row, "name"), valid_from, None, parent, source=source)


def _month(text: str) -> date:
    try:
        return date(int(text[:4]), int(text[4:]), 1) if re.fullmatch(r"\d{6}", text, re.ASCII) else _not_a_date()
    except ValueError:
        return _not_a_date()


def _not_a_date() -> date:
    raise Refused("bad_date")


def _next_revisions(sheet: Sheet) -> dict[date, date | None]:
    """Return each revision that the file names -> the one after it; None after the newest."""
    months = set()
    for column in ("first_revision", "last_revision"):
        place = sheet.columns.index(column)
        for line in sheet.lines:
            try:
                months.add(_month(line.cells[place]))
            except (Refused, IndexError):
                continue
    ordered = sorted(months)
    return dict(zip(ordered, [*ordered[1:], None], strict=True))


def _dated_region(row: Row, nexts: Mapping[date, date | None], source: str) -> Entry:
    """Return a region in force until the revision that drops it: to the day before that revision's month."""
    first, last = _month(row["first_revision"]), _month(row["last_revision"])
    if last < first:
        raise Refused("bad_period")
    plain = _region(row, first, source)
    dropped = nexts[last]
    extra = {"last_revision": row["last_revision"]} if dropped else {}
    return Entry(Kind.REGIONS, plain.code, plain.name, first, dropped and _day_before(dropped), plain.parent, extra, source)


def _day_before(month: date) -> date:
    return month - timedelta(days=1)


def _industry(row: Row, valid_from: date, source: str) -> Entry:
    level, section, parent = row["level"], row["section"], row["parent"] or None
    code = _code(row["code"], INDUSTRY_FORMS.get(level, "$^"))
    expected = {"1": None, "2": section}.get(level, code[:-1])
    if parent != expected or not re.fullmatch(INDUSTRY_FORMS["1"], section) or (level == "1" and section != code):
        raise Refused("bad_parent")
    extra = {"level": int(level), "section": section, "description": row.get("description", "")}
    return Entry(Kind.INDUSTRIES, code, _text(row, "name"), valid_from, None, parent, extra, source)


def _catalogue_item(row: Row, valid_from: date, source: str) -> Entry:
    code = _code(row["level3_code"], r"\d\.\d{1,2}\.\d{1,2}")
    parent = code.rpartition(".")[0]
    if not re.match(rf"{re.escape(parent)}(?![\d.])", row["level2"]):
        raise Refused("bad_parent")
    extra = {name: row.get(name, "") for name in ("explanation", "standards")}
    return Entry(Kind.GREEN_CATALOGUE, code, _text(row, "level3_name"), valid_from, None, parent, extra, source)


def _bank(row: Row, valid_from: date, source: str) -> Entry:
    code = _code(row["cnaps_no"], r"\d{12}")
    extra = {name: row.get(name, "") for name in ("clearing_code", "cnaps_class")}
    return Entry(Kind.BANKS, code, _text(row, "bank_name"), valid_from, extra=extra, source=source)


def _quotes(row: Row, source: str) -> list[Entry]:
    try:
        day = date.fromisoformat(row["quote_date"])
    except ValueError:
        raise Refused("bad_date") from None
    columns = {Tenor.ONE_YEAR: "lpr_1y_pct", Tenor.FIVE_YEARS: "lpr_5y_pct"}
    return [
        Entry(Kind.LPR, tenor.value, f"LPR {tenor}", day, extra={"annual_rate_bp": basis_points(row[column])}, source=source)
        for tenor, column in columns.items()
    ]


def basis_points(per_cent: str) -> int:
    """Return a rate in basis points: "3.45" is 345. Raises Refused for what is no number, negative, over 100 % or finer than a point."""
    try:
        found = Decimal(per_cent) * 100
    except InvalidOperation:
        raise Refused("bad_number") from None
    if not found.is_finite() or found != found.to_integral_value() or not 0 <= found < MAX_RATE_BP:
        raise Refused("bad_number")
    return int(found)
