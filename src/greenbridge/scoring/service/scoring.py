"""Scoring firms with reasons: one or a few, the same way."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import service as facts
from greenbridge.facts.values import Series
from greenbridge.kit.calendar import business_date
from greenbridge.kit.text import Text
from greenbridge.scoring import store
from greenbridge.scoring.gateway import DefaultModel, band_policy
from greenbridge.scoring.rules import bands as band_rules
from greenbridge.scoring.rules import features as feature_rules
from greenbridge.scoring.rules import reasons as reason_rules
from greenbridge.scoring.service.reading import inputs, recorded
from greenbridge.scoring.values import Floats, Score

# With fewer of its features known the model would only repeat its base rate.
MIN_KNOWN_SHARE = 0.5
Scored = tuple[Score, Mapping[str, float | None]]  # a score, and the features that made it


def fields_read(model: DefaultModel) -> tuple[str, ...]:
    """Return all fields of departments' data that a model reads: who may not see one of them may not see its score."""
    return feature_rules.fields_of(model.features)


async def score(session: AsyncSession, firms: Sequence[Enterprise], model: DefaultModel, as_of: date, now: datetime) -> dict[UUID, Score]:
    """Score firms as of a day and keep the scores; a firm with too few invoices known has none (unknown, not zero)."""
    series = await facts.series(session, [firm.uscc for firm in firms], as_of, now)
    return await score_series(session, firms, series, model, as_of, now)


async def score_series(
    session: AsyncSession, firms: Sequence[Enterprise], series: Series, model: DefaultModel, as_of: date, now: datetime
) -> dict[UUID, Score]:
    """Score firms from series that the caller has read already, in the order of `firms`, and keep the scores. `now`: what was known
    then, and its bands. What else the model reads is read here.
    """
    found = await scored(session, firms, series, model, as_of, now)
    await keep(session, found.values())
    return {firm: score for firm, (score, _) in found.items()}


async def scored(
    session: AsyncSession, firms: Sequence[Enterprise], series: Series, model: DefaultModel, as_of: date, now: datetime
) -> dict[UUID, Scored]:
    """Return the same scores, each with the features that made it, and keep none: for a caller that keeps those which it uses."""
    if not firms:
        return {}
    x = inputs(series, await recorded(session, firms, model, as_of, now), model)
    probabilities, contributions = model.predict(x)
    known_shares = (~np.isnan(x)).mean(axis=1)
    found: dict[UUID, Scored] = {}
    for i, firm in enumerate(firms):
        if known_shares[i] >= MIN_KNOWN_SHARE:
            values = {name: None if np.isnan(v) else float(v) for name, v in zip(model.features, x[i], strict=True)}
            found[firm.id] = _score(firm, model, x[i], float(probabilities[i]), contributions[i], as_of, now), values
    return found


async def keep(session: AsyncSession, found: Iterable[Scored]) -> None:
    """Keep scores that `scored` returned."""
    await store.add(session, list(found))


def _score(
    firm: Enterprise, model: DefaultModel, row: Floats, probability: float, contributions: Floats, as_of: date, now: datetime
) -> Score:
    policy = band_policy(business_date(now))
    points = band_rules.points(probability, policy.scale)
    return Score(
        id=uuid4(),
        enterprise_id=firm.id,
        as_of=as_of,
        scored_at=now,
        model_version=model.version,
        default_probability=probability,
        band=band_rules.band(probability, policy),
        points=points,
        points_held=band_rules.is_held(points, policy.scale),
        band_policy=policy.version,
        reasons=reason_rules.reasons(model.features, row, contributions, model.evidence, _sources()),
        groups=reason_rules.groups(model.features, row, contributions),
        known_share=float((~np.isnan(row)).mean()),
    )


@cache
def _sources() -> dict[str, tuple[Text, Text]]:
    """Return item -> (its name, who delivers it)."""
    return {code: (item.label, item.department) for code, item in facts.catalogue().items.items()}
