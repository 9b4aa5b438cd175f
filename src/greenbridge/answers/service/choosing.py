"""The firm sees its answers, agrees to be named, accepts an offer."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor
from greenbridge.answers import rules, store
from greenbridge.answers.rules import deadlines, life
from greenbridge.answers.service.shared import CHOSEN, SURVEY, close, grant, happen, start, stop, tell_bank, tell_firm
from greenbridge.answers.values import (
    Answer,
    AnswerEvent,
    AnswerGuard,
    AnswerStatus,
    AnswerView,
    DeadlineState,
    Owner,
    Rating,
    RatingReason,
    RequestEvent,
    RequestState,
    Step,
)
from greenbridge.audit import service as audit
from greenbridge.catalog import service as catalog
from greenbridge.consents import service as consents
from greenbridge.consents.values import Narrowing, Purpose, WorkStep
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, FieldProblem, Invalid, NotFound
from greenbridge.kit.text import Text
from greenbridge.needs import rules as need_rules
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need, NeedEvent


async def of_need(session: AsyncSession, actor: Actor, need_id: UUID, now: datetime) -> list[AnswerView]:
    """Return the answers to the actor's own need; none while its window is sealed."""
    need = await needs.own(session, actor, need_id)
    if need.sealed and not await open_window(session, need, now):
        return []
    banks = {bank.id: bank for bank in await accounts.banks(session)}
    products = {product.code: product.name for product in await catalog.listed(session)}
    views = []
    for answer in await store.of_need(session, need.id):
        stands = await consents.standing(session, need.enterprise_id, answer.bank_id, Purpose.LOAN_REVIEW, now)
        named = stands is not None and answer.agreed_at is not None
        product = products.get(answer.offer.product_code, answer.offer.product_code) if answer.offer else None
        views.append(AnswerView(answer, banks[answer.bank_id].name, named, product))
    return views


async def sealed_offers(session: AsyncSession, need: Need) -> int:
    """Return how many offers lie in a sealed window: their number alone, to nobody but the firm."""
    async with database.as_platform(session):
        return sum(answer.status is AnswerStatus.OFFERED for answer in await store.of_need(session, need.id))


async def open_window(session: AsyncSession, need: Need, now: datetime) -> bool:
    """Open a window whose time is over, for whoever comes first: its firm or the clock. Return whether it is open now."""
    if need.window_closes_at is None or now < need.window_closes_at:
        return need.window_closes_at is None
    async with database.as_platform(session):
        again = await needs.locked(session, need.id)
        if again.sealed:
            await needs.opened(session, need.id, now)
            for answer in await store.of_need(session, need.id):
                if answer.status is AnswerStatus.OFFERED and answer.offer is not None:
                    until = answer.offer.valid_until.isoformat()
                    await tell_firm(session, need, "answer.offered", now, answer, valid_until=until)
    return True


async def firms_own(session: AsyncSession, actor: Actor, answer_id: UUID) -> tuple[Answer, Need]:
    """Return an answer to the actor's need with it, locked need first."""
    answer = await store.find(session, answer_id)
    if answer is None:
        raise NotFound("no-answer", "没有这条应答。", "There is no such answer.")
    try:
        mine = await needs.own(session, actor, answer.need_id)
    except NotFound:
        raise NotFound("no-answer", "没有这条应答。", "There is no such answer.") from None
    if mine.sealed:  # there may be none: whoever guesses an id learns nothing
        raise NotFound("no-answer", "没有这条应答。", "There is no such answer.")
    need = await needs.locked(session, answer.need_id)
    again = await store.find(session, answer_id)
    assert again is not None
    return again, need


async def agree(session: AsyncSession, actor: Actor, answer_id: UUID, now: datetime, narrowing: Narrowing | None = None) -> Answer:
    """Let the answering bank know who asks and read the report for its survey, as far as the firm says."""
    answer, need = await firms_own(session, actor, answer_id)
    waiting = answer.status in life.BEFORE and need_rules.is_open(need.status)
    if not waiting and answer.status not in life.LOANS:
        raise Conflict("answer-state", "该银行已不再应答这条需求。", "This bank answers the need no more.")
    steps = CHOSEN if answer.status in life.LOANS else SURVEY
    await grant(session, need, answer, steps, now, told_by=actor.account_id, narrowing=narrowing)
    return await store.set_agreed(session, answer.id, now)


async def agreeing(session: AsyncSession, actor: Actor, answer_id: UUID) -> tuple[Answer, Need, Sequence[WorkStep]]:
    """Return the answer to the actor's need, the need, and the work steps that agreeing now would open to the bank."""
    answer, need = await firms_own(session, actor, answer_id)
    return answer, need, CHOSEN if answer.status in life.LOANS else SURVEY


async def accept(session: AsyncSession, actor: Actor, answer_id: UUID, now: datetime, *, post_loan: bool = False) -> Answer:
    """Accept an offer: the firm is named to that bank, which reads on until it pays out; the other banks are told that they were
    not chosen. `post_loan`: it may also watch the loan afterwards.
    """
    answer, need = await firms_own(session, actor, answer_id)
    stands = rules.stands(answer, business_date(now))
    if answer.status is AnswerStatus.OFFERED and not stands:
        raise Conflict("offer-over", "该报价已过有效期。", "The offer is over.")
    holds = {AnswerGuard.WINDOW_OVER} | ({AnswerGuard.OFFER_STANDS} if stands else set())
    who = actor.account_id
    chosen = await happen(session, answer, AnswerEvent.CHOOSE, now, holds, account_id=who, columns={"agreed_at": now})
    others = [other for other in await store.of_need(session, need.id) if other.id != answer.id and other.status in life.BEFORE]
    await stop(session, need.id, now, DeadlineState.VOID, every=True)
    for other in others:
        await happen(session, other, AnswerEvent.PASS_OVER, now, account_id=who)
    await grant(session, need, answer, CHOSEN, now, told_by=who, narrowing=None)
    if post_loan:
        await grant(session, need, answer, (WorkStep.POST_LOAN,), now, told_by=who, narrowing=None)
    await start(session, need, Step.LEND, Owner.BANK, business_date(now), bank_id=answer.bank_id, answer_id=answer.id)
    for request in await store.requests_of(session, need.id):
        if request.state is RequestState.WAITING:
            await close(session, request, RequestEvent.CANCEL, now)
    await needs.happen(session, need, NeedEvent.ACCEPT, now, account_id=who, answer=str(answer.id))
    for other in others:
        await tell_bank(session, need, other, "answer.not_chosen", now)
    await tell_bank(session, need, chosen, "answer.chosen", now)
    return chosen


async def supply(session: AsyncSession, actor: Actor, answer_id: UUID, now: datetime) -> Answer:
    """Say that what a bank asked for has been handed in; the bank's clock goes on with what was left of it."""
    answer, need = await firms_own(session, actor, answer_id)
    today = business_date(now)
    due = deadlines.paused_until(today, await _left(session, answer))
    back = await happen(session, answer, AnswerEvent.SUPPLY, now, account_id=actor.account_id, columns={"act_by": due, "demands": []})
    await stop(session, need.id, now, answer_id=answer.id)
    await start(session, need, Step.OFFER, Owner.BANK, today, due=due, bank_id=answer.bank_id, answer_id=answer.id)
    await tell_bank(session, need, back, "answer.supplied", now)
    return back


async def _left(session: AsyncSession, answer: Answer) -> int:
    """Return the working days that a bank had left when it began to wait for the firm."""
    async with database.as_platform(session):
        own = [d for d in await store.deadlines_of(session, answer.need_id) if d.answer_id == answer.id and d.owner is Owner.BANK]
    stopped = [(d.closed_at, d.due_on) for d in own if d.closed_at is not None]
    closed_at, due = max(stopped, default=(None, None))
    return deadlines.days_left(due, business_date(closed_at)) if closed_at and due else 1


async def withdraw(session: AsyncSession, actor: Actor, need_id: UUID, now: datetime) -> Need:
    """Withdraw the actor's need and end what banks had begun."""
    need = await needs.withdraw(session, actor, need_id, now)
    async with database.as_platform(session):  # also what is sealed, which the firm does not see
        await settle(session, need, now)
    return need


async def settle(session: AsyncSession, need: Need, now: datetime) -> None:
    """End all answers, requests and clocks of a need that is over."""
    await stop(session, need.id, now, DeadlineState.VOID, every=True)
    for answer in await store.of_need(session, need.id):
        if answer.status in life.BEFORE:
            await happen(session, answer, AnswerEvent.PASS_OVER, now)
            await tell_bank(session, need, answer, f"need.{need.status.value}", now)
    for request in await store.requests_of(session, need.id):
        if request.state is RequestState.WAITING:
            await close(session, request, RequestEvent.CANCEL, now)


async def rate(session: AsyncSession, actor: Actor, answer_id: UUID, stars: int, reasons: Sequence[RatingReason], now: datetime) -> Rating:
    """Judge the bank, once, when it has offered or its answer is over. Raises Invalid without stars or reasons."""
    answer, need = await firms_own(session, actor, answer_id)
    found = [
        FieldProblem(field, text)
        for field, text, wrong in (
            ("stars", Text("请选择 1 至 5 星", "Choose one to five stars"), not 1 <= stars <= 5),
            ("reasons", Text("请选择 1 至 4 项原因", "Choose one to four reasons"), not 1 <= len(set(reasons)) <= 4),
        )
        if wrong
    ]
    if found:
        raise Invalid("wrong-rating", "请检查评价。", "Check the rating.", fields=tuple(found))
    if answer.status in {AnswerStatus.CLAIMED, AnswerStatus.SURVEYING, AnswerStatus.ACTION_REQUIRED, AnswerStatus.NOT_CHOSEN}:
        raise Conflict("not-yet", "银行还没有给出结果，暂不能评价。", "The bank has come to no result yet.")
    if answer.id in await store.ratings_of(session, answer.need_id):
        raise Conflict("rated", "已评价过该银行。", "You have rated this answer already.")
    try:
        made = await store.add_rating(session, answer, stars, list(dict.fromkeys(reasons)), now)
    except IntegrityError:
        raise Conflict("rated", "已评价过该银行。", "You have rated this answer already.") from None
    await tell_bank(session, need, answer, "answer.rated", now, stars=stars, reasons=[reason.value for reason in made.reasons])
    words = [reason.value for reason in made.reasons]
    await audit.record(session, "answer.rated", f"answer:{answer.id}", now, account_id=actor.account_id, stars=stars, reasons=words)
    return made


async def ratings(session: AsyncSession, actor: Actor, need_id: UUID) -> dict[UUID, Rating]:
    """Return answer -> the rating that the actor's firm gave."""
    return await store.ratings_of(session, (await needs.own(session, actor, need_id)).id)
