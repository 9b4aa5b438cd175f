"""Timed work of scoring."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.scoring import service
from greenbridge.scoring.values import ModelState


async def score_city(session: AsyncSession, artifacts: Path, now: datetime) -> int:
    """Score all firms as of today, the challengers in the shadow of the champion; return how many scores were kept.

    Without a challenger there is nothing to compare, and the champion scores every firm for monitoring anyway.
    """
    if not any(model.state is ModelState.CHALLENGER for model in await service.models(session)):
        return 0
    return await service.score_city(session, artifacts, now)
