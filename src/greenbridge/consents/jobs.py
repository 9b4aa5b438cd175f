"""Timed work of consents."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.consents import service


async def forget_old_reads(session: AsyncSession, now: datetime) -> int:
    """Remove the rows of the ledger that are past their keeping time."""
    return await service.forget_old_reads(session, now)
