"""What banks were shown against what they deserved, and how well they answered: the platform's own books."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.matching import store
from greenbridge.matching.values import Exposure

# A bank with few answers is held near the middle: as if it had given so many, half of them well.
PRIOR = 5


async def audit(session: AsyncSession) -> list[Exposure]:
    """Return what each product was shown and what it deserved, over all time."""
    return await store.exposures(session)


async def note_behaviour(session: AsyncSession, answered: Mapping[str, tuple[int, int]], now: datetime) -> None:
    """Write how well banks answered, from bank -> (answers that ended in time with an offer or reasons, all answers).

    Shrunk to the middle: 3 of 3 give (3 + 2.5) / (3 + 5) = 0.69, 90 of 100 give 0.88.
    """
    scores = {bank: ((well + PRIOR / 2) / (asked + PRIOR), asked) for bank, (well, asked) in answered.items()}
    await store.set_behaviour(session, scores, now)
