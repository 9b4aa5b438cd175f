"""The firm's offers side by side, and what a bank will see before the firm agrees."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from greenbridge.accounts import service as accounts
from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import STAFF_FUNCTION_NAMES, Role
from greenbridge.answers import service
from greenbridge.answers.pages.words import WORDS
from greenbridge.answers.rules import life
from greenbridge.answers.values import Instalment, RatingReason
from greenbridge.consents import rules as consent_rules
from greenbridge.consents import service as consents
from greenbridge.consents.values import WORK_STEP_NAMES, Narrowing
from greenbridge.consents.values import Purpose as ConsentPurpose
from greenbridge.facts import service as facts
from greenbridge.kit import sheets
from greenbridge.kit.calendar import SHANGHAI, business_date
from greenbridge.kit.errors import FieldProblem, Invalid, Problem
from greenbridge.kit.money import Fen
from greenbridge.kit.text import Language, Text
from greenbridge.kit.web import Deps, Now, Session, download, language_of, page


class FirmAnswerPages(Controller):
    """Which offer costs least: side by side."""

    path = "/enterprise"
    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    async def _offers(self, request: Caller, session: Any, now: Any, deps: Any, need_id: UUID, problem: Problem | None = None) -> Template:
        need, offered, others = await service.compare(session, request.user, need_id, deps.model, now)
        return page(
            request,
            "offers.html",
            status_code=problem.status if problem else 200,
            need=need,
            offered=offered,
            others=others,
            chosen=next((v for v in [*(row.view for row in offered), *others] if v.answer.status in life.LOANS), None),
            sealed=await service.sealed_offers(session, need) if need.sealed else None,
            releasable=await service.releasable(session, need) if not need.sealed else [],
            ratings=await service.ratings(session, request.user, need_id),
            requests=await service.requests_of(session, request.user, need_id),
            problem=problem,
            today=business_date(now),
            shanghai=SHANGHAI,
            **WORDS,
        )

    @get("/needs/{need_id:uuid}/offers")
    async def offers(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        """Show which offer costs least, all in."""
        return await self._offers(request, session, now, deps, need_id)

    @get("/answers/{answer_id:uuid}/amortisation.csv")
    async def amortisation(self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Response[bytes]:
        view, table = await service.amortisation(session, request.user, answer_id, now)
        return download(sheets.as_csv(*as_table(table, language_of(request))), sheets.CSV, f"amortisation-{view.answer.id}.csv")

    @get("/answers/{answer_id:uuid}/amortisation.xlsx")
    async def amortisation_xlsx(self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Response[bytes]:
        view, table = await service.amortisation(session, request.user, answer_id, now)
        return download(sheets.as_xlsx(*as_table(table, language_of(request))), sheets.XLSX, f"amortisation-{view.answer.id}.xlsx")

    @post("/answers/{answer_id:uuid}/supply")
    async def supply(self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        answer = await service.supply(session, request.user, answer_id, now)
        return Redirect(f"/enterprise/needs/{answer.need_id}/offers", status_code=303)

    @post("/answers/{answer_id:uuid}/rating")
    async def rate(self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        form = await request.form()
        stars = str(form.get("stars", ""))
        reasons = [RatingReason(str(reason)) for reason in form.getall("reasons", []) if str(reason) in set(RatingReason)]
        answer, need, _ = await service.agreeing(session, request.user, answer_id)
        try:
            async with session.begin_nested():
                await service.rate(session, request.user, answer.id, int(stars) if stars.isdecimal() else 0, reasons, now)
        except Problem as problem:
            return await self._offers(request, session, now, deps, need.id, problem)
        return Redirect(f"/enterprise/needs/{need.id}/offers", status_code=303)

    @post("/answers/{answer_id:uuid}/agreement")
    async def agree(self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        answer = await service.agree(session, request.user, answer_id, now)
        return Redirect(f"/enterprise/needs/{answer.need_id}/offers", status_code=303)

    @post("/answers/{answer_id:uuid}/release")
    async def release(self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        answer = await service.release(session, request.user, answer_id, now)
        return Redirect(f"/enterprise/needs/{answer.need_id}/life", status_code=303)

    async def _consent(
        self, request: Caller, session: Any, now: Any, answer_id: UUID, typed: dict[str, Any], problem: Problem | None = None
    ) -> Template:
        answer, need, steps = await service.agreeing(session, request.user, answer_id)
        banks = {bank.id: bank for bank in await accounts.banks(session)}
        given = await consents.standing(session, need.enterprise_id, answer.bank_id, ConsentPurpose.LOAN_REVIEW, now)
        narrowing = Narrowing()
        if given:  # what stands is the beginning: sending the form as it is widens nothing
            steps = given.steps
            scope = given.scope
            narrowing = Narrowing(scope.max_level, scope.months, functions=given.functions, withheld=scope.withheld)
            typed = typed or {
                "months": str(scope.months),
                "days": str((given.expires_on - business_date(given.granted_at)).days),
                "max_reads": str(given.max_reads),
                "shown": [item.code for item in facts.described() if item.code not in scope.withheld],
            }
        readers = []
        for step in steps:
            for function, access in await consents.preview(session, answer.bank_id, step, narrowing, now):
                readers.append((step, function, consent_rules.in_words(access, facts.described())))
        return page(
            request,
            "consent_form.html",
            status_code=problem.status if problem else 200,
            answer=answer,
            need=need,
            bank=banks[answer.bank_id],
            readers=readers,
            steps=steps,
            categories=consent_rules.by_category(facts.described()),
            template=consents.template(ConsentPurpose.LOAN_REVIEW, now),
            form=typed,
            problem=problem,
            step_names=WORK_STEP_NAMES,
            function_names=STAFF_FUNCTION_NAMES,
        )

    @get("/answers/{answer_id:uuid}/consent")
    async def consent(self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Template:
        """Show what the bank will see, in words, before the firm agrees; it may narrow it."""
        return await self._consent(request, session, now, answer_id, {})

    @post("/answers/{answer_id:uuid}/consent")
    async def grant(self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Response[Any]:
        form = await request.form()
        typed = {**{name: str(form.get(name, "")) for name in form}, "shown": form.getall("shown", [])}
        try:
            narrowing = read_narrowing(typed, [item.code for item in facts.described()])
            standing, need, _ = await service.agreeing(session, request.user, answer_id)
            given = await consents.standing(session, need.enterprise_id, standing.bank_id, ConsentPurpose.LOAN_REVIEW, now)
            if given:  # what the form cannot say stays: single fields, functions, the level
                fields = frozenset(key for key in given.scope.withheld if key.count(".") > 1)
                level, functions = given.scope.max_level, given.functions
                narrowing = replace(narrowing, max_level=level, functions=functions, withheld=narrowing.withheld | fields)
            async with session.begin_nested():
                answer = await service.agree(session, request.user, answer_id, now, narrowing)
        except Problem as problem:
            return await self._consent(request, session, now, answer_id, typed, problem)
        return Redirect(f"/enterprise/needs/{answer.need_id}/offers", status_code=303)

    @post("/answers/{answer_id:uuid}/acceptance")
    async def accept(
        self, answer_id: FromPath[UUID], data: URLEncodedBody[dict[str, str]], request: Caller, session: Session, now: Now
    ) -> Redirect:
        answer = await service.accept(session, request.user, answer_id, now, post_loan=data.get("post_loan") == "yes")
        return Redirect(f"/enterprise/needs/{answer.need_id}/offers", status_code=303)


def as_table(table: Sequence[Instalment], language: Language) -> tuple[tuple[str, ...], list[list[sheets.Cell]]]:
    """Return an amortisation table's head and rows."""
    zh = ("期次", "日期", "本金（元）", "利息（元）", "费用（元）", "剩余本金（元）")
    en = ("No.", "Due", "Principal (yuan)", "Interest (yuan)", "Fees (yuan)", "Left (yuan)")
    rows: list[list[sheets.Cell]] = [
        [n.number, n.due_on, Fen(n.principal_fen), Fen(n.interest_fen), Fen(n.fees_fen), Fen(n.left_fen)] for n in table
    ]
    return en if language == "en" else zh, rows


def read_narrowing(typed: Mapping[str, Any], items: Sequence[str]) -> Narrowing:
    """Return what the firm narrowed in the form: items that are not ticked are withheld. Raises Invalid for what is no number."""
    found: list[FieldProblem] = []

    def read(field: str) -> int | None:
        try:
            return int(typed[field]) if typed.get(field) else None
        except ValueError:
            found.append(FieldProblem(field, Text("请填写整数", "Type a whole number")))
            return None

    narrowing = Narrowing(
        max_level=read("max_level"),
        months=read("months"),
        days=read("days"),
        max_reads=read("max_reads"),
        withheld=frozenset(code for code in items if code not in typed.get("shown", ())),
    )
    if found:
        raise Invalid("wrong-consent", "请检查授权内容。", "Check what the consent says.", fields=tuple(found))
    return narrowing
