"""What banks were shown against what they deserved, and how well they answered: the platform's own books."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database
from greenbridge.matching.store import books
from greenbridge.matching.values import Behaviour, Exposure

# A bank with few answers is held near the middle: as if it had given so many, half of them well.
PRIOR = 5


async def audit(session: AsyncSession) -> list[Exposure]:
    """Return what each product was shown and what it deserved, over all time."""
    return await books.exposures(session)


async def note_behaviour(session: AsyncSession, answered: Mapping[str, tuple[int, int]], now: datetime) -> int:
    """Write how well banks answered, from bank -> (answers that ended in time with an offer or reasons, all answers); return how many
    changed.

    Shrunk to the middle: 3 of 3 give (3 + 2.5) / (3 + 5) = 0.69, 90 of 100 give 0.88.
    """
    found = {bank: Behaviour((well + PRIOR / 2) / (asked + PRIOR), well, asked) for bank, (well, asked) in answered.items()}
    silent = {bank: Behaviour(0.5, 0, 0) for bank in await books.behaviour(session) if bank not in found}
    return await books.set_behaviour(session, {**silent, **found}, now)


async def behaviour_of(session: AsyncSession) -> dict[str, Behaviour]:
    """Return bank -> how it answered so far: what stands behind a part of every rank, said to whoever sees the rank."""
    async with database.as_platform(session):
        return await books.behaviour(session)
