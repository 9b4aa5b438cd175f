"""What others ask of a firm's green rating: its standing on a day."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.green.store import cases
from greenbridge.green.values import Certificate, GreenStanding, State


async def standing(session: AsyncSession, enterprise_id: UUID, day: date, known_at: datetime) -> GreenStanding | None:
    """Return a firm's certified grade on a day, or where its case stands, as known at an instant; None: nothing is known.

    One query. A session sees firms whose data it may read.
    """
    return await cases.standing(session, enterprise_id, day, known_at)


async def touched(session: AsyncSession, firms: Sequence[UUID], since: datetime) -> dict[UUID, datetime]:
    """Return firm -> when its certificates changed last, where that was after an instant, for the platform."""
    return await cases.touched(session, firms, since)


async def certificates(session: AsyncSession, case_id: UUID) -> list[Certificate]:
    """Return a case's certificates, oldest first, for a caller that has checked who asks."""
    return await cases.certificates(session, case_id=case_id)


async def counts(session: AsyncSession) -> dict[State, int]:
    """Return state -> number of cases, for the platform."""
    return await cases.counts(session)
