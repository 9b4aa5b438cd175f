"""Timed work of matching."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.matching import service
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel


def rematch(artifacts: Path) -> Callable[[AsyncSession, datetime], Awaitable[int]]:
    """Return the job that matches again what a change touches; the model is loaded at its first run, in the scheduler's process."""
    loaded: list[DefaultModel] = []

    async def work(session: AsyncSession, now: datetime) -> int:
        if not loaded:
            loaded.append(await scoring.champion(session, artifacts, now))
        return await service.rematch(session, loaded[0], now)

    return work
