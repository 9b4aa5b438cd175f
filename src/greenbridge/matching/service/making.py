"""Making runs: what is known of firms and needs, the order of products, what is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.catalog.values import Eligibility
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import service as facts
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.matching.rules import fairness, ranking
from greenbridge.matching.rules.applicant import applicant
from greenbridge.matching.service import greens
from greenbridge.matching.service.engines import Engine, compiled, scores
from greenbridge.matching.store import books
from greenbridge.matching.store import reaching as fits_store
from greenbridge.matching.store import runs as store
from greenbridge.matching.values import Facts, GradeOfDay, MatchRun, Reason
from greenbridge.needs.values import Need, NeedDraft
from greenbridge.peers import service as peers
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel

Asked = tuple[Enterprise, NeedDraft, str]
Books = tuple[dict[str, float], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may ask of a firm and a need. The score behind it is not kept yet: whoever keeps a run keeps it."""

    facts: Facts
    scored: scoring.Scored | None
    model_version: str
    green: GradeOfDay | None


async def make(
    session: AsyncSession, wanted: Sequence[Need], model: DefaultModel, now: datetime, *, reason: Reason = Reason.FIRST
) -> list[MatchRun]:
    """Match needs with all listed products and keep the runs, in the order of the needs."""
    engine = await compiled(session, business_date(now))
    found = await known_of_needs(session, wanted, model, now)
    return [await keep(session, engine, need.id, held, now, reason) for need, held in zip(wanted, found, strict=True)]


async def known_of_needs(session: AsyncSession, wanted: Sequence[Need], model: DefaultModel, now: datetime) -> list[Known]:
    """Return what is known of needs, with the green grades of their firms rated now."""
    firms = {i: await enterprises.get(session, i) for i in {need.enterprise_id: None for need in wanted}}
    green = await greens.rated(session, list(firms.values()), business_date(now), now) if firms else {}
    return await known(session, [(firms[need.enterprise_id], need.draft, need.region_code) for need in wanted], model, now, green)


async def known(
    session: AsyncSession, asked: Sequence[Asked], model: DefaultModel, now: datetime, green: Mapping[UUID, GradeOfDay]
) -> list[Known]:
    """Return what rules may ask of firms and their needs, as known now; `green`: their grades, which cost too much to rate at each
    question (some 5 ms).
    """
    today = business_date(now)
    places = {firm.id: place for place, firm in enumerate({firm.id: firm for firm, _, _ in asked}.values())}
    firms = list({firm.id: firm for firm, _, _ in asked}.values())
    usccs = [firm.uscc for firm in firms]
    series = await facts.series(session, usccs, today, now)
    used = await scoring.model_at(session, model, now)
    scored = await scoring.scored(session, firms, series, used, today, now)
    records = await facts.facts_of(session, usccs, today, now)
    delivered = set(await facts.coverage(session, now))
    found = []
    for firm, draft, region_code in asked:
        score, own, of_firm = scored.get(firm.id), records[firm.uscc], series.of(places[firm.id])
        profile = peers.profile(of_firm, own, today)
        probability = score[0].default_probability if score else None
        graded = green.get(firm.id)
        grade = graded.grade if graded else None
        held = applicant(draft, region_code, own, of_firm, probability, delivered, today, profile, grade).facts
        found.append(Known(held, score, used.version, graded))
    return found


async def keep(session: AsyncSession, engine: Engine, need_id: UUID, held: Known, now: datetime, reason: Reason) -> MatchRun:
    """Rank all products for what is known of a need, and keep the run, the score behind it, and what it shows whom."""
    async with database.as_platform(session):
        behaviour, balances = scores(await books.behaviour(session)), await books.balances(session)
    by_merit = ranking.rank(engine.compiled, engine.scorer, held.facts, behaviour)
    order, shown = fairness.take_turns(by_merit, balances, str(need_id), engine.policy)
    codes = {kind: [m.product.code for m in order if m.eligibility is kind] for kind in Eligibility}
    counts, versions = {kind: len(of) for kind, of in codes.items()}, (engine.policy.version, held.model_version)
    run = MatchRun(need_id, now, *versions, held.facts, tuple(order), counts, reason, engine.edition.digest, held.green)
    if held.scored:
        await scoring.keep(session, [held.scored])
    await store.add(session, run)
    async with database.as_platform(session):
        await books.note_exposure(session, business_date(now), shown)
        await fits_store.set_fits(session, need_id, now, codes[Eligibility.ELIGIBLE], codes[Eligibility.CONDITIONAL])
    return run
