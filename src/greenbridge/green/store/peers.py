"""SQL of groups of firms by industry section, as measured; of no firm in particular."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.green.tables import GreenPeerRow
from greenbridge.kit import database


async def add(session: AsyncSession, as_of: date, made_at: datetime, groups: Mapping[tuple[str, str], tuple[int, Sequence[float]]]) -> None:
    """Write a measurement."""
    for (section, name), (n, steps) in groups.items():
        session.add(GreenPeerRow(as_of=as_of, made_at=made_at, section=section, name=name, n=n, steps=list(steps)))
    await session.flush()


async def groups(session: AsyncSession, section: str, as_of: date, known_at: datetime) -> dict[str, tuple[int, Sequence[float], str]]:
    """Return name -> (firms, steps, day) of a section, of the newest measurement for a day that was made by an instant."""
    query = """
        select name, n, steps, as_of::text from green_peer where section = %(section)s and (as_of, made_at) = (
            select as_of, made_at from green_peer where as_of <= %(day)s and made_at <= %(known_at)s
            order by as_of desc, made_at desc limit 1)
    """
    rows = await database.rows(session, query, {"section": section, "day": as_of, "known_at": known_at})
    return {name: (n, steps, day) for name, n, steps, day in rows}


async def firms(session: AsyncSession, after: str, limit: int) -> list[str]:
    """Return the next codes, in order, of which the register speaks; empty: no more."""
    query = "select distinct uscc from fact where item = 'registration.basic' and uscc > %(after)s order by uscc limit %(limit)s"
    return [uscc for (uscc,) in await database.rows(session, query, {"after": after, "limit": limit})]
