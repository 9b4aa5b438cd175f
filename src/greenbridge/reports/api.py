"""JSON routes of reports."""

import asyncio
from datetime import date
from uuid import UUID

from litestar import Controller, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.consents.values import WorkStep
from greenbridge.kit.web import Deps, Now, Session, download, language_of
from greenbridge.reports import service
from greenbridge.reports.schemas import SignedReportOut


class ReportsApi(Controller):
    """Credit reports."""

    path = "/api/v1/enterprises/{enterprise_id:uuid}"
    tags = ("reports",)

    @get(
        "/credit-report",
        guards=[only(Role.ENTERPRISE, Role.OFFICER)],
        responses={200: ResponseSpec(SignedReportOut, description="The signed file; greenbridge verify checks it without network")},
    )
    async def credit_report(
        self,
        enterprise_id: FromPath[UUID],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
        as_of: FromQuery[date | None] = None,
        step: FromQuery[WorkStep] = WorkStep.SURVEY,
    ) -> Response[bytes]:
        """Make the firm's report now, or as of an earlier day; an officer says at which work step it is read."""
        report = await service.for_actor(session, request.user, enterprise_id, deps.press, now, as_of, step)
        return Response(service.file(report), media_type="application/json", headers={"cache-control": "no-store"})

    @get("/credit-report.pdf", guards=[only(Role.ENTERPRISE, Role.OFFICER)], media_type="application/pdf")
    async def credit_report_pdf(
        self,
        enterprise_id: FromPath[UUID],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
        as_of: FromQuery[date | None] = None,
        step: FromQuery[WorkStep] = WorkStep.SURVEY,
    ) -> Response[bytes]:
        """Make the firm's report as PDF, with the signed file inside."""
        report = await service.for_actor(session, request.user, enterprise_id, deps.press, now, as_of, step)
        made = await asyncio.to_thread(service.pdf, report, language_of(request))
        return download(made, "application/pdf", f"{report.number}.pdf")
