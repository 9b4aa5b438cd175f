"""Scoring a whole city: the champion and its challengers side by side, in batches, without reasons."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import EnterpriseStatus
from greenbridge.facts import service as facts
from greenbridge.facts.values import Series
from greenbridge.kit.calendar import business_date
from greenbridge.scoring import store
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.scoring.rules import features as feature_rules
from greenbridge.scoring.service import registry
from greenbridge.scoring.service.scoring import MIN_KNOWN_SHARE
from greenbridge.scoring.values import BulkScores, ModelState

BATCH = 2_000
KEPT_DAYS = 400  # a year and the month before it: what monitoring compares


def score_many(series: Series, model: DefaultModel) -> BulkScores:
    """Return the scores of many firms from their series: the same numbers as one by one."""
    x = feature_rules.compute({**series.monthly, **series.yearly}, model.features)
    known = (~np.isnan(x)).mean(axis=1)
    return BulkScores(np.where(known >= MIN_KNOWN_SHARE, model.probabilities(x), np.nan), known)


async def score_city(session: AsyncSession, artifacts: Path, now: datetime) -> int:
    """Score all verified firms as of today with the champion and every challenger; return how many scores were kept. A version that
    was run for the day already is left as it is.
    """
    today = business_date(now)
    champion = await registry.champion(session, artifacts, now)
    standing = [v for v in await registry.models(session) if v.state in {ModelState.CHAMPION, ModelState.CHALLENGER}]
    running = [
        (champion.sibling(v.version, v.sha256), v.state.value)
        for v in standing
        if not await store.scored_in_bulk(session, today, v.version)
    ]
    kept, offset = 0, 0
    while running and (firms := await enterprises.every(session, limit=BATCH, offset=offset)):
        offset += len(firms)
        verified = [firm for firm in firms if firm.status is EnterpriseStatus.VERIFIED]
        series = await facts.series(session, [firm.uscc for firm in verified], today, now)
        for model, state in running:
            # In a thread: the scheduler's other jobs share the loop.
            found = await asyncio.to_thread(score_many, series, model)
            at: Sequence[int] = np.flatnonzero(~np.isnan(found.probabilities)).tolist()
            ids = [verified[i].id for i in at]
            columns = found.probabilities[at].tolist(), found.known_shares[at].tolist()
            await store.add_bulk(session, ids, *columns, (model.version, state, today, now))
            kept += len(ids)
    await store.forget_bulk(session, today, KEPT_DAYS)
    return kept
