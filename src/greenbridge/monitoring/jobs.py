"""Timed work of monitoring."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.monitoring import service


async def measure(session: AsyncSession, now: datetime) -> int:
    """Measure contagion as of today; return how many firms of the platform have exposures."""
    return (await service.measure(session, None, now)).kept


async def watch_model(session: AsyncSession, now: datetime, artifacts: Path) -> int:
    """Score every firm with the champion and its challengers, then check them; return how many firms have a score."""
    done = await service.score_all(session, artifacts, None, now)
    await service.check(session, artifacts, None, now)
    return done
