"""JSON routes of matches."""

from uuid import UUID

from litestar import Controller, get
from litestar.params import FromPath

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.kit.web import Deps, Now, Session, language_of
from greenbridge.matching import service
from greenbridge.matching.schemas import MatchRunOut


class MatchesApi(Controller):
    """Matches of a need."""

    path = "/api/v1/needs/{need_id:uuid}/matches"
    tags = ("matches",)

    @get(guards=[only(Role.ENTERPRISE)])
    async def matches(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> MatchRunOut:
        """Return all products ranked for the caller's need, each rule with its verdict."""
        return MatchRunOut.of(await service.for_actor(session, request.user, need_id, deps.model, now), language_of(request))
