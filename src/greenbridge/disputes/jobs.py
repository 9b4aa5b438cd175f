"""Timed work of disputes."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.disputes import service


async def escalate(session: AsyncSession, now: datetime) -> int:
    """Mark what has become late."""
    return await service.escalate(session, now)
