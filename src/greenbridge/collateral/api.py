"""JSON routes of collateral."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Actor, OrganisationKind, Role
from greenbridge.collateral import service
from greenbridge.collateral.schemas import (
    BankIn,
    CheckIn,
    CheckOut,
    NoteIn,
    PledgeIn,
    PledgeOut,
    PledgePage,
    QueryIn,
    QueryOut,
    QueryPage,
    RegistrationIn,
    RegistrationOut,
    RegistrationPage,
)
from greenbridge.collateral.service import Safe
from greenbridge.collateral.values import Draft, PledgeEvent, PledgeState
from greenbridge.consents.values import WorkStep
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.kit.paging import After, Limit, cut
from greenbridge.kit.web import PROBLEM_JSON, Deps, Now, Session, language_of

BOTH = (only(Role.ENTERPRISE, Role.OFFICER),)
FIRM, OFFICER = [only(Role.ENTERPRISE)], [only(Role.OFFICER)]


async def bank_of(session: AsyncSession, code: str) -> UUID:
    """Return a bank's id by its code. Raises Invalid."""
    found = await accounts.find_organisation(session, OrganisationKind.BANK, code)
    if found is None:
        raise Invalid.at("no-bank", "bank", "没有这家银行。", "There is no such bank.")
    return found.id


def already_pledged() -> Conflict:
    """Return all that anybody is told of an asset without room."""
    return Conflict("already-pledged", "该资产已被质押，没有剩余空间。", "This asset is pledged already and has no room left.")


async def _out(session: AsyncSession, actor: Actor, box: Safe, pledge_id: UUID, now: datetime) -> PledgeOut:
    return PledgeOut.of(await service.one(session, actor, box, pledge_id, now))


class PledgesApi(Controller):
    """Pledges: a firm offers, a bank accepts; an asset that is pledged already is refused."""

    path = "/api/v1/pledges"
    tags = ("pledges",)

    @post(guards=FIRM)
    async def offer(
        self,
        data: JSONBody[PledgeIn],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
    ) -> PledgeOut:
        """Offer an asset of the caller's firm to a bank. Nothing is compared before the bank accepts."""
        bank_id = await bank_of(session, data.bank)
        draft = Draft(bank_id, data.asset.value(), data.amount_fen, data.expires_on)
        made = await service.offer(session, request.user, deps.safe, draft, now)
        return await _out(session, request.user, deps.safe, made.id, now)

    @get(guards=BOTH)
    async def listed(self, request: Caller, session: Session, now: Now, deps: Deps, limit: Limit = 50, cursor: After = None) -> PledgePage:
        """List the pledges of the caller's firm, or to the caller's bank; open ones first."""
        found = await service.mine(session, request.user, deps.safe, now, limit=limit + 1, after=cursor)
        page, more = cut(found, limit, lambda view: str(view.pledge.id))
        return PledgePage(items=[PledgeOut.of(view) for view in page], next_cursor=more)

    @get("/{pledge_id:uuid}", guards=BOTH)
    async def one(self, pledge_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> PledgeOut:
        """Show a pledge with its history."""
        return await _out(session, request.user, deps.safe, pledge_id, now)

    @get("/{pledge_id:uuid}/receipt", guards=BOTH)
    async def receipt(
        self,
        pledge_id: FromPath[UUID],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
        event: FromQuery[PledgeEvent] = PledgeEvent.ACCEPT,
    ) -> dict[str, Any]:
        """Show the signed receipt of an event, `accept` or `release`; without its `opening` it may be shown to anybody."""
        found = (await service.one(session, request.user, deps.safe, pledge_id, now)).receipt(event)
        if found is None:
            raise NotFound("no-receipt", "没有这份回执。", "There is no such receipt.")
        return dict(found)

    @post("/{pledge_id:uuid}/acceptance", status_code=200, guards=OFFICER)
    async def accept(
        self,
        pledge_id: FromPath[UUID],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
    ) -> Response[Any]:
        """Accept an offer. 409 `already-pledged` is kept and counted like any answer: the pledge is refused for good."""
        await service.accept(session, request.user, deps.safe, pledge_id, now)
        answer = await _out(session, request.user, deps.safe, pledge_id, now)
        if answer.state is PledgeState.REFUSED:
            problem = already_pledged()
            # Returned, not raised: what is raised rolls back, and the attempt would not count.
            return Response(problem.body(language_of(request), request.url.path), status_code=problem.status, media_type=PROBLEM_JSON)
        return Response(answer, status_code=200)

    @post("/{pledge_id:uuid}/decline", status_code=200, guards=OFFICER)
    async def decline(
        self, pledge_id: FromPath[UUID], data: JSONBody[NoteIn], request: Caller, session: Session, now: Now, deps: Deps
    ) -> PledgeOut:
        """Decline an offer and say why."""
        await service.decline(session, request.user, pledge_id, data.note, now)
        return await _out(session, request.user, deps.safe, pledge_id, now)

    @post("/{pledge_id:uuid}/withdrawal", status_code=200, guards=FIRM)
    async def withdraw(self, pledge_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> PledgeOut:
        """Take an offer back that the bank has not answered."""
        await service.withdraw(session, request.user, pledge_id, now)
        return await _out(session, request.user, deps.safe, pledge_id, now)

    @post("/{pledge_id:uuid}/release", status_code=200, guards=OFFICER)
    async def release(self, pledge_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> PledgeOut:
        """Release a pledge; a registered mortgage is cancelled first."""
        await service.release(session, request.user, deps.safe, pledge_id, now)
        return await _out(session, request.user, deps.safe, pledge_id, now)

    @post("/{pledge_id:uuid}/transfer", status_code=200, guards=OFFICER)
    async def hand_over(
        self, pledge_id: FromPath[UUID], data: JSONBody[BankIn], request: Caller, session: Session, now: Now, deps: Deps
    ) -> PledgeOut:
        """Offer a pledge to another bank, which takes it over by accepting; until then it stays."""
        to = await bank_of(session, data.bank)
        await service.hand_over(session, request.user, deps.safe, pledge_id, to, now)
        return await _out(session, request.user, deps.safe, pledge_id, now)

    @post("/checks", status_code=200, guards=OFFICER)
    async def check(self, data: JSONBody[CheckIn], request: Caller, session: Session, now: Now, deps: Deps) -> CheckOut:
        """Ask whether a firm that agreed has pledged an asset. Counted (429), audited, and in the firm's ledger."""
        found = await service.check(session, request.user, deps.safe, data.enterprise_id, data.asset.value(), data.step, now)
        return CheckOut(pledged=found)


class RegistrationsApi(Controller):
    """Mortgages on their way into the land register and out of it."""

    path = "/api/v1/mortgage-registrations"
    tags = ("mortgages",)

    @post(guards=OFFICER)
    async def draft(self, data: JSONBody[RegistrationIn], request: Caller, session: Session, now: Now, deps: Deps) -> RegistrationOut:
        """Draft the registration of a standing pledge of real estate."""
        return RegistrationOut.of(await service.draft(session, request.user, deps.safe, data.pledge_id, now))

    @get(guards=BOTH)
    async def listed(self, request: Caller, session: Session, limit: Limit = 50, cursor: After = None) -> RegistrationPage:
        """List the registrations of the caller's firm or bank, newest first."""
        found = await service.of_mine(session, request.user, limit=limit + 1, after=cursor)
        page, more = cut(found, limit, lambda one: str(one.id))
        return RegistrationPage(items=[RegistrationOut.of(one) for one in page], next_cursor=more)

    @post("/{registration_id:uuid}/submission", status_code=200, guards=OFFICER)
    async def submit(self, registration_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> RegistrationOut:
        """Submit a draft; it is sent to the registry after this request."""
        return RegistrationOut.of(await service.submit(session, request.user, registration_id, now))

    @post("/{registration_id:uuid}/discard", status_code=200, guards=OFFICER)
    async def discard(self, registration_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> RegistrationOut:
        """Give a draft up."""
        return RegistrationOut.of(await service.discard(session, request.user, registration_id, now))

    @post("/{registration_id:uuid}/cancellation", status_code=200, guards=OFFICER)
    async def cancel(self, registration_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> RegistrationOut:
        """Ask the registry to cancel a registered mortgage."""
        return RegistrationOut.of(await service.request_cancellation(session, request.user, registration_id, now))


class RegistersApi(Controller):
    """Questions to the land register about firms that agreed."""

    path = "/api/v1/register-queries"
    tags = ("mortgages",)
    guards = (only(Role.OFFICER),)

    @post(status_code=202)
    async def ask(self, data: JSONBody[QueryIn], request: Caller, session: Session, now: Now) -> QueryOut:
        """Ask about a piece of real estate: 202, the answer comes later under the query's address."""
        return QueryOut.of(await service.ask(session, request.user, data.enterprise_id, data.certificate_no, data.step, now))

    @get()
    async def listed(self, request: Caller, session: Session, limit: Limit = 50, cursor: After = None) -> QueryPage:
        """List what the caller's bank has asked, newest first, without the answers."""
        found = await service.queries(session, request.user, limit=limit + 1, after=cursor)
        page, more = cut(found, limit, lambda one: str(one.id))
        return QueryPage(items=[QueryOut.of(one) for one in page], next_cursor=more)

    @get("/{query_id:uuid}")
    async def one(
        self, query_id: FromPath[UUID], request: Caller, session: Session, now: Now, step: FromQuery[WorkStep] = WorkStep.SURVEY
    ) -> QueryOut:
        """Show a query with what the caller may see of its answer; that counts as one read of the firm's data."""
        return QueryOut.of(await service.answer_of(session, request.user, query_id, step, now))
