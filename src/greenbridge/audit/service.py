"""Recording an act, and proving that no record was changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.audit import rules, store
from greenbridge.audit.values import Event
from greenbridge.kit import database


async def record(session: AsyncSession, action: str, subject: str, now: datetime, *, account_id: UUID | None = None, **detail: Any) -> None:
    """Append one event in the caller's transaction. The chain's lock is held until commit: record last."""
    await database.lock(session, "audit")
    event = Event(now, account_id, action, subject, detail)
    previous = await store.last_hash(session) or rules.GENESIS
    await store.add(session, event, previous, rules.link(previous, event))


async def first_times(session: AsyncSession, action: str, subjects: Sequence[str]) -> dict[str, datetime]:
    """Return subject -> when an act was first done to it, of those to which it was; for the platform: the chain is closed to requests."""
    return await store.first_times(session, action, subjects) if subjects else {}


async def first_broken(session: AsyncSession) -> int | None:
    """Return the position of the first event that was tampered with; None when the chain is whole."""
    return rules.first_broken(await store.events(session))
