"""How well banks answer, for the ranking of products: counted here, used by matching."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.answers import store
from greenbridge.matching import service as matching

WINDOW = timedelta(days=365)


async def note_behaviour(session: AsyncSession, now: datetime) -> int:
    """Write how many of each bank's answers of a year, to claims and requests, came in time with an offer or with reasons; return how many
    banks' books changed.

    A claim that still runs, or that ended because the firm chose another bank first, counts for nothing.
    """
    return await matching.note_behaviour(session, await store.conduct(session, now - WINDOW), now)
