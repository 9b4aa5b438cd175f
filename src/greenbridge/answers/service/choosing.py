"""The firm sees its answers, agrees to be named, accepts an offer."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor
from greenbridge.answers import rules, store
from greenbridge.answers.service.shared import CHOSEN, SURVEY, grant, must_be_able
from greenbridge.answers.values import Answer, AnswerStatus, AnswerView
from greenbridge.audit import service as audit
from greenbridge.catalog import service as catalog
from greenbridge.consents import service as consents
from greenbridge.consents.values import Narrowing, Purpose, WorkStep
from greenbridge.kit import outbox
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, NotFound
from greenbridge.needs import rules as need_rules
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need, NeedStatus


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


async def agree(session: AsyncSession, actor: Actor, answer_id: UUID, now: datetime, narrowing: Narrowing | None = None) -> Answer:
    """Let the answering bank know who asks and read the report for its survey, as far as the firm says."""
    answer, need = await _firms_own(session, actor, answer_id)
    waiting = answer.status in {AnswerStatus.CLAIMED, AnswerStatus.OFFERED} and need_rules.is_open(need.status)
    if not waiting and answer.status is not AnswerStatus.CHOSEN:
        raise Conflict("answer-state", "该银行已不再应答这条需求。", "This bank answers the need no more.")
    steps = CHOSEN if answer.status is AnswerStatus.CHOSEN else SURVEY
    await grant(session, need, answer, steps, now, told_by=actor.account_id, narrowing=narrowing)
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
    must_be_able(answer, AnswerStatus.CHOSEN)
    if answer.offer is None or answer.offer.valid_until < business_date(now):
        raise Conflict("offer-over", "该报价已过有效期。", "The offer is over.")
    await store.set_agreed(session, answer.id, now)
    chosen = await store.set_status(session, answer.id, AnswerStatus.CHOSEN)
    for other in await store.of_need(session, need.id):
        if rules.may_become(other.status, AnswerStatus.NOT_CHOSEN):
            await store.set_status(session, other.id, AnswerStatus.NOT_CHOSEN)
    await grant(session, need, answer, CHOSEN, now, told_by=actor.account_id, narrowing=None)
    if post_loan:
        await grant(session, need, answer, (WorkStep.POST_LOAN,), now, told_by=actor.account_id, narrowing=None)
    await needs.move(session, need.id, NeedStatus.OFFER_ACCEPTED, now, account_id=actor.account_id)
    await audit.record(session, "answer.chosen", f"answer:{answer.id}", now, account_id=actor.account_id)
    told = {"need_id": str(need.id), "number": need.number, "answer_id": str(answer.id)}
    await outbox.publish(session, answer.bank_id, "answer.chosen", told, now)
    return chosen
