"""Scoring firms: one or many, the same way."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import service as facts
from greenbridge.facts.values import Series
from greenbridge.scoring import store
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.scoring.rules import features as feature_rules
from greenbridge.scoring.rules import reasons as reason_rules
from greenbridge.scoring.values import KeptScore, Score

# With fewer of its features known the model would only repeat its base rate.
MIN_KNOWN_SHARE = 0.5


async def score(session: AsyncSession, firms: Sequence[Enterprise], model: DefaultModel, as_of: date, now: datetime) -> dict[UUID, Score]:
    """Score firms as of a day and keep the scores; a firm with too few invoices known has none (unknown, not zero)."""
    series = await facts.series(session, [firm.uscc for firm in firms], as_of, now)
    return await score_series(session, firms, series, model, as_of, now)


async def score_series(
    session: AsyncSession, firms: Sequence[Enterprise], series: Series, model: DefaultModel, as_of: date, now: datetime
) -> dict[UUID, Score]:
    """Score firms from series that the caller has read already, in the order of `firms`."""
    if not firms:
        return {}
    x = feature_rules.compute({**series.monthly, **series.yearly}, model.features)
    probabilities, contributions = model.predict(x)
    usual = {feature["name"]: feature["median"] for feature in model.card["features"]}
    known_shares = (~np.isnan(x)).mean(axis=1)
    scored = {}
    for i, firm in enumerate(firms):
        if known_shares[i] < MIN_KNOWN_SHARE:
            continue
        probability = float(probabilities[i])
        band = reason_rules.band(probability, model.card["bands"])
        why = reason_rules.reasons(model.features, x[i], contributions[i], usual)
        found = Score(uuid4(), firm.id, as_of, now, model.version, probability, band, why, float(known_shares[i]))
        values = {name: None if np.isnan(v) else float(v) for name, v in zip(model.features, x[i], strict=True)}
        await store.add(session, found, values)
        scored[firm.id] = found
    return scored


async def newest_kept(session: AsyncSession, until: date, known_at: datetime, firms: Sequence[UUID] | None = None) -> dict[UUID, Score]:
    """Return firm -> its newest kept score as of a day or before; all firms where none are named. The caller has checked who asks."""
    found = await store.kept(
        session, since=date.min, until=until, known_at=known_at, version=None, firms=firms, monthly=False, features=False
    )
    return {one.score.enterprise_id: one.score for one in found}


async def kept_months(
    session: AsyncSession, until: date, known_at: datetime, *, version: str | None = None, firms: Sequence[UUID] | None = None
) -> list[Score]:
    """Return each firm's newest kept score of each month up to a day, of one model if it is named."""
    return [
        one.score
        for one in await store.kept(
            session, since=date.min, until=until, known_at=known_at, version=version, firms=firms, monthly=True, features=False
        )
    ]


async def kept_between(session: AsyncSession, version: str, since: date, until: date, known_at: datetime) -> list[KeptScore]:
    """Return each firm's newest score by a model of days between two, with its features."""
    return await store.kept(session, since=since, until=until, known_at=known_at, version=version, firms=None, monthly=False, features=True)


async def model_in_use(session: AsyncSession, known_at: datetime) -> tuple[str, date] | None:
    """Return (version of the model that scored last, earliest day that its scores are of); None: nothing was scored."""
    version = await store.newest_version(session, known_at)
    first = await store.first_day(session, version, known_at) if version else None
    return (version, first) if version and first else None
