"""Timed work of the green rating."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.green import service
from greenbridge.green.service import Seal
from greenbridge.schemes.service import Book


def nightly(book: Book, seal: Seal) -> Callable[[AsyncSession, datetime], Awaitable[int]]:
    """Return the work that certifies, downgrades, removes and expires; it returns how many cases moved."""

    async def work(session: AsyncSession, now: datetime) -> int:
        return (await service.nightly(session, book, seal, now)).total

    return work
