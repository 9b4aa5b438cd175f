"""Timed work of needs."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.needs import service


async def expire(session: AsyncSession, now: datetime) -> int:
    """Close needs whose time is over."""
    return await service.expire(session, now)
