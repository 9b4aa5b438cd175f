"""The firm's own report."""

from litestar import Controller, get
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import EnterpriseStatus
from greenbridge.kit.web import Deps, Now, Session, page
from greenbridge.reports import service


class ReportPages(Controller):
    """What banks will see of the firm."""

    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    @get("/enterprise/report")
    async def mine(self, request: Caller, session: Session, now: Now, deps: Deps) -> Template | Redirect:
        enterprise = await enterprises.mine(session, request.user)
        if enterprise is None or enterprise.status is not EnterpriseStatus.VERIFIED:
            return Redirect("/enterprise/start", status_code=303)
        return page(
            request,
            "report.html",
            report=await service.for_actor(session, request.user, enterprise.id, deps.model, now),
        )
