"""SQL of facts."""

import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.facts.tables import BatchPart, BatchRow, QuarantinedRow
from greenbridge.facts.values import Batch, Counterparty, Fact
from greenbridge.kit import database

_PART_BYTES = 8 << 20
_COPY_ROWS = 100_000


def _batch(row: BatchRow, *, repeated: bool = False) -> Batch:
    return Batch(
        row.id,
        row.item,
        row.file_name,
        row.sha256,
        row.received_at,
        row.delivered,
        row.accepted,
        row.quarantined,
        row.covers_to,
        row.generated,
        row.reasons,
        repeated,
    )


def _csv(frame: pd.DataFrame) -> Iterator[bytes]:
    """Yield the frame as CSV pieces; missing values are empty and unquoted: NULL to COPY."""
    for start in range(0, len(frame), _COPY_ROWS):
        sink = io.BytesIO()
        table = pa.Table.from_pandas(frame.iloc[start : start + _COPY_ROWS], preserve_index=False)
        pa_csv.write_csv(table, sink, pa_csv.WriteOptions(include_header=False))
        yield sink.getvalue()


async def find_repeat(session: AsyncSession, fingerprint: str) -> Batch | None:
    row = (await session.scalars(select(BatchRow).where(col(BatchRow.fingerprint) == fingerprint))).first()
    return _batch(row, repeated=True) if row else None


async def add_batch(session: AsyncSession, batch: Batch, fingerprint: str, content: bytes, read_with: Mapping[str, Any]) -> None:
    session.add(
        BatchRow(
            id=batch.id,
            item=batch.item,
            file_name=batch.file_name,
            sha256=batch.sha256,
            fingerprint=fingerprint,
            received_at=batch.received_at,
            delivered=batch.delivered,
            accepted=batch.accepted,
            quarantined=batch.quarantined,
            covers_to=batch.covers_to,
            generated=batch.generated,
            reasons=dict(batch.reasons),
            read_with=dict(read_with),
        )
    )
    await session.flush()
    for part, start in enumerate(range(0, len(content), _PART_BYTES)):
        session.add(BatchPart(batch_id=batch.id, part=part, content=content[start : start + _PART_BYTES]))
        await session.flush()


async def set_counts(session: AsyncSession, batch: Batch) -> None:
    row = await session.get_one(BatchRow, batch.id)
    row.accepted, row.quarantined, row.reasons, row.covers_to = (
        batch.accepted,
        batch.quarantined,
        dict(batch.reasons),
        batch.covers_to,
    )
    await session.flush()


async def newest_receipt(session: AsyncSession, item: str) -> datetime | None:
    return (await session.execute(select(func.max(col(BatchRow.received_at))).where(col(BatchRow.item) == item))).scalar()


async def quarantine(session: AsyncSession, batch_id: UUID, rows: Sequence[tuple[int, str, Mapping[str, Any]]]) -> None:
    if rows:
        frame = pd.DataFrame(
            {
                "batch_id": str(batch_id),
                "row_no": [r[0] for r in rows],
                "reason": [r[1] for r in rows],
                "raw": [json.dumps(_keepable(r[2]), ensure_ascii=False, default=str) for r in rows],
            }
        )
        await database.copy_csv(session, "quarantined_row", frame.columns, _csv(frame))


def _keepable(value: Any) -> Any:
    """Return a raw value as jsonb can hold it: NUL is written out, numbers that are none become words."""
    if isinstance(value, str):
        return value.replace("\x00", "\\u0000")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k).replace("\x00", "\\u0000"): _keepable(v) for k, v in value.items()}
    return [_keepable(v) for v in value] if isinstance(value, list) else value


async def quarantined(session: AsyncSession, batch_id: UUID, limit: int) -> list[tuple[int, str, dict[str, Any]]]:
    query = select(QuarantinedRow).where(col(QuarantinedRow.batch_id) == batch_id).order_by(col(QuarantinedRow.row_no)).limit(limit)
    return [(row.row_no, row.reason, row.raw) for row in await session.scalars(query)]


async def add_invoices(session: AsyncSession, batch_id: UUID, invoices: pd.DataFrame) -> list[int]:
    """Load invoices; return the row numbers of those that an earlier batch had already."""
    await session.execute(text("create temp table if not exists arriving (like vat_invoice) on commit drop"))
    await session.execute(text("truncate arriving"))
    columns = [*invoices.columns, "batch_id"]
    await database.copy_csv(session, "arriving", columns, _csv(invoices.assign(batch_id=str(batch_id))))
    await session.execute(text("analyze arriving"))
    known = await session.execute(
        text("""
        with added as (insert into vat_invoice select * from arriving on conflict do nothing returning row_no)
        select row_no from arriving except select row_no from added
        """)
    )
    repeated = [row[0] for row in known]
    if repeated:
        await session.execute(text("delete from arriving where row_no = any(:rows)"), {"rows": repeated})
    return repeated


# From so many rows on, the planner is told of them before anything is read: its guess for a new table is far off.
_ANALYZE_FROM = 10_000


async def add_invoice_facts(session: AsyncSession, batch_id: UUID, now: datetime, rows: int) -> None:
    """Append new versions of the months and years that the arriving invoices touch, read by the invoices' own key.

    Two batches of one instant make one version: nobody can ever have known the first without the second.
    """
    if rows >= _ANALYZE_FROM:
        await session.execute(text("analyze vat_invoice"))
    params = {"batch": batch_id, "now": now}
    await session.execute(
        text("""
        insert into invoice_month (uscc, direction, valid_from, recorded_at, valid_to, batch_id, net_fen, tax_fen,
            absolute_fen, red_fen, void_fen, invoices, void_invoices, red_invoices, partners)
        select t.uscc, t.direction, t.first_day, :now, t.last_day, :batch, sums.*
        from (
            select uscc, direction, month::date as first_day, (month + interval '1 month - 1 day')::date as last_day
            from (select distinct uscc, direction, date_trunc('month', issued_on) as month from arriving) months
        ) t cross join lateral (
            select coalesce(sum(net_fen) filter (where status = 'valid'), 0),
                coalesce(sum(tax_fen) filter (where status = 'valid'), 0),
                coalesce(sum(abs(net_fen)) filter (where status = 'valid'), 0),
                coalesce(-sum(net_fen) filter (where status = 'valid' and net_fen < 0), 0),
                abs(coalesce(sum(net_fen) filter (where status = 'void'), 0)),
                count(*) filter (where status = 'valid'),
                count(*) filter (where status = 'void'),
                count(*) filter (where status = 'valid' and net_fen < 0),
                count(distinct counterparty) filter (where status = 'valid')
            from vat_invoice v
            where v.uscc = t.uscc and v.direction = t.direction and v.issued_on between t.first_day and t.last_day
        ) sums
        on conflict (uscc, direction, valid_from, recorded_at) do update set batch_id = excluded.batch_id,
            net_fen = excluded.net_fen, tax_fen = excluded.tax_fen, absolute_fen = excluded.absolute_fen,
            red_fen = excluded.red_fen, void_fen = excluded.void_fen, invoices = excluded.invoices,
            void_invoices = excluded.void_invoices, red_invoices = excluded.red_invoices, partners = excluded.partners
        """),
        params,
    )
    await session.execute(
        text("""
        insert into counterparty_year (uscc, direction, valid_from, recorded_at, valid_to, batch_id, counterparty, net_fen, invoices)
        select t.uscc, t.direction, t.first_day, :now, t.last_day, :batch, sums.*
        from (
            select uscc, direction, year::date as first_day, (year + interval '1 year - 1 day')::date as last_day
            from (select distinct uscc, direction, date_trunc('year', issued_on) as year from arriving) years
        ) t cross join lateral (
            select counterparty, sum(net_fen), count(*) from vat_invoice v
            where v.uscc = t.uscc and v.direction = t.direction and v.issued_on between t.first_day and t.last_day and status = 'valid'
            group by counterparty
        ) sums
        on conflict (uscc, direction, valid_from, recorded_at, counterparty) do update set batch_id = excluded.batch_id,
            net_fen = excluded.net_fen, invoices = excluded.invoices
        """),
        params,
    )
    if rows >= _ANALYZE_FROM:
        await session.execute(text("analyze invoice_month"))
        await session.execute(text("analyze counterparty_year"))


async def add_facts(session: AsyncSession, batch_id: UUID, now: datetime, item: str, facts: pd.DataFrame) -> None:
    """Load facts; `facts` has uscc, key, valid_from, valid_to, row_no, values (json text)."""
    frame = facts.assign(item=item, recorded_at=now.isoformat(), batch_id=str(batch_id))
    await database.copy_csv(session, "fact", [f'"{c}"' for c in frame.columns], _csv(frame))


async def invoice_months(session: AsyncSession, usccs: Sequence[str], horizon: date, known_at: datetime) -> list[Any]:
    """Return the newest version of each month that was over by the horizon, as rows for `rules.series.lay_out`."""
    rows = await session.execute(
        text("""
        select distinct on (uscc, direction, valid_from) uscc, direction, valid_from, net_fen, tax_fen, absolute_fen, red_fen,
            void_fen, invoices, void_invoices, red_invoices, partners
        from invoice_month
        where uscc = any(:usccs) and valid_to <= :horizon and recorded_at <= :known_at
        order by uscc, direction, valid_from, recorded_at desc
        """),
        {"usccs": list(usccs), "horizon": horizon, "known_at": known_at},
    )
    return [(row[0], row[1], row[2], row[3:]) for row in rows]


# The newest version of each firm's year: all its counterparties were recorded in one instant. Windows, not self-joins: the
# planner has no figures on what comes out here, and a nested loop over it took minutes.
_NEWEST_YEARS = """
    select * from (
        select c.*, rank() over (partition by uscc, direction, valid_from order by recorded_at desc) as age from counterparty_year c
        where uscc = any(:usccs) and valid_to <= :horizon and recorded_at <= :known_at
    ) versions where age = 1
"""


async def counterparty_shares(session: AsyncSession, usccs: Sequence[str], horizon: date, known_at: datetime) -> list[Any]:
    """Return (uscc, direction, year, (top-1 share, top-5 share, count, share of net kept from last year's list))."""
    rows = await session.execute(
        text(f"""
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
        """),  # noqa: S608  a constant of this module
        {"usccs": list(usccs), "horizon": horizon, "known_at": known_at},
    )
    return [(row[0], row[1], row[2], row[3:]) for row in rows]


async def counterparties(session: AsyncSession, uscc: str, horizon: date, known_at: datetime, top: int) -> list[Counterparty]:
    """Return the largest counterparties of each direction and year, newest year first."""
    rows = await session.execute(
        text(f"""
        select * from (
            select direction, extract(year from valid_from)::int as year, counterparty, net_fen, invoices,
                coalesce(net_fen::float8 / nullif(sum(greatest(net_fen, 0)) over w, 0), 0) as share,
                row_number() over (partition by direction, valid_from order by net_fen desc, counterparty) as place
            from ({_NEWEST_YEARS}) years window w as (partition by direction, valid_from)
        ) ranked where place <= :top order by year desc, direction desc, place
        """),  # noqa: S608  a constant of this module
        {"usccs": [uscc], "horizon": horizon, "known_at": known_at, "top": top},
    )
    return [Counterparty(r.direction, r.year, r.counterparty, r.net_fen, r.invoices, r.share) for r in rows]


async def facts(session: AsyncSession, usccs: Sequence[str], items: Sequence[str], as_of: date, known_at: datetime) -> list[Fact]:
    """Return the newest version of each record that was true on a day, as known at an instant."""
    rows = await session.execute(
        text("""
        select * from (
            select distinct on (f.uscc, f.item, f.key) f.*, b.generated from fact f join batch b on b.id = f.batch_id
            where f.uscc = any(:usccs) and f.item = any(:items) and f.recorded_at <= :known_at
            order by f.uscc, f.item, f.key, f.recorded_at desc, f.id desc
        ) newest where valid_from <= :as_of and (valid_to is null or valid_to >= :as_of) order by uscc, item, valid_from desc, key
        """),
        {"usccs": list(usccs), "items": list(items), "as_of": as_of, "known_at": known_at},
    )
    return [Fact(r.item, r.uscc, r.key, r.valid_from, r.valid_to, r.recorded_at, r.batch_id, r.generated, r.values) for r in rows]


async def coverage(session: AsyncSession, known_at: datetime) -> dict[str, tuple[date | None, datetime, bool]]:
    """Return item -> (newest day delivered, newest receipt, whether all of it is generated)."""
    rows = await session.execute(
        text("select item, max(covers_to), max(received_at), bool_and(generated) from batch where received_at <= :known_at group by item"),
        {"known_at": known_at},
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def batches(session: AsyncSession, limit: int) -> list[Batch]:
    rows = await session.scalars(select(BatchRow).order_by(col(BatchRow.received_at).desc(), col(BatchRow.file_name)).limit(limit))
    return [_batch(row) for row in rows]


async def batch_file(session: AsyncSession, batch_id: UUID) -> tuple[str, bytes] | None:
    row = await session.get(BatchRow, batch_id)
    if row is None:
        return None
    parts = await session.scalars(select(col(BatchPart.content)).where(col(BatchPart.batch_id) == batch_id).order_by(col(BatchPart.part)))
    return row.file_name, b"".join(parts)


async def count_facts(session: AsyncSession) -> int:
    query = "select (select count(*) from fact) + (select count(*) from invoice_month) + (select count(*) from counterparty_year)"
    return int((await session.execute(text(query))).scalar_one())
