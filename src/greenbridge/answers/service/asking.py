"""A bank is asked: by the firm that picked its product, by the platform when nobody came, by the operator."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor
from greenbridge.answers import gateway, rules, store
from greenbridge.answers.rules import deadlines, life
from greenbridge.answers.service.shared import close, kept_slots, must_be_officer, start, stop, tell_firm
from greenbridge.answers.values import AnswerGuard, AskedBy, DeclineReason, Owner, Request, RequestEvent, RequestState, Step
from greenbridge.audit import service as audit
from greenbridge.catalog.values import Eligibility
from greenbridge.kit import database, outbox, states
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.matching import service as matching
from greenbridge.matching.values import Match
from greenbridge.needs import rules as need_rules
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need
from greenbridge.scoring.gateway import DefaultModel


async def request(session: AsyncSession, actor: Actor, need_id: UUID, product_code: str, model: DefaultModel, now: datetime) -> Request:
    """Ask the bank of a product that the firm picked. Raises Conflict where no slot is free, or the product does not fit."""
    mine = await needs.own(session, actor, need_id)
    need = await needs.locked(session, mine.id)
    run = await matching.of_need(session, need, model, now)
    found = await matching.explained(session, run, product_code, now)
    if found is None:
        raise NotFound("no-product", "没有这个产品。", "There is no such product.")
    async with database.as_platform(session):
        return await ask(session, need, found, AskedBy.FIRM, now, account_id=actor.account_id)


async def ask(session: AsyncSession, need: Need, found: Match, by: AskedBy, now: datetime, *, account_id: UUID | None = None) -> Request:
    """Ask the bank of a match, for a caller that has checked who asks and has locked the need. Raises Conflict that says why not."""
    banks = {bank.code: bank for bank in await accounts.banks(session)}
    bank = banks[found.product.bank.code]
    answers, requests = await store.of_need(session, need.id), await store.requests_of(session, need.id)
    today, is_open = business_date(now), need_rules.is_open(need.status) and need.open_until >= business_date(now)
    taken = {a.slot for a in answers if rules.takes_slot(a.status)}
    holds = {
        guard
        for guard, true in (
            (AnswerGuard.NEED_OPEN, is_open and not rules.shut(need, answers, now)),
            (AnswerGuard.BANK_IS_NEW, bank.id not in {a.bank_id for a in answers} | {r.bank_id for r in requests}),
            (AnswerGuard.SLOT_FREE, rules.free_slot(taken, need.slots, kept_slots(requests, bank.id)) is not None),
            (AnswerGuard.PRODUCT_FITS, found.eligibility is not Eligibility.NOT_ELIGIBLE),
        )
        if true
    }
    if isinstance(step := states.step(life.REQUEST, None, RequestEvent.ASK, frozenset(holds)), states.Refusal):
        raise Conflict(*_NOT_ASKED[step.guard or AnswerGuard.NEED_OPEN])
    due = deadlines.due_on(gateway.profile(need.profile), Step.ACCEPT, today)
    due = min(due, rules.open_window_ends(need, now) or due)  # it may not come in later
    try:
        made = await store.add_request(session, need.id, bank.id, found.product.code, by, now, due)
    except IntegrityError:
        raise Conflict(*_NOT_ASKED[AnswerGuard.BANK_IS_NEW]) from None
    await stop(session, need.id, now, steps=(Step.ACCEPT, Step.OPERATE))
    await start(session, need, Step.ACCEPT, Owner.BANK, today, due=due, bank_id=bank.id, request_id=made.id)
    told = {"need_id": str(need.id), "number": need.number, "request_id": str(made.id), "product_code": made.product_code}
    # Who asked, so that nobody reads of a firm's choice where the platform shared out: firm, platform or operator.
    await outbox.publish(session, bank.id, "need.requested", {**told, "asked_by": by.value, "due_on": due.isoformat()}, now)
    said = {"bank": bank.code, "product": made.product_code, "by": by.value}
    await audit.record(session, "need.requested", f"need:{need.id}", now, account_id=account_id, **said)
    return made


_NOT_ASKED = {
    AnswerGuard.NEED_OPEN: ("need-not-open", "该需求已不再开放。", "The need is not open any more."),
    AnswerGuard.BANK_IS_NEW: ("asked-before", "该银行已被询问或已应答。", "This bank was asked or has answered already."),
    AnswerGuard.SLOT_FREE: ("no-slot", "该需求的银行名额已满。", "All slots of this need are taken."),
    AnswerGuard.PRODUCT_FITS: (
        "no-fitting-product",
        "该产品的条件不满足，请看逐条结果。",
        "The product's rules are not met; see each of them.",
    ),
}


async def refuse(session: AsyncSession, actor: Actor, request_id: UUID, reasons: Sequence[DeclineReason], now: datetime) -> Request:
    """Refuse what the officer's bank was asked, with one to four reasons; the clock then asks the next bank."""
    must_be_officer(actor)
    found = await store.find_request(session, request_id)
    if found is None or found.bank_id != actor.organisation.id:
        raise NotFound("no-request", "没有这条请求。", "There is no such request.")
    async with database.as_platform(session):
        need = await needs.locked(session, found.need_id)
    found = await store.find_request(session, request_id)
    assert found is not None
    if found.state is RequestState.WAITING and (wrong := rules.decline_problems(reasons)):
        raise Invalid("wrong-decline", "请说明谢绝的理由。", "Say why you decline.", fields=wrong)
    why, holds = list(dict.fromkeys(reasons)), {AnswerGuard.REASONS_GIVEN}
    refused = await close(session, found, RequestEvent.REFUSE, now, holds, account_id=actor.account_id, reasons=why)
    words = [reason.value for reason in refused.reasons]
    await tell_firm(session, need, "answer.declined", now, refused, reasons=words)
    return refused


async def requests_of_bank(session: AsyncSession, actor: Actor) -> list[Request]:
    """Return what the officer's bank is asked and has not taken or refused yet, the most urgent first."""
    must_be_officer(actor)
    return await store.requests_of_bank(session, actor.organisation.id, waiting=True)


async def requests_of(session: AsyncSession, actor: Actor, need_id: UUID) -> list[tuple[Request, str]]:
    """Return the banks that were asked for the actor's need, with their names."""
    need = await needs.own(session, actor, need_id)
    names = {bank.id: bank.name for bank in await accounts.banks(session)}
    return [(one, names[one.bank_id]) for one in await store.requests_of(session, need.id)]
