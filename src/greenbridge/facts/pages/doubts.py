"""Rows of which the operator must say which firm they mean."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.facts import service
from greenbridge.facts.pages.columns import ordered
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.kit.text import Text
from greenbridge.kit.web import Now, Session, page

SHOWN_DOUBTS = 20
DECISIONS: Mapping[str, Text] = {
    "taken": Text("已确认，该行已入库。", "Decided; the row was taken in."),
    "aside": Text("已确认；该行因其他原因仍在隔离，见交付详情。", "Decided; the row stays set aside for another reason, see its delivery."),
    "none": Text("已确认都不是；该行留在隔离中。", "Decided that it is none of them; the row stays set aside."),
}


class DoubtPages(Controller):
    """Rows that wait for the operator's word on which firm they mean."""

    path = "/operator/doubts"
    include_in_schema = False
    guards = (only(Role.OPERATOR),)

    async def _list(
        self, request: Caller, session: Session, now: datetime, *, problem: Problem | None = None, wrong: Any = None, **context: Any
    ) -> Template:
        asked = await service.questions(session, SHOWN_DOUBTS)
        rows, registered = await service.rows_in_doubt(session, request.user, asked, now)
        batches = {question.batch_id: await service.batch(session, question.batch_id) for question in asked}
        return page(
            request,
            "doubts.html",
            status_code=problem.status if problem else 200,
            problem=problem,
            wrong=wrong,
            questions=asked,
            count=await service.questions_count(session),
            registered=registered,
            rows=rows,
            batches=batches,
            known=service.catalogue().items,
            ordered=ordered,
            **{"typed": {}, "done": None, **context},
        )

    @get()
    async def waiting(self, request: Caller, session: Session, now: Now, done: FromQuery[str] = "") -> Template:
        return await self._list(request, session, now, done=DECISIONS.get(done))

    @post("/{batch_id:uuid}/{row_no:int}")
    async def decide(
        self,
        batch_id: FromPath[UUID],
        row_no: FromPath[int],
        data: URLEncodedBody[dict[str, str]],
        request: Caller,
        session: Session,
        now: Now,
    ) -> Response[Any]:
        try:
            code = _chosen(data)
            async with session.begin_nested():
                before = await service.batch(session, batch_id)
                after = await service.decide(session, request.user, batch_id, row_no, code, now)
        except Problem as problem:
            return await self._list(request, session, now, problem=problem, wrong=(batch_id, row_no), typed=data)
        done = "none" if code is None else "taken" if after.accepted > before.accepted else "aside"
        return Redirect(f"/operator/doubts?done={done}", status_code=303)


def _chosen(form: Mapping[str, str]) -> str | None:
    """Return the code that was chosen or typed, None for none of them; raises Invalid beside the field."""
    choice = form.get("choice", "")
    if not choice:
        raise Invalid.at("no-choice", "choice", "请选择一家企业，或选“都不是”。", "Choose a firm, or that it is none of them.")
    if choice == "none":
        return None
    if choice != "other":
        return choice
    if not (typed := form.get("uscc", "").strip()):
        raise Invalid.at("no-code", "uscc", "请填写统一社会信用代码。", "Type the unified social credit code.")
    return typed
