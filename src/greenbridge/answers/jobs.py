"""Timed work of answers."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.answers import service
from greenbridge.kit import database, logs
from greenbridge.kit.clock import Clock
from greenbridge.needs import service as needs
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel

Work = Callable[[database.Sessions, Clock], Awaitable[int]]


def deadlines(artifacts: Path, model: DefaultModel | None = None) -> Work:
    """Return the job that does what time does to needs; the model is loaded at its first run, in the scheduler's process.

    Each need has its own transaction: the locks of two needs are never held at once, and one that fails does not keep the others.
    """
    loaded = [model] if model else []

    async def work(sessions: database.Sessions, clock: Clock) -> int:
        async with sessions.begin() as session:
            found = await needs.alive(session)
            if found and not loaded:
                loaded.append(await scoring.champion(session, artifacts, clock.now()))
        done, failed = 0, []
        for need_id in found:
            try:
                async with sessions.begin() as session:
                    done += await service.tick(session, need_id, loaded[0], clock.now())
            except Exception as error:  # noqa: BLE001  the others go on; the run is a failed one all the same
                logs.get().exception("deadline failed", need=str(need_id))
                failed.append(error)
        if failed:
            raise ExceptionGroup("deadlines", failed)
        return done

    return work


async def note_behaviour(session: AsyncSession, now: datetime) -> int:
    """Tell matching how well banks answered."""
    return await service.note_behaviour(session, now)
