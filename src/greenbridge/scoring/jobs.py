"""Timed work of scoring."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.scoring import service


async def score_city(session: AsyncSession, artifacts: Path, now: datetime) -> int:
    """Score all firms as of today, the challengers in the shadow of the champion; return how many scores were kept."""
    return await service.score_city(session, artifacts, now)
