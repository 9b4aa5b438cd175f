"""JSON routes of enterprises."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.enterprises import service
from greenbridge.enterprises.schemas import EnterpriseOut, NewEnterprise
from greenbridge.kit.web import Deps, Now, Session


class EnterprisesApi(Controller):
    """Registering and verifying a firm."""

    path = "/api/v1/enterprises"
    tags = ("enterprises",)

    @post(guards=[only(Role.ENTERPRISE)])
    async def register(self, data: JSONBody[NewEnterprise], request: Caller, session: Session, now: Now) -> EnterpriseOut:
        """Register the caller's firm."""
        return EnterpriseOut.of(await service.register(session, request.user, data.uscc, data.name, now))

    @post("/{enterprise_id:uuid}/verification", guards=[only(Role.ENTERPRISE)], status_code=200)
    async def verify(self, enterprise_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> EnterpriseOut:
        """Check the firm against the market regulator's data."""
        return EnterpriseOut.of(await service.verify(session, request.user, enterprise_id, deps.registry, now))

    @get("/{enterprise_id:uuid}", guards=[only(Role.ENTERPRISE)])
    async def own(self, enterprise_id: FromPath[UUID], request: Caller, session: Session) -> EnterpriseOut:
        """Return the caller's own firm."""
        return EnterpriseOut.of(await service.own(session, request.user, enterprise_id))

    @get(guards=[only(Role.OPERATOR)])
    async def every(
        self,
        session: Session,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
        offset: Annotated[int, QueryParameter(ge=0, le=1_000_000)] = 0,
    ) -> list[EnterpriseOut]:
        """List the firms for the operator."""
        return [EnterpriseOut.of(e) for e in await service.every(session, limit=limit, offset=offset)]
