"""JSON routes of needs."""

from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.params import FromPath, JSONBody

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.web import Deps, Now, Session
from greenbridge.needs import service
from greenbridge.needs.schemas import DraftIn, DraftOut, FindingOut, NeedOut, NewNeed


class NeedsApi(Controller):
    """A firm's needs."""

    path = "/api/v1"
    tags = ("needs",)
    guards = (only(Role.ENTERPRISE),)

    @post("/enterprises/{enterprise_id:uuid}/needs")
    async def publish(
        self,
        enterprise_id: FromPath[UUID],
        data: JSONBody[NewNeed],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
    ) -> NeedOut:
        """Publish a need."""
        profile = deps.settings.deadlines
        return NeedOut.of(await service.publish(session, request.user, enterprise_id, data.draft(), now, profile=profile))

    @get("/needs")
    async def mine(self, request: Caller, session: Session) -> list[NeedOut]:
        """List the caller's needs, newest first."""
        enterprise = await enterprises.mine(session, request.user)
        return [NeedOut.of(need) for need in await service.of_enterprise(session, enterprise.id)] if enterprise else []

    @get("/needs/{need_id:uuid}")
    async def one(self, need_id: FromPath[UUID], request: Caller, session: Session) -> NeedOut:
        """Return one of the caller's needs."""
        return NeedOut.of(await service.own(session, request.user, need_id))

    @post("/enterprises/{enterprise_id:uuid}/need-checks", status_code=200)
    async def check(
        self, enterprise_id: FromPath[UUID], data: JSONBody[NewNeed], request: Caller, session: Session, now: Now
    ) -> list[FindingOut]:
        """Tell the five points of a need without publishing it: each passes, fails or is unknown."""
        enterprise = await enterprises.own(session, request.user, enterprise_id)
        return [FindingOut.of(found) for found in await service.check(session, enterprise, data.draft(), now)]

    @get("/need-drafts")
    async def drafts(self, request: Caller, session: Session) -> list[DraftOut]:
        """List the forms that were put aside, newest first."""
        return [DraftOut.of(kept) for kept in await service.drafts(session, request.user)]

    @post("/need-drafts")
    async def save(self, data: JSONBody[DraftIn], request: Caller, session: Session, now: Now) -> DraftOut:
        """Put a form aside, finished or not."""
        return DraftOut.of(await service.save(session, request.user, data.typed, now))

    @put("/need-drafts/{draft_id:uuid}")
    async def save_again(self, draft_id: FromPath[UUID], data: JSONBody[DraftIn], request: Caller, session: Session, now: Now) -> DraftOut:
        """Put a form aside anew."""
        return DraftOut.of(await service.save(session, request.user, data.typed, now, draft_id))

    @delete("/need-drafts/{draft_id:uuid}")
    async def discard(self, draft_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> None:
        """Throw a form away."""
        await service.discard(session, request.user, draft_id, now)
