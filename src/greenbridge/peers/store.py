"""SQL of peers: groups as measured, and what departments' data say of many firms at once.

The latter reads the tables of facts as `facts.service` does, in numbers: an object for each record of each firm would take hours for
a province. A test holds that both ways lead to the same figures.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database
from greenbridge.peers.tables import PeerGroupRow
from greenbridge.peers.values import Floats, GroupKind, MadeGroup, PeerGroup, Quantiles, Size

# Each firm by its place in the list, from 0.
_FIRMS = "unnest(cast(:usccs as text[])) with ordinality as f (uscc, place)"
# A day's month as `rules.metrics.month_number` counts it.
_MONTH = "extract(year from {0})::int * 12 + extract(month from {0})::int - 1"
# The newest statement of each record (each state of a key), as in facts.store.records, of what holds on the day.
_NEWEST = """
    select * from (
        select distinct on (key, state_from) * from fact
        where uscc = f.uscc and item = :item and recorded_at <= :known_at and valid_from between :since and :as_of
        order by key, state_from, stated_at desc, withdrawn desc, digest desc, recorded_at
    ) versions where not withdrawn and (valid_to is null or valid_to >= :as_of)
"""


async def add(session: AsyncSession, as_of: date, made_at: datetime, groups: Sequence[PeerGroup]) -> None:
    for g in groups:
        metrics = {key: {"n": q.n, "quantiles": q.grid} for key, q in g.metrics.items()}
        session.add(PeerGroupRow(as_of=as_of, made_at=made_at, kind=g.kind, code=g.code or "", size=g.size or "", n=g.n, metrics=metrics))
    await session.flush()


_GROUPS = """
    select as_of, made_at, kind, code, size, n, metrics::text from peer_group
    where (as_of, made_at) = (select as_of, made_at from peer_group where as_of <= %(as_of)s and made_at <= %(known_at)s
        order by as_of desc, made_at desc limit 1) and code = any(%(codes)s) and size = any(%(sizes)s)
    order by code, size
"""


class _Kept(msgspec.Struct):
    n: int
    quantiles: tuple[float, ...]


_METRICS = msgspec.json.Decoder(dict[str, _Kept])


async def groups(
    session: AsyncSession, as_of: date, known_at: datetime, division: str | None, sizes: Sequence[Size | None]
) -> list[MadeGroup]:
    """Return of the newest measurement for a day that was made by an instant: all firms, the division, its groups of these sizes."""
    # All firms have neither code nor size, a division no size.
    codes, of_sizes = ["", *filter(None, [division])], ["", *filter(None, sizes)]
    given = {"as_of": as_of, "known_at": known_at, "codes": codes, "sizes": of_sizes}
    return [
        MadeGroup(day, made_at, PeerGroup(GroupKind(kind), code or None, Size(size) if size else None, n, _quantiles(metrics)))
        for day, made_at, kind, code, size, n, metrics in await database.rows(session, _GROUPS, given)
    ]


def _quantiles(metrics: str) -> dict[str, Quantiles]:
    return {key: Quantiles(kept.n, kept.quantiles) for key, kept in _METRICS.decode(metrics).items()}


async def firms(session: AsyncSession, after: str, limit: int) -> list[str]:
    """Return the next codes, in order, of which a department or an invoice speaks; empty: no more.

    Each code is found by one look into two indexes, however many records it has.
    """
    rows = await session.scalars(
        text("""
        with recursive found as (
            select least((select min(uscc) from fact where uscc > :after),
                (select min(uscc) from invoice_month where uscc > :after)) as uscc
            union all
            select least((select min(uscc) from fact where uscc > found.uscc),
                (select min(uscc) from invoice_month where uscc > found.uscc)) from found where found.uscc is not null
        ) select uscc from found where uscc is not null limit :limit
        """),
        {"after": after, "limit": limit},
    )
    return list(rows)


async def months(session: AsyncSession, usccs: Sequence[str], since: date, horizon: date, known_at: datetime) -> Floats:
    """Return float[rows, 8] of the newest version of each month since a day that was over by the horizon.

    (firm's place, 1 for sales, month number, net, tax, absolute, void, invoices); amounts in fen.
    """
    rows = await session.execute(
        text(f"""
        select f.place - 1, (m.direction = 'output')::int, {_MONTH.format("m.valid_from")}, m.net_fen,
            m.tax_fen, m.absolute_fen, m.void_fen, m.invoices
        from {_FIRMS} cross join lateral (
            select distinct on (direction, valid_from) * from invoice_month where uscc = f.uscc and valid_from >= :since
                and valid_to <= :horizon and recorded_at <= :known_at order by direction, valid_from, recorded_at desc
        ) m
        """),
        {"usccs": list(usccs), "since": since, "horizon": horizon, "known_at": known_at},
    )
    return _numbers(rows.all(), 8)


async def first_months(session: AsyncSession, usccs: Sequence[str], horizon: date, known_at: datetime) -> Floats:
    """Return float[rows, 2] of (firm's place, number of its first month with an invoice in either direction)."""

    def first(direction: str) -> str:
        return f"""(select min(valid_from) from invoice_month where uscc = f.uscc and direction = '{direction}'
            and valid_to <= :horizon and recorded_at <= :known_at)"""

    rows = await session.execute(
        text(f"""
        select place - 1, {_MONTH.format("first")}
        from {_FIRMS} cross join lateral (select least({first("output")}, {first("input")}) as first) m where first is not null
        """),
        {"usccs": list(usccs), "horizon": horizon, "known_at": known_at},
    )
    return _numbers(rows.all(), 2)


async def top_customers(session: AsyncSession, usccs: Sequence[str], since: date, horizon: date, known_at: datetime) -> Floats:
    """Return float[rows, 3] of (firm's place, year, largest customer's share of net sales) for years since a day."""
    rows = await session.execute(
        text(f"""
        select f.place - 1, extract(year from y.valid_from)::int, s.share from {_FIRMS} cross join lateral (
            select distinct on (valid_from) * from counterparty_year where uscc = f.uscc and direction = 'output'
                and valid_from >= :since and valid_to <= :horizon and recorded_at <= :known_at order by valid_from, recorded_at desc
        ) y cross join lateral (
            select max(greatest(net, 0)::float8) / nullif(sum(greatest(net, 0)::float8), 0) as share from unnest(y.net_fen) net
        ) s where s.share is not null
        """),
        {"usccs": list(usccs), "since": since, "horizon": horizon, "known_at": known_at},
    )
    return _numbers(rows.all(), 3)


async def readings(
    session: AsyncSession, usccs: Sequence[str], item: str, field: str, since: date, as_of: date, known_at: datetime
) -> Floats:
    """Return float[rows, 3] of (firm's place, month number, largest value of the field) for months since a day."""
    rows = await session.execute(
        text(f"""
        select f.place - 1, r.month, r.value from {_FIRMS} cross join lateral (
            select {_MONTH.format("valid_from")} as month,
                max((values->>:field)::float8) as value
            from ({_NEWEST}) newest where values->>:field is not null group by 1
        ) r
        """),
        {"usccs": list(usccs), "item": item, "field": field, "since": since, "as_of": as_of, "known_at": known_at},
    )
    return _numbers(rows.all(), 3)


async def newest(session: AsyncSession, usccs: Sequence[str], item: str, as_of: date, known_at: datetime) -> list[Mapping[str, Any] | None]:
    """Return each firm's values of the item's newest record or state; None where it has none."""
    rows = await session.execute(
        text(f"""
        select f.place - 1, r.values from {_FIRMS} cross join lateral (
            select values from ({_NEWEST}) newest order by valid_from desc, key limit 1
        ) r
        """),
        {"usccs": list(usccs), "item": item, "since": date.min, "as_of": as_of, "known_at": known_at},
    )
    found: list[Mapping[str, Any] | None] = [None] * len(usccs)
    for place, values in rows:
        found[place] = values
    return found


def _numbers(rows: Sequence[Any], width: int) -> Floats:
    return np.fromiter(chain.from_iterable(rows), dtype=float, count=len(rows) * width).reshape(-1, width)
