"""How far departments' feeds were pulled, and how their last pulls went."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.facts.gateway import Feed, Pulled
from greenbridge.facts.service.receiving import receive
from greenbridge.facts.store import operation as store
from greenbridge.facts.values import Batch


def source_of(feed: Feed) -> str:
    """Return what tells two feeds of one item apart."""
    return f"{feed.url}#{feed.source}"


async def cursor(session: AsyncSession, feed: Feed) -> str | None:
    """Return how far a feed was pulled; None: never."""
    return await store.cursor(session, source_of(feed), feed.item)


async def take(session: AsyncSession, feed: Feed, since: str | None, pulled: Pulled | None, now: datetime) -> Batch | None:
    """Take in what a pull brought, and note how far it went: both or neither. None when nothing was new."""
    batch = await receive(session, pulled.delivery, now) if pulled else None
    await store.set_cursor(session, source_of(feed), feed.item, since, pulled.next_cursor if pulled else since, now, None)
    return batch


async def failed(session: AsyncSession, feed: Feed, since: str | None, problem: str, now: datetime) -> None:
    """Note that a pull failed, and why."""
    await store.set_cursor(session, source_of(feed), feed.item, since, since, now, problem)


async def pulls(session: AsyncSession) -> list[tuple[str, str, datetime, str | None]]:
    """Return (source, item, last pulled at, problem) of each feed that was pulled, those with a problem first."""
    return await store.pulls(session)
