"""What all sides of an answer share: who may act, one step, the clocks, and what the firm has granted."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, Role
from greenbridge.answers import gateway, rules, store
from greenbridge.answers.rules import deadlines, life
from greenbridge.answers.values import (
    Answer,
    AnswerEvent,
    AnswerGuard,
    AnswerHappened,
    DeadlineState,
    DeclineReason,
    Owner,
    Request,
    RequestEvent,
    RequestState,
    Step,
)
from greenbridge.audit import service as audit
from greenbridge.consents import service as consents
from greenbridge.consents.values import Narrowing, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.kit import database, outbox, states
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Forbidden
from greenbridge.needs import service as needs
from greenbridge.needs.values import Mode, Need, NeedEvent, NeedGuard, NeedStatus

# Which work steps the firm opens to a bank: when it lets it look, and when it accepts its offer.
SURVEY = (WorkStep.SURVEY,)
CHOSEN = (WorkStep.SURVEY, WorkStep.APPROVAL, WorkStep.DISBURSEMENT)


def must_be_officer(actor: Actor) -> None:
    if actor.role is not Role.OFFICER:
        raise Forbidden("not-an-officer", "只有信贷员可以办理。", "Only a loan officer may do this.")


def must_be_operator(actor: Actor) -> None:
    if actor.role is not Role.OPERATOR:
        raise Forbidden("not-the-operator", "只有平台运营可以办理。", "Only the operator may do this.")


async def happen(
    session: AsyncSession,
    answer: Answer,
    event: AnswerEvent,
    now: datetime,
    holds: Iterable[AnswerGuard] = (),
    *,
    account_id: UUID | None = None,
    columns: Mapping[str, Any] | None = None,
    **detail: Any,
) -> Answer:
    """Let an event happen to an answer, write its columns and record the step. Raises Conflict that says why not."""
    found = states.step(life.ANSWER, answer.status, event, frozenset(holds))
    if isinstance(found, states.Refusal):
        raise rules.refusal(found)
    changed = await store.change(session, answer.id, found, **(columns or {}))
    await record(session, answer, AnswerHappened(now, answer.id, event, answer.status, found, detail), account_id)
    return changed


async def record(session: AsyncSession, answer: Answer, happened: AnswerHappened, account_id: UUID | None) -> None:
    """Write a step into the history and the audit chain, whose lock is taken last."""
    await store.add_event(session, answer, happened, account_id)
    said = {name: value.isoformat() if isinstance(value, date) else value for name, value in happened.detail.items()}
    action, subject = f"answer.{PAST[happened.event]}", f"answer:{answer.id}"
    target = happened.target.value
    await audit.record(session, action, subject, happened.at, account_id=account_id, need=str(answer.need_id), target=target, **said)


# What the audit trail and the outbox call an event: as it has happened.
PAST: Mapping[AnswerEvent, str] = {
    AnswerEvent.CLAIM: "claimed",
    AnswerEvent.CONTACT: "contacted",
    AnswerEvent.DEMAND: "demanded",
    AnswerEvent.SUPPLY: "supplied",
    AnswerEvent.OFFER: "offered",
    AnswerEvent.CHOOSE: "chosen",
    AnswerEvent.PASS_OVER: "not_chosen",
    AnswerEvent.APPROVE: "approved",
    AnswerEvent.SIGN: "signed",
    AnswerEvent.PAY_OUT: "disbursed",
    AnswerEvent.CLOSE: "closed",
    AnswerEvent.DECLINE: "declined",
    AnswerEvent.RETURN: "returned",
    AnswerEvent.EXPIRE: "expired",
}


# What the audit trail calls an event of a request: as it has happened.
PAST_OF_REQUESTS: Mapping[RequestEvent, str] = {
    RequestEvent.TAKE: "taken",
    RequestEvent.REFUSE: "refused",
    RequestEvent.LAPSE: "lapsed",
    RequestEvent.CANCEL: "cancelled",
}


async def close(
    session: AsyncSession,
    request: Request,
    event: RequestEvent,
    now: datetime,
    holds: Iterable[AnswerGuard] = (),
    *,
    account_id: UUID | None = None,
    reasons: Sequence[DeclineReason] = (),
) -> Request:
    """Let an event end the asking of a bank, stop its clock and record it. Raises Conflict where it has ended already."""
    found = states.step(life.REQUEST, request.state, event, frozenset(holds))
    if isinstance(found, states.Refusal):
        raise Conflict("request-state", "该请求已处理。", "The request has been dealt with.")
    closed = await store.close_request(session, request.id, found, now, reasons)
    await stop(session, request.need_id, now, _AFTER_REQUEST.get(event, DeadlineState.MET), request_id=request.id)
    action, subject, words = f"request.{PAST_OF_REQUESTS[event]}", f"need:{request.need_id}", [reason.value for reason in reasons]
    said = {"reasons": words} if words else {}
    await audit.record(session, action, subject, now, account_id=account_id, request=str(request.id), **said)
    return closed


# What becomes of the clock of a request: of what it was asked for in vain nothing is owed any more.
_AFTER_REQUEST = {RequestEvent.CANCEL: DeadlineState.VOID, RequestEvent.LAPSE: DeadlineState.MISSED}


async def tell_bank(session: AsyncSession, need: Need, answer: Answer, topic: str, now: datetime, **payload: Any) -> None:
    """Write an event for the answering bank, with the need's number."""
    told = {"need_id": str(need.id), "number": need.number, "answer_id": str(answer.id), **payload}
    await outbox.publish(session, answer.bank_id, topic, told, now)


async def tell_firm(
    session: AsyncSession, need: Need, topic: str, now: datetime, of: Answer | Request | None = None, **payload: Any
) -> None:
    """Write an event for the need's firm; `of`: the answer or request that it is about, whose bank is named."""
    told: dict[str, Any] = {"need_id": str(need.id), "number": need.number}
    async with database.as_platform(session):
        firm = await enterprises.get(session, need.enterprise_id)
        if of is not None:
            banks = {bank.id: bank.name for bank in await accounts.banks(session)}
            told |= {"answer_id" if isinstance(of, Answer) else "request_id": str(of.id), "bank": banks[of.bank_id]}
    await outbox.publish(session, firm.organisation_id, topic, {**told, **payload}, now)


async def start(
    session: AsyncSession,
    need: Need,
    step: Step,
    owner: Owner,
    on: date,
    *,
    due: date | None = None,
    bank_id: UUID | None = None,
    answer_id: UUID | None = None,
    request_id: UUID | None = None,
) -> date:
    """Start a step's clock by the need's profile, or to a given day; return when it is due."""
    due = due or deadlines.due_on(gateway.profile(need.profile), step, on)
    days = (on, deadlines.remind_on(on, due), due)
    async with database.as_platform(session):  # a bank's step ends the wait for any bank, a firm's starts its bank's
        await store.add_deadline(session, need.id, step, owner, days, bank_id=bank_id, answer_id=answer_id, request_id=request_id)
    return due


async def stop(
    session: AsyncSession,
    need_id: UUID,
    now: datetime,
    state: DeadlineState = DeadlineState.MET,
    *,
    steps: Collection[Step] = tuple(Step),
    answer_id: UUID | None = None,
    request_id: UUID | None = None,
    every: bool = False,
) -> None:
    """Stop the running clocks of an answer or a request; with neither, those of the need itself; `every`: all of the need."""
    async with database.as_platform(session):
        for one in await store.deadlines_of(session, need_id):
            standing = one.state in {DeadlineState.RUNNING, DeadlineState.MISSED} and one.closed_at is None
            if standing and one.step in steps and (every or (one.answer_id, one.request_id) == (answer_id, request_id)):
                # What was missed stays missed, also when it is done in the end.
                await store.close_deadline(session, one.id, state if one.state is DeadlineState.RUNNING else DeadlineState.MISSED, now)


async def grant(
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


async def reopen_if_unanswered(session: AsyncSession, need: Need, now: datetime) -> Need:
    """Open a need to all banks again when none of them is answering any more."""
    async with database.as_platform(session):
        left = [a for a in await store.of_need(session, need.id) if a.status in life.BEFORE]
        if not left and need.status is NeedStatus.IN_ANSWER:
            return await needs.happen(session, need, NeedEvent.LOSE_ANSWERS, now, {NeedGuard.NO_ANSWER_LEFT})
    return need


def at_least(need: Need, now: datetime) -> date:
    """Return until when a need is open whose chosen bank has failed: a fortnight at least, for the firm lost that time by no fault."""
    return max(need.open_until, business_date(now) + timedelta(days=rules.OFFER_DAYS))


def is_open_to(need: Need, asked: Request | None) -> bool:
    """Return whether a bank may see a need as open: a direct one only while it is asked, or when it was and nobody took it."""
    if need.draft.mode is not Mode.DIRECT:
        return True
    return asked is not None and (asked.state is RequestState.WAITING or need.status is NeedStatus.ESCALATED)


def kept_slots(requests: Sequence[Request], bank_id: UUID) -> int:
    """Return how many slots are kept from a bank: those that others were asked for and have not answered yet."""
    return sum(one.state is RequestState.WAITING and one.bank_id != bank_id for one in requests)
