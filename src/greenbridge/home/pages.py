"""Home, overview, board, design."""

from litestar import Controller, get
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.enterprises.values import EnterpriseStatus
from greenbridge.facts.service import catalogue, reason_text
from greenbridge.facts.values import SENSITIVITY_NAMES
from greenbridge.home import service
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.web import Now, Session, page
from greenbridge.needs.values import NEED_STATUS_NAMES, PURPOSE_NAMES


class HomePages(Controller):
    """Pages that answer `what is this` and `what waits for me`."""

    include_in_schema = False

    @get("/")
    async def home(self, request: Caller, session: Session) -> Template:
        return page(request, "home.html", figures=await service.figures(session))

    @get("/enterprise", guards=[only(Role.ENTERPRISE)])
    async def overview(self, request: Caller, session: Session, now: Now) -> Template | Redirect:
        found = await service.overview(session, request.user, now)
        if found.enterprise is None or found.enterprise.status is EnterpriseStatus.REGISTERED:
            return Redirect("/enterprise/start", status_code=303)
        return page(request, "overview.html", found=found, statuses=NEED_STATUS_NAMES, purposes=PURPOSE_NAMES, shanghai=SHANGHAI)

    @get("/operator", guards=[only(Role.OPERATOR)])
    async def board(self, request: Caller, session: Session, now: Now) -> Template:
        board = await service.board(session, request.user, now)
        return page(request, "operator.html", board=board, known=catalogue().items, reason_text=reason_text, shanghai=SHANGHAI)

    @get("/design")
    async def design(self, request: Caller) -> Template:
        return page(request, "design.html", sensitivities=SENSITIVITY_NAMES)
