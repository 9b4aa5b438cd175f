"""Scores as they were kept, of reports and of whole runs. The caller has checked who asks."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.scoring import store
from greenbridge.scoring.gateway import band_policy
from greenbridge.scoring.rules import bands, distributions
from greenbridge.scoring.values import Distribution, KeptScore


async def newest_kept(session: AsyncSession, until: date, known_at: datetime, firms: Sequence[UUID] | None = None) -> dict[UUID, KeptScore]:
    """Return firm -> its newest score as of a day or before, of a report or of the champion's run; all firms where none are named."""
    found: dict[UUID, KeptScore] = {}
    if run := await store.newest_champions_run(session, until, known_at):
        found = {one.enterprise_id: one for one in await run_scores(session, *run, firms)}
    for one in await store.kept(session, until=until, known_at=known_at, firms=firms, monthly=False):
        if one.enterprise_id not in found or one.as_of >= found[one.enterprise_id].as_of:
            found[one.enterprise_id] = one
    return found


async def kept_months(
    session: AsyncSession, until: date, known_at: datetime, firms: Sequence[UUID], *, version: str | None = None
) -> list[KeptScore]:
    """Return each firm's newest kept score of each month up to a day, with its weightiest reason, of one model if it is named."""
    return await store.kept(session, until=until, known_at=known_at, version=version, firms=firms, monthly=True)


async def run_days(session: AsyncSession, version: str, until: date, known_at: datetime) -> list[date]:
    """Return the days of a version's runs over the city up to a day, oldest first."""
    return await store.run_days(session, version, until, known_at)


async def run_scores(session: AsyncSession, version: str, day: date, firms: Sequence[UUID] | None = None) -> list[KeptScore]:
    """Return the scores of a version's run of a day, with the bands of that day and without reasons."""
    policy = band_policy(day)
    found = await store.of_run(session, version, day, firms)
    return [KeptScore(firm, day, version, p, bands.band(p, policy).code) for firm, p in found.items()]


async def run_distributions(session: AsyncSession, version: str, day: date) -> dict[str, Distribution]:
    """Return name -> how scores and features lay in a version's run of a day."""
    return await store.distributions(session, version, day)


def learnt_distributions(card: Mapping[str, Any]) -> dict[str, Distribution]:
    """Return name -> how the training firms' held-out scores and features lie, as a model's card says; empty where it does not."""
    return distributions.of_card(card)
