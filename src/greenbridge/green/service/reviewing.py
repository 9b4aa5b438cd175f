"""The third party's side: its work list, findings, decision; and the finding that evidence is forged."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.green.rules import evidence, flow
from greenbridge.green.service import rating, subsidies
from greenbridge.green.service.certifying import end_all
from greenbridge.green.service.reporting import CaseView, view
from greenbridge.green.service.steps import case_of, policy, step
from greenbridge.green.store import cases
from greenbridge.green.store import evidence as statements_of
from greenbridge.green.values import SCHEME_OF, Author, Case, Event, Rated, State, Statement
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Forbidden, Invalid
from greenbridge.schemes import service as schemes
from greenbridge.schemes.service import Book
from greenbridge.schemes.service.rating import fields_of
from greenbridge.schemes.values import InputName, Value


async def work_list(session: AsyncSession, actor: Actor) -> list[Case]:
    """Return the cases that the actor's institution was given, those that wait the longest first."""
    if actor.role is not Role.REVIEWER:
        raise Forbidden("wrong-role", "您的角色不能评审。", "Your role does not review.")
    return await cases.of_reviewer(session, actor.organisation.id)


async def open_case(session: AsyncSession, actor: Actor, book: Book, case_id: UUID, now: datetime) -> CaseView:
    """Return a case to its reviewer or the operator; the firm sees in its ledger that the values of its rating were read."""
    found = await view(session, actor, case_id)
    day = business_date(now)
    rated = found.rated
    scheme = book.edition(rated.scheme, rated.scheme_version) if rated else book.find(SCHEME_OF[found.case.subject], day)
    fields = fields_of(book, scheme, day)
    login = actor.login if actor.role is Role.OPERATOR else f"{actor.organisation.name} {actor.login}"
    async with database.as_platform(session):  # a reviewer writes in no firm's ledger; the platform gave it the case
        await consents.record_operators(session, [found.case.enterprise_id], fields, ReadKind.FACTS, now, login=login)
    return found


async def find(session: AsyncSession, actor: Actor, book: Book, case_id: UUID, name: str, text: str, reason: str, now: datetime) -> Rated:
    """Write what the reviewer found of a value, an empty text for "not proven", and rate the case with it. Raises Invalid without a reason.

    What the firm stated stays in the chain of evidence.
    """
    case, before = await _reviewed(session, actor, case_id)
    scheme = book.edition(before.scheme, before.scheme_version)
    if name not in scheme.names:
        raise Invalid.at("unknown-input", "name", f"方案没有指标值 {name}。", f"The scheme has no value {name}.")
    if name not in {n.name for n in may_find(book, before)}:
        zh = "该值由部门或平台提供且关系一票否决，评审不能改动；如有误，请企业提出异议。"
        raise Invalid.at("not-a-reviewer-s", "name", zh, "Vetoes hang on it, or the platform says it: the firm objects to a wrong record.")
    _must_say_why(reason)
    value: Value | None = schemes.pledged(name, text, business_date(now)).value if text.strip() else None
    who = (now, actor.account_id, actor.login, "", None)
    await statements_of.add_statement(session, case.id, name, value, Author.REVIEWER, reason.strip(), *who, generated=case.generated)
    await audit.record(session, "green.found", f"green:{case.id}", now, account_id=actor.account_id, name=name)
    return await rating.again(session, book, case, before, await statements_of.statements(session, case.id), now)


async def correct_class(session: AsyncSession, actor: Actor, book: Book, case_id: UUID, code: str, reason: str, now: datetime) -> Rated:
    """Correct the class by whose weights a case is rated, with the reason, and rate it again. Raises Invalid for a class that is none, or
    the one that it has.
    """
    case, before = await _reviewed(session, actor, case_id)
    kinds = [c.code for c in book.edition(before.scheme, before.scheme_version).classes]
    if code not in kinds or code == case.business_class:
        raise Invalid.at("no-class", "business_class", "请选择另一个企业类别。", f"Choose another class of: {', '.join(kinds)}.")
    _must_say_why(reason)
    async with database.as_platform(session):  # a case's particulars are the firm's; the reviewer's finding says who changed this one
        await cases.set_case(session, case.id, business_class=code)
    who = (now, actor.account_id, actor.login, "", None)
    about = (session, case.id, evidence.CLASS, code, Author.REVIEWER, reason.strip())
    await statements_of.add_statement(*about, *who, generated=case.generated)
    await audit.record(session, "green.class_corrected", f"green:{case.id}", now, account_id=actor.account_id, to=code)
    said = await statements_of.statements(session, case.id)
    return await rating.again(session, book, replace(case, business_class=code), before, said, now)


async def _reviewed(session: AsyncSession, actor: Actor, case_id: UUID) -> tuple[Case, Rated]:
    """Return a case that the actor reviews, locked, and the system's rating. Raises Forbidden or Conflict."""
    case, _ = await case_of(session, actor, case_id, lock=True)
    if actor.role is not Role.REVIEWER:
        raise Forbidden("wrong-role", "您的角色不能评审。", "Your role does not review.")
    if case.state is not State.IN_REVIEW:
        raise Conflict("green-state", "该评价不在评审中。", "The case is not under review.")
    return case, await _rated(session, case)


def _must_say_why(reason: str) -> None:
    if flow.reason_problem(Event.CHANGE, reason):
        raise Invalid.at("no-reason", "reason", "请写明调整理由（至少 10 个字）。", "Say why, in at least 10 characters.")


def may_find(book: Book, rated: Rated) -> list[InputName]:
    """Return of which values a reviewer may find something, in the scheme's order."""
    scheme, known = book.edition(rated.scheme, rated.scheme_version), schemes.vocabulary()
    vetoing = {name for veto in scheme.vetoes for name in veto.when.names}
    return [known[name] for name in scheme.names if evidence.may_find(known[name], vetoing, rated.inputs)]


async def preview(session: AsyncSession, case: Case) -> tuple[Rated, Rated | None, list[Statement]]:
    """Return the system's rating of a case, the newest one with the reviewer's findings (None: nothing found), and those findings."""
    said = await statements_of.statements(session, case.id)
    found = [s for s in said if s.author is Author.REVIEWER]
    system = await _rated(session, case)
    newest = await cases.newest_rating(session, case.id) if found else None
    return system, newest if newest and newest.id != system.id else None, found


async def _rated(session: AsyncSession, case: Case) -> Rated:
    found = await cases.rating(session, case.rating_id) if case.rating_id else None
    if found is None:
        raise Conflict("not-rated", "该评价尚无系统评级。", "The system has not rated the case.")
    return found


async def decide(session: AsyncSession, actor: Actor, case_id: UUID, *, passed: bool, reason: str, now: datetime) -> State:
    """Confirm a case, with the reviewer's changes where there are any, or reject it. Publicity begins with the confirmation.

    Raises Conflict where the grade with the changes is no green one: such a case is rejected.
    """
    case, speaks = await case_of(session, actor, case_id, lock=True)
    if not passed:
        return await step(session, case, Event.REJECT, speaks, now, actor, {"reason": reason.strip()})
    system, changed, found = await preview(session, case)
    rated = changed or system
    rule = policy(business_date(now))
    if case.state is State.IN_REVIEW and rated.grade not in rule.green_grades:
        raise Conflict(
            "not-green", "评审后的等级不是绿色等级，只能不予通过。", "With the findings the grade is no green one: reject the case."
        )
    told = {
        "reason": reason.strip() or "；".join(s.reason for s in found)[: flow.MOST_REASON],
        "grade": rated.grade,
        "grade_before": system.grade,
        "points": rated.points,
        "changed": sorted({s.name for s in found}),
        "publicity_days": rule.publicity_days,
        "policy": rule.version,
    }
    return await step(session, case, Event.CHANGE if found else Event.CONFIRM, speaks, now, actor, told, rating_id=rated.id)


async def find_forgery(session: AsyncSession, actor: Actor, case_id: UUID, reason: str, now: datetime) -> State:
    """Find that evidence is forged: the case ends, its certificates never held, what was paid is clawed back, and the firm is barred.

    A renewal carries over what was stated before: the cases that it renews, and those that renew it, fall with it. The fine is the law's
    business; its range is told as information.
    """
    case, speaks = await case_of(session, actor, case_id, lock=True)
    rule = policy(business_date(now))
    async with database.as_platform(session):  # certificates and the ledger are the platform's; the step says who found it
        paid = await subsidies.paid_of(session, case.enterprise_id)
        told = {
            "reason": reason.strip(),
            "subsidies_fen": paid,
            "fine_fen": [round(paid * rule.fine_low), round(paid * rule.fine_high)],
            "fine_source": rule.fine_source,
        }
        state = await step(session, case, Event.FIND_FORGERY, speaks, now, actor, told)
        await end_all(session, case, "forged", now, void=True)
        for other in await _renewals(session, case):
            if flow.next_state(other.state, Event.FIND_FORGERY):
                await step(session, other, Event.FIND_FORGERY, speaks, now, actor, {**told, "found_with": case.number})
            await end_all(session, other, "forged", now, void=True)
        await subsidies.claw_back_of(session, case.enterprise_id, f"{case.number}：材料造假", now)
    return state


async def _renewals(session: AsyncSession, case: Case) -> list[Case]:
    """Return the cases that a case renews or is renewed by, locked and read again, oldest first."""
    own = {c.id: c for c in await cases.of_enterprise(session, case.enterprise_id, case.subject)}
    linked, more = {case.id}, True
    while more:
        near = {c.id for c in own.values() if c.renews in linked} | {own[i].renews for i in linked if own[i].renews}
        more, linked = not near <= linked, linked | {i for i in near if i}
    found = []
    for other in sorted(linked - {case.id}, key=lambda i: own[i].number):
        await database.lock(session, f"green:{other}")
        found.append(await cases.find(session, other) or own[other])
    return found
