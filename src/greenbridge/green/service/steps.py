"""One step of a case: allowed, recorded, told. Every use case goes through here."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus
from greenbridge.green import gateway
from greenbridge.green.rules import flow
from greenbridge.green.store import cases
from greenbridge.green.values import EVENT_NAMES, STATE_NAMES, Case, Event, FlowPolicy, Speaker, State
from greenbridge.kit import database, outbox
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound
from greenbridge.kit.text import Text
from greenbridge.schemes import service as schemes

NO_GRADE = Text("未评级", "not rated")

__all__ = ["case_of", "firm_of", "none", "policy", "step"]


def policy(day: date) -> FlowPolicy:
    """Return the flow in force on a day. Raises Conflict where none is."""
    found = flow.in_force(gateway.flow_policies(), day)
    if found is None:
        raise Conflict("no-policy", "当日没有有效的绿色评价流程。", "No flow of green ratings is in force on that day.")
    return found


def none() -> NotFound:
    """Return the problem of a case that is not there, or not for its asker."""
    return NotFound("no-green-case", "没有这份绿色评价。", "There is no such green case.")


async def firm_of(session: AsyncSession, actor: Actor) -> Enterprise:
    """Return the actor's verified firm. Raises Forbidden for another role, Conflict before the real-name check."""
    if actor.role is not Role.ENTERPRISE:
        raise Forbidden("not-an-enterprise", "只有企业账户可以办理。", "Only an enterprise account may do this.")
    firm = await enterprises.mine(session, actor)
    if firm is None or firm.status is not EnterpriseStatus.VERIFIED:
        raise Conflict("not-verified", "企业尚未通过实名核验。", "The firm is not verified.")
    return firm


def _speaks(actor: Actor | None, case: Case, firm: Enterprise | None) -> frozenset[Speaker]:
    """Return as whom somebody speaks in a case; None: the platform itself."""
    if actor is None:
        return frozenset({Speaker.CLOCK, Speaker.OPERATOR})
    if actor.role is Role.OPERATOR:
        return frozenset({Speaker.OPERATOR})
    if actor.role is Role.REVIEWER:
        return frozenset({Speaker.REVIEWER}) if case.reviewer_id == actor.organisation.id else frozenset()
    return frozenset({Speaker.FIRM}) if firm and firm.id == case.enterprise_id else frozenset()


async def case_of(session: AsyncSession, actor: Actor | None, case_id: UUID, *, lock: bool = False) -> tuple[Case, frozenset[Speaker]]:
    """Return a case and as whom the actor speaks in it; raises NotFound for a case with which the actor has nothing to do."""
    if lock:
        await database.lock(session, f"green:{case_id}")
    case = await cases.find(session, case_id)
    firm = await enterprises.mine(session, actor) if actor and actor.role is Role.ENTERPRISE else None
    if case is None or not (speaks := _speaks(actor, case, firm)):
        raise none()
    return case, speaks


async def step(
    session: AsyncSession,
    case: Case,
    event: Event,
    speaks: frozenset[Speaker],
    now: datetime,
    actor: Actor | None,
    detail: Mapping[str, Any] | None = None,
    *,
    rating_id: UUID | None = None,
) -> State:
    """Let an event happen to a case and return where it stands then. Raises Forbidden, Conflict, or Invalid for a missing reason."""
    told = dict(detail or {})
    if not speaks & flow.SPEAKERS[event]:
        raise Forbidden("wrong-role", "您的角色不能进行此操作。", "Your role may not do this.")
    state = flow.next_state(case.state, event)
    if state is None:
        here, wanted = STATE_NAMES[case.state], EVENT_NAMES[event]
        zh, en = f"当前为“{here.zh}”，不能进行“{wanted.zh}”。", f"The case is now: {here.en}; this cannot be done: {wanted.en}."
        raise Conflict("green-state", zh, en)
    if flow.reason_problem(event, str(told.get("reason", ""))):
        zh, en = (
            f"请写明理由（{flow.LEAST_REASON} 至 {flow.MOST_REASON} 字）。",
            f"Say why, in {flow.LEAST_REASON} to {flow.MOST_REASON} characters.",
        )
        raise Invalid.at("no-reason", "reason", zh, en)
    account, login = (actor.account_id, actor.login) if actor else (None, "")
    if not await cases.happen(session, case.id, case.seq + 1, event, state, now, account, login, told, rating_id):
        raise Conflict("green-moved", "该评价刚刚发生变化，请刷新后重试。", "The case has changed just now; load it again.")
    await _tell(session, case, event, state, now, told)
    await audit.record(session, f"green.{event.value}", f"green:{case.id}", now, account_id=account, state=state.value)
    return state


def _grade_words(grade: str | None) -> dict[str, str]:
    """Return a grade's name in both languages, for sentences; nothing where there is no grade."""
    if grade is None:
        return {}
    name = schemes.vocabulary()["green_grade"].words.get(grade, NO_GRADE)
    return {"grade_zh": name.zh, "grade_en": name.en}


async def _tell(session: AsyncSession, case: Case, event: Event, state: State, now: datetime, detail: Mapping[str, Any]) -> None:
    """Tell the firm, and the reviewer that a case was given to, what happened."""
    payload = {
        "case_id": str(case.id),
        "case_number": case.number,
        "uscc": case.uscc,
        "subject": case.subject.value,
        "event": event.value,
        "state": state.value,
        "grade": detail.get("grade"),
        **_grade_words(detail.get("grade")),
        "certificate_number": detail.get("certificate_number"),
        "on": business_date(now).isoformat(),
    }
    topics = [topic for topic in (flow.TOPICS.get(event),) if topic]
    if event in {Event.CONFIRM, Event.CHANGE}:
        topics.append("green.published")
    async with database.as_platform(session):  # whose the firm's people are, a reviewer does not know
        firm = await enterprises.get(session, case.enterprise_id)
        for topic in topics:
            await outbox.publish(session, firm.organisation_id, topic, payload, now)
        if event is Event.REQUEST_REVIEW and case.reviewer_id:
            await outbox.publish(session, case.reviewer_id, "green.review_requested", payload, now)
