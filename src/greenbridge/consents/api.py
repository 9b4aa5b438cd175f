"""JSON routes of consents: the firm's side, the bank's side."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role, StaffFunction
from greenbridge.consents import service
from greenbridge.consents.schemas import ConsentOut, ReadOut, StaffViewIn, StaffViewOut
from greenbridge.consents.values import ConsentView, View, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.web import Deps, Now, Session, must_match, tagged


class FirmConsentsApi(Controller):
    """What the firm has agreed to, and who read what."""

    path = "/api/v1"
    tags = ("consents",)
    guards = (only(Role.ENTERPRISE),)

    @get("/enterprises/{enterprise_id:uuid}/consents")
    async def of_firm(self, enterprise_id: FromPath[UUID], request: Caller, session: Session) -> list[ConsentOut]:
        """List the firm's consents, newest first."""
        firm = await enterprises.own(session, request.user, enterprise_id)
        return [ConsentOut.of(view) for view in await service.of_firm(session, firm.id)]

    @get("/enterprises/{enterprise_id:uuid}/reads")
    async def reads(
        self,
        enterprise_id: FromPath[UUID],
        request: Caller,
        session: Session,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
        offset: Annotated[int, QueryParameter(ge=0, le=1_000_000)] = 0,
    ) -> list[ReadOut]:
        """List who read which of the firm's fields, newest first."""
        firm = await enterprises.own(session, request.user, enterprise_id)
        return [ReadOut.of(read) for read in await service.reads_of(session, firm.id, limit=limit, offset=offset)]

    @post("/consents/{consent_id:uuid}/withdrawal", status_code=200)
    async def withdraw(self, consent_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> ConsentOut:
        """Withdraw a consent: the bank's next read is refused."""
        ended = await service.withdraw(session, request.user, consent_id, now)
        return ConsentOut.of(next(v for v in await service.of_firm(session, ended.enterprise_id) if v.consent.id == ended.id))


class BankConsentsApi(Controller):
    """What firms let the bank read, and what the bank lets its staff read."""

    path = "/api/v1"
    tags = ("consents",)
    guards = (only(Role.OFFICER, Role.BANK_ADMINISTRATOR),)

    @get("/consents")
    async def of_bank(self, request: Caller, session: Session) -> list[ConsentOut]:
        """List the consents given to the bank, newest first; withdrawn ones owe a receipt by `receipt_due_on`."""
        return [ConsentOut.of(view) for view in await service.of_bank(session, request.user)]

    @post("/consents/{consent_id:uuid}/receipt", status_code=200)
    async def acknowledge(self, consent_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> ConsentOut:
        """Give the receipt of a withdrawal."""
        given = await service.acknowledge(session, request.user, consent_id, now)
        return ConsentOut.of(ConsentView(given, request.user.organisation.name, 0, None))

    @get("/staff-views")
    async def views(self, request: Caller, session: Session, now: Now) -> list[StaffViewOut]:
        """List what each staff function sees at each work step, as far as consents allow."""
        revisions = await service.view_revisions(session, request.user)
        found = await service.views(session, request.user, now)
        return [StaffViewOut.of(view, cap, revisions.get((view.step, view.function), 0)) for view, cap in found]

    @put("/staff-views/{step:str}/{function:str}")
    async def set_view(
        self,
        step: FromPath[WorkStep],
        function: FromPath[StaffFunction],
        data: JSONBody[StaffViewIn],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
    ) -> Response[StaffViewOut]:
        """Set what a staff function sees at a work step; the bank's administrator may."""
        view = View(step, function, data.max_level, frozenset(data.hidden), now)
        await service.set_view(session, request.user, view, deps.described, now, revision=must_match(request))
        now_shown = await service.views(session, request.user, now)
        found, cap = next((v, cap) for v, cap in now_shown if (v.step, v.function) == (step, function))
        revision = (await service.view_revisions(session, request.user))[step, function]
        return tagged(StaffViewOut.of(found, cap, revision), revision)
