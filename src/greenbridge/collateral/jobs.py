"""Timed work of collateral."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.collateral import service
from greenbridge.collateral.gateway import LandRegistry
from greenbridge.kit.clock import Clock
from greenbridge.kit.database import Sessions


async def end_overdue(session: AsyncSession, now: datetime) -> int:
    """End offers and pledges that are over their time."""
    return await service.end_overdue(session, now)


def exchange(registry: LandRegistry) -> Callable[[Sessions, Clock], Awaitable[int]]:
    """Return the work that talks with the land registry: outside of any transaction."""

    async def work(sessions: Sessions, clock: Clock) -> int:
        return await service.exchange(sessions, registry, clock)

    return work
