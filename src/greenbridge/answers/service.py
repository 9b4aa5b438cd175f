"""A bank claims a slot, offers or declines; the firm agrees to be named and accepts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, Role
from greenbridge.answers import rules, store
from greenbridge.answers.values import (
    ANSWER_STATUS_NAMES,
    Answer,
    AnswerStatus,
    AnswerView,
    Band,
    DeclineReason,
    NamedEnterprise,
    Offer,
    OpenNeed,
    Outline,
)
from greenbridge.audit import service as audit
from greenbridge.catalog import service as catalog
from greenbridge.catalog.values import Eligibility
from greenbridge.consents import service as consents
from greenbridge.consents.values import Narrowing, Purpose, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Origin
from greenbridge.facts import service as facts
from greenbridge.kit import database
from greenbridge.kit.calendar import add_working_days, business_date
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound
from greenbridge.matching import service as matching
from greenbridge.matching.values import MatchRun
from greenbridge.needs import rules as need_rules
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need, NeedStatus
from greenbridge.scoring.gateway import DefaultModel

# Which work steps the firm opens to a bank: when it lets it look, and when it accepts its offer.
SURVEY = (WorkStep.SURVEY,)
CHOSEN = (WorkStep.SURVEY, WorkStep.APPROVAL, WorkStep.DISBURSEMENT)


def _must_be_officer(actor: Actor) -> None:
    if actor.role is not Role.OFFICER:
        raise Forbidden("not-an-officer", "只有信贷员可以办理。", "Only a loan officer may do this.")


async def work_list(
    session: AsyncSession, actor: Actor, model: DefaultModel, now: datetime, *, limit: int = 50, offset: int = 0
) -> list[OpenNeed]:
    """Return the open needs as the officer's bank may see them, newest first."""
    _must_be_officer(actor)
    async with database.as_platform(session):  # the exact terms of needs that it has not answered are closed to a bank
        found = await needs.open_ones(session, business_date(now), limit=limit, offset=offset)
        behind = await _behind(session, found, model, now)
    return [await _seen(session, actor, one, now) for one in behind]


async def overview(session: AsyncSession, actor: Actor, now: datetime) -> list[tuple[Band, int | None]]:
    """Return how many needs are open in each band of amounts; None: some, but fewer than may be told."""
    _must_be_officer(actor)
    async with database.as_platform(session):
        amounts = await needs.open_amounts(session, business_date(now))
    found = Counter(rules.band(amount, rules.AMOUNT_BANDS_FEN) for amount in amounts)
    bands = [rules.band(low + 1, rules.AMOUNT_BANDS_FEN) for low in rules.AMOUNT_BANDS_FEN]
    return list(rules.counted({band: found[band] for band in bands}).items())


async def open_need(session: AsyncSession, actor: Actor, need_id: UUID, model: DefaultModel, now: datetime) -> OpenNeed:
    """Return one need as the officer's bank may see it: an open one, or one that the bank has answered."""
    _must_be_officer(actor)
    async with database.as_platform(session):
        need = await needs.get(session, need_id)
        (behind,) = await _behind(session, [need], model, now)
    seen = await _seen(session, actor, behind, now)
    if not need_rules.is_open(need.status) and seen.mine is None:
        raise NotFound("no-need", "没有这条需求。", "There is no such need.")
    return seen


@dataclass(frozen=True, slots=True)
class _Behind:
    """What the platform knows of a need and a bank sees in part: all answers, all matches, where the firm comes from."""

    need: Need
    outline: Outline
    answers: Sequence[Answer]
    run: MatchRun
    origin: Origin


async def _behind(session: AsyncSession, found: Sequence[Need], model: DefaultModel, now: datetime) -> list[_Behind]:
    districts = await needs.open_by_region(session, business_date(now))
    return [
        _Behind(
            need,
            rules.outline(need, districts.get(need.region_code, 0)),
            await store.of_need(session, need.id),
            await matching.of_need(session, need, model, now),
            (await enterprises.get(session, need.enterprise_id)).origin,
        )
        for need in found
    ]


async def _seen(session: AsyncSession, actor: Actor, behind: _Behind, now: datetime) -> OpenNeed:
    need = behind.need
    mine = next((a for a in behind.answers if a.bank_id == actor.organisation.id), None)
    own = [m for m in behind.run.matches if m.product.bank.code == actor.organisation.code]
    # Agreed for this need, and the consent still stands: an agreement on one need names the firm on no other.
    # A withdrawal takes the name back from every need that was agreed before it.
    agreed = (
        mine is not None
        and mine.agreed_at is not None
        and not await consents.withdrawn_since(session, need.enterprise_id, actor.organisation.id, mine.agreed_at)
    )
    stands = await consents.standing(session, need.enterprise_id, actor.organisation.id, Purpose.LOAN_REVIEW, now) if agreed else None
    firm = await enterprises.get(session, need.enterprise_id) if stands else None
    return OpenNeed(
        need.id,
        need.number,
        need.status,
        need.published_at,
        need.open_until,
        behind.outline,
        need.draft if mine else None,
        rules.SLOTS - sum(rules.takes_slot(a.status) for a in behind.answers),
        mine,
        tuple((m.product, m.eligibility) for m in own),
        NamedEnterprise(firm.id, firm.uscc, firm.name) if firm else None,
        behind.origin is Origin.GENERATED,
        stands.steps if stands else (),
    )


async def claim(session: AsyncSession, actor: Actor, need_id: UUID, model: DefaultModel, now: datetime) -> Answer:
    """Take one of the need's slots for the officer's bank. One per bank, none without a product that fits.

    The need's row is locked, so that banks come one after another; the unique index stands behind it.
    """
    _must_be_officer(actor)
    async with database.as_platform(session):  # a bank may not lock a firm's need, nor see which slots other banks hold
        need = await needs.locked(session, need_id)
        answers = await store.of_need(session, need.id)
    answered_before = any(a.bank_id == actor.organisation.id for a in answers)
    if not need_rules.is_open(need.status) and not answered_before:
        # As `open_need` says: which needs there were is nobody's business but the firm's and the banks' that answered.
        raise NotFound("no-need", "没有这条需求。", "There is no such need.")
    if not need_rules.is_open(need.status) or need.open_until < business_date(now):
        raise Conflict("need-not-open", "该需求已不再开放。", "The need is not open any more.")
    if answered_before:
        raise Conflict("claimed-before", "贵行已受理过该需求。", "Your bank has answered this need already.")
    slot = rules.free_slot({a.slot for a in answers if rules.takes_slot(a.status)})
    if slot is None:
        raise Conflict("no-slot", "该需求的银行名额已满。", "All slots of this need are taken.")
    seen = await open_need(session, actor, need_id, model, now)
    if not any(answer is not Eligibility.NOT_ELIGIBLE for _, answer in seen.products):
        raise Conflict(
            "no-fitting-product",
            "贵行没有适合该需求的产品，不能占用名额。",
            "Your bank lists no product that fits; a slot is not given.",
        )
    act_by = add_working_days(business_date(now), rules.ACT_WORKING_DAYS)
    try:
        answer = await store.add(session, need.id, actor.organisation, actor.account_id, slot, now, act_by)
    except IntegrityError:
        raise Conflict("no-slot", "名额刚被其他银行占用。", "Another bank took the slot just now.") from None
    withdrawn = await consents.withdrawn_since(session, need.enterprise_id, actor.organisation.id, need.published_at)
    if need.draft.agrees_to_report and not withdrawn:
        async with database.as_platform(session):  # the firm said so with its need: the bank that reads does not grant it to itself
            await _grant(session, need, answer, SURVEY, now, told_by=None, narrowing=None)
        answer = await store.set_agreed(session, answer.id, now)
    if need.status is NeedStatus.PUBLISHED:
        async with database.as_platform(session):
            await needs.move(session, need.id, NeedStatus.IN_ANSWER, now, account_id=actor.account_id)
    await audit.record(session, "answer.claimed", f"answer:{answer.id}", now, account_id=actor.account_id, need=str(need.id), slot=slot)
    return answer


async def _banks_own(session: AsyncSession, actor: Actor, answer_id: UUID) -> tuple[Answer, Need]:
    """Return the answer of the officer's bank with its need, locked need first: every change of answers takes that order."""
    _must_be_officer(actor)
    answer = await store.find(session, answer_id)
    if answer is None or answer.bank_id != actor.organisation.id:
        raise NotFound("no-answer", "没有这条应答。", "There is no such answer.")
    async with database.as_platform(session):
        need = await needs.locked(session, answer.need_id)
    again = await store.find(session, answer_id)
    assert again is not None
    return again, need


def _must_be_able(answer: Answer, status: AnswerStatus) -> None:
    if not rules.may_become(answer.status, status):
        zh, en = ANSWER_STATUS_NAMES[answer.status].zh, ANSWER_STATUS_NAMES[answer.status].en
        raise Conflict("answer-state", f"应答当前“{zh}”，不能进行此操作。", f"The answer is now: {en}; this cannot be done.")


async def offer(session: AsyncSession, actor: Actor, answer_id: UUID, terms: Offer, note: str, now: datetime) -> Answer:
    """Make an offer within the product's frame. Raises Invalid with each wrong field."""
    answer, need = await _banks_own(session, actor, answer_id)
    _must_be_able(answer, AnswerStatus.OFFERED)
    today = business_date(now)
    if not need_rules.is_open(need.status) or need.open_until < today:
        raise Conflict("need-not-open", "该需求已不再开放。", "The need is not open any more.")
    if answer.act_by < today:
        raise Conflict("too-late", f"答复期限 {answer.act_by} 已过。", f"The answer was due by {answer.act_by}.")
    products = {product.code: product for product in await catalog.listed(session, actor)}
    if found := rules.offer_problems(terms, products.get(terms.product_code), need.draft, today, need.open_until):
        raise Invalid("wrong-offer", "请检查报价。", "Check the offer.", fields=found)
    made = await store.set_offer(session, answer.id, terms, note)
    await audit.record(
        session,
        "answer.offered",
        f"answer:{answer.id}",
        now,
        account_id=actor.account_id,
        amount_fen=terms.amount_fen,
        rate_bp=terms.annual_rate_bp,
    )
    return made


async def decline(
    session: AsyncSession, actor: Actor, answer_id: UUID, reasons: Sequence[DeclineReason], note: str, now: datetime
) -> Answer:
    """Decline with one to four reasons; the slot is free again."""
    answer, need = await _banks_own(session, actor, answer_id)
    _must_be_able(answer, AnswerStatus.DECLINED)
    if found := rules.decline_problems(reasons):
        raise Invalid("wrong-decline", "请说明谢绝的理由。", "Say why you decline.", fields=found)
    declined = await store.set_decline(session, answer.id, list(dict.fromkeys(reasons)), note)
    await audit.record(
        session,
        "answer.declined",
        f"answer:{answer.id}",
        now,
        account_id=actor.account_id,
        reasons=[r.value for r in declined.reasons],
    )
    await _reopen_if_unanswered(session, need, now)
    return declined


async def _reopen_if_unanswered(session: AsyncSession, need: Need, now: datetime) -> None:
    async with database.as_platform(session):
        left = [a for a in await store.of_need(session, need.id) if rules.takes_slot(a.status)]
        if not left and need.status is NeedStatus.IN_ANSWER:
            await needs.move(session, need.id, NeedStatus.PUBLISHED, now)


async def of_need(session: AsyncSession, actor: Actor, need_id: UUID, now: datetime) -> list[AnswerView]:
    """Return the answers to the actor's own need."""
    need = await needs.own(session, actor, need_id)
    banks = {bank.id: bank for bank in await accounts.banks(session)}
    products = {product.code: product.name for product in await catalog.listed(session)}
    views = []
    for answer in await store.of_need(session, need.id):
        stands = await consents.standing(session, need.enterprise_id, answer.bank_id, Purpose.LOAN_REVIEW, now)
        named = stands is not None and answer.agreed_at is not None
        product = products.get(answer.offer.product_code, answer.offer.product_code) if answer.offer else None
        views.append(AnswerView(answer, banks[answer.bank_id].name, named, product))
    return views


async def _firms_own(session: AsyncSession, actor: Actor, answer_id: UUID) -> tuple[Answer, Need]:
    answer = await store.find(session, answer_id)
    if answer is None:
        raise NotFound("no-answer", "没有这条应答。", "There is no such answer.")
    try:
        await needs.own(session, actor, answer.need_id)
    except NotFound:
        raise NotFound("no-answer", "没有这条应答。", "There is no such answer.") from None
    need = await needs.locked(session, answer.need_id)
    again = await store.find(session, answer_id)
    assert again is not None
    return again, need


async def _grant(
    session: AsyncSession,
    need: Need,
    answer: Answer,
    steps: Sequence[WorkStep],
    now: datetime,
    *,
    told_by: UUID | None,
    narrowing: Narrowing | None,
) -> None:
    """Grant the answering bank what the firm has agreed to: with its need, with its agreement, with its acceptance."""
    known, basis = facts.described(), f"need:{need.number}"
    await consents.grant(session, need.enterprise_id, answer.bank_id, steps, known, now, told_by=told_by, narrowing=narrowing, basis=basis)


async def agree(session: AsyncSession, actor: Actor, answer_id: UUID, now: datetime, narrowing: Narrowing | None = None) -> Answer:
    """Let the answering bank know who asks and read the report for its survey, as far as the firm says."""
    answer, need = await _firms_own(session, actor, answer_id)
    waiting = answer.status in {AnswerStatus.CLAIMED, AnswerStatus.OFFERED} and need_rules.is_open(need.status)
    if not waiting and answer.status is not AnswerStatus.CHOSEN:
        raise Conflict("answer-state", "该银行已不再应答这条需求。", "This bank answers the need no more.")
    steps = CHOSEN if answer.status is AnswerStatus.CHOSEN else SURVEY
    await _grant(session, need, answer, steps, now, told_by=actor.account_id, narrowing=narrowing)
    return await store.set_agreed(session, answer.id, now)


async def agreeing(session: AsyncSession, actor: Actor, answer_id: UUID) -> tuple[Answer, Need, Sequence[WorkStep]]:
    """Return the answer to the actor's need, the need, and the work steps that agreeing now would open to the bank."""
    answer, need = await _firms_own(session, actor, answer_id)
    return answer, need, CHOSEN if answer.status is AnswerStatus.CHOSEN else SURVEY


async def accept(session: AsyncSession, actor: Actor, answer_id: UUID, now: datetime, *, post_loan: bool = False) -> Answer:
    """Accept an offer: the firm is named to that bank, which reads on until it pays out; the other banks are told that they were
    not chosen. `post_loan`: it may also watch the loan afterwards.
    """
    answer, need = await _firms_own(session, actor, answer_id)
    _must_be_able(answer, AnswerStatus.CHOSEN)
    if answer.offer is None or answer.offer.valid_until < business_date(now):
        raise Conflict("offer-over", "该报价已过有效期。", "The offer is over.")
    await store.set_agreed(session, answer.id, now)
    chosen = await store.set_status(session, answer.id, AnswerStatus.CHOSEN)
    for other in await store.of_need(session, need.id):
        if rules.may_become(other.status, AnswerStatus.NOT_CHOSEN):
            await store.set_status(session, other.id, AnswerStatus.NOT_CHOSEN)
    await _grant(session, need, answer, CHOSEN, now, told_by=actor.account_id, narrowing=None)
    if post_loan:
        await _grant(session, need, answer, (WorkStep.POST_LOAN,), now, told_by=actor.account_id, narrowing=None)
    await needs.move(session, need.id, NeedStatus.OFFER_ACCEPTED, now, account_id=actor.account_id)
    await audit.record(session, "answer.chosen", f"answer:{answer.id}", now, account_id=actor.account_id)
    return chosen


async def of_bank(session: AsyncSession, actor: Actor, *, limit: int = 100) -> list[tuple[Answer, Need]]:
    """Return the bank's answers with their needs, newest first."""
    _must_be_officer(actor)
    return [(answer, await needs.get(session, answer.need_id)) for answer in await store.of_bank(session, actor.organisation.id, limit)]


async def expire(session: AsyncSession, now: datetime) -> int:
    """End claims that were not acted on in time and offers past their day; their slots are free again."""
    today = business_date(now)
    found = await store.overdue(session, today)
    # All needs first, in one order, the audit chain's lock after them: the order that everybody else takes.
    locked = {need_id: await needs.locked(session, need_id) for need_id in sorted({a.need_id for a in found})}
    again = [await store.find(session, a.id) for a in found]  # a bank may have offered while we waited
    late = [a for a in again if a is not None and rules.is_overdue(a, today)]
    for answer in late:
        await store.set_status(session, answer.id, AnswerStatus.EXPIRED)
        await audit.record(session, "answer.expired", f"answer:{answer.id}", now)
    for need_id in {a.need_id for a in late}:
        await _reopen_if_unanswered(session, locked[need_id], now)
    return len(late)


async def totals(session: AsyncSession) -> tuple[int, int, int]:
    """Return (offers made, accepted offers, accepted amount in fen)."""
    return await store.totals(session)
