"""Scoring a whole city: the champion and its challengers side by side, in batches, without reasons."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus
from greenbridge.facts import service as facts
from greenbridge.facts.values import Series
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.scoring import store
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.scoring.rules import distributions as rules
from greenbridge.scoring.service import registry
from greenbridge.scoring.service.reading import inputs, recorded
from greenbridge.scoring.service.scoring import MIN_KNOWN_SHARE
from greenbridge.scoring.values import SCORE, Arrays, BulkScores, Distribution, Floats, ModelState

BATCH = 2_000
# Each night of two months, and after that each month's last run: what back-tests of whole years need.
KEPT_DAYS, KEPT_MONTHS = 62, 48
NOTHING: Arrays = MappingProxyType({})


def score_many(series: Series, model: DefaultModel, more: Arrays = NOTHING) -> BulkScores:
    """Return the scores of many firms from their series, and what else their model reads: the same numbers as one by one."""
    return _scored(inputs(series, more, model), model)


def _scored(x: Floats, model: DefaultModel) -> BulkScores:
    known = (~np.isnan(x)).mean(axis=1)
    return BulkScores(np.where(known >= MIN_KNOWN_SHARE, model.probabilities(x), np.nan), known)


class Run:
    """A version's run of a day while its batches come in: how its scores and features lie so far."""

    def __init__(self, model: DefaultModel, state: ModelState, bins: Mapping[str, Distribution]) -> None:
        self.model, self.state = model, state
        self._edges = {name: np.array(one.edges) for name, one in bins.items()}
        self._found: dict[str, Distribution] = {}

    def take(self, series: Series, more: Arrays) -> BulkScores:
        """Score a batch and count where its firms lie; of firms without a score nothing is counted. The first batch of a model whose card
        names no bins makes them.
        """
        x = inputs(series, more, self.model)
        found = _scored(x, self.model)
        there = ~np.isnan(found.probabilities)
        columns = {SCORE: found.probabilities, **{name: x[:, i] for i, name in enumerate(self.model.features)}}
        for name, values in columns.items():
            made = rules.distribution(name, values[there], self._edges.get(name))
            self._edges[name] = np.array(made.edges)
            self._found[name] = rules.joined(self._found[name], made) if name in self._found else made
        return found

    @property
    def distributions(self) -> list[Distribution]:
        """Return how all batches lie; none where no firm had a score."""
        return [one for one in self._found.values() if self._found[SCORE].firms]


async def score_city(session: AsyncSession, artifacts: Path, now: datetime, as_of: date | None = None) -> int:
    """Score all verified firms as of a day (None: today) with the champion and every challenger, the same way for all; return how many
    scores were kept. A version that was run for the day already is left as it is.
    """
    today = business_date(now)
    day = as_of or today
    champion = await registry.champion(session, artifacts, now)
    await database.lock(session, "score_city")
    running = []
    for version in await registry.models(session):
        if version.state in {ModelState.CHAMPION, ModelState.CHALLENGER} and not await store.has_run(session, day, version.version):
            model = champion.sibling(version.version, version.sha256)
            running.append(Run(model, version.state, await _bins(session, model, now)))
    kept, offset = 0, 0
    while running and (firms := await enterprises.every(session, limit=BATCH, offset=offset)):
        offset += len(firms)
        verified = [firm for firm in firms if firm.status is EnterpriseStatus.VERIFIED]
        kept += await _batch(session, verified, running, day, now)
    for run in running:
        await store.add_distributions(session, run.distributions, run.model.version, day, now)
    await store.forget_bulk(session, today, KEPT_DAYS, KEPT_MONTHS)
    return kept


async def _batch(session: AsyncSession, firms: Sequence[Enterprise], running: Sequence[Run], day: date, now: datetime) -> int:
    series, kept = await facts.series(session, [firm.uscc for firm in firms], day, now), 0
    for run in running:
        more = await recorded(session, firms, run.model, day, now)
        # In a thread: the scheduler's other jobs share the loop.
        found = await asyncio.to_thread(run.take, series, more)
        at: Sequence[int] = np.flatnonzero(~np.isnan(found.probabilities)).tolist()
        columns = found.probabilities[at].tolist(), found.known_shares[at].tolist()
        await store.add_bulk(session, [firms[i].id for i in at], *columns, (run.model.version, run.state.value, day, now))
        kept += len(at)
    return kept


async def _bins(session: AsyncSession, model: DefaultModel, now: datetime) -> dict[str, Distribution]:
    """Return the bins of a model: those of its card, else of its first run; none before that."""
    days = await store.run_days(session, model.version, date.max, now)
    first = await store.distributions(session, model.version, days[0]) if days else {}
    return {**first, **rules.of_card(model.card)}
