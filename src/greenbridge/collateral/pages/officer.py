"""The officer's pages: offers to answer, pledges held, mortgages on their way, checks and questions to the register."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from greenbridge.accounts import service as accounts
from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import OrganisationKind, Role
from greenbridge.collateral import service
from greenbridge.collateral.pages.words import WORDS, kind_of, receipt_file, stated_of
from greenbridge.collateral.values import AssetKind, Registration
from greenbridge.consents import service as consents
from greenbridge.consents.values import WORK_STEP_NAMES, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.kit.web import Deps, Now, Session, page

_ACTS = ("accept", "decline", "release", "transfer", "registration")
# What is on the face of these beside their number; of the others the whole is no part of what is compared.
_WITH_WHOLE = {AssetKind.INVOICE, AssetKind.ORDER}


def _step(text: str) -> WorkStep:
    return WorkStep(text) if text in set(WorkStep) else WorkStep.SURVEY


class OfficerPledgePages(Controller):
    """What is offered to the bank, what it holds, and what stands in its way."""

    path = "/officer/pledges"
    include_in_schema = False
    guards = (only(Role.OFFICER),)

    @get()
    async def mine(self, request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        views = await service.mine(session, request.user, deps.safe, now)
        registrations = await service.of_mine(session, request.user)
        names = {view.pledge.id: view.pledge.pledgor_name for view in views}
        queries = await service.queries(session, request.user)
        found: dict[str, Any] = {"views": views, "registrations": registrations, "names": names, "queries": queries}
        return page(request, "officer_pledges.html", **found, **WORDS)

    async def _page(
        self, request: Caller, session: Any, now: Any, deps: Any, pledge_id: UUID, typed: dict[str, str], problem: Problem | None = None
    ) -> Template:
        view = await service.one(session, request.user, deps.safe, pledge_id, now)
        return page(
            request,
            "pledge.html",
            status_code=problem.status if problem else 200,
            base="/officer/pledges",
            view=view,
            registrations=await service.of_pledge(session, request.user, pledge_id),
            terms=service.policy(now).kinds[view.pledge.kind],
            lending=await service.lending(session, request.user, view.pledge, now),
            banks=[bank for bank in await accounts.banks(session) if bank.id != view.pledge.bank_id],
            form=typed,
            problem=problem,
            **WORDS,
        )

    @get("/{pledge_id:uuid}")
    async def one(self, pledge_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        return await self._page(request, session, now, deps, pledge_id, {})

    @get("/{pledge_id:uuid}/receipt")
    async def receipt(
        self, pledge_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps, event: FromQuery[str] = "accept"
    ) -> Response[bytes]:
        return receipt_file(await service.one(session, request.user, deps.safe, pledge_id, now), event)

    @post("/{pledge_id:uuid}")
    async def act(self, pledge_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        """Answer an offer, release or hand over a pledge, draft its registration: what the button says."""
        form = await request.form()
        typed = {name: str(form.get(name, "")) for name in ("act", "note", "bank")}
        try:
            if typed["act"] not in _ACTS:
                raise Invalid.at("no-act", "act", "请选择操作。", "Choose what to do.")
            async with session.begin_nested():
                await self._done(request, session, now, deps, pledge_id, typed)
        except Problem as problem:
            return await self._page(request, session, now, deps, pledge_id, typed, problem)
        return Redirect(f"/officer/pledges/{pledge_id}", status_code=303)

    async def _done(self, request: Caller, session: Any, now: Any, deps: Any, pledge_id: UUID, typed: dict[str, str]) -> None:
        actor, box = request.user, deps.safe
        if typed["act"] == "accept":
            await service.accept(session, actor, box, pledge_id, now)
        elif typed["act"] == "decline":
            await service.decline(session, actor, pledge_id, typed["note"], now)
        elif typed["act"] == "release":
            await service.release(session, actor, box, pledge_id, now)
        elif typed["act"] == "registration":
            await service.draft(session, actor, box, pledge_id, now)
        else:
            bank = await accounts.find_organisation(session, OrganisationKind.BANK, typed["bank"])
            if bank is None:
                raise Invalid.at("no-bank", "bank", "请选择受让银行。", "Choose the bank to hand over to.")
            await service.hand_over(session, actor, box, pledge_id, bank.id, now)

    @post("/registrations/{registration_id:uuid}/submission")
    async def submit(self, registration_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        return _to(await service.submit(session, request.user, registration_id, now))

    @post("/registrations/{registration_id:uuid}/discard")
    async def discard(self, registration_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        return _to(await service.discard(session, request.user, registration_id, now))

    @post("/registrations/{registration_id:uuid}/cancellation")
    async def cancel(self, registration_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        return _to(await service.request_cancellation(session, request.user, registration_id, now))

    async def _check_page(
        self, request: Caller, session: Any, now: Any, typed: dict[str, str], problem: Problem | None = None, answer: bool | None = None
    ) -> Template:
        return page(
            request,
            "pledge_check.html",
            status_code=problem.status if problem else 200,
            kind=kind_of(typed.get("kind", "")),
            with_whole=_WITH_WHOLE,
            firms=await _firms(session, request, now),
            steps=WORK_STEP_NAMES,
            limits=service.policy(now).limits,
            form=typed,
            problem=problem,
            answer=answer,
            **WORDS,
        )

    @get("/check")
    async def check_form(
        self, request: Caller, session: Session, now: Now, kind: FromQuery[str] = "", enterprise: FromQuery[str] = ""
    ) -> Template:
        return await self._check_page(request, session, now, {"kind": kind, "enterprise": enterprise})

    @post("/check", status_code=200)
    async def check(self, request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        form = await request.form()
        typed = {name: str(value) for name, value in form.items() if name != "_csrf_token"}
        try:
            stated = stated_of(typed, whole_fen=None if kind_of(typed.get("kind", "")) in _WITH_WHOLE else 1)
            async with session.begin_nested():
                enterprise = _enterprise(typed)
                found = await service.check(session, request.user, deps.safe, enterprise, stated, _step(typed.get("step", "")), now)
        except Problem as problem:
            return await self._check_page(request, session, now, typed, problem)
        return await self._check_page(request, session, now, typed, answer=found)

    @post("/queries")
    async def ask(self, request: Caller, session: Session, now: Now) -> Response[Any]:
        form = await request.form()
        typed = {name: str(form.get(name, "")) for name in ("enterprise", "certificate_no", "step")}
        try:
            async with session.begin_nested():
                step = _step(typed["step"])
                made = await service.ask(session, request.user, _enterprise(typed), typed["certificate_no"], step, now)
        except Problem as problem:
            return await self._check_page(request, session, now, typed | {"kind": AssetKind.REAL_ESTATE.value}, problem)
        return Redirect(f"/officer/pledges/queries/{made.id}", status_code=303)

    @get("/queries/{query_id:uuid}")
    async def query(self, query_id: FromPath[UUID], request: Caller, session: Session, now: Now, step: FromQuery[str] = "") -> Template:
        found = await service.answer_of(session, request.user, query_id, _step(step), now)
        return page(request, "register_query.html", order=found, **WORDS)


def _to(registration: Registration) -> Redirect:
    return Redirect(f"/officer/pledges/{registration.pledge_id}#registration", status_code=303)


def _enterprise(typed: dict[str, str]) -> UUID:
    try:
        return UUID(typed.get("enterprise", ""))
    except ValueError:
        raise Invalid.at("no-enterprise", "enterprise", "请选择企业。", "Choose a firm.") from None


async def _firms(session: Any, request: Caller, now: Any) -> list[tuple[UUID, str]]:
    """Return (id, name) of the firms that agreed to be read by the officer; each learns in its ledger that it was named."""
    given = {view.consent.enterprise_id for view in await consents.of_bank(session, request.user)}
    named = [firm for firm in given if await consents.named(session, request.user, firm, now)]
    found = [(firm, (await enterprises.get(session, firm)).name) for firm in named]
    return sorted(found, key=lambda one: one[1])
