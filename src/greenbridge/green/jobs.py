"""Timed work of the green rating."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.green import service
from greenbridge.green.service import Seal
from greenbridge.kit import database, logs
from greenbridge.kit.clock import Clock
from greenbridge.schemes.service import Book

Work = Callable[[database.Sessions, Clock], Awaitable[int]]


def measure_peers(book: Book) -> Callable[[AsyncSession, datetime], Awaitable[int]]:
    """Return the work that measures what the firms of each industry section have; it returns how many groups were kept."""

    async def work(session: AsyncSession, now: datetime) -> int:
        return await service.peers.measure(session, book, now)

    return work


def nightly(book: Book, seal: Seal) -> Work:
    """Return the work that certifies, downgrades, removes and expires; it returns how many cases moved.

    Each case has its own transaction: one that fails keeps no other, and makes the run a failed one, which is tried again.
    """

    async def work(sessions: database.Sessions, clock: Clock) -> int:
        async with sessions.begin() as session:
            found = await service.waiting(session)
        moved, failed = 0, []
        for case_id in found:
            try:
                async with sessions.begin() as session:
                    moved += (await service.night_of(session, book, seal, case_id, clock.now())).total
            except Exception as error:  # noqa: BLE001  the others go on; the run is a failed one all the same
                logs.get().exception("green night failed", case=str(case_id))
                failed.append(error)
        if failed:
            raise ExceptionGroup("green night", failed)
        return moved

    return work
