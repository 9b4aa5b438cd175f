"""What waits, what is late, and what nobody took: the operator sees to it."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.answers import service
from greenbridge.answers.pages.words import WORDS
from greenbridge.answers.values import DeadlineState, Owner, Step
from greenbridge.kit.calendar import SHANGHAI, business_date
from greenbridge.kit.errors import Problem
from greenbridge.kit.web import Deps, Now, Session, page


class DeadlinePages(Controller):
    """The operator's board of deadlines."""

    path = "/operator/deadlines"
    include_in_schema = False
    guards = (only(Role.OPERATOR),)

    @get()
    async def board(self, request: Caller, session: Session, now: Now) -> Template:
        found = await service.board(session, request.user, now)
        standings, suspects = await service.league(session, now)
        return page(
            request,
            "deadlines.html",
            mine=[one for one in found if one.deadline.owner is Owner.OPERATOR],
            late=[one for one in found if one.deadline.state is DeadlineState.MISSED and one.deadline.step is Step.LEND],
            running=[one for one in found if one.deadline.state is DeadlineState.RUNNING and one.deadline.owner is not Owner.OPERATOR],
            suspects=suspects,
            standings=standings,
            today=business_date(now),
            **WORDS,
        )

    @post("/answers/{answer_id:uuid}/release")
    async def release(self, answer_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Redirect:
        await service.release(session, request.user, answer_id, now)
        return Redirect("/operator/deadlines", status_code=303)

    async def _need(
        self, request: Caller, session: Any, now: Any, deps: Any, need_id: UUID, form: dict[str, str], problem: Problem | None = None
    ) -> Template:
        need, fitting = await service.escalated(session, request.user, need_id, deps.model, now)
        return page(
            request,
            "escalated.html",
            status_code=problem.status if problem else 200,
            need=need,
            fitting=fitting,
            tried=await service.tried(session, request.user, need_id),
            replies=await service.replies(session, request.user, need_id),
            form=form,
            problem=problem,
            shanghai=SHANGHAI,
            **WORDS,
        )

    @get("/{need_id:uuid}")
    async def need(self, need_id: FromPath[UUID], request: Caller, session: Session, now: Now, deps: Deps) -> Template:
        return await self._need(request, session, now, deps, need_id, {})

    @post("/{need_id:uuid}/requests")
    async def assign(
        self, need_id: FromPath[UUID], data: URLEncodedBody[dict[str, str]], request: Caller, session: Session, now: Now, deps: Deps
    ) -> Response[Any]:
        try:
            async with session.begin_nested():
                await service.assign(session, request.user, need_id, data.get("product_code", ""), deps.model, now)
        except Problem as problem:
            return await self._need(request, session, now, deps, need_id, data, problem)
        return Redirect("/operator/deadlines", status_code=303)

    @post("/{need_id:uuid}/answer")
    async def reply(
        self, need_id: FromPath[UUID], data: URLEncodedBody[dict[str, str]], request: Caller, session: Session, now: Now, deps: Deps
    ) -> Response[Any]:
        try:
            async with session.begin_nested():
                await service.reply(session, request.user, need_id, data.get("text", ""), now)
        except Problem as problem:
            return await self._need(request, session, now, deps, need_id, data, problem)
        return Redirect("/operator/deadlines", status_code=303)


class LeaguePages(Controller):
    """How banks answer, lend and keep their word."""

    include_in_schema = False

    @get("/league", guards=[only(Role.ENTERPRISE, Role.OFFICER, Role.BANK_ADMINISTRATOR, Role.OPERATOR)])
    async def league(self, request: Caller, session: Session, now: Now) -> Template:
        standings, _ = await service.league(session, now)
        return page(request, "league.html", standings=standings, today=business_date(now), **WORDS)
