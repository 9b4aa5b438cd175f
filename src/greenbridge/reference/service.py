"""Reading and importing reference data; shipped entries serve where nothing fuller was imported."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.audit import service as audit
from greenbridge.kit import codes, database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.codes import Region
from greenbridge.kit.errors import Problem
from greenbridge.reference import gateway, store
from greenbridge.reference.rules import accuracy, lookup, rows
from greenbridge.reference.values import Accuracy, Entry, Holding, Import, IndustryGuess, Kind, Quote, Sheet, Tenor


async def import_sheet(session: AsyncSession, kind: Kind, sheet: Sheet, now: datetime, *, valid_from: date | None = None) -> Import:
    """Take a list in: good rows become entries, the others are refused with line and reason. The same file again changes nothing.

    `valid_from` is the first day of entries that carry no date of their own: by default that of the shipped edition
    (industries, green catalogue), else the business date. Raises Problem for a file that lacks columns.
    """
    if missing := rows.missing_columns(kind, sheet.columns):
        listed = "、".join(missing)
        raise Problem(
            "missing-columns", f"{sheet.file_name} 缺少列：{listed}。", f"{sheet.file_name} lacks the columns {', '.join(missing)}."
        )
    shipped = gateway.shipped(kind)
    day = valid_from or (shipped[0].valid_from if shipped else business_date(now))
    entries, refusals = rows.read(kind, sheet, day)
    await database.lock(session, f"reference {kind}")
    dated = rows.is_dated(kind, sheet.columns)
    added, changed, unchanged = lookup.changes(await store.entries(session, kind), entries, dated=dated)
    await store.save(session, [*added, *changed], now)
    accepted = len(sheet.lines) - len(refusals)
    done = Import(kind, sheet.file_name, sheet.sha256, len(sheet.lines), accepted, tuple(refusals), len(added), len(changed), unchanged)
    if not done.repeated:
        counts: dict[str, Any] = {"added": done.added, "changed": done.changed, "refused": len(refusals)}
        await audit.record(session, "reference.imported", f"reference:{kind}", now, source=sheet.source, **counts)
    return done


async def holdings(session: AsyncSession) -> list[Holding]:
    """Return what is kept of each list."""
    found = []
    for kind in Kind:
        shipped, imported = gateway.shipped(kind), await store.entries(session, kind)
        days = [e.valid_from for e in (*shipped, *imported)]
        sources = tuple(sorted({e.source for e in (*shipped, *imported)}))
        found.append(Holding(kind, len(shipped), len(imported), min(days, default=None), max(days, default=None), sources))
    return found


async def entries(session: AsyncSession, kind: Kind, on: date) -> list[Entry]:
    """Return the entries of a list that are in force on a day, by code; of regions and banks, only what was imported."""
    return lookup.all_in_force(lookup.merged(gateway.shipped(kind), await store.entries(session, kind)), on)


async def _entry(session: AsyncSession, kind: Kind, code: str, on: date) -> Entry | None:
    shipped = [e for e in gateway.shipped(kind) if e.code == code]
    return lookup.in_force(lookup.merged(shipped, await store.entries(session, kind, code)), on)


async def industry(session: AsyncSession, code: str, on: date) -> Entry | None:
    """Return an industry (A, 17, 171, 1711) of GB/T 4754 as in force on a day; None for no such code, or before 2017-10-01."""
    return await _entry(session, Kind.INDUSTRIES, code, on)


async def green_item(session: AsyncSession, code: str, on: date) -> Entry | None:
    """Return a sector (1), group (1.1) or item (1.1.1) of the green catalogue as in force on a day; None for no such code."""
    return await _entry(session, Kind.GREEN_CATALOGUE, code, on)


async def bank(session: AsyncSession, cnaps_no: str, on: date | None = None) -> Entry | None:
    """Return a bank by its CNAPS number (12 digits); None unless imported. Without a day, the newest entry."""
    return await _entry(session, Kind.BANKS, cnaps_no, on or date.max)


async def lpr(session: AsyncSession, on: date, tenor: Tenor) -> Quote | None:
    """Return the newest loan prime rate quoted on or before a day; None before the first quote (2019-08-20).

    Pass the business date for "now": later quotes, shipped or imported, are then not known yet.
    """
    found = await _entry(session, Kind.LPR, tenor.value, on)
    return Quote(found.valid_from, tenor, found.extra["annual_rate_bp"], found.source) if found else None


async def region(session: AsyncSession, code: str, on: date) -> Region | None:
    """Return a region under its name on a day: the imported history first, else the revisions of the package gb2260.

    An abolished region is answered under its last name, with the revision and a note. None for a code that never was.
    """
    imported = await store.entries(session, Kind.REGIONS, code)
    return lookup.region_from(imported, on) or codes.region(code, on) or (lookup.as_region(imported[0]) if imported else None)


async def region_of_code(session: AsyncSession, uscc: str, on: date) -> Region | None:
    """Return the region in a social credit code: where the firm was first registered, perhaps abolished since (see its `note`)."""
    return await region(session, codes.region_of(uscc), on)


def classify(name: str, scope: str | None = None) -> IndustryGuess | None:
    """Return the division that a firm's name and business scope speak for; None when no word matches."""
    return gateway.classifier()(name, scope)


def shipped_industry(code: str) -> Entry | None:
    """Return a section or division as shipped, without a database; None for no such code."""
    return next((e for e in gateway.shipped(Kind.INDUSTRIES) if e.code == code), None)


def industry_accuracy(factories: Iterable[tuple[str, str | None]]) -> list[Accuracy]:
    """Return how well names alone tell the industry of factories (name, label), on the even and on the odd rows."""
    return accuracy.measured(gateway.classifier(), list(factories))
