"""A bank claims a slot, offers or declines; what was not done in time ends."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.answers import rules, store
from greenbridge.answers.service.seeing import open_need
from greenbridge.answers.service.shared import SURVEY, grant, must_be_able, must_be_officer, reopen_if_unanswered
from greenbridge.answers.values import Answer, AnswerStatus, DeclineReason, Offer
from greenbridge.audit import service as audit
from greenbridge.catalog import service as catalog
from greenbridge.catalog.values import Eligibility
from greenbridge.consents import service as consents
from greenbridge.kit import database
from greenbridge.kit.calendar import add_working_days, business_date
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.needs import rules as need_rules
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need, NeedStatus
from greenbridge.scoring.gateway import DefaultModel


async def claim(session: AsyncSession, actor: Actor, need_id: UUID, model: DefaultModel, now: datetime) -> Answer:
    """Take one of the need's slots for the officer's bank. One per bank, none without a product that fits.

    The need's row is locked, so that banks come one after another; the unique index stands behind it.
    """
    must_be_officer(actor)
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
            await grant(session, need, answer, SURVEY, now, told_by=None, narrowing=None)
        answer = await store.set_agreed(session, answer.id, now)
    if need.status is NeedStatus.PUBLISHED:
        async with database.as_platform(session):
            await needs.move(session, need.id, NeedStatus.IN_ANSWER, now, account_id=actor.account_id)
    await audit.record(session, "answer.claimed", f"answer:{answer.id}", now, account_id=actor.account_id, need=str(need.id), slot=slot)
    return answer


async def _banks_own(session: AsyncSession, actor: Actor, answer_id: UUID) -> tuple[Answer, Need]:
    """Return the answer of the officer's bank with its need, locked need first: every change of answers takes that order."""
    must_be_officer(actor)
    answer = await store.find(session, answer_id)
    if answer is None or answer.bank_id != actor.organisation.id:
        raise NotFound("no-answer", "没有这条应答。", "There is no such answer.")
    async with database.as_platform(session):
        need = await needs.locked(session, answer.need_id)
    again = await store.find(session, answer_id)
    assert again is not None
    return again, need


async def offer(session: AsyncSession, actor: Actor, answer_id: UUID, terms: Offer, note: str, now: datetime) -> Answer:
    """Make an offer within the product's frame. Raises Invalid with each wrong field."""
    answer, need = await _banks_own(session, actor, answer_id)
    must_be_able(answer, AnswerStatus.OFFERED)
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
    must_be_able(answer, AnswerStatus.DECLINED)
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
    await reopen_if_unanswered(session, need, now)
    return declined


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
        await reopen_if_unanswered(session, locked[need_id], now)
    return len(late)


async def totals(session: AsyncSession) -> tuple[int, int, int]:
    """Return (offers made, accepted offers, accepted amount in fen)."""
    return await store.totals(session)
