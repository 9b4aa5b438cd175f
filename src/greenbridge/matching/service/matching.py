"""Matching needs with the listed products: once, and again when something changed that they depend on."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import service as facts
from greenbridge.green import service as greens_of
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.matching.rules import fairness, informing, plan, ranking
from greenbridge.matching.rules.applicant import applicant
from greenbridge.matching.service import greens, reaching
from greenbridge.matching.service.engines import Engine, compiled, scores
from greenbridge.matching.store import books
from greenbridge.matching.store import reaching as fits_store
from greenbridge.matching.store import runs as store
from greenbridge.matching.values import Facts, GradeOfDay, MatchRun, Plan, Reason
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need, NeedDraft
from greenbridge.peers import service as peers
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel

Asked = tuple[Enterprise, NeedDraft, str]
FIRST_RUNS = 500  # of one round of the scheduler


async def for_actor(session: AsyncSession, actor: Actor, need_id: UUID, model: DefaultModel, now: datetime) -> MatchRun:
    """Return the matches of the actor's own need, made now if there are none yet."""
    need = await needs.own(session, actor, need_id)
    return await of_need(session, need, model, now)


async def of_need(session: AsyncSession, need: Need, model: DefaultModel, now: datetime) -> MatchRun:
    """Return a need's matches for a caller that has checked who asks; made anew after a listing, a delivery or a new policy."""
    engine = await compiled(session, business_date(now))
    kept = await _kept(session, need.id, engine)
    if kept is None:
        return (await make(session, [need], model, now))[0]
    delivered_at = max((received_at for _, received_at, _ in (await facts.coverage(session, now)).values()), default=None)
    used = await scoring.model_at(session, model, now)
    if kept.model_version != used.version or (delivered_at is not None and delivered_at > kept.made_at):
        return (await make(session, [need], model, now, reason=Reason.FACT))[0]
    if reason := _outdated(kept, engine):
        return await _keep(session, _again(engine, kept, kept.facts, kept.model_version, now, reason, await _books(session)), engine)
    return kept


async def make(
    session: AsyncSession, wanted: Sequence[Need], model: DefaultModel, now: datetime, *, reason: Reason = Reason.FIRST
) -> list[MatchRun]:
    """Match needs with all listed products and keep the runs, in the order of the needs."""
    engine = await compiled(session, business_date(now))
    firms = [await enterprises.get(session, need.enterprise_id) for need in wanted]
    asked = [(firm, need.draft, need.region_code) for firm, need in zip(firms, wanted, strict=True)]
    green = await greens.rated(session, firms, business_date(now), now)
    found, used = await known(session, asked, model, now, green), await scoring.model_at(session, model, now)
    runs = []
    for need, held in zip(wanted, found, strict=True):
        run = _ranked(engine, need.id, held, used.version, now, reason, await _books(session), green.get(need.enterprise_id))
        runs.append(await _keep(session, run, engine))
    return runs


async def known(
    session: AsyncSession, asked: Sequence[Asked], model: DefaultModel, now: datetime, green: Mapping[UUID, GradeOfDay]
) -> list[Facts]:
    """Return what rules may ask of firms and their needs, as known now; `green`: their grades, which cost too much to rate at each
    question (some 5 ms).
    """
    today = business_date(now)
    firms = [firm for firm, _, _ in asked]
    usccs = [firm.uscc for firm in firms]
    series = await facts.series(session, usccs, today, now)
    used = await scoring.model_at(session, model, now)
    scores = await scoring.score_series(session, firms, series, used, today, now)
    records = await facts.facts_of(session, usccs, today, now)
    delivered = set(await facts.coverage(session, now))
    found = []
    for index, (firm, draft, region_code) in enumerate(asked):
        score, own = scores.get(firm.id), records[firm.uscc]
        profile = peers.profile(series.of(index), own, today)
        probability = score.default_probability if score else None
        graded = green.get(firm.id)
        grade = graded.grade if graded else None
        found.append(applicant(draft, region_code, own, series.of(index), probability, delivered, today, profile, grade).facts)
    return found


async def rematch(session: AsyncSession, model: DefaultModel, now: datetime, *, limit: int = 2_000) -> int:
    """Match again the open needs that a change touches: facts of their firm that rules ask for, a new champion among the models, the list
    of products, the policy; and for the first time those that nobody has read yet. Banks are told of new fits. Return how many runs were
    made.
    """
    engine = await compiled(session, business_date(now))
    changed = await _first(session, model, now)
    open_ = await needs.open_ones(session, business_date(now), limit=limit)
    matched = await store.runs_of(session, [need.id for need in open_])
    touched = await _touched(session, [need for need in open_ if need.id in matched], min(matched.values(), default=now), now)
    used = await scoring.model_at(session, model, now)
    for need in open_:
        kept = await _kept(session, need.id, engine) if need.id in matched else None
        if kept is None:
            continue
        firm = await enterprises.get(session, need.enterprise_id)
        stale, held, scored_by, green = touched.get(firm.uscc), kept.facts, kept.model_version, kept.green
        reason = _outdated(kept, engine)
        if scored_by != used.version or (stale is not None and stale > kept.made_at):
            scored_by = used.version
            rated = await greens.rated(session, [firm], business_date(now), now)
            held, reason = (await known(session, [(firm, need.draft, need.region_code)], model, now, rated))[0], Reason.FACT
            green = rated.get(firm.id)
        if reason is None:
            continue
        if reason is Reason.FACT and (held, scored_by) == (kept.facts, kept.model_version) and not _outdated(kept, engine):
            continue  # records came that no rule asks for
        await _keep(session, _ranked(engine, need.id, held, scored_by, now, reason, await _books(session), green), engine)
        changed += 1
    await fits_store.forget_closed(session, business_date(now))
    await reaching.tell(session, now)
    return changed


async def _first(session: AsyncSession, model: DefaultModel, now: datetime) -> int:
    wanted = [await needs.get(session, need_id) for need_id in await reaching.waiting(session, now, FIRST_RUNS)]
    return len(await make(session, wanted, model, now)) if wanted else 0


async def _touched(session: AsyncSession, wanted: Sequence[Need], since: datetime, now: datetime) -> dict[str, datetime]:
    firms = {firm.id: firm.uscc for firm in [await enterprises.get(session, need.enterprise_id) for need in wanted]}
    found = dict(await facts.touched(session, list(firms.values()), since, now))
    for firm, at in (await greens_of.touched(session, list(firms), since)).items():
        found[firms[firm]] = max(at, found.get(firms[firm], at))
    return found


async def _kept(session: AsyncSession, need_id: UUID, engine: Engine) -> MatchRun | None:
    return await store.newest(session, need_id, {(p.code, p.version): p for p in engine.edition.products})


def _outdated(kept: MatchRun, engine: Engine) -> Reason | None:
    if kept.catalogue != engine.edition.digest:
        return Reason.PRODUCT
    return Reason.POLICY if kept.policy_version != engine.policy.version else None


Books = tuple[dict[str, float], dict[str, float]]


async def _books(session: AsyncSession) -> Books:
    """Return (how well banks answered, what they were shown beyond their merit): the platform's own books."""
    async with database.as_platform(session):
        return scores(await books.behaviour(session)), await books.balances(session)


def _again(engine: Engine, kept: MatchRun, held: Facts, model_version: str, now: datetime, reason: Reason, of: Books) -> MatchRun:
    return _ranked(engine, kept.need_id, held, model_version, now, reason, of, kept.green)


def _ranked(
    engine: Engine,
    need_id: UUID,
    held: Facts,
    model_version: str,
    now: datetime,
    reason: Reason,
    of: Books,
    green: GradeOfDay | None,
) -> MatchRun:
    behaviour, balances = of
    by_merit = ranking.rank(engine.compiled, engine.scorer, held, behaviour)
    order, _ = fairness.take_turns(by_merit, balances, str(need_id), engine.policy)
    return MatchRun(need_id, now, engine.policy.version, model_version, held, tuple(order), reason, engine.edition.digest, green)


async def _keep(session: AsyncSession, run: MatchRun, engine: Engine) -> MatchRun:
    """Keep a run, and what it shows whom."""
    await store.add(session, run)
    by_merit = sorted(run.matches, key=lambda m: m.merit_rank)
    shown = fairness.shown(by_merit, run.matches, engine.policy)
    async with database.as_platform(session):
        await books.note_exposure(session, business_date(run.made_at), shown)
        await fits_store.set_fits(session, run)
    return run


async def plans_of(session: AsyncSession, run: MatchRun, now: datetime) -> tuple[list[Plan], dict[str, tuple[str, ...]]]:
    """Return (the plans that open products for a need, unknown fact -> the products that wait for it)."""
    engine = await compiled(session, business_date(now))
    opening = plan.plans(engine.compiled, run.facts, engine.policy)
    settling = informing.informing(engine.compiled, run.facts, run.green, engine.policy)
    return [*opening, *settling], dict(plan.missing(engine.compiled, run.facts))


async def count(session: AsyncSession) -> int:
    """Return how many need-product pairs do not fail a rule, by each need's newest run."""
    return await store.count(session)
