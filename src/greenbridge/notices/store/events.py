"""SQL of events on their way from the outbox."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database
from greenbridge.notices.values import Event

_ALONE = "select pg_try_advisory_xact_lock(hashtextextended('greenbridge relay', 0))"
# Oldest first. An event that could not be handed on waits, and with it all later ones of its need for the same organisation.
_TAKE = """
    select id, at, organisation_id, topic, payload, attempts from outbox_event e
    where taken_at is null and dead_at is null and (next_at is null or next_at <= %(now)s)
        and not exists (
            select 1 from outbox_event b
            where b.taken_at is null and b.dead_at is null and b.next_at > %(now)s and b.id < e.id
                and b.organisation_id = e.organisation_id and b.payload ->> 'need_id' = e.payload ->> 'need_id')
    order by id limit %(limit)s for update
"""


async def alone(session: AsyncSession) -> bool:
    """Return whether this transaction is the one that hands events on: of two the later events would overtake the earlier ones."""
    ((locked,),) = await database.rows(session, _ALONE)
    return bool(locked)


async def take(session: AsyncSession, limit: int, now: datetime) -> list[Event]:
    """Return waiting events, locked for this transaction."""
    return [Event(*row) for row in await database.rows(session, _TAKE, {"limit": limit, "now": now})]


async def set_taken(session: AsyncSession, event_ids: Sequence[int], now: datetime) -> None:
    await database.rows(session, "update outbox_event set taken_at = %(now)s where id = any(%(ids)s)", {"now": now, "ids": list(event_ids)})


async def failed(session: AsyncSession, event: Event, next_at: datetime | None, problem: str, now: datetime) -> None:
    """Record that an event could not be handed on; without a next time it never will be."""
    statement = """
        update outbox_event set attempts = attempts + 1, next_at = %(next)s, problem = %(problem)s,
            dead_at = case when %(next)s::timestamptz is null then %(now)s::timestamptz end
        where id = %(id)s
    """
    await database.rows(session, statement, {"id": event.id, "next": next_at, "problem": problem[:300], "now": now})
