"""The operator's board: how many pledges stand, who asks much, what waits for the land registry."""

from litestar import Controller, get
from litestar.response import Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.collateral import service
from greenbridge.collateral.pages.words import WORDS
from greenbridge.kit.web import Deps, Now, Session, page


class PledgeBoardPages(Controller):
    """Whether the guard against double pledges is used as it should be, and whether the land registry answers."""

    path = "/operator/pledges"
    include_in_schema = False
    guards = (only(Role.OPERATOR),)

    @get()
    async def board(self, request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        board = await service.overview(session, request.user, now)
        connected = bool(deps.settings.land_registry)
        return page(request, "pledge_board.html", board=board, policy=service.policy(now), connected=connected, **WORDS)
