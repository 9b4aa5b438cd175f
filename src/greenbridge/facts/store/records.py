"""SQL of facts with two times: append versions, read what was true on a day as known at an instant."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import pandas as pd
import pyarrow as pa
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.facts.store import copying
from greenbridge.facts.values import Fact
from greenbridge.kit import database

# Which versions are of one record (of one state of a key).
_SAME = "f.uscc = a.uscc and f.item = :item and f.key = a.key and f.state_from is not distinct from a.state_from"
# From so many rows on, the planner is told of them before anything is read: its guess for a new table is far off.
ANALYZE_FROM = 10_000


async def add(
    session: AsyncSession, batch_id: UUID, now: datetime, item: str, arriving: pd.DataFrame
) -> tuple[list[tuple[int, str]], set[int]]:
    """Append versions; return (row number, reason) of those that say nothing new, and the row numbers that restate a known record.

    `arriving` has uscc, key, state_from, valid_from, valid_to, stated_at, timed, withdrawn, digest, undated, row_no, values. A version
    that was stated at the same instant with the same content is a duplicate; so is one without a time of its own (not `timed`)
    that equals the newest. Another content at the same instant in the same batch is a conflict.
    """
    if arriving.empty:
        return [], set()
    await session.execute(
        text("create temp table if not exists arriving_fact (like fact including defaults, timed boolean, undated boolean) on commit drop")
    )
    await session.execute(text("alter table arriving_fact alter column id drop not null"))
    await session.execute(text("truncate arriving_fact"))
    frame = arriving.assign(item=item, recorded_at=now.isoformat(), batch_id=str(batch_id))
    await copying.table(session, "arriving_fact", pa.Table.from_pandas(frame, preserve_index=False))
    if len(frame) >= ANALYZE_FROM:
        await session.execute(text("analyze arriving_fact"))
        await session.execute(text("analyze fact"))
    known = await session.execute(
        text(f"""
        with said as (
            select a.row_no, case
                when exists (select 1 from fact f where {_SAME} and f.digest = a.digest and f.withdrawn = a.withdrawn
                    and f.stated_at = a.stated_at) then 'duplicate_row'
                when not a.timed and a.undated and not a.withdrawn and a.digest = (select f.digest from fact f
                    where f.uscc = a.uscc and f.item = :item and f.key = a.key and f.state_from <= a.state_from
                    order by f.state_from desc, f.stated_at desc, f.withdrawn desc, f.digest desc limit 1) then 'duplicate_row'
                when not a.timed and (a.digest, a.withdrawn) = (select f.digest, f.withdrawn from fact f where {_SAME}
                    order by f.stated_at desc, f.withdrawn desc, f.digest desc limit 1) then 'duplicate_row'
                when exists (select 1 from fact f where {_SAME} and f.batch_id = a.batch_id and f.stated_at = a.stated_at)
                    then 'conflicting_row' end as reason,
                exists (select 1 from fact f where {_SAME}) as restates
            from arriving_fact a
        ), added as (
            insert into fact (item, uscc, key, state_from, valid_from, valid_to, stated_at, recorded_at, withdrawn, digest,
                batch_id, row_no, values)
            select a.item, a.uscc, a.key, a.state_from, a.valid_from, a.valid_to, a.stated_at, a.recorded_at, a.withdrawn, a.digest,
                a.batch_id, a.row_no, a.values
            from arriving_fact a join said using (row_no) where said.reason is null order by a.row_no
        )
        select row_no, reason from said where reason is not null or restates order by row_no
        """),
        {"item": item},
    )
    rows = known.all()
    return [(row[0], row[1]) for row in rows if row[1]], {row[0] for row in rows if not row[1]}


def reading(firms: str, records: str = "true") -> str:
    """Return the query of what was true on a day as known at an instant, of the versions and of the records that conditions choose.

    One JSON text: rows of many columns cost the client more than the server needs to find them.
    """
    return f"""
    select json_agg(json_build_array(item, uscc, key, valid_from, valid_to, recorded_at, batch_id, generated, values, stated_at, digest)
        order by uscc, item, valid_from desc, key)::text
    from (
        select *, row_number() over (partition by uscc, item, key order by valid_from desc) as place from (
            select * from (
                select distinct on (f.uscc, f.item, f.key, f.state_from) f.*, b.generated from fact f join batch b on b.id = f.batch_id
                where {firms} and f.item = any(%(items)s) and f.recorded_at <= %(known_at)s
                order by f.uscc, f.item, f.key, f.state_from, f.stated_at desc, f.withdrawn desc, f.digest desc, f.recorded_at
            ) versions where not withdrawn and valid_from <= %(as_of)s and (valid_to is null or valid_to >= %(as_of)s)
        ) newest
    ) placed where place = 1 and {records} and (%(auditing)s or not exists (
        select 1 from hidden_version h where h.uscc = placed.uscc and h.item = placed.item and h.key = placed.key
            and h.digest = placed.digest and h.hidden_at <= %(known_at)s
    ))
    """


_FACTS = reading("f.uscc = any(%(usccs)s)")
_DECODER = msgspec.json.Decoder(list[tuple[str, str, str, date, date | None, datetime, UUID, bool, dict[str, Any], datetime, str]])


async def facts(
    session: AsyncSession, usccs: Sequence[str], items: Sequence[str], as_of: date, known_at: datetime, *, auditing: bool = False
) -> list[Fact]:
    """Return what was true on a day as known at an instant: `rules.records.as_of` in SQL. Without what a decision had hidden by then,
    unless somebody audits; what it hid does not uncover an older state.
    """
    given = {"usccs": list(usccs), "items": list(items), "as_of": as_of, "known_at": known_at, "auditing": auditing}
    return await read(session, _FACTS, given)


async def read(session: AsyncSession, query: str, given: Mapping[str, Any]) -> list[Fact]:
    """Return the facts of a query that `reading` made."""
    ((found,),) = await database.rows(session, query, given)
    return [Fact(*row) for row in _DECODER.decode(found)] if found else []


async def history(session: AsyncSession, uscc: str, item: str | None = None) -> list[Fact]:
    """Return every version of a firm's records, in the order in which they became known."""
    rows = await session.execute(
        text("""
        select f.*, b.generated from fact f join batch b on b.id = f.batch_id
        where f.uscc = :uscc and (cast(:item as text) is null or f.item = :item) order by f.recorded_at, f.id
        """),
        {"uscc": uscc, "item": item},
    )
    return [_fact(row) for row in rows]


_HIDE = """
    insert into hidden_version (uscc, item, key, digest, hidden_at, basis)
    values (%(uscc)s, %(item)s, %(key)s, %(digest)s, %(now)s, %(basis)s) on conflict do nothing
"""


async def hide(session: AsyncSession, fact: Fact, basis: str, now: datetime) -> None:
    """Show this version of a record no more from now on."""
    given = {"uscc": fact.uscc, "item": fact.item, "key": fact.key, "digest": fact.digest, "now": now, "basis": basis}
    await database.rows(session, _HIDE, given)


def _fact(r: Any) -> Fact:
    return Fact(
        r.item,
        r.uscc,
        r.key,
        r.valid_from,
        r.valid_to,
        r.recorded_at,
        r.batch_id,
        r.generated,
        r.values,
        r.stated_at,
        r.digest,
        r.withdrawn,
    )


async def count(session: AsyncSession) -> int:
    """Return how many facts are stored, all versions."""
    query = "select (select count(*) from fact) + (select count(*) from invoice_month) + (select count(*) from counterparty_year)"
    return int((await session.execute(text(query))).scalar_one())


async def touched(session: AsyncSession, usccs: Sequence[str], since: datetime) -> dict[str, datetime]:
    """Return uscc -> when anything about the firm was recorded or hidden last, for those of whom something was after an instant."""
    query = """
        select uscc, max(recorded_at) from (
            select uscc, hidden_at as recorded_at from hidden_version where uscc = any(:usccs) and hidden_at > :since union all
            select uscc, recorded_at from fact where uscc = any(:usccs) and recorded_at > :since
            union all select uscc, recorded_at from invoice_month where uscc = any(:usccs) and recorded_at > :since
        ) as news group by uscc
    """
    return {row.uscc: row.max for row in await session.execute(text(query), {"usccs": list(usccs), "since": since})}
