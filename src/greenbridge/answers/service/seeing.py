"""What an officer sees of open needs: bands before a slot, no name before the firm agrees."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Organisation
from greenbridge.answers import rules, store
from greenbridge.answers.rules import deadlines, life
from greenbridge.answers.service.shared import is_open_to, kept_slots, must_be_officer
from greenbridge.answers.values import (
    Answer,
    Band,
    NamedEnterprise,
    OpenNeed,
    Outline,
    Request,
    Waiting,
)
from greenbridge.catalog import service as catalog
from greenbridge.catalog.values import Eligibility
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Origin
from greenbridge.facts import service as facts
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Forbidden, NotFound
from greenbridge.matching import service as matching
from greenbridge.matching.values import MatchRun
from greenbridge.needs import rules as need_rules
from greenbridge.needs import service as needs
from greenbridge.needs.rules import knowing
from greenbridge.needs.values import Finding, Mode, Need
from greenbridge.scoring.gateway import DefaultModel


async def work_list(
    session: AsyncSession, actor: Actor, model: DefaultModel, now: datetime, *, limit: int = 50, offset: int = 0
) -> list[OpenNeed]:
    """Return the open needs as the officer's bank may see them, newest first."""
    must_be_officer(actor)
    async with database.as_platform(session):  # the exact terms of needs that it has not answered are closed to a bank
        found = await needs.open_ones(session, business_date(now), limit=limit, offset=offset, modes=(Mode.GRAB, Mode.SEALED))
        behind = await _behind(session, found, model, now)
    return [await _seen(session, actor, one, now) for one in behind]


async def overview(session: AsyncSession, actor: Actor, now: datetime) -> list[tuple[Band, int | None]]:
    """Return how many needs are open in each band of amounts; None: some, but fewer than may be told."""
    must_be_officer(actor)
    async with database.as_platform(session):
        amounts = await needs.open_amounts(session, business_date(now))
    found = Counter(rules.band(amount, rules.AMOUNT_BANDS_FEN) for amount in amounts)
    bands = [rules.band(low + 1, rules.AMOUNT_BANDS_FEN) for low in rules.AMOUNT_BANDS_FEN]
    return list(rules.counted({band: found[band] for band in bands}).items())


async def open_need(session: AsyncSession, actor: Actor, need_id: UUID, model: DefaultModel, now: datetime) -> OpenNeed:
    """Return one need as the officer's bank may see it: an open one, or one that the bank has answered."""
    must_be_officer(actor)
    async with database.as_platform(session):
        need = await needs.get(session, need_id)
        (behind,) = await _behind(session, [need], model, now)
    seen = await _seen(session, actor, behind, now)
    if seen.mine is None and not (need_rules.is_open(need.status) and is_open_to(need, seen.asked)):
        raise NotFound("no-need", "没有这条需求。", "There is no such need.")
    return seen


async def points(
    session: AsyncSession, actor: Actor, need_id: UUID, step: WorkStep, model: DefaultModel, now: datetime
) -> tuple[Finding, ...]:
    """Return the five points of a need that the officer's bank has answered, as they were found when it was published.

    They tell of the firm's fields: they go by the consent door, count as a read, and stand in the firm's ledger. Raises Forbidden
    while the firm has not agreed.
    """
    seen = await open_need(session, actor, need_id, model, now)
    if seen.enterprise is None:
        raise Forbidden("no-consent", "企业尚未授权贵行查阅。", "The firm has not agreed that your bank reads it.")
    need = await needs.get(session, need_id)
    async with consents.reading(session, actor, need.enterprise_id, step, ReadKind.FACTS, facts.levels(), now) as reading:
        return knowing.told(need.findings, reading.withheld)


async def fits(session: AsyncSession, bank: Organisation, need: Need, model: DefaultModel, now: datetime) -> bool:
    """Return whether a bank has a product for a need that was listed before it, and so could not be made for it. For the platform.

    One that was listed later counts neither way: a claim that it opened or kept shut would tell a figure of the firm.
    """
    listed = await catalog.listed_at(session)
    run = await matching.of_need(session, need, model, now)
    own = [m for m in run.matches if m.product.bank.code == bank.code and listed[m.product.code] <= need.published_at]
    return any(m.eligibility is not Eligibility.NOT_ELIGIBLE for m in own)


@dataclass(frozen=True, slots=True)
class _Behind:
    """What the platform knows of a need and a bank sees in part: all answers, all matches, where the firm comes from."""

    need: Need
    outline: Outline
    answers: Sequence[Answer]
    requests: Sequence[Request]
    run: MatchRun
    origin: Origin
    listed: Mapping[str, datetime]


async def _behind(session: AsyncSession, found: Sequence[Need], model: DefaultModel, now: datetime) -> list[_Behind]:
    districts = await needs.open_by_region(session, business_date(now))
    listed = await catalog.listed_at(session)
    return [
        _Behind(
            need,
            rules.outline(need, districts.get(need.region_code, 0)),
            await store.of_need(session, need.id),
            await store.requests_of(session, need.id),
            await matching.of_need(session, need, model, now),
            (await enterprises.get(session, need.enterprise_id)).origin,
            listed,
        )
        for need in found
    ]


async def _seen(session: AsyncSession, actor: Actor, behind: _Behind, now: datetime) -> OpenNeed:
    need = behind.need
    mine = next((a for a in behind.answers if a.bank_id == actor.organisation.id), None)
    own = await matching.of_bank(session, behind.run, actor.organisation.code, now)
    # Agreed for this need, and the consent still stands: an agreement on one need names the firm on no other.
    # A withdrawal takes the name back from every need that was agreed before it; of a loan that may be watched it stays.
    agreed = (
        mine is not None
        and mine.agreed_at is not None
        and (
            mine.status in life.LOANS
            or not await consents.withdrawn_since(session, need.enterprise_id, actor.organisation.id, mine.agreed_at)
        )
    )
    steps = await consents.named(session, actor, need.enterprise_id, now) if agreed else ()
    firm = await enterprises.get(session, need.enterprise_id) if steps else None
    # A product listed after the need could be made to ask for one figure of the firm, anonymous or withheld: it is not answered.
    told = [(m, behind.listed[m.product.code] <= need.published_at) for m in own]
    return OpenNeed(
        need.id,
        need.number,
        need.status,
        need.published_at,
        need.open_until,
        behind.outline,
        need.draft if mine else None,
        max(need.slots - sum(rules.takes_slot(a.status) for a in behind.answers) - kept_slots(behind.requests, actor.organisation.id), 0),
        mine,
        tuple((m.product, m.eligibility if known else Eligibility.CONDITIONAL) for m, known in told),
        NamedEnterprise(firm.id, firm.uscc, firm.name) if firm else None,
        behind.origin is Origin.GENERATED,
        steps,
        need.draft.mode,
        need.window_closes_at,
        next((r for r in behind.requests if r.bank_id == actor.organisation.id), None),
        need.sealed,
    )


async def of_bank(session: AsyncSession, actor: Actor, *, limit: int = 100) -> list[tuple[Answer, Need]]:
    """Return the bank's answers with their needs, newest first."""
    must_be_officer(actor)
    return [(answer, await needs.get(session, answer.need_id)) for answer in await store.of_bank(session, actor.organisation.id, limit)]


async def due(session: AsyncSession, actor: Actor, now: datetime) -> list[Waiting]:
    """Return what the officer's bank owes, the most urgent first: requests to take, firms to contact, offers, payments."""
    must_be_officer(actor)
    today = business_date(now)
    async with database.as_platform(session):  # a request speaks of a need that the bank has not answered yet
        found = await store.board(session, actor.organisation.id)
        return [
            Waiting(one, need.number, None, deadlines.days_left(one.due_on, today), need.status)
            for one in found
            for need in [await needs.get(session, one.need_id)]
        ]
