"""A bank claims a slot, surveys, offers or declines."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.answers import gateway, rules, store
from greenbridge.answers.rules import deadlines, life
from greenbridge.answers.service.seeing import fits
from greenbridge.answers.service.shared import (
    SURVEY,
    at_least,
    close,
    grant,
    happen,
    is_open_to,
    kept_slots,
    must_be_officer,
    record,
    reopen_if_unanswered,
    start,
    stop,
    tell_firm,
)
from greenbridge.answers.values import (
    Answer,
    AnswerEvent,
    AnswerGuard,
    AnswerHappened,
    DeadlineState,
    DeclineReason,
    Demand,
    Offer,
    Owner,
    RequestEvent,
    RequestState,
    Step,
)
from greenbridge.catalog import service as catalog
from greenbridge.consents import service as consents
from greenbridge.kit import database, states
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.needs import rules as need_rules
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need, NeedEvent, NeedGuard, NeedStatus
from greenbridge.scoring.gateway import DefaultModel


async def claim(session: AsyncSession, actor: Actor, need_id: UUID, model: DefaultModel, now: datetime) -> Answer:
    """Take one of the need's slots for the officer's bank. One per bank, none without a product that fits, listed before the need.

    The need's row is locked, so that banks come one after another; the unique index stands behind it.
    """
    must_be_officer(actor)
    today, bank = business_date(now), actor.organisation
    async with database.as_platform(session):  # a bank may not lock a firm's need, nor see which slots other banks hold
        need = await needs.locked(session, need_id)
        answers = await store.of_need(session, need.id)
        requests = await store.requests_of(session, need.id)
    asked = next((r for r in requests if r.bank_id == bank.id), None)
    answered_before = any(a.bank_id == bank.id for a in answers)
    if not answered_before and not (need_rules.is_open(need.status) and is_open_to(need, asked)):
        # As `open_need` says: which needs there were is nobody's business but the firm's and the banks' that answered.
        raise NotFound("no-need", "没有这条需求。", "There is no such need.")
    taken = {a.slot for a in answers if rules.takes_slot(a.status)}
    slot = rules.free_slot(taken, need.slots, kept_slots(requests, bank.id))
    waited_for = asked is not None and asked.state is RequestState.WAITING
    in_time = need.open_until >= today or (waited_for and asked is not None and asked.due_on >= today)
    holds = {
        guard
        for guard, true in (
            (AnswerGuard.NEED_OPEN, need_rules.is_open(need.status) and in_time and not rules.shut(need, answers, now)),
            (AnswerGuard.BANK_IS_NEW, not answered_before),
            (AnswerGuard.SLOT_FREE, slot is not None),
        )
        if true
    }
    if len(holds) == 3:  # what takes long is asked last
        async with database.as_platform(session):
            fitting = waited_for or await fits(session, bank, need, model, now)  # who is asked was found fitting
        holds |= {AnswerGuard.PRODUCT_FITS} if fitting else set()
    found = states.step(life.ANSWER, None, AnswerEvent.CLAIM, frozenset(holds))
    if isinstance(found, states.Refusal) or slot is None:
        raise _not_claimed(found.guard if isinstance(found, states.Refusal) else AnswerGuard.SLOT_FREE)
    window_ends = rules.open_window_ends(need, now)
    act_by = window_ends or _due(need, Step.CONTACT, now)
    try:
        answer = await store.add(session, need.id, bank, actor.account_id, slot, now, act_by)
    except IntegrityError:
        raise Conflict("no-slot", "名额刚被其他银行占用。", "Another bank took the slot just now.") from None
    withdrawn = await consents.withdrawn_since(session, need.enterprise_id, bank.id, need.published_at)
    if need.draft.agrees_to_report and not withdrawn:
        async with database.as_platform(session):  # the firm said so with its need: the bank that reads does not grant it to itself
            await grant(session, need, answer, SURVEY, now, told_by=None, narrowing=None)
        answer = await store.set_agreed(session, answer.id, now)
    await stop(session, need.id, now, steps=(Step.ACCEPT, Step.OPERATE))
    if asked is not None and waited_for:
        async with database.as_platform(session):
            await close(session, asked, RequestEvent.TAKE, now, account_id=actor.account_id)
    step = Step.OFFER if window_ends else Step.CONTACT
    await start(session, need, step, Owner.BANK, today, due=act_by, bank_id=bank.id, answer_id=answer.id)
    async with database.as_platform(session):
        if need.status is not NeedStatus.IN_ANSWER:
            await needs.happen(session, need, NeedEvent.CLAIM, now, {NeedGuard.OPEN_TODAY}, account_id=actor.account_id)
    await record(session, answer, AnswerHappened(now, answer.id, AnswerEvent.CLAIM, None, found, {"slot": slot}), actor.account_id)
    if not need.sealed:  # who offers is told when all are
        await tell_firm(session, need, "answer.claimed", now, answer)
    return answer


_NOT_CLAIMED = {
    AnswerGuard.NEED_OPEN: ("need-not-open", "该需求已不再开放。", "The need is not open any more."),
    AnswerGuard.BANK_IS_NEW: ("claimed-before", "贵行已受理过该需求。", "Your bank has answered this need already."),
    AnswerGuard.SLOT_FREE: ("no-slot", "该需求的银行名额已满。", "All slots of this need are taken."),
    AnswerGuard.PRODUCT_FITS: (
        "no-fitting-product",
        "贵行没有适合该需求的产品，不能占用名额。",
        "Your bank lists no product that fits; a slot is not given.",
    ),
}


def _not_claimed(guard: AnswerGuard | None) -> Conflict:
    return Conflict(*_NOT_CLAIMED[guard or AnswerGuard.NEED_OPEN])


def _due(need: Need, step: Step, now: datetime) -> date:
    return deadlines.due_on(gateway.profile(need.profile), step, business_date(now))


async def banks_own(session: AsyncSession, actor: Actor, answer_id: UUID) -> tuple[Answer, Need]:
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


async def contact(session: AsyncSession, actor: Actor, answer_id: UUID, now: datetime) -> Answer:
    """Note that the firm was contacted and the survey has begun; the offer's clock starts."""
    answer, need = await banks_own(session, actor, answer_id)
    today = business_date(now)
    due = rules.open_window_ends(need, now) or _due(need, Step.OFFER, now)
    holds = {AnswerGuard.IN_TIME} if answer.act_by >= today else set()
    surveying = await happen(session, answer, AnswerEvent.CONTACT, now, holds, account_id=actor.account_id, columns={"act_by": due})
    await stop(session, need.id, now, answer_id=answer.id)
    await start(session, need, Step.OFFER, Owner.BANK, today, due=due, bank_id=answer.bank_id, answer_id=answer.id)
    return surveying


async def demand(session: AsyncSession, actor: Actor, answer_id: UUID, asked: Sequence[Demand], note: str, now: datetime) -> Answer:
    """Ask the firm for papers; the bank's clock waits with what is left of it, the firm's runs."""
    answer, need = await banks_own(session, actor, answer_id)
    if need.sealed:  # its firm does not know of this bank yet, and could hand in nothing
        raise Conflict("sealed", "密封报价期间不能要求补充材料。", "While the window is sealed the firm cannot be asked for papers.")
    if not 1 <= len(set(asked)) <= len(Demand):
        raise Invalid.at("wrong-demand", "demands", "请选择需要补充的材料。", "Choose what is asked for.")
    today, words = business_date(now), [d.value for d in dict.fromkeys(asked)]
    holds = {AnswerGuard.IN_TIME} if answer.act_by >= today else set()
    who = actor.account_id
    columns = {"demands": words, "note": note}
    waiting = await happen(session, answer, AnswerEvent.DEMAND, now, holds, account_id=who, columns=columns, demands=words)
    await stop(session, need.id, now, DeadlineState.VOID, answer_id=answer.id)
    due = await start(session, need, Step.SUPPLY, Owner.FIRM, today, answer_id=answer.id)
    await tell_firm(session, need, "answer.action_required", now, answer, demands=words, due_on=due.isoformat())
    return waiting


async def offer(session: AsyncSession, actor: Actor, answer_id: UUID, terms: Offer, note: str, now: datetime) -> Answer:
    """Make an offer within the product's frame. Raises Invalid with each wrong field."""
    answer, need = await banks_own(session, actor, answer_id)
    today = business_date(now)
    holds = {AnswerGuard.NEED_OPEN, AnswerGuard.IN_TIME, AnswerGuard.TERMS_FIT}
    if isinstance(states.step(life.ANSWER, answer.status, AnswerEvent.OFFER, frozenset(holds)), states.Refusal):
        raise rules.refusal(states.Refusal(answer.status, None))
    if not need_rules.is_open(need.status):  # a bank has its own days, also where the need's are over meanwhile
        raise Conflict("need-not-open", "该需求已不再开放。", "The need is not open any more.")
    if rules.window_over(need, now) and need.window_closes_at and answer.claimed_at < need.window_closes_at:
        raise Conflict("window-closed", "密封报价已截止。", "The sealed window is over.")
    if answer.act_by < today:
        raise Conflict("too-late", f"答复期限 {answer.act_by} 已过。", f"The answer was due by {answer.act_by}.")
    product = {product.code: product for product in await catalog.listed(session, actor)}.get(terms.product_code)
    if found := rules.offer_problems(terms, product, need.draft, today, rules.last_valid_day(need, answer.act_by)):
        raise Invalid("wrong-offer", "请检查报价。", "Check the offer.", fields=found)
    assert product is not None
    terms = replace(terms, repayment=terms.repayment or product.repayment[0], yearly_fee_bp=product.yearly_fee_bp)
    await store.set_offer(session, answer.id, terms, note)
    told = {"amount_fen": terms.amount_fen, "rate_bp": terms.annual_rate_bp}
    # What is sealed is not told to anybody, by no way: the trail of events and the outbox keep quiet until the window opens.
    said: dict[str, Any] = {} if need.sealed else told
    made = await happen(session, answer, AnswerEvent.OFFER, now, holds, account_id=actor.account_id, **said)
    await stop(session, need.id, now, answer_id=answer.id)
    if not need.sealed:
        await tell_firm(session, need, "answer.offered", now, answer, valid_until=terms.valid_until.isoformat(), **told)
    return made


async def decline(
    session: AsyncSession, actor: Actor, answer_id: UUID, reasons: Sequence[DeclineReason], note: str, now: datetime
) -> Answer:
    """Decline with one to four reasons; the slot is free again. After the firm's choice the need is open to others again."""
    return await end(session, actor, answer_id, AnswerEvent.DECLINE, reasons, note, now)


async def give_back(
    session: AsyncSession, actor: Actor, answer_id: UUID, reasons: Sequence[DeclineReason], note: str, now: datetime
) -> Answer:
    """Return what could not be done, with one to four reasons; the need is open to others again."""
    return await end(session, actor, answer_id, AnswerEvent.RETURN, reasons, note, now)


async def end(
    session: AsyncSession, actor: Actor, answer_id: UUID, event: AnswerEvent, reasons: Sequence[DeclineReason], note: str, now: datetime
) -> Answer:
    """End an answer by the bank's word."""
    answer, need = await banks_own(session, actor, answer_id)
    if isinstance(found := states.step(life.ANSWER, answer.status, event, frozenset({AnswerGuard.REASONS_GIVEN})), states.Refusal):
        raise rules.refusal(found)
    if wrong := rules.decline_problems(reasons):
        raise Invalid("wrong-decline", "请说明谢绝的理由。", "Say why you decline.", fields=wrong)
    words = [reason.value for reason in dict.fromkeys(reasons)]
    columns, who = {"reasons": words, "note": note}, actor.account_id
    ended = await happen(session, answer, event, now, {AnswerGuard.REASONS_GIVEN}, account_id=who, columns=columns, reasons=words)
    await stop(session, need.id, now, answer_id=answer.id)
    if answer.status in life.LOANS:
        async with database.as_platform(session):
            await needs.happen(session, need, NeedEvent.FAIL, now, open_until=at_least(need, now))
    else:
        await reopen_if_unanswered(session, need, now)
    if not need.sealed:
        await tell_firm(session, need, "answer.declined", now, answer, reasons=words)
    return ended


async def totals(session: AsyncSession) -> tuple[int, int, int]:
    """Return (offers made, accepted offers, accepted amount in fen)."""
    return await store.totals(session)
