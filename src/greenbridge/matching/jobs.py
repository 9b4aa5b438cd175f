"""Timed work of matching."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from greenbridge.kit import database, logs
from greenbridge.kit.clock import Clock
from greenbridge.matching import service
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel


def rematch(artifacts: Path) -> Callable[[database.Sessions, Clock], Awaitable[int]]:
    """Return the job that matches again what a change touches; the model is loaded at its first run, in the scheduler's process.

    All open needs are looked at in each run, some at a time in a transaction of their own, so that none waits behind the others and no
    row is locked for long. What fails is tried again by the next run, which begins with it, and keeps the others from nothing.
    """
    loaded: list[DefaultModel] = []

    async def work(sessions: database.Sessions, clock: Clock) -> int:
        now = clock.now()
        async with sessions.begin() as session:
            if not loaded:
                loaded.append(await scoring.champion(session, artifacts, now))
            due = await service.due(session, now)
        made, failed = 0, []
        for some in due:
            try:
                async with sessions.begin() as session:
                    made += await service.look(session, some, loaded[0], now)
            except Exception as error:  # noqa: BLE001  the others go on; the run is a failed one all the same
                failed.append(error)
                logs.get().exception("needs not matched again", first=str(some[0]), count=len(some))
        async with sessions.begin() as session:
            await service.finish(session, now)
        if failed:
            raise ExceptionGroup("needs not matched again", failed)
        return made

    return work
