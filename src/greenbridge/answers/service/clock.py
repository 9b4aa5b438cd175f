"""What time does to a need: windows open, reminders at half, lapses, the next bank asked, the operator called. Nothing stays unanswered."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.answers import gateway, rules, store
from greenbridge.answers.rules import deadlines, life
from greenbridge.answers.service.asking import ask
from greenbridge.answers.service.choosing import open_window, settle
from greenbridge.answers.service.shared import close, happen, reopen_if_unanswered, start, stop, tell_bank, tell_firm
from greenbridge.answers.values import (
    Answer,
    AnswerEvent,
    AnswerGuard,
    AnswerStatus,
    AskedBy,
    Deadline,
    DeadlineState,
    DeclineReason,
    Owner,
    RequestEvent,
    RequestState,
    Step,
)
from greenbridge.audit import service as audit
from greenbridge.kit import outbox
from greenbridge.kit.calendar import business_date
from greenbridge.matching import service as matching
from greenbridge.needs import rules as need_rules
from greenbridge.needs import service as needs
from greenbridge.needs.rules import life as need_life
from greenbridge.needs.values import Need, NeedEvent, NeedGuard, NeedStatus
from greenbridge.scoring.gateway import DefaultModel


async def tick(session: AsyncSession, need_id: UUID, model: DefaultModel, now: datetime) -> int:
    """Do what is due for one need, in a transaction of its own; return how much happened. A second tick at the same time does nothing."""
    need = await needs.locked(session, need_id)
    today, done = business_date(now), 0
    if need.status in need_life.FINAL:
        await settle(session, need, now)
        return 0
    if need.sealed and await open_window(session, need, now):
        need, done = await needs.get(session, need.id), done + 1
    for answer in await store.of_need(session, need.id):
        if answer.status is AnswerStatus.OFFERED and answer.offer is not None and answer.offer.valid_until < today:
            await _expire(session, need, answer, now)
            done += 1
    for one in await store.deadlines_of(session, need.id):
        if one.state is DeadlineState.RUNNING:
            done += await _clock(session, need, one, now)
    need = await reopen_if_unanswered(session, await needs.get(session, need.id), now)
    return done + await _go_on(session, need, model, now, today)


async def _clock(session: AsyncSession, need: Need, one: Deadline, now: datetime) -> int:
    """Remind at half, act when it is over."""
    today = business_date(now)
    if one.due_on < today:
        still_owed = one.step in {Step.LEND, Step.OPERATE}  # the others end with what they were for
        await store.close_deadline(session, one.id, DeadlineState.MISSED, None if still_owed else now)
        await _missed(session, need, one, now)
        return 1
    if one.owner is not Owner.BANKS and one.reminded_at is None and one.remind_on <= today:
        await store.reminded(session, one.id, now)
        told = {"need_id": str(need.id), "number": need.number, "step": one.step.value, "due_on": one.due_on.isoformat()}
        if one.bank_id is not None:
            await outbox.publish(session, one.bank_id, "answer.reminded", told, now)
        elif one.owner is Owner.FIRM:
            answer = await store.find(session, one.answer_id) if one.answer_id else None
            await tell_firm(session, need, "answer.reminded", now, answer, step=one.step.value, due_on=one.due_on.isoformat())
        return 1
    return 0


async def _missed(session: AsyncSession, need: Need, one: Deadline, now: datetime) -> None:
    """Act on a step that was not done in time: a request lapses, an answer ends; late money and a late operator stay on the board."""
    if one.request_id is not None:
        if (request := await store.find_request(session, one.request_id)) and request.state is RequestState.WAITING:
            await close(session, request, RequestEvent.LAPSE, now, {AnswerGuard.PAST_DUE})
        return
    answer = await store.find(session, one.answer_id) if one.answer_id else None
    if answer is None:
        return
    if one.step in {Step.CONTACT, Step.OFFER} and answer.status in {AnswerStatus.CLAIMED, AnswerStatus.SURVEYING}:
        await _expire(session, need, answer, now)
    elif one.step is Step.SUPPLY and answer.status is AnswerStatus.ACTION_REQUIRED:
        words = [DeclineReason.DOCUMENTS_MISSING.value]
        await happen(session, answer, AnswerEvent.RETURN, now, {AnswerGuard.REASONS_GIVEN}, columns={"reasons": words}, reasons=words)
        await tell_firm(session, need, "answer.declined", now, answer, reasons=words)
    elif one.step is Step.LEND:
        await tell_bank(session, need, answer, "loan.late", now, due_on=one.due_on.isoformat())
        await tell_firm(session, need, "loan.late", now, answer, due_on=one.due_on.isoformat())
        await audit.record(session, "loan.late", f"answer:{answer.id}", now, due_on=one.due_on.isoformat())


async def _expire(session: AsyncSession, need: Need, answer: Answer, now: datetime) -> None:
    ended = await happen(session, answer, AnswerEvent.EXPIRE, now, {AnswerGuard.PAST_DUE})
    await stop(session, need.id, now, DeadlineState.VOID, answer_id=answer.id)
    await tell_bank(session, need, ended, "answer.expired", now)
    if not need.sealed:
        await tell_firm(session, need, "answer.expired", now, ended)


async def _go_on(session: AsyncSession, need: Need, model: DefaultModel, now: datetime, today: date) -> int:
    """Decide what an open need waits for: its first bank, the next one, the operator; or that it is over."""
    if not need_rules.is_open(need.status):
        return 0
    answers, requests = await store.of_need(session, need.id), await store.requests_of(session, need.id)
    live = any(a.status in life.BEFORE for a in answers) or any(r.state is RequestState.WAITING for r in requests)
    if live:  # each has a day of its own, also past the need's; an offer stands for its firm to choose
        return 0
    if need.open_until < today:
        said = deadlines.was_answered(answers, requests, bool(await store.operator_answers(session, need.id)))
        return await _end(session, need, now, said=said)
    if need.status is NeedStatus.ESCALATED:
        return 0
    clocks = [d for d in await store.deadlines_of(session, need.id) if d.step is Step.ACCEPT and d.owner is Owner.BANKS]
    if not clocks and need.status is NeedStatus.PUBLISHED:  # nobody has been waited for yet
        begun = business_date(need.published_at)
        await start(session, need, Step.ACCEPT, Owner.BANKS, begun, due=rules.last_day(need))
        return 1
    return 0 if any(d.state is DeadlineState.RUNNING for d in clocks) else await _ask_next(session, need, model, now)


async def _end(session: AsyncSession, need: Need, now: datetime, *, said: bool) -> int:
    """End a need whose time is over, once its firm has had an answer; until then it is the operator's."""
    holds = {NeedGuard.TIME_IS_OVER} | ({NeedGuard.WAS_ANSWERED} if said else set())
    over = await needs.move_on(session, need.id, NeedEvent.EXPIRE, now, holds)
    if over is None:
        return await _escalate(session, need, now)
    await settle(session, over, now)
    await tell_firm(session, over, "need.expired", now)
    return 1


async def _ask_next(session: AsyncSession, need: Need, model: DefaultModel, now: datetime) -> int:
    answers, requests = await store.of_need(session, need.id), await store.requests_of(session, need.id)
    profile = gateway.profile(need.profile)
    by_platform = sum(r.asked_by is AskedBy.PLATFORM for r in requests)
    codes = {bank.id: bank.code for bank in await accounts.banks(session)}
    tried = {codes[bank_id] for bank_id in (*(a.bank_id for a in answers), *(r.bank_id for r in requests))}
    run = await matching.of_need(session, need, model, now)
    found = deadlines.next_asked(run.matches, tried) if by_platform < profile.most_asked and not need.sealed else None
    if found is None or rules.window_over(need, now):
        return await _escalate(session, need, now)
    await ask(session, need, found, AskedBy.PLATFORM, now)
    return 1


async def _escalate(session: AsyncSession, need: Need, now: datetime) -> int:
    holds = {NeedGuard.NO_ANSWER_LEFT, NeedGuard.NOBODY_LEFT_TO_ASK}
    if await needs.move_on(session, need.id, NeedEvent.ESCALATE, now, holds) is None:
        return 0
    await start(session, need, Step.OPERATE, Owner.OPERATOR, business_date(now))
    await tell_firm(session, need, "answer.escalated", now, step=Step.OPERATE.value)
    return 1
