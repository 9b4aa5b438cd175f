"""Timed work of peers."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.peers import service


async def measure(session: AsyncSession, now: datetime) -> int:
    """Measure the groups of all firms as of today; return how many were kept."""
    return (await service.measure(session, None, now)).groups
