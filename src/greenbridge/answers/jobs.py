"""Timed work of answers."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.answers import service


async def expire(session: AsyncSession, now: datetime) -> int:
    """End late claims and offers."""
    return await service.expire(session, now)


async def note_behaviour(session: AsyncSession, now: datetime) -> int:
    """Tell matching how well banks answered."""
    return await service.note_behaviour(session, now)
