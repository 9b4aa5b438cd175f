"""The operator's pages: what waits, the most urgent first, and the answer."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.disputes import rules, service
from greenbridge.disputes.pages.words import WORDS, told
from greenbridge.disputes.values import Answer, Outcome, State
from greenbridge.facts import service as facts
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.kit.web import Now, Session, page


class ObjectionPages(Controller):
    """Which objection must be answered next, and how its record stands."""

    path = "/operator/objections"
    include_in_schema = False
    guards = (only(Role.OPERATOR),)

    @get()
    async def waiting(self, request: Caller, session: Session, now: Now) -> Template:
        rows = await service.waiting(session, now)
        return page(request, "objection_list.html", rows=rows, known=facts.catalogue().items, rule=service.policy(now), **WORDS)

    async def _one(
        self, request: Caller, session: Any, now: Any, objection_id: UUID, typed: dict[str, str], problem: Problem | None = None
    ) -> Template:
        found, standing = await service.to_answer(session, request.user, objection_id, now)
        item = facts.item_named(found.objection.item)
        return page(
            request,
            "objection_answer.html",
            status_code=problem.status if problem else 200,
            found=found,
            standing=standing,
            item=item,
            told=told,
            barred=rules.barred(item.code, standing.present),
            form=typed,
            problem=problem,
            most=rules.MOST,
            today=business_date(now),
            State=State,
            **WORDS,
        )

    @get("/{objection_id:uuid}")
    async def one(self, objection_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Template:
        return await self._one(request, session, now, objection_id, {})

    @post("/{objection_id:uuid}")
    async def answer(self, objection_id: FromPath[UUID], request: Caller, session: Session, now: Now) -> Response[Any]:
        form = await request.form()
        typed = {name: str(form.get(name, "")).replace("\r\n", "\n") for name in ("outcome", "text")}
        try:
            if typed["outcome"] not in set(Outcome):
                raise Invalid.at("no-outcome", "outcome", "请选择核查结果。", "Choose what was found.")
            async with session.begin_nested():
                await service.answer(session, request.user, objection_id, Answer(Outcome(typed["outcome"]), typed["text"]), now)
        except Problem as problem:
            return await self._one(request, session, now, objection_id, typed, problem)
        return Redirect("/operator/objections", status_code=303)
