"""Timed work of accounts."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service


async def forget_expired(session: AsyncSession, now: datetime) -> int:
    """Remove ended sign-ins."""
    return await service.forget_expired(session, now)
