"""The firm's pages: its points and evidence, the self-report, the flow, the subsidy."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from greenbridge.accounts import service as accounts
from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus
from greenbridge.green import service
from greenbridge.green.pages.shown import WORDS, laid_out
from greenbridge.green.rules import flow, words
from greenbridge.green.service import Particulars, subsidies
from greenbridge.green.values import Case, Event, Loan, ReportedLoan, Speaker, State, Subject, Upload
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, Problem
from greenbridge.kit.money import fen_from_wan, in_wan
from greenbridge.kit.web import Deps, Now, Session, language_of, page
from greenbridge.schemes import service as schemes

EXAMPLE_FEN, EXAMPLE_DAYS = 500_000_000, 365
FIRMS_EVENTS = {Event.SUBMIT, Event.REVISE, Event.REQUEST_REVIEW, Event.WITHDRAW}


class FirmGreenPages(Controller):
    """My grade, my points per indicator, my evidence, the gap to the next grade and what it would bring."""

    path = "/enterprise/green"
    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    async def _firm(self, request: Caller, session: Any) -> Enterprise | None:
        firm = await enterprises.mine(session, request.user)
        return firm if firm and firm.status is EnterpriseStatus.VERIFIED else None

    async def _page(
        self,
        request: Caller,
        session: Any,
        now: Any,
        deps: Any,
        case_id: UUID | None,
        typed: dict[str, str],
        problem: Problem | None = None,
    ) -> Template | Redirect:
        firm = await self._firm(request, session)
        if firm is None:
            return Redirect("/enterprise/start", status_code=303)
        own = await service.mine(session, request.user)
        case = next((c for c in own if c.id == case_id), None) if case_id else _main(own)
        if case_id and case is None:
            await service.view(session, request.user, case_id)  # not found, whether there is one or not
        view = await service.view(session, request.user, case.id) if case else None
        day = business_date(now)
        content = await service.document(session, deps.schemes, firm, view, now)
        shown = view or service.nobodys(firm, now)
        editing = case is not None and case.state is State.DRAFT
        names = service.may_state(deps.schemes, shown.case.subject, now) if editing else ()
        rating = laid_out(deps.schemes, shown, content, language_of(request), names)
        query = typed.get("query", "")
        held = await service.certificates(session, case.id) if case else []
        return page(
            request,
            "green_firm.html",
            status_code=problem.status if problem else 200,
            firm=firm,
            case=case,
            view=view,
            own=own,
            may=flow.possible(case.state, Speaker.FIRM) if case else (),
            publicity=await service.publicity(session, case, now) if case else None,
            certificates=held,
            renewable=bool(held) and flow.may_renew(held[-1].valid_to, day, service.policy(day)),
            gain=await _gain(session, content, day),
            claims=await subsidies.mine(session, request.user),
            banks=await accounts.banks(session),
            reported=(reported := await service.loans.reported(session, request.user, deps.disbursed)),
            projects=await subsidies.projects(session, firm.id),
            max_days=subsidies.policy(day).max_days,
            pledge=service.policy(day).pledge,
            found=await service.search(session, query, now) if query else [],
            form={**_prefilled(reported, typed), **typed},
            problem=problem,
            Event=Event,
            State=State,
            Subject=Subject,
            example_fen=EXAMPLE_FEN,
            example_days=EXAMPLE_DAYS,
            **rating,
            **WORDS,
        )

    @get()
    async def main(
        self, request: Caller, session: Session, now: Now, deps: Deps, sought: FromQuery[str] = "", loan: FromQuery[str] = ""
    ) -> Template | Redirect:
        """Show the firm's own rating: its newest case, or what departments' data alone say. `loan`: a reported one, to claim for."""
        return await self._page(request, session, now, deps, None, {"query": sought, **({"loan": loan} if loan else {})})

    @get("/{case_id:uuid}")
    async def one(
        self, case_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps, sought: FromQuery[str] = ""
    ) -> Template | Redirect:
        return await self._page(request, session, now, deps, case_id, {"query": sought})

    @post()
    async def begin(self, request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        """Open a case of the firm, or of a project."""
        form = await request.form()
        typed = {name: str(form.get(name, "")) for name in ("subject", "title", "investment")}
        try:
            if typed["subject"] not in set(Subject):
                raise Invalid.at("no-subject", "subject", "请选择评价对象。", "Choose what is rated.")
            async with session.begin_nested():
                opened = await service.open_case(session, request.user, Subject(typed["subject"]), now, _project(typed))
        except Problem as problem:
            return await self._page(request, session, now, deps, None, typed, problem)
        return Redirect(f"/enterprise/green/{opened.id}", status_code=303)

    @post("/{case_id:uuid}/particulars")
    async def particulars(self, case_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        form = await request.form()
        given = Particulars(str(form.get("business_class", "")), str(form.get("catalogue_code", "")))
        try:
            async with session.begin_nested():
                await service.set_particulars(session, request.user, deps.schemes, case_id, given, now)
        except Problem as problem:
            return await self._page(request, session, now, deps, case_id, {}, problem)
        return Redirect(f"/enterprise/green/{case_id}#particulars", status_code=303)

    @post("/{case_id:uuid}/statements")
    async def state(self, case_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        """State a value with a pledge and what shows it."""
        form = await request.form()
        name, text = str(form.get("name", "")), str(form.get("value", ""))
        known = schemes.vocabulary().get(name)
        try:
            upload = await _upload(form.get("file"))
            async with session.begin_nested():
                await service.state(
                    session,
                    request.user,
                    deps.schemes,
                    deps.files,
                    case_id,
                    name,
                    words.typed(known, text) if known else text,
                    now,
                    pledged=form.get("pledge") == "yes",
                    upload=upload,
                    most_bytes=deps.settings.evidence_max_bytes,
                )
        except Problem as problem:
            return await self._page(request, session, now, deps, case_id, {"name": name, "value": text}, problem)
        return Redirect(f"/enterprise/green/{case_id}#{name}", status_code=303)

    @post("/{case_id:uuid}/events")
    async def act(self, case_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        """Submit, take up again, ask for the review, withdraw."""
        form = await request.form()
        asked, pledged = str(form.get("event", "")), form.get("pledge") == "yes"
        try:
            if asked not in FIRMS_EVENTS:
                raise Forbidden("wrong-role", "您的角色不能进行此操作。", "Your role may not do this.")
            async with session.begin_nested():
                await _do(session, request, deps, case_id, Event(asked), now, pledged=pledged)
        except (Conflict, Invalid) as problem:
            return await self._page(request, session, now, deps, case_id, {}, problem)
        return Redirect(f"/enterprise/green/{case_id}", status_code=303)

    @post("/claims")
    async def claim(self, request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        """Claim the subsidy of a loan."""
        form = await request.form()
        typed = {name: str(form.get(name, "")) for name in ("project", "bank", "reference", "principal", "drawn_on", "repaid_on")}
        try:
            loan = _loan(typed)
            async with session.begin_nested():
                await subsidies.claim(session, request.user, loan, now, _case_named(typed["project"]))
        except (Conflict, Invalid) as problem:
            return await self._page(request, session, now, deps, None, typed, problem)
        return Redirect("/enterprise/green#subsidy", status_code=303)

    @post("/claims/{claim_id:uuid}/withdrawal")
    async def withdraw_claim(self, claim_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        await subsidies.withdraw(session, request.user, claim_id, now)
        return Redirect("/enterprise/green#subsidy", status_code=303)


def _main(own: list[Case]) -> Case | None:
    """Return the case that the firm's page is about: one on its way, else a certified one, else the newest."""
    firms = [c for c in own if c.subject is Subject.ENTERPRISE]
    certified = next((c for c in firms if c.state is State.CERTIFIED), None)
    moving = next((c for c in firms if not c.is_final and c.state is not State.CERTIFIED), None)
    return moving or certified or next(iter(firms), None)


async def _gain(session: Any, content: dict[str, Any], day: date) -> dict[str, Any] | None:
    """Return what the grade and the next one bring for a loan of 5 m yuan over a year."""
    grades = [content["grade"], content["next_grade"]["code"] if content["next_grade"] else None]
    now, then = [await service.forecast(session, grade, EXAMPLE_FEN, EXAMPLE_DAYS, day) for grade in grades]
    return {"now": now, "next": then, "more": then.amount_fen - now.amount_fen}


def _project(typed: dict[str, str]) -> dict[str, Any] | None:
    if typed["subject"] != Subject.PROJECT:
        return None
    try:
        investment = fen_from_wan(typed["investment"]) if typed["investment"].strip() else 0
    except ValueError:
        raise Invalid.at("wrong-amount", "investment", "投资额应为数字（万元）。", "The investment is a number of 10,000 yuan.") from None
    return {"title": typed["title"].strip(), "investment_fen": investment}


def _loan(typed: dict[str, str]) -> Loan:
    try:
        principal = fen_from_wan(typed["principal"])
    except ValueError:
        raise Invalid.at("wrong-amount", "principal", "本金应为数字（万元）。", "The principal is a number of 10,000 yuan.") from None
    repaid_on = _day(typed, "repaid_on") if typed["repaid_on"] else None
    try:
        bank_id = UUID(typed["bank"]) if typed["bank"] else None
    except ValueError:
        raise Invalid.at("no-bank", "bank", "请选择放款银行。", "Choose the bank that lent the money.") from None
    return Loan(typed["reference"].strip(), principal, _day(typed, "drawn_on"), repaid_on, bank_id)


def _case_named(text: str) -> UUID | None:
    """Return the project that a claim names, None for the firm's own certificates; raises Invalid for what is no project."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid.at("no-project", "project", "请选择绿色项目。", "Choose a project.") from None


def _prefilled(reported: list[ReportedLoan], typed: dict[str, str]) -> dict[str, str]:
    """Return the form of a claim for the loan that a bank reported and the link names: `bank:reference`."""
    found = next((r.loan for r in reported if f"{r.loan.bank_id}:{r.loan.reference}" == typed.get("loan")), None)
    if found is None:
        return {}
    days = {"drawn_on": found.drawn_on.isoformat(), "repaid_on": found.repaid_on.isoformat() if found.repaid_on else ""}
    return {"bank": str(found.bank_id), "reference": found.reference, "principal": in_wan(found.principal_fen), **days}


def _day(typed: dict[str, str], name: str) -> date:
    try:
        return date.fromisoformat(typed[name])
    except ValueError:
        raise Invalid.at("no-day", name, "日期应写作 2026-03-01。", "A day is written 2026-03-01.") from None


async def _upload(file: Any) -> Upload | None:
    if not isinstance(file, UploadFile) or not file.filename:
        return None
    return Upload(file.filename, await file.read())


async def _do(session: Any, request: Caller, deps: Any, case_id: UUID, event: Event, now: Any, *, pledged: bool) -> None:
    if event is Event.SUBMIT:
        await service.submit(session, request.user, deps.schemes, case_id, now, pledged=pledged)
    elif event is Event.REQUEST_REVIEW:
        await service.request_review(session, request.user, case_id, now)
    else:
        await service.act(session, request.user, case_id, event, now)
