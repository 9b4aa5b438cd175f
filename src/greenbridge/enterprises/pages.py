"""Steps one and two of the start: register, verify."""

from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.enterprises import service
from greenbridge.enterprises.values import EnterpriseStatus
from greenbridge.kit.errors import Problem
from greenbridge.kit.web import Deps, Now, Session, page

Form = dict[str, str]


class EnterprisePages(Controller):
    """Register and verify in one go: what is right is kept, what is wrong is said beside its field."""

    path = "/enterprise/start"
    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    @get()
    async def start(self, request: Caller, session: Session) -> Template | Redirect:
        enterprise = await service.mine(session, request.user)
        if enterprise and enterprise.status is EnterpriseStatus.VERIFIED:
            return Redirect("/enterprise/needs/new", status_code=303)
        form = {"uscc": enterprise.uscc, "name": enterprise.name} if enterprise else {}
        return page(request, "start.html", form=form)

    @post()
    async def register(self, data: URLEncodedBody[Form], request: Caller, session: Session, now: Now, deps: Deps) -> Response[Any]:
        try:
            async with session.begin_nested():
                enterprise = await service.register(session, request.user, data.get("uscc", ""), data.get("name", ""), now)
                await service.verify(session, request.user, enterprise.id, deps.registry, now)
        except Problem as problem:
            return page(request, "start.html", status_code=problem.status, form=data, problem=problem)
        return Redirect("/enterprise/needs/new", status_code=303)
