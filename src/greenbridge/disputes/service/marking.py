"""Which records are marked: asked by whatever shows facts."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.disputes import store
from greenbridge.facts.values import Disputed


async def open_at(session: AsyncSession, usccs: Sequence[str], known_at: datetime) -> Disputed:
    """Return (uscc, item, key) -> since when, of the records of firms that were disputed at an instant: one query for all of them.

    A session sees the marks of firms whose data it may read, and those on public lists; why a firm objects is not among it.
    """
    return await store.open_at(session, usccs, known_at)


class OpenObjections:
    """Objections as `facts.gateway.Disputes`."""

    async def open_at(self, session: AsyncSession, usccs: Sequence[str], known_at: datetime) -> Disputed:
        """Return what was disputed at an instant."""
        return await open_at(session, usccs, known_at)
