"""The operator's green board: the pool, publicity and objections, subsidies and their ledger."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.green import service
from greenbridge.green.pages.shown import WORDS
from greenbridge.green.rules import subsidy
from greenbridge.green.service import subsidies
from greenbridge.green.values import ACCOUNT_NAMES, AGREEMENT_NAMES, Account, ClaimEvent, ClaimState, State
from greenbridge.kit import sheets
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Forbidden, Invalid, Problem
from greenbridge.kit.web import Deps, Now, Session, download, page

SCHEME = "green-enterprise"


class GreenBoardPages(Controller):
    """Who is in the pool, what waits for the operator, where the money went."""

    path = "/operator/green"
    include_in_schema = False
    guards = (only(Role.OPERATOR),)

    async def _page(
        self, request: Caller, session: Any, now: Any, deps: Any, typed: dict[str, str], problem: Problem | None = None
    ) -> Template:
        pool = await service.pool(session, business_date(now))
        on_show = [(case, await service.publicity(session, case, now), last) for case, last in await service.on_show(session)]
        claims = await subsidies.every(session)
        return page(
            request,
            "green_operator.html",
            status_code=problem.status if problem else 200,
            pool=pool,
            past=await service.past(session),
            counts=await service.counts(session),
            on_show=on_show,
            grades=await service.grades(session, [case for case, *_ in on_show]),
            compared=await service.loans.compared(session, claims, deps.disbursed),
            agreements=AGREEMENT_NAMES,
            claims=[(c, [e for e in _asked() if subsidy.next_state(c.state, e)]) for c in claims],
            ledger=await subsidies.ledger(session),
            accounts=ACCOUNT_NAMES,
            scheme=deps.schemes.find(SCHEME, business_date(now)),
            form=typed,
            problem=problem,
            State=State,
            Account=Account,
            ClaimState=ClaimState,
            **WORDS,
        )

    @get()
    async def board(self, request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        return await self._page(request, session, now, deps, {})

    @post("/{case_id:uuid}/settlement")
    async def settle(self, case_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        """Settle an objection, or find that evidence is forged."""
        form = await request.form()
        typed = {"case": str(case_id), **{name: str(form.get(name, "")).replace("\r\n", "\n") for name in ("choice", "reason")}}
        try:
            async with session.begin_nested():
                if typed["choice"] == "forged":
                    await service.find_forgery(session, request.user, case_id, typed["reason"], now)
                elif typed["choice"] in {"uphold", "dismiss"}:
                    upheld = typed["choice"] == "uphold"
                    await service.settle(session, request.user, case_id, upheld=upheld, reason=typed["reason"], now=now)
                else:
                    raise Invalid.at("no-choice", "choice", "请选择处理结果。", "Choose what was found.")
        except Problem as problem:
            return await self._page(request, session, now, deps, typed, problem)
        return Redirect("/operator/green", status_code=303)

    @post("/claims/{claim_id:uuid}")
    async def claim(self, claim_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        """Check, approve, pay, reject, claw back, recover."""
        form = await request.form()
        typed = {"claim": str(claim_id), "event": str(form.get("event", "")), "note": str(form.get("note", ""))}
        try:
            if typed["event"] not in set(ClaimEvent):
                raise Forbidden("wrong-role", "您的角色不能进行此操作。", "Your role may not do this.")
            async with session.begin_nested():
                await subsidies.decide(session, request.user, claim_id, ClaimEvent(typed["event"]), typed["note"], now)
        except Problem as problem:
            return await self._page(request, session, now, deps, typed, problem)
        return Redirect("/operator/green#subsidies", status_code=303)

    @get("/subsidies.csv")
    async def export(self, session: Session) -> Response[bytes]:
        """Return the finance bureau's table."""
        return download(subsidies.export(await subsidies.every(session)), sheets.CSV, "green-subsidies.csv")

    @get("/subsidies.xlsx")
    async def export_xlsx(self, session: Session) -> Response[bytes]:
        """Return the finance bureau's table."""
        return download(subsidies.export(await subsidies.every(session), xlsx=True), sheets.XLSX, "green-subsidies.xlsx")


def _asked() -> list[ClaimEvent]:
    return [e for e in ClaimEvent if e not in {ClaimEvent.CLAIM, ClaimEvent.WITHDRAW}]
