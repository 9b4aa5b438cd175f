"""Timed work of schemes."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.schemes.service import Book, pushing


def push(book: Book) -> Callable[[AsyncSession, datetime], Awaitable[int]]:
    """Return the work that rates the firms of all lists and pushes who came on them; it returns how many messages went out."""

    async def work(session: AsyncSession, now: datetime) -> int:
        return (await pushing.push(session, book, now)).sent

    return work
