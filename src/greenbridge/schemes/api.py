"""JSON routes of schemes and screenings."""

from datetime import date
from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.kit.calendar import business_date
from greenbridge.kit.web import Deps, Now, Session
from greenbridge.schemes import service
from greenbridge.schemes.rules.screening import Candidate
from greenbridge.schemes.schemas import ScreeningIn

MAX_LIST_BYTES = 10_000_000


class SchemesApi(Controller):
    """How firms are scored: open to everybody."""

    path = "/api/v1/schemes"
    tags = ("schemes",)

    @get()
    async def listed(self, deps: Deps, now: Now, as_of: FromQuery[date | None] = None) -> list[dict[str, Any]]:
        """List the schemes in force on a day (today without one), each with its status and source."""
        return [service.scheme_head(scheme) for scheme in deps.schemes.listed(as_of or business_date(now))]

    @get("/{code:str}")
    async def one(self, code: FromPath[str], deps: Deps, now: Now, as_of: FromQuery[date | None] = None) -> dict[str, Any]:
        """Return a whole scheme: dimensions, indicators with formulas and curves, vetoes, caps, gates, grades, sources."""
        return service.scheme_json(deps.schemes.find(code, as_of or business_date(now)), service.vocabulary())


class ScreeningsApi(Controller):
    """Lists of firms against severe lists and schemes' grades."""

    path = "/api/v1/screenings"
    tags = ("schemes",)
    guards = (only(Role.OPERATOR, Role.DEPARTMENT),)

    @post(status_code=200, request_max_body_size=MAX_LIST_BYTES)
    async def screen(self, data: JSONBody[ScreeningIn], request: Caller, session: Session, deps: Deps, now: Now) -> dict[str, Any]:
        """Screen firms: which stand on a severe list, or lie below a grade, with reasons; rows that mean no firm come back apart.

        Departments screen against the public lists; a scheme's grades are the operator's.
        """
        rows = [Candidate(n, firm.uscc, firm.name) for n, firm in enumerate(data.firms, 1)]
        found = await service.screen(session, request.user, deps.schemes, rows, now, scheme=data.scheme, below=data.below)
        return service.screening_json(found, service.reason_text)


class ListsApi(Controller):
    """Firms on the lists that the caller's bank subscribed to: they let themselves be named."""

    path = "/api/v1/lists"
    tags = ("schemes",)
    guards = (only(Role.BANK_ADMINISTRATOR, Role.OFFICER),)

    @get()
    async def mine(self, request: Caller, session: Session, deps: Deps, now: Now) -> list[dict[str, Any]]:
        """Return each list of the place, whether the bank subscribed, and if so the firms on it, the most points first."""
        found = await service.pushing.for_bank(session, request.user, deps.schemes, now)
        return [service.pushing.list_json(one) for one in found]
