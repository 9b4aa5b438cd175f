"""The officer's work list, and one need with all that may be seen of it."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import STAFF_FUNCTION_NAMES, Role
from greenbridge.answers import rules, service
from greenbridge.answers.pages import underwriting as panel
from greenbridge.answers.pages.words import WORDS
from greenbridge.answers.values import Answer, AnswerStatus, BankEvent, DeclineReason, Demand, Offer, Report, Request
from greenbridge.catalog.values import Eligibility, Repayment
from greenbridge.consents.values import WORK_STEP_NAMES, WorkStep
from greenbridge.kit.calendar import SHANGHAI, business_date
from greenbridge.kit.errors import FieldProblem, Forbidden, Invalid, NotFound, Problem
from greenbridge.kit.money import bp_from_percent, fen_from_wan
from greenbridge.kit.text import Text
from greenbridge.kit.web import Deps, Now, Session, download, language_of, page
from greenbridge.needs import service as needs
from greenbridge.needs.values import POINT_NAMES, Need
from greenbridge.reports import service as reports
from greenbridge.reports.values import CreditReport

PAGE_SIZE = 30
WORKS_AT = {
    AnswerStatus.CHOSEN: WorkStep.APPROVAL,
    AnswerStatus.APPROVED: WorkStep.DISBURSEMENT,
    AnswerStatus.SIGNED: WorkStep.DISBURSEMENT,
}


def read_offer(form: dict[str, str], today: date, need: Need) -> Offer:
    """Return the offer typed into the form; raises Invalid with each field that cannot be read."""
    found: list[FieldProblem] = []

    def read(field: str, convert: Any, zh: str, en: str) -> int:
        try:
            return int(convert(form.get(field, "")))
        except ValueError:
            found.append(FieldProblem(field, Text(zh, en)))
            return 0

    amount = read("amount_fen", fen_from_wan, "请填写金额，例如 200", "Type an amount, such as 200")
    rate = read("annual_rate_bp", bp_from_percent, "请填写利率，例如 4.35", "Type a rate, such as 4.35")
    term = read("term_months", int, "请填写整月数，例如 12", "Type whole months, such as 12")
    if found:
        raise Invalid("wrong-offer", "请检查报价。", "Check the offer.", fields=tuple(found))
    guarantee = read(
        "guarantee_yearly_bp", lambda typed: bp_from_percent(typed or "0"), "请填写年担保费率，没有填 0", "Type a rate, 0 for none"
    )
    fee = read("upfront_fee_fen", lambda typed: fen_from_wan(typed or "0"), "请填写一次性费用，没有填 0", "Type an amount, 0 for none")
    if found:
        raise Invalid("wrong-offer", "请检查报价。", "Check the offer.", fields=tuple(found))
    way = form.get("repayment", "")
    repayment = Repayment(way) if way in set(Repayment) else None
    until = min(today + timedelta(days=rules.OFFER_DAYS), rules.last_valid_day(need, today))
    code = form.get("product_code", "")
    return Offer(code, amount, rate, term, until, repayment, upfront_fee_fen=fee, guarantee_yearly_bp=guarantee)


def read_report(form: Any) -> Report:
    """Return what a bank reports, typed into one of the page's forms; raises Invalid with each field that cannot be read."""
    found: list[FieldProblem] = []

    def read(field: str, convert: Any, zh: str, en: str) -> Any:
        typed = str(form.get(field, ""))
        try:
            return convert(typed) if typed else None
        except ValueError:
            found.append(FieldProblem(field, Text(zh, en)))
            return None

    event = str(form.get("event", ""))
    if event not in set(BankEvent):
        raise Invalid("wrong-step", "没有这个步骤。", "There is no such step.")
    amounts = {
        name: read(name, fen_from_wan, "请填写金额（万元）", "Type an amount (x10k yuan)")
        for name in ("amount_fen", "principal_fen", "interest_fen")
    }
    rate = read("annual_rate_bp", bp_from_percent, "请填写利率，例如 4.35", "Type a rate, such as 4.35")
    paid_on = read("paid_on", date.fromisoformat, "请选择日期", "Choose a day")
    if found:
        raise Invalid("wrong-step", "请检查填写的内容。", "Check what was typed.", fields=tuple(found))
    return Report(
        BankEvent(event),
        tuple(Demand(str(one)) for one in form.getall("demands", []) if str(one) in set(Demand)),
        tuple(DeclineReason(str(one)) for one in form.getall("reasons", []) if str(one) in set(DeclineReason)),
        annual_rate_bp=rate or 0,
        contract_number=str(form.get("contract_number", "")),
        paid_on=paid_on,
        note=str(form.get("note", "")),
        **{name: amount or 0 for name, amount in amounts.items()},
    )


def _must_answer(answer: Answer | Request, need_id: UUID) -> None:
    """Refuse, and so roll back, what was done under the address of another need: whether there is such a need must not show."""
    if answer.need_id != need_id:
        raise NotFound("no-answer", "没有这条应答。", "There is no such answer.")


class OfficerPages(Controller):
    """What an officer must answer, and one need with all that may be seen of it."""

    path = "/officer"
    include_in_schema = False
    guards = (only(Role.OFFICER),)

    @get()
    async def work_list(self, request: Caller, session: Session, now: Now, deps: Deps, offset: FromQuery[int] = 0) -> Template:
        offset = min(max(0, offset), 1_000_000)
        seen = await service.work_list(session, request.user, deps.model, now, limit=PAGE_SIZE + 1, offset=offset)
        mine = await service.of_bank(session, request.user, limit=50)
        due = await service.due(session, request.user, now)
        owing = {one.deadline.answer_id for one in due}
        before = [row for row in mine if row[0].id not in owing]
        shown = seen[:PAGE_SIZE]
        more = offset + PAGE_SIZE if len(seen) > PAGE_SIZE else None
        return page(
            request,
            "officer_list.html",
            needs=shown,
            due=due,
            asked={one.id: one for one in await service.requests_of_bank(session, request.user)},
            answered_by={answer.id: answer for answer, _ in mine},
            answered_before=before,
            offset=offset,
            more=more,
            overview=await service.overview(session, request.user, now),
            size=PAGE_SIZE,
            **WORDS,
        )

    async def _detail(
        self,
        request: Caller,
        session: Any,
        now: Any,
        deps: Any,
        need_id: UUID,
        form: dict[str, str],
        problem: Problem | None = None,
        step: WorkStep | None = None,
        *,
        points: bool = False,
    ) -> Template:
        seen = await service.open_need(session, request.user, need_id, deps.model, now)
        report, refusal, findings = None, None, None
        # Without a choice: the step at which the bank's work stands, or the last that this officer may read at.
        now_at = WORKS_AT.get(seen.mine.status, WorkStep.SURVEY) if seen.mine else WorkStep.SURVEY
        step = step or (now_at if now_at in seen.steps or not seen.steps else seen.steps[-1])
        if seen.enterprise:
            try:
                async with session.begin_nested():
                    report = await reports.for_actor(session, request.user, seen.enterprise.id, deps.press, now, step=step)
                    if points:  # only when asked for: each look is a read that the firm has counted out
                        findings = await service.points(session, request.user, need_id, step, deps.model, now)
            except Forbidden as forbidden:  # the reads are used up, or the step is not this officer's: the need is shown all the same
                refusal = forbidden
        proposals, decided = await panel.shown(session, request.user, seen, report, step, deps.model, now)
        status = problem.status if problem else 200
        return page(
            request,
            "officer_need.html",
            status_code=status,
            seen=seen,
            report=report,
            laid=reports.laid_out(report, language_of(request)) if report else None,
            refusal=refusal,
            findings=findings,
            point_names=POINT_NAMES,
            **panel.words(proposals, decided, language_of(request)),
            step=step,
            step_names=WORK_STEP_NAMES,
            function_names=STAFF_FUNCTION_NAMES,
            form=form,
            problem=problem,
            path=f"/officer/needs/{need_id}",
            AnswerStatus=AnswerStatus,
            drawable=rules.drawable_fen(seen.mine) if seen.mine else 0,
            payments=await service.payments(session, seen.mine) if seen.mine else [],
            shanghai_zone=SHANGHAI,
            Eligibility=Eligibility,
            **WORDS,
        )

    @get("/needs/{need_id:uuid}")
    async def need(
        self,
        need_id: FromPath[UUID],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
        step: FromQuery[WorkStep | None] = None,
        points: FromQuery[bool] = False,
    ) -> Template:
        return await self._detail(request, session, now, deps, need_id, {}, step=step, points=points)

    async def _read(self, request: Caller, session: Any, now: Any, deps: Any, need_id: UUID, step: WorkStep) -> CreditReport:
        """Return the report of the firm behind a need; it stands in the firm's ledger like any other read."""
        seen = await service.open_need(session, request.user, need_id, deps.model, now)
        if seen.enterprise is None:
            raise Forbidden("no-consent", "企业尚未授权贵行查阅。", "The firm has not agreed that your bank reads it.")
        return await reports.for_actor(session, request.user, seen.enterprise.id, deps.press, now, step=step)

    @get("/needs/{need_id:uuid}/report.pdf")
    async def report_pdf(
        self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps, step: FromQuery[WorkStep] = WorkStep.SURVEY
    ) -> Response[bytes]:
        report = await self._read(request, session, now, deps, need_id, step)
        made = await asyncio.to_thread(reports.pdf, report, language_of(request))
        return download(made, "application/pdf", f"{report.number}.pdf")

    @get("/needs/{need_id:uuid}/report.json")
    async def report_json(
        self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps, step: FromQuery[WorkStep] = WorkStep.SURVEY
    ) -> Response[bytes]:
        report = await self._read(request, session, now, deps, need_id, step)
        return download(reports.file(report), "application/json", f"{report.number}.json")

    @post("/needs/{need_id:uuid}/claim")
    async def claim(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        try:
            async with session.begin_nested():
                await service.claim(session, request.user, need_id, deps.model, now)
        except Problem as problem:
            return await self._detail(request, session, now, deps, need_id, {}, problem)
        return Redirect(f"/officer/needs/{need_id}", status_code=303)

    @post("/needs/{need_id:uuid}/offer/{answer_id:uuid}")
    async def offer(
        self,
        need_id: FromPath[UUID],
        answer_id: FromPath[UUID],
        data: URLEncodedBody[dict[str, str]],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
    ) -> Response[Any]:
        try:
            async with session.begin_nested():
                terms = read_offer(data, business_date(now), await needs.get(session, need_id))
                _must_answer(await service.offer(session, request.user, answer_id, terms, data.get("note", ""), now), need_id)
        except Problem as problem:
            return await self._detail(request, session, now, deps, need_id, data, problem)
        return Redirect(f"/officer/needs/{need_id}", status_code=303)

    @post("/needs/{need_id:uuid}/decline/{answer_id:uuid}")
    async def decline(
        self,
        need_id: FromPath[UUID],
        answer_id: FromPath[UUID],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
    ) -> Response[Any]:
        form = await request.form()
        chosen = [DeclineReason(reason) for reason in form.getall("reasons", []) if reason in set(DeclineReason)]
        try:
            async with session.begin_nested():
                _must_answer(await service.decline(session, request.user, answer_id, chosen, form.get("note", ""), now), need_id)
        except Problem as problem:
            return await self._detail(request, session, now, deps, need_id, {}, problem)
        return Redirect(f"/officer/needs/{need_id}", status_code=303)

    @post("/needs/{need_id:uuid}/steps/{answer_id:uuid}")
    async def report_step(
        self, need_id: FromPath[UUID], answer_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps
    ) -> Response[Any]:
        form = await request.form()
        try:
            async with session.begin_nested():
                _must_answer(await service.report(session, request.user, answer_id, read_report(form), now), need_id)
        except Problem as problem:
            typed = {key: str(value) for key, value in form.items()}
            return await self._detail(request, session, now, deps, need_id, typed, problem)
        return Redirect(f"/officer/needs/{need_id}", status_code=303)

    @post("/needs/{need_id:uuid}/refusal/{request_id:uuid}")
    async def refuse(
        self, need_id: FromPath[UUID], request_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps
    ) -> Response[Any]:
        form = await request.form()
        chosen = [DeclineReason(str(reason)) for reason in form.getall("reasons", []) if str(reason) in set(DeclineReason)]
        try:
            async with session.begin_nested():
                _must_answer(await service.refuse(session, request.user, request_id, chosen, now), need_id)
        except NotFound:
            raise
        except Problem as problem:
            return await self._detail(request, session, now, deps, need_id, {}, problem)
        return Redirect("/officer", status_code=303)

    @post("/needs/{need_id:uuid}/underwriting")
    async def decide(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        form = await request.form()
        typed = {key: str(value) for key, value in form.items()}
        try:
            async with session.begin_nested():
                await panel.decide(session, request.user, need_id, typed, form.getall("own_reasons", []), deps.model, now)
        except Problem as problem:
            return await self._detail(request, session, now, deps, need_id, typed, problem)
        return Redirect(f"/officer/needs/{need_id}#underwriting", status_code=303)
