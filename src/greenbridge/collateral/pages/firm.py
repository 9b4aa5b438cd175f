"""The firm's pages: what of its own is pledged to whom, and offering something more."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from greenbridge.accounts import service as accounts
from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import OrganisationKind, Role
from greenbridge.collateral import service
from greenbridge.collateral.pages.words import WORDS, by_asset, day_of, fen, kind_of, receipt_file, stated_of
from greenbridge.collateral.values import Draft
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import EnterpriseStatus
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.kit.web import Deps, Now, Session, page


class FirmPledgePages(Controller):
    """What is pledged, to whom, for how much, until when."""

    path = "/enterprise/pledges"
    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    @get()
    async def mine(self, request: Caller, session: Session, now: Now, deps: Deps) -> Template | Redirect:
        firm = await enterprises.mine(session, request.user)
        if firm is None or firm.status is not EnterpriseStatus.VERIFIED:
            return Redirect("/enterprise/start", status_code=303)
        found = await service.mine(session, request.user, deps.safe, now)
        return page(request, "pledges.html", groups=by_asset(found), views=found, **WORDS)

    async def _form(self, request: Caller, session: Any, now: Any, typed: dict[str, str], problem: Problem | None = None) -> Template:
        kind, rule = kind_of(typed.get("kind", "")), service.policy(now)
        today = business_date(now)
        typed.setdefault("expires_on", (today + timedelta(days=min(180, rule.kinds[kind].max_days))).isoformat())
        return page(
            request,
            "pledge_form.html",
            status_code=problem.status if problem else 200,
            kind=kind,
            terms=rule.kinds[kind],
            limits=rule.limits,
            first=today + timedelta(days=1),
            last=today + timedelta(days=rule.kinds[kind].max_days),
            banks=await accounts.banks(session),
            form=typed,
            problem=problem,
            **WORDS,
        )

    @get("/new")
    async def form(self, request: Caller, session: Session, now: Now, kind: FromQuery[str] = "") -> Template:
        return await self._form(request, session, now, {"kind": kind})

    @post("/new")
    async def offer(self, request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        form = await request.form()
        typed = {name: str(value) for name, value in form.items() if name != "_csrf_token"}
        try:
            bank = await accounts.find_organisation(session, OrganisationKind.BANK, typed.get("bank", ""))
            if bank is None:
                raise Invalid.at("no-bank", "bank", "请选择银行。", "Choose a bank.")
            draft = Draft(bank.id, stated_of(typed), fen(typed, "amount_fen"), day_of(typed, "expires_on"))
            async with session.begin_nested():
                made = await service.offer(session, request.user, deps.safe, draft, now)
        except Problem as problem:
            return await self._form(request, session, now, typed, problem)
        return Redirect(f"/enterprise/pledges/{made.id}", status_code=303)

    @get("/{pledge_id:uuid}")
    async def one(self, pledge_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        view = await service.one(session, request.user, deps.safe, pledge_id, now)
        registrations = await service.of_pledge(session, request.user, pledge_id)
        terms = service.policy(now).kinds[view.pledge.kind]
        found: dict[str, Any] = {"view": view, "registrations": registrations, "terms": terms, "lending": None, "banks": [], "form": {}}
        return page(request, "pledge.html", base="/enterprise/pledges", **found, **WORDS)

    @get("/{pledge_id:uuid}/receipt")
    async def receipt(
        self, pledge_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps, event: FromQuery[str] = "accept"
    ) -> Response[bytes]:
        return receipt_file(await service.one(session, request.user, deps.safe, pledge_id, now), event)

    @post("/{pledge_id:uuid}/withdrawal")
    async def withdraw(self, pledge_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        await service.withdraw(session, request.user, pledge_id, now)
        return Redirect(f"/enterprise/pledges/{pledge_id}", status_code=303)
