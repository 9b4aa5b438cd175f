"""Scores as they were kept. The caller has checked who asks."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.scoring import store
from greenbridge.scoring.values import KeptScore


async def newest_kept(session: AsyncSession, until: date, known_at: datetime, firms: Sequence[UUID] | None = None) -> dict[UUID, KeptScore]:
    """Return firm -> its newest kept score as of a day or before; all firms where none are named."""
    found = await store.kept(
        session, since=date.min, until=until, known_at=known_at, version=None, firms=firms, monthly=False, features=False
    )
    return {one.enterprise_id: one for one in found}


async def kept_months(
    session: AsyncSession, until: date, known_at: datetime, *, version: str | None = None, firms: Sequence[UUID] | None = None
) -> list[KeptScore]:
    """Return each firm's newest kept score of each month up to a day, of one model if it is named."""
    return await store.kept(
        session, since=date.min, until=until, known_at=known_at, version=version, firms=firms, monthly=True, features=False
    )


async def kept_between(session: AsyncSession, version: str, since: date, until: date, known_at: datetime) -> list[KeptScore]:
    """Return each firm's newest score by a model of days between two, with its features."""
    return await store.kept(session, since=since, until=until, known_at=known_at, version=version, firms=None, monthly=False, features=True)


async def model_in_use(session: AsyncSession, known_at: datetime) -> tuple[str, date] | None:
    """Return (version of the champion, earliest day that its scores are of); None: it has scored nothing.

    Where nothing is registered: the model that scored last.
    """
    found = await store.champion_at(session, known_at)
    version = found[0] if found else await store.newest_version(session, known_at)
    first = await store.first_day(session, version, known_at) if version else None
    return (version, first) if version and first else None
