"""JSON of the green rating: the firm's own, the forecast of the subsidy."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.params import FromPath, QueryParameter

from greenbridge.accounts.guards import Caller, only, signed_in
from greenbridge.accounts.values import Role
from greenbridge.enterprises import service as enterprises
from greenbridge.green import service
from greenbridge.green.schemas import ForecastOut, GreenOut, StandingOut
from greenbridge.green.values import State, Subject
from greenbridge.kit.calendar import business_date
from greenbridge.kit.web import Deps, Now, Session


class GreenApi(Controller):
    """Green ratings."""

    path = "/api/v1"
    tags = ("green",)

    @get("/enterprises/{enterprise_id:uuid}/green", guards=[only(Role.ENTERPRISE)])
    async def mine(self, enterprise_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> GreenOut:
        """Return the green rating of the caller's firm."""
        firm = await enterprises.own(session, request.user, enterprise_id)
        own = await service.mine(session, request.user)
        case = next((c for c in own if c.subject is Subject.ENTERPRISE and c.state is not State.WITHDRAWN), None)
        view = await service.view(session, request.user, case.id) if case else None
        standing = await service.standing(session, firm.id, business_date(now), now)
        told = StandingOut(**service.standing_json(standing)) if standing else None
        return GreenOut(standing=told, rating=await service.document(session, deps.schemes, firm, view, now))

    @get("/green/forecast", guards=[signed_in])
    async def forecast(
        self,
        session: Session,
        now: Now,
        principal_fen: Annotated[int, QueryParameter(ge=1, le=10**13)],
        grade: Annotated[str, QueryParameter(pattern="^(deep|mid|light|ordinary|non_green)$")] = "deep",
        days: Annotated[int, QueryParameter(ge=0, le=3660)] = 365,
    ) -> ForecastOut:
        """Return what subsidy a loan would bring under a grade, by today's policy."""
        found = await service.forecast(session, grade, principal_fen, days, business_date(now))
        return ForecastOut(**service.forecast_json(found))
