"""A need's matches as they stand: made at the first look, made anew when they are old."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.facts import service as facts
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.matching.rules import informing, plan
from greenbridge.matching.service.engines import compiled
from greenbridge.matching.service.renewing import renew
from greenbridge.matching.store import checking
from greenbridge.matching.store import runs as store
from greenbridge.matching.values import MatchRun, Plan
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need
from greenbridge.scoring.gateway import DefaultModel


async def for_actor(session: AsyncSession, actor: Actor, need_id: UUID, model: DefaultModel, now: datetime) -> MatchRun:
    """Return the matches of the actor's own need, made now if there are none yet."""
    need = await needs.own(session, actor, need_id)
    return await of_need(session, need, model, now)


async def of_need(session: AsyncSession, need: Need, model: DefaultModel, now: datetime) -> MatchRun:
    """Return a need's matches for a caller that has checked who asks; made anew after a listing, a new policy, model or day, and where a
    delivery came to anybody: it may be of the firm, or the first of its kind, which makes nothing recorded mean nothing there.
    """
    delivered_at = max((received_at for _, received_at, _ in (await facts.coverage(session, now)).values()), default=None)
    async with database.as_platform(session):
        (looked,) = await checking.looked(session, [need.id])
    made = await renew(session, [looked], {looked.uscc: delivered_at} if delivered_at else {}, model, now)
    if need.id in made:
        return made[need.id]
    engine = await compiled(session, business_date(now))
    kept = await store.newest(session, need.id, {(p.code, p.version): p for p in engine.edition.products})
    assert kept is not None  # `renew` makes one where there is none
    return kept


async def plans_of(session: AsyncSession, run: MatchRun, now: datetime) -> tuple[list[Plan], dict[str, tuple[str, ...]]]:
    """Return (the plans that open products for a need, unknown fact -> the products that wait for it)."""
    engine = await compiled(session, business_date(now))
    opening = plan.plans(engine.compiled, run.facts, engine.policy)
    settling = informing.informing(engine.compiled, run.facts, run.green, engine.policy)
    return [*opening, *settling], dict(plan.missing(engine.compiled, run.facts))


async def count(session: AsyncSession) -> int:
    """Return how many need-product pairs do not fail a rule, by each need's newest run."""
    return await store.count(session)
