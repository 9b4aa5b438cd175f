"""Measuring groups of firms, and a firm's place in them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.facts import service as facts
from greenbridge.facts.values import Fact, Series
from greenbridge.kit.calendar import add_months, business_date
from greenbridge.kit.errors import Invalid
from greenbridge.kit.text import Text
from greenbridge.peers import gateway, store
from greenbridge.peers.rules import bulk, groups, metrics
from greenbridge.peers.rules.metrics import firm_metrics
from greenbridge.peers.values import Known, MadeGroup, Measurement, Profile, Size, Standing
from greenbridge.reference import service as reference

__all__ = ["division_name", "firm_metrics", "groups_of", "measure", "profile", "standings"]
BATCH = 5_000
DIVISIONS = tuple(f"{number:02d}" for number in range(1, 98))


@cache
def _sections() -> Mapping[str, str]:
    """Return division -> section letter, as shipped."""
    entries = ((code, reference.shipped_industry(code)) for code in DIVISIONS)
    return {code: entry.extra["section"] for code, entry in entries if entry}


@cache
def division_name(division: str) -> Text | None:
    """Return a division's name; None for no such code."""
    entry = reference.shipped_industry(division) if division in DIVISIONS else None
    return Text(entry.name, entry.extra["en"]) if entry else None


def profile(series: Series, known: Sequence[Fact], as_of: date) -> Profile:
    """Return one firm as it is compared, from its series (of one firm) and its facts that were true on the day."""
    return _profiles(metrics.known_of(series, known), as_of)[0]


def _profiles(known: Known, as_of: date) -> list[Profile]:
    return metrics.profiles(known, as_of, gateway.size_policy(as_of), _sections(), reference.classify)


async def measure(session: AsyncSession, as_of: date | None, now: datetime) -> Measurement:
    """Measure the groups of all firms as of a day (None: today) and keep them; firms come in batches, as many numbers each as metrics."""
    day = as_of or business_date(now)
    if day > business_date(now):
        raise Invalid.at("future-date", "as_of", "统计日期不能晚于今天。", "Groups cannot be measured for a day ahead.")
    last_month, last_day = await facts.horizon(session, day, now)
    compared, after = bulk.Compared(), ""
    while usccs := await store.firms(session, after, BATCH):
        known = await _known(session, usccs, last_month, last_day, day, now)
        compared.add(_profiles(known, day))
        after = usccs[-1]
    # In a thread: of millions of firms it takes a while, and the scheduler's other jobs share the loop.
    found = await asyncio.to_thread(lambda: list(groups.groups(*compared.whole())))
    await store.add(session, day, now, found)
    return Measurement(day, now, compared.firms, len(found))


async def _known(
    session: AsyncSession, usccs: Sequence[str], last_month: date | None, last_day: date | None, as_of: date, now: datetime
) -> Known:
    """Return what is known of many firms: what `rules.metrics.known_of` makes of one firm's series and facts."""
    n = len(usccs)
    if last_month is None or last_day is None:
        arrays = bulk.unknown(n)
    else:
        rows = await store.months(session, usccs, add_months(last_month, 1 - bulk.MONTHS), last_day, now)
        first = await store.first_months(session, usccs, last_day, now)
        tops = await store.top_customers(session, usccs, bulk.first_year(last_month), last_day, now)
        arrays = bulk.lay_out(n, last_month, rows, first, tops)
    monthly = [
        await store.readings(session, usccs, item, field, add_months(last, 1 - metrics.YEAR), as_of, now)
        for (item, field), last in zip(metrics.READ.items(), (as_of, last_month or as_of), strict=True)
    ]
    registrations = await store.newest(session, usccs, metrics.REGISTRATION, as_of, now)
    reports = await store.newest(session, usccs, metrics.ANNUAL_REPORT, as_of, now)
    return Known(last_month, arrays, monthly[0], monthly[1], registrations, reports)


async def standings(
    session: AsyncSession, division: str | None, size: Size | None, values: Mapping[str, float | None], as_of: date, known_at: datetime
) -> list[Standing]:
    """Return a firm's place for each metric that it has a value of: in its division and size if K firms there have one, else in its
    division, else among all. The newest measurement for the day that was made by the instant counts; without any: empty.
    """
    found = await store.groups(session, as_of, known_at, division, [size])
    return groups.standings(found, values, division_name(division) if division else None)


async def groups_of(session: AsyncSession, division: str, as_of: date, known_at: datetime) -> list[MadeGroup]:
    """Return the kept groups of a division, whole and by size, of the newest measurement. Raises Invalid for no such division."""
    if division_name(division) is None:
        zh = f"{division} 不是国民经济行业大类代码（01 至 97）。"
        raise Invalid.at("no-division", "division", zh, f"{division} is no division of GB/T 4754 (01 to 97).")
    found = await store.groups(session, as_of, known_at, division, list(Size))
    return [made for made in found if made.group.code]
