"""Matching a need with the listed products."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.catalog import service as catalog
from greenbridge.catalog.values import LoanProduct
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.kit import codes
from greenbridge.kit.calendar import business_date
from greenbridge.matching import store
from greenbridge.matching.rules import ranking
from greenbridge.matching.rules.applicant import applicant
from greenbridge.matching.values import MatchRun
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel


async def for_actor(session: AsyncSession, actor: Actor, need_id: UUID, model: DefaultModel, now: datetime) -> MatchRun:
    """Return the matches of the actor's own need, made now if there are none yet."""
    need = await needs.own(session, actor, need_id)
    return await of_need(session, need, model, now)


async def of_need(session: AsyncSession, need: Need, model: DefaultModel, now: datetime) -> MatchRun:
    """Return a need's matches for a caller that has checked who asks; made anew after a listing or a delivery."""
    products = {(p.code, p.version): p for p in await catalog.listed(session)}
    kept = await store.newest(session, need.id, products)
    delivered_at = max((received_at for _, received_at, _ in (await facts.coverage(session, now)).values()), default=None)
    newer_facts = kept is not None and delivered_at is not None and delivered_at > kept.made_at
    if kept and not newer_facts and {(m.product.code, m.product.version) for m in kept.matches} == set(products):
        return kept
    return (await make(session, [need], list(products.values()), model, now))[0]


async def make(
    session: AsyncSession, wanted: Sequence[Need], products: Sequence[LoanProduct], model: DefaultModel, now: datetime
) -> list[MatchRun]:
    """Match needs with products and keep the runs, in the order of the needs."""
    today = business_date(now)
    firms = [await enterprises.get(session, need.enterprise_id) for need in wanted]
    usccs = [firm.uscc for firm in firms]
    series = await facts.series(session, usccs, today, now)
    model = await scoring.model_at(session, model, now)
    scores = await scoring.score_series(session, firms, series, model, today, now)
    known = await facts.facts_of(session, usccs, today, now)
    delivered = set(await facts.coverage(session, now))
    runs = []
    for index, (need, firm) in enumerate(zip(wanted, firms, strict=True)):
        score = scores.get(firm.id)
        probability = score.default_probability if score else None
        who = applicant(need.draft, need.region_code, known[firm.uscc], series.of(index), probability, delivered, today)
        run = MatchRun(need.id, now, ranking.POLICY_VERSION, model.version, ranking.rank(products, who, codes.covers))
        await store.add(session, run)
        runs.append(run)
    return runs


async def count(session: AsyncSession) -> int:
    """Return how many need-product pairs do not fail a rule."""
    return await store.count(session)
