"""Where my need stands and what happened to it; asking a bank; taking the need back."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.answers import service
from greenbridge.answers.pages.words import WORDS
from greenbridge.answers.values import AnswerHappened
from greenbridge.kit.calendar import SHANGHAI, business_date
from greenbridge.kit.errors import Problem
from greenbridge.kit.web import Deps, Now, Session, page
from greenbridge.needs import rules as need_rules
from greenbridge.needs import service as needs
from greenbridge.needs.rules import life
from greenbridge.needs.values import MODE_NAMES, NEED_EVENT_NAMES, POINT_NAMES, NeedStatus

# The usual way, for the stepper; where a need left it, the stepper stands still and the timeline says why.
WAY = (NeedStatus.PUBLISHED, NeedStatus.IN_ANSWER, NeedStatus.OFFER_ACCEPTED, NeedStatus.DISBURSED, NeedStatus.CLOSED)
REACHED = {
    NeedStatus.ESCALATED: NeedStatus.PUBLISHED,
    NeedStatus.REOPENED: NeedStatus.PUBLISHED,
    NeedStatus.PARTLY_DISBURSED: NeedStatus.OFFER_ACCEPTED,
}


class LifePages(Controller):
    """A need from its draft to its end."""

    path = "/enterprise/needs"
    include_in_schema = False
    guards = (only(Role.ENTERPRISE),)

    async def _life(self, request: Caller, session: Any, now: Any, need_id: UUID, problem: Problem | None = None) -> Template:
        need = await needs.own(session, request.user, need_id)
        await service.of_need(session, request.user, need_id, now)  # a window whose time is over opens with the first look
        happened, replies = await service.timeline(session, request.user, need_id)
        rows = [(one, isinstance(one, AnswerHappened)) for one in happened]
        stands = REACHED.get(need.status, need.status)
        return page(
            request,
            "need_life.html",
            status_code=problem.status if problem else 200,
            need=await needs.get(session, need.id),
            rows=rows,
            replies=replies,
            requests=await service.requests_of(session, request.user, need_id),
            owed=await service.owed(session, request.user, need_id, now),
            usual=WAY,
            reached=WAY.index(stands) if stands in WAY else None,
            is_open=need_rules.is_open(need.status),
            may_withdraw=need.status in life.OPEN,
            profile=service.profile(need.profile),
            problem=problem,
            today=business_date(now),
            shanghai=SHANGHAI,
            mode_names=MODE_NAMES,
            need_events=NEED_EVENT_NAMES,
            point_names=POINT_NAMES,
            **WORDS,
        )

    @get("/{need_id:uuid}/life")
    async def life(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Template:
        return await self._life(request, session, now, need_id)

    @post("/{need_id:uuid}/withdrawal")
    async def withdraw(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        await service.withdraw(session, request.user, need_id, now)
        return Redirect("/enterprise", status_code=303)

    @post("/{need_id:uuid}/requests")
    async def ask(
        self, need_id: FromPath[UUID], data: URLEncodedBody[dict[str, str]], request: Caller, session: Session, now: Now, deps: Deps
    ) -> Response[Any]:
        try:
            async with session.begin_nested():
                await service.request(session, request.user, need_id, data.get("product_code", ""), deps.model, now)
        except Problem as problem:
            return await self._life(request, session, now, need_id, problem)
        return Redirect(f"/enterprise/needs/{need_id}/life", status_code=303)
