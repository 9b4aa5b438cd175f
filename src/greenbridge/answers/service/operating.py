"""The operator's board: what waits, what is late, and answering what nobody took."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor
from greenbridge.answers import gateway, store
from greenbridge.answers.rules import deadlines
from greenbridge.answers.rules import league as rules
from greenbridge.answers.service.asking import ask
from greenbridge.answers.service.shared import must_be_operator, stop, tell_firm
from greenbridge.answers.values import (
    ANSWER_STATUS_NAMES,
    REQUEST_STATE_NAMES,
    AskedBy,
    DeclineReason,
    Request,
    Standing,
    Step,
    Suspect,
    Waiting,
)
from greenbridge.audit import service as audit
from greenbridge.catalog.values import Eligibility
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.kit.text import Text
from greenbridge.matching import service as matching
from greenbridge.matching.values import Match
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need, NeedEvent, NeedStatus
from greenbridge.scoring.gateway import DefaultModel

MOST, LEAST = 500, 10


async def board(session: AsyncSession, actor: Actor, now: datetime) -> list[Waiting]:
    """Return all that somebody owes a need, late first."""
    must_be_operator(actor)
    today = business_date(now)
    names = {bank.id: bank.name for bank in await accounts.banks(session)}
    found = []
    for one in await store.board(session):
        need = await needs.get(session, one.need_id)
        name = names.get(one.bank_id) if one.bank_id else None
        found.append(Waiting(one, need.number, name, deadlines.days_left(one.due_on, today), need.status))
    return found


async def escalated(session: AsyncSession, actor: Actor, need_id: UUID, model: DefaultModel, now: datetime) -> tuple[Need, list[Match]]:
    """Return a need that the operator looks after, with the products whose banks could still be asked, best first."""
    must_be_operator(actor)
    need = await needs.get(session, need_id)
    if need.status is not NeedStatus.ESCALATED:
        raise NotFound("no-need", "没有这条需求。", "There is no such need.")
    codes = {bank.id: bank.code for bank in await accounts.banks(session)}
    answers, requests = await store.of_need(session, need.id), await store.requests_of(session, need.id)
    tried = {codes[bank_id] for bank_id in (*(a.bank_id for a in answers), *(r.bank_id for r in requests))}
    run = await matching.of_need(session, need, model, now)
    best: dict[str, Match] = {}
    for m in run.matches:
        if m.eligibility is not Eligibility.NOT_ELIGIBLE and m.product.bank.code not in tried:
            best.setdefault(m.product.bank.code, m)
    return need, list(best.values())


async def assign(session: AsyncSession, actor: Actor, need_id: UUID, product_code: str, model: DefaultModel, now: datetime) -> Request:
    """Open an escalated need again and ask a bank for it."""
    need, fitting = await escalated(session, actor, need_id, model, now)
    found = next((m for m in fitting if m.product.code == product_code), None)
    if found is None:
        raise Invalid.at("no-product", "product_code", "请选择还可询问的产品。", "Choose a product that can still be asked for.")
    need = await needs.locked(session, need.id)
    need = await needs.happen(session, need, NeedEvent.REOPEN, now, account_id=actor.account_id, open_until=_longer(need, now))
    return await ask(session, need, found, AskedBy.OPERATOR, now, account_id=actor.account_id)


def _longer(need: Need, now: datetime) -> date:
    return max(need.open_until, deadlines.due_on(gateway.profile(need.profile), Step.LEND, business_date(now)))


async def reply(session: AsyncSession, actor: Actor, need_id: UUID, words: str, now: datetime) -> None:
    """Answer the firm of an escalated need in the operator's own words. Raises Invalid for too few or too many of them."""
    must_be_operator(actor)
    need = await needs.locked(session, need_id)
    if need.status is not NeedStatus.ESCALATED:
        raise Conflict("need-state", "该需求不在督办中。", "The need is not with the operator.")
    words = words.strip()
    if not LEAST <= len(words) <= MOST:
        raise Invalid.at("wrong-answer", "text", f"请填写 {LEAST} 至 {MOST} 字的答复。", f"An answer has {LEAST} to {MOST} characters.")
    await store.add_operator_answer(session, need.id, actor.account_id, words, now)
    await stop(session, need.id, now, steps=(Step.OPERATE,))
    await tell_firm(session, need, "need.answered", now)
    await audit.record(session, "need.answered", f"need:{need.id}", now, account_id=actor.account_id)


async def tried(session: AsyncSession, actor: Actor, need_id: UUID) -> list[tuple[str, Text, Sequence[DeclineReason]]]:
    """Return (bank, what became of it, its reasons) of all banks that were asked for a need or answered it."""
    must_be_operator(actor)
    names = {bank.id: bank.name for bank in await accounts.banks(session)}
    answers, requests = await store.of_need(session, need_id), await store.requests_of(session, need_id)
    answered = {a.bank_id for a in answers}
    found: list[tuple[str, Text, Sequence[DeclineReason]]] = [(names[a.bank_id], ANSWER_STATUS_NAMES[a.status], a.reasons) for a in answers]
    return found + [(names[r.bank_id], REQUEST_STATE_NAMES[r.state], r.reasons) for r in requests if r.bank_id not in answered]


async def replies(session: AsyncSession, actor: Actor, need_id: UUID) -> list[tuple[datetime, str]]:
    """Return what the operator has answered a need's firm."""
    must_be_operator(actor)
    return await store.operator_answers(session, need_id)


async def league(session: AsyncSession, now: datetime) -> tuple[tuple[Standing, ...], tuple[Suspect, ...]]:
    """Return the banks side by side and what is suspect, over the policy's days. It names no firm."""
    policy, days = gateway.league()
    since = business_date(now).fromordinal(business_date(now).toordinal() - days)
    async with database.as_platform(session):
        dealings = await store.dealings(session, since)
    return rules.standings(dealings, policy), rules.suspects(dealings, policy, since)
