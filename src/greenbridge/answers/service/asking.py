"""A bank is asked: by the firm that picked its product, by the platform when nobody came, by the operator."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor
from greenbridge.answers import gateway, rules, store
from greenbridge.answers.rules import deadlines
from greenbridge.answers.service.shared import must_be_officer, start, stop, tell_firm
from greenbridge.answers.values import AskedBy, DeclineReason, Owner, Request, RequestState, Step
from greenbridge.audit import service as audit
from greenbridge.catalog.values import Eligibility
from greenbridge.kit import database, outbox
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
    if not need_rules.is_open(need.status) or need.open_until < business_date(now):
        raise Conflict("need-not-open", "该需求已不再开放。", "The need is not open any more.")
    run = await matching.of_need(session, need, model, now)
    found = await matching.explained(session, run, product_code, now)
    if found is None:
        raise NotFound("no-product", "没有这个产品。", "There is no such product.")
    if found.eligibility is Eligibility.NOT_ELIGIBLE:
        raise Conflict("no-fitting-product", "该产品的条件不满足，请看逐条结果。", "The product's rules are not met; see each of them.")
    async with database.as_platform(session):
        return await ask(session, need, found, AskedBy.FIRM, now, account_id=actor.account_id)


async def ask(session: AsyncSession, need: Need, found: Match, by: AskedBy, now: datetime, *, account_id: UUID | None = None) -> Request:
    """Ask the bank of a match, for a caller that has checked who asks and has locked the need."""
    banks = {bank.code: bank for bank in await accounts.banks(session)}
    bank = banks[found.product.bank.code]
    answers, requests = await store.of_need(session, need.id), await store.requests_of(session, need.id)
    if bank.id in {a.bank_id for a in answers} | {r.bank_id for r in requests}:
        raise Conflict("asked-before", "该银行已被询问或已应答。", "This bank was asked or has answered already.")
    waiting = sum(r.state is RequestState.WAITING for r in requests)
    if sum(rules.takes_slot(a.status) for a in answers) + waiting >= need.slots:
        raise Conflict("no-slot", "该需求的银行名额已满。", "All slots of this need are taken.")
    today = business_date(now)
    due = deadlines.due_on(gateway.profile(need.profile), Step.ACCEPT, today)
    try:
        made = await store.add_request(session, need.id, bank.id, found.product.code, by, now, due)
    except IntegrityError:
        raise Conflict("asked-before", "该银行已被询问或已应答。", "This bank was asked or has answered already.") from None
    await stop(session, need.id, now, steps=(Step.ACCEPT, Step.OPERATE))
    await start(session, need, Step.ACCEPT, Owner.BANK, today, due=due, bank_id=bank.id, request_id=made.id)
    told = {"need_id": str(need.id), "request_id": str(made.id), "product_code": made.product_code, "due_on": due.isoformat()}
    await outbox.publish(session, bank.id, "need.requested", told, now)
    said = {"bank": bank.code, "product": made.product_code, "by": by.value}
    await audit.record(session, "need.requested", f"need:{need.id}", now, account_id=account_id, **said)
    return made


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
    if found.state is not RequestState.WAITING:
        raise Conflict("request-state", "该请求已处理。", "The request has been dealt with.")
    if wrong := rules.decline_problems(reasons):
        raise Invalid("wrong-decline", "请说明谢绝的理由。", "Say why you decline.", fields=wrong)
    refused = await store.close_request(session, found.id, RequestState.REFUSED, now, list(dict.fromkeys(reasons)))
    await stop(session, need.id, now, request_id=found.id)
    words = [reason.value for reason in refused.reasons]
    await tell_firm(session, need, "answer.declined", now, request_id=str(found.id), reasons=words)
    await audit.record(session, "request.refused", f"need:{need.id}", now, account_id=actor.account_id, reasons=words)
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
