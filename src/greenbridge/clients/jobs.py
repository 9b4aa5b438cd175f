"""Timed work of clients."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.clients import service


async def forget_used(session: AsyncSession, now: datetime) -> int:
    """Remove ids of assertions and proofs that have expired."""
    return await service.forget_used(session, now)
