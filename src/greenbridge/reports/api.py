"""JSON routes of reports."""

from datetime import date
from uuid import UUID

from litestar import Controller, get
from litestar.params import FromPath, FromQuery

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.consents.values import WorkStep
from greenbridge.kit.web import Deps, Now, Session
from greenbridge.reports import service
from greenbridge.reports.schemas import CreditReportOut


class ReportsApi(Controller):
    """Credit reports."""

    path = "/api/v1/enterprises/{enterprise_id:uuid}"
    tags = ("reports",)

    @get("/credit-report", guards=[only(Role.ENTERPRISE, Role.OFFICER)])
    async def credit_report(
        self,
        enterprise_id: FromPath[UUID],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
        as_of: FromQuery[date | None] = None,
        step: FromQuery[WorkStep] = WorkStep.SURVEY,
    ) -> CreditReportOut:
        """Make the firm's report now, or as of an earlier day; an officer says at which work step it is read."""
        return CreditReportOut.of(await service.for_actor(session, request.user, enterprise_id, deps.model, now, as_of, step))
