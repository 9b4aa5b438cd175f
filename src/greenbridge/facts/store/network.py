"""SQL of what ties firms to each other, of all firms at once and in columns: an object for each invoice partner would take minutes."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.facts.store import records
from greenbridge.facts.values import Fact

_OF_ALL = records.reading("true", "(%(having)s::text is null or values->>%(having)s::text is not null)")


async def trade(session: AsyncSession, first: date, known_at: datetime) -> Sequence[Any]:
    """Return (uscc, direction, counterparty as delivered, net in fen) of every firm's calendar year that begins on a day."""
    rows = await session.execute(
        text("""
        select y.uscc, y.direction, c.counterparty, c.net_fen from (
            select distinct on (uscc, direction) * from counterparty_year where valid_from = :first and recorded_at <= :known_at
            order by uscc, direction, recorded_at desc
        ) y cross join lateral unnest(y.counterparties, y.net_fen) as c (counterparty, net_fen)
        """),
        {"first": first, "known_at": known_at},
    )
    return rows.all()


async def codes(session: AsyncSession, names: Collection[str]) -> dict[str, str]:
    """Return name as it is compared -> code, of the names that one firm alone has."""
    query = "select name, min(uscc) from firm_name where name = any(:names) group by name having count(distinct uscc) = 1"
    rows = await session.execute(text(query), {"names": list(names)})
    return {row[0]: row[1] for row in rows}


async def of_all(session: AsyncSession, items: Sequence[str], as_of: date, known_at: datetime, having: str | None) -> list[Fact]:
    """Return what was true of any firm on a day as known at an instant; `having`: only records in which that field is not empty."""
    given = {"items": list(items), "as_of": as_of, "known_at": known_at, "having": having, "auditing": False}
    return await records.read(session, _OF_ALL, given)


async def industries(session: AsyncSession, item: str, as_of: date, known_at: datetime) -> dict[str, str]:
    """Return code -> industry code as registered, newest statement."""
    rows = await session.execute(
        text("""
        select distinct on (uscc) uscc, values->>'industry' from fact
        where item = :item and recorded_at <= :known_at and valid_from <= :as_of and not withdrawn and values->>'industry' is not null
        order by uscc, valid_from desc, stated_at desc, digest desc
        """),
        {"item": item, "as_of": as_of, "known_at": known_at},
    )
    return {row[0]: row[1] for row in rows}
