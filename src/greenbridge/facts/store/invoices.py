"""SQL of VAT invoices in PostgreSQL: partitions, what a firm's years hold, monthly and yearly facts as of a day."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.facts.store import copying
from greenbridge.facts.values import Counterparty
from greenbridge.kit import database
from greenbridge.kit.calendar import add_months

IDENTITY = ("uscc", "direction", "issued_on", "invoice_no", "counterparty", "net_fen", "tax_fen")
# A state only rises: what is void is never valid again, whatever arrives in which order.
RANKS = {"valid": 0, "void": 1, "withdrawn": 2}


COLUMNS = (*IDENTITY, "status", "batch_id", "row_no")


async def append(session: AsyncSession, months: Sequence[date], rows_of: Callable[[date], Iterator[pa.RecordBatch]]) -> None:
    """Append new invoices, month by month (first days), each into its partition; the next month is made ready meanwhile."""
    # A month is too small for the server's helpers to pay: they would take the processor from the next month's making.
    await session.execute(text("set local max_parallel_maintenance_workers = 0"))
    ahead = copying.ahead(rows_of(months[0])) if months else None
    for first, following in zip_longest(months, months[1:]):
        assert ahead is not None
        rows, ahead = ahead, copying.ahead(rows_of(following)) if following else None
        try:
            await _append_month(session, first, rows)
        except BaseException:
            if ahead is not None:
                await ahead.stop()
            raise


async def _append_month(session: AsyncSession, first: date, rows: database.MadeAhead) -> None:
    """Append a month's rows. A month that is new is loaded first and indexed after, which takes half the time, and then becomes a
    partition.
    """
    name, end = f"vat_invoice_{first:%Y_%m}", add_months(first, 1)
    if (await session.execute(text("select to_regclass(:name)"), {"name": name})).scalar_one():
        await copying.binary(session, name, COLUMNS, rows)
        return
    inside = f"check (issued_on >= '{first}' and issued_on < '{end}')"  # spares the attachment its own look at every row
    await session.execute(text(f"create table {name} (like vat_invoice including defaults, constraint inside {inside})"))
    await copying.binary(session, name, COLUMNS, rows)
    await session.execute(text(f"alter table {name} add primary key ({', '.join(IDENTITY)})"))
    await session.execute(text(f"alter table vat_invoice attach partition {name} for values from ('{first}') to ('{end}')"))
    await session.execute(text(f"alter table {name} drop constraint inside"))


async def append_changes(session: AsyncSession, rows: Iterator[pa.RecordBatch]) -> None:
    """Append later states of invoices."""
    await copying.binary(session, "vat_invoice_change", COLUMNS, copying.ahead(rows))


async def existing(session: AsyncSession, touched: pa.Table, path: Path) -> bool:
    """Write the invoices of touched (uscc, direction, first_day of a year) to a CSV file, IDENTITY and present status; False: there
    are none.
    """
    if not (await session.execute(text("select exists (select 1 from vat_invoice)"))).scalar_one():
        return False
    await session.execute(text("create temp table if not exists touched (uscc text, direction text, first_day date) on commit drop"))
    await session.execute(text("truncate touched"))
    await copying.table(session, "touched", touched)
    await session.execute(text("analyze touched"))
    columns = ", ".join(f"v.{name}" for name in IDENTITY)
    same = " and ".join(f"c.{name} = v.{name}" for name in IDENTITY)
    query = f"""
        select {columns}, coalesce((select c.status from vat_invoice_change c where {same}
            order by c.status = 'withdrawn' desc limit 1), v.status) as status
        from touched t cross join lateral (
            select * from vat_invoice i where i.uscc = t.uscc and i.direction = t.direction
                and i.issued_on >= t.first_day and i.issued_on < (t.first_day + interval '1 year')::date
        ) v
    """
    await database.copy_out_csv(session, query, path)
    return path.stat().st_size > 0  # noqa: ASYNC240  a local file


async def add_versions(session: AsyncSession, table: str, facts: pa.Table, batch_id: UUID, now: datetime) -> None:
    """Append versions of months or years. Two batches of one instant make one version: nobody can have known the first alone."""
    n = facts.num_rows
    whole = facts.append_column("batch_id", pa.array([batch_id.bytes] * n, pa.binary(16)))
    whole = whole.append_column("recorded_at", pa.array([now] * n, pa.timestamp("us", tz="UTC")))
    same_instant = text("select exists (select 1 from batch where item = 'tax.vat_invoices' and received_at = :now and id <> :id)")
    if not (await session.execute(same_instant, {"now": now, "id": batch_id})).scalar_one():
        await copying.binary(session, table, whole.column_names, copying.ahead(whole.to_batches(max_chunksize=50_000)))
        return
    await session.execute(text(f"create temp table if not exists arriving_{table} (like {table}) on commit drop"))
    await session.execute(text(f"truncate arriving_{table}"))
    await copying.binary(session, f"arriving_{table}", whole.column_names, copying.ahead(whole.to_batches(max_chunksize=50_000)))
    listed = ", ".join(whole.column_names)
    same = " and ".join(f"a.{name} = t.{name}" for name in ("uscc", "direction", "valid_from", "recorded_at"))
    await session.execute(text(f"delete from {table} t using arriving_{table} a where {same}"))
    await session.execute(text(f"insert into {table} ({listed}) select {listed} from arriving_{table}"))


async def invoice_months(session: AsyncSession, usccs: Sequence[str], horizon: date, known_at: datetime) -> list[Any]:
    """Return the newest version of each month that was over by the horizon, as rows for `rules.series.lay_out`."""
    rows = await database.rows(
        session,
        """
        select distinct on (uscc, direction, valid_from) uscc, direction, valid_from, net_fen, tax_fen, absolute_fen, red_fen,
            void_fen, invoices, void_invoices, red_invoices, partners
        from invoice_month
        where uscc = any(%(usccs)s) and valid_to <= %(horizon)s and recorded_at <= %(known_at)s
        order by uscc, direction, valid_from, recorded_at desc
        """,
        {"usccs": list(usccs), "horizon": horizon, "known_at": known_at},
    )
    return [(row[0], row[1], row[2], row[3:]) for row in rows]


# The newest version of each firm's year, a row for each counterparty.
_NEWEST_YEARS = """
    select y.uscc, y.direction, y.valid_from, c.* from (
        select distinct on (uscc, direction, valid_from) * from counterparty_year
        where uscc = any(%(usccs)s) and valid_to <= %(horizon)s and recorded_at <= %(known_at)s
        order by uscc, direction, valid_from, recorded_at desc
    ) y cross join lateral unnest(y.counterparties, y.net_fen, y.invoices) as c (counterparty, net_fen, invoices)
"""


async def counterparty_shares(session: AsyncSession, usccs: Sequence[str], horizon: date, known_at: datetime) -> list[Any]:
    """Return (uscc, direction, year, (top-1 share, top-5 share, count, share of net kept from last year's list))."""
    rows = await database.rows(
        session,
        f"""
        with ranked as (
            select uscc, direction, valid_from, greatest(net_fen, 0)::float8 as net,
                row_number() over (partition by uscc, direction, valid_from order by net_fen desc, counterparty) as place,
                lag(valid_from) over (partition by uscc, direction, counterparty order by valid_from)
                    = (valid_from - interval '1 year')::date as kept,
                count(*) over (partition by uscc, direction order by valid_from
                    range between interval '1 year' preceding and interval '1 year' preceding) > 0 as had_year
            from ({_NEWEST_YEARS}) years
        )
        select uscc, direction, extract(year from valid_from)::int as year,
            max(net) / nullif(sum(net), 0), sum(net) filter (where place <= 5) / nullif(sum(net), 0), count(*)::float8,
            case when bool_or(had_year) then coalesce(sum(net) filter (where kept), 0) / nullif(sum(net), 0) end
        from ranked group by uscc, direction, valid_from
        """,
        {"usccs": list(usccs), "horizon": horizon, "known_at": known_at},
    )
    return [(row[0], row[1], row[2], row[3:]) for row in rows]


async def counterparties(session: AsyncSession, uscc: str, horizon: date, known_at: datetime, top: int) -> list[Counterparty]:
    """Return the largest counterparties of each direction and year, newest year first."""
    rows = await database.rows(
        session,
        f"""
        select direction, year, counterparty, net_fen, invoices, share from (
            select direction, extract(year from valid_from)::int as year, counterparty, net_fen, invoices,
                coalesce(net_fen::float8 / nullif(sum(greatest(net_fen, 0)) over w, 0), 0) as share,
                row_number() over (partition by direction, valid_from order by net_fen desc, counterparty) as place
            from ({_NEWEST_YEARS}) years window w as (partition by direction, valid_from)
        ) ranked where place <= %(top)s order by year desc, direction desc, place
        """,
        {"usccs": [uscc], "horizon": horizon, "known_at": known_at, "top": top},
    )
    return [Counterparty(*row) for row in rows]


# An invoice's present state is its last change's; leading zeros of a number depend on who typed it.
_ISSUED = """
    select v.net_fen + v.tax_fen, coalesce((select c.status from vat_invoice_change c
            where c.uscc = v.uscc and c.direction = v.direction and c.issued_on = v.issued_on and c.invoice_no = v.invoice_no
                and c.counterparty = v.counterparty and c.net_fen = v.net_fen and c.tax_fen = v.tax_fen
            order by c.status = 'withdrawn' desc limit 1), v.status)
    from vat_invoice v where v.uscc = %(uscc)s and v.direction = 'output' and v.issued_on = %(day)s
        and ltrim(v.invoice_no, '0') = ltrim(%(number)s, '0')
"""


async def issued(session: AsyncSession, uscc: str, day: date, number: str) -> list[tuple[int, str]]:
    """Return (amount with tax in fen, present status) of a firm's sales invoices of a number and a day."""
    found = await database.rows(session, _ISSUED, {"uscc": uscc, "day": day, "number": number})
    return [(gross, status) for gross, status in found]
