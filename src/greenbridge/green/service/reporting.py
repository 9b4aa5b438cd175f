"""The firm's side: opening a case, submitting, asking for the review, withdrawing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor
from greenbridge.audit import service as audit
from greenbridge.enterprises.values import Enterprise, Origin
from greenbridge.green.rules import classes, evidence, flow
from greenbridge.green.service import rating
from greenbridge.green.service.steps import case_of, firm_of, policy, step
from greenbridge.green.store import cases
from greenbridge.green.store import evidence as statements_of
from greenbridge.green.values import (
    Author,
    Case,
    Event,
    Happened,
    Rated,
    Speaker,
    State,
    Statement,
    StoredFile,
    Subject,
)
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Invalid
from greenbridge.schemes.service import Book
from greenbridge.schemes.values import NOT_RATED

ON_ITS_WAY = (State.DRAFT, State.RATED, State.IN_REVIEW, State.PUBLISHED, State.OBJECTED)
TITLE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with all that its readers see of it."""

    case: Case
    history: list[Happened]
    rated: Rated | None
    statements: list[Statement]


async def open_case(session: AsyncSession, actor: Actor, subject: Subject, now: datetime, project: Mapping[str, Any] | None = None) -> Case:
    """Open a case of the actor's firm. A firm has one enterprise case on its way; while one is certified only its renewal, in time.

    A renewal begins with the values stated before; each is pledged anew when it is submitted.
    """
    firm = await firm_of(session, actor)
    given = dict(project or {})
    if subject is Subject.PROJECT and not 2 <= len(str(given.get("title", "")).strip()) <= TITLE_LENGTH:
        raise Invalid.at(
            "no-title", "title", f"请填写项目名称（2 至 {TITLE_LENGTH} 字）。", f"Name the project in 2 to {TITLE_LENGTH} characters."
        )
    await database.lock(session, f"green:{firm.id}")
    before = await cases.of_enterprise(session, firm.id, subject)
    if subject is Subject.ENTERPRISE and any(c.state in ON_ITS_WAY for c in before):
        raise Conflict("green-on-its-way", "已有一份绿色企业评价正在办理。", "A green rating of the firm is on its way already.")
    certified = next((c for c in before if c.state is State.CERTIFIED), None) if subject is Subject.ENTERPRISE else None
    if certified and not await _may_renew(session, certified, now):
        raise Conflict(
            "green-certified", "证书尚在有效期内，到期前 60 天内可以续评。", "The certificate holds; it may be renewed in its last days."
        )
    opened = await _add(session, actor, firm, subject, given, certified, now)
    if certified:
        await _carry_over(session, actor, certified, opened)
    return opened


async def _may_renew(session: AsyncSession, certified: Case, now: datetime) -> bool:
    held = await cases.certificates(session, case_id=certified.id)
    day = business_date(now)
    return bool(held) and flow.may_renew(held[-1].valid_to, day, policy(day))


async def _add(
    session: AsyncSession, actor: Actor, firm: Enterprise, subject: Subject, project: Mapping[str, Any], renews: Case | None, now: datetime
) -> Case:
    day = business_date(now)
    kind = (
        renews.business_class
        if renews
        else "project"
        if subject is Subject.PROJECT
        else classes.class_of(await rating.section_of(session, firm.uscc, now))
    )
    about = {
        "number": await cases.number(session, "green_case_number", "G", day),
        "enterprise_id": firm.id,
        "uscc": firm.uscc,
        "name": firm.name,
        "subject": subject.value,
        "business_class": kind,
        "project": dict(project),
        "catalogue_code": renews.catalogue_code if renews else None,
        "catalogue_name": renews.catalogue_name if renews else None,
        "catalogue_version": renews.catalogue_version if renews else None,
        "reviewer_id": None,
        "renews": renews.id if renews else None,
        "generated": firm.origin is Origin.GENERATED,
    }
    case_id = await cases.add_case(session, about, now)
    await cases.happen(session, case_id, 1, Event.OPEN, State.DRAFT, now, actor.account_id, actor.login, {}, None)
    await audit.record(session, "green.opened", f"green:{case_id}", now, account_id=actor.account_id, rated=subject.value)
    found = await cases.find(session, case_id)
    assert found is not None
    return found


async def _carry_over(session: AsyncSession, actor: Actor, before: Case, opened: Case) -> None:
    """Carry over what was stated before, with copies of its files: the new case stands by itself. Each keeps when, by whom and under which
    pledge it was stated; the pledge of this year is given when all is submitted.
    """
    last = evidence.newest(await statements_of.statements(session, before.id))
    for (name, author), s in sorted(last.items()):
        if author is Author.FIRM and s.value is not None:
            file_id = await _copied(session, s.file, opened.id) if s.file else None
            who = (s.at, actor.account_id, s.login, s.pledge, file_id)
            await statements_of.add_statement(session, opened.id, name, s.value, Author.FIRM, "", *who, generated=opened.generated)


async def _copied(session: AsyncSession, file: StoredFile, case_id: UUID) -> UUID:
    found = await statements_of.file(session, file.id)
    assert found is not None
    copy = StoredFile(uuid4(), case_id, file.name, file.media_type, file.size, file.sha256, file.place, file.key)
    await statements_of.add_file(session, copy, found[1])
    return copy.id


async def view(session: AsyncSession, actor: Actor | None, case_id: UUID) -> CaseView:
    """Return a case with its history, newest rating and statements; raises NotFound."""
    case, _ = await case_of(session, actor, case_id)
    rated = await cases.rating(session, case.rating_id) if case.rating_id else None
    return CaseView(case, await cases.history(session, case.id), rated, await statements_of.statements(session, case.id))


async def document(session: AsyncSession, book: Book, firm: Enterprise, view: CaseView | None, now: datetime) -> dict[str, Any]:
    """Return the rating that the firm's own page shows, of its case or of departments' facts alone; the caller is the firm."""
    return await rating.document(session, book, firm, view.case if view else None, view.statements if view else [], now)


def nobodys(firm: Enterprise, now: datetime) -> CaseView:
    """Return the view of a firm that has no case: nothing happened yet."""
    nothing = (None, None, None, None, None, False, State.DRAFT, 0, now, None)
    return CaseView(Case(firm.id, "", firm.id, firm.uscc, firm.name, Subject.ENTERPRISE, "", {}, *nothing), [], None, [])


async def mine(session: AsyncSession, actor: Actor) -> list[Case]:
    """Return the cases of the actor's firm, newest first."""
    return await cases.of_enterprise(session, (await firm_of(session, actor)).id)


async def submit(
    session: AsyncSession,
    actor: Actor,
    book: Book,
    case_id: UUID,
    now: datetime,
    known_at: datetime | None = None,
    *,
    pledged: bool,
) -> Rated:
    """Submit a self-report with the pledge for all that is stated in it, of a renewal what was stated before too: the system rates it at
    once. Raises Invalid without the pledge; its edition is kept with the step.
    """
    case, speaks = await case_of(session, actor, case_id, lock=True)
    if flow.next_state(case.state, Event.SUBMIT) is None or not speaks & {Speaker.FIRM}:
        await step(session, case, Event.SUBMIT, speaks, now, actor)  # says why it cannot be
    if not pledged:
        raise Invalid.at("no-pledge", "submit_pledge", "请先阅读并勾选承诺，再提交。", "Read and tick the pledge before you submit.")
    rated = await rating.rate(session, book, case, await statements_of.statements(session, case.id), now, known_at)
    pledge = policy(business_date(now)).version
    told = {"grade": rated.grade, "points": rated.points, "coverage": rated.coverage, "pledge": pledge}
    await step(session, case, Event.SUBMIT, speaks, now, actor, told, rating_id=rated.id)
    return rated


async def request_review(session: AsyncSession, actor: Actor, case_id: UUID, now: datetime) -> State:
    """Ask for the review by a third party: the platform gives it to the institution with the fewest cases waiting.

    Raises Conflict for a grade that is none of the green ones: a review would not change what is missing.
    """
    case, speaks = await case_of(session, actor, case_id, lock=True)
    rated = await cases.rating(session, case.rating_id) if case.rating_id else None
    if case.state is State.RATED and (rated is None or rated.grade not in policy(business_date(now)).green_grades):
        zh = "系统评级尚未达到绿色等级，请先补充材料。" if rated and rated.grade != NOT_RATED else "已知指标不足，尚未评级，请先补充材料。"
        raise Conflict("not-green", zh, "The system's grade is not a green one yet: add evidence first.")
    async with database.as_platform(session):  # how busy the institutions are is the platform's book
        waiting, reviewers = await cases.load_of(session), await accounts.reviewers(session)
    if not reviewers:
        raise Conflict("no-reviewer", "平台尚未开通第三方评审机构。", "There is no reviewing institution on the platform yet.")
    chosen = min(reviewers, key=lambda r: (waiting.get(r.id, 0), r.code))
    told = {"reviewer": chosen.name, "grade": rated.grade if rated else None}
    await cases.set_case(session, case.id, reviewer_id=chosen.id)
    given = await cases.find(session, case.id)
    return await step(session, given or case, Event.REQUEST_REVIEW, speaks, now, actor, told)


async def act(session: AsyncSession, actor: Actor, case_id: UUID, event: Event, now: datetime) -> State:
    """Take a self-report up again, or withdraw a case."""
    case, speaks = await case_of(session, actor, case_id, lock=True)
    return await step(session, case, event, speaks, now, actor)
