"""What came in: a file by hand, the list, one delivery."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import Receive, Scope, Send

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.facts import service
from greenbridge.facts.pages.columns import ordered
from greenbridge.facts.values import Delivery
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.kit.web import AnyRequest, Now, Session, page

MAX_UPLOAD_BYTES = 10_000_000
SHOWN_DELIVERIES = 200
SHOWN_ROWS = 200
TOO_LARGE = 413
# So much of a body that is too large is read and thrown away: a browser that is answered while it sends shows an error of its own.
MAX_DRAINED_BYTES = 256_000_000


class DeliveryPages(Controller):
    """What came in: a file by hand, the list, one delivery."""

    path = "/operator/deliveries"
    include_in_schema = False
    guards = (only(Role.OPERATOR),)

    async def _list(
        self, request: Caller, session: Session, item: str, form: Mapping[str, str], problem: Problem | None = None
    ) -> Template:
        known = service.catalogue()
        return page(
            request,
            "deliveries.html",
            status_code=problem.status if problem else 200,
            problem=problem,
            form=form,
            item=item,
            known=known,
            batches=await service.batches(session, SHOWN_DELIVERIES, item if item in known.items else None),
            limit=SHOWN_DELIVERIES,
            max_megabytes=MAX_UPLOAD_BYTES // 1_000_000,
            reason_text=service.reason_text,
            shanghai=SHANGHAI,
        )

    @get()
    async def newest(self, request: Caller, session: Session, item: FromQuery[str] = "", refused: FromQuery[str] = "") -> Template:
        problem = _too_large() if refused == "too-large" else None
        return await self._list(request, session, item, {"item": item}, problem)

    # A body that is too large is not kept, so what was typed is not known: the form is shown anew with the problem.
    @post(request_max_body_size=MAX_UPLOAD_BYTES, exception_handlers={TOO_LARGE: lambda request, _: _refusal(request)})
    async def upload(self, request: Caller, session: Session, now: Now) -> Response[Any]:
        form = await request.form()
        typed = {name: str(form.get(name, "")) for name in ("item", "stated_at")}
        try:
            delivery = await _delivery(typed, form.get("file"), now)
            async with session.begin_nested():
                batch = await service.hand_in(session, request.user, delivery, now)
        except Problem as problem:
            return await self._list(request, session, "", typed, problem)
        return Redirect(f"/operator/deliveries/{batch.id}?came={'again' if batch.repeated else 'now'}", status_code=303)

    @get("/{batch_id:uuid}")
    async def one(self, batch_id: FromPath[UUID], request: Caller, session: Session, now: Now, came: FromQuery[str] = "") -> Template:
        batch = await service.batch(session, batch_id)
        item = service.item_named(batch.item)
        rows = await service.read_quarantined(session, request.user, batch_id, now, SHOWN_ROWS)
        return page(
            request,
            "delivery.html",
            batch=batch,
            item=item,
            rows=rows,
            columns=ordered(item, (name for *_, raw in rows for name in raw)),
            came=came,
            reason_text=service.reason_text,
            shanghai=SHANGHAI,
        )


async def _delivery(typed: Mapping[str, str], file: Any, now: datetime) -> Delivery:
    """Return the delivery that was uploaded; raises Invalid beside the field that is wrong."""
    if typed["item"] not in service.catalogue().items:
        raise Invalid.at("no-item", "item", "请选择数据项。", "Choose a data item.")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid.at("no-file", "file", "请选择文件。", "Choose a file.")
    stated_at = None
    if typed["stated_at"]:
        try:
            stated_at = datetime.fromisoformat(typed["stated_at"]).replace(tzinfo=SHANGHAI)
        except ValueError:
            raise Invalid.at("bad-instant", "stated_at", "时间无法识别。", "The time cannot be read.") from None
        if stated_at > now:
            raise Invalid.at("later-than-now", "stated_at", "部门确认的时间不能晚于现在。", "The time cannot lie after now.")
    return Delivery(typed["item"], PurePath(file.filename).name, await file.read(), stated_at=stated_at)


def _too_large() -> Problem:
    limit = MAX_UPLOAD_BYTES // 1_000_000
    problem = Invalid.at(
        "too-large",
        "file",
        f"文件超过 {limit} MB；请拆分，或经接口或收件文件夹交付。",
        f"The file is over {limit} MB: split it, or deliver it over the API or the inbox folder.",
    )
    problem.status = TOO_LARGE
    return problem


class _PatientRedirect(Redirect):
    """A redirect that is sent when the request's body has come to its end."""

    def to_asgi_response(self, *args: Any, **kwargs: Any) -> Any:
        answer = super().to_asgi_response(*args, **kwargs)

        async def read_then_answer(scope: Scope, receive: Receive, send: Send) -> None:
            left = MAX_DRAINED_BYTES
            while left > 0:
                event = await receive()
                if event["type"] != "http.request":
                    return
                left -= len(event["body"])
                if not event.get("more_body", False):
                    break
            await answer(scope, receive, send)

        return read_then_answer


def _refusal(request: AnyRequest) -> Redirect:
    """Lead back to the form with the problem; only the operator's body is waited for."""
    actor = request.scope.get("user")
    kind = _PatientRedirect if actor and actor.role is Role.OPERATOR else Redirect
    return kind("/operator/deliveries?refused=too-large", status_code=303)
