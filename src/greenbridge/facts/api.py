"""JSON routes of facts: the catalogue for everybody, deliveries for departments, the rest for the operator."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.consents.values import WorkStep
from greenbridge.facts import service
from greenbridge.facts.schemas import AlertOut, BatchOut, DoubtDecisionIn, FactOut, PullOut, QualityOut, QuarantinedRowOut, QuestionOut
from greenbridge.facts.values import Delivery
from greenbridge.kit.errors import Invalid
from greenbridge.kit.idempotency import STREAMED
from greenbridge.kit.web import Deps, Now, Session

# What a pushed body is, by its media type.
SUFFIXES = {
    "text/csv": ".csv",
    "application/jsonl": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
MAX_PUSH_BYTES = 512 << 20

RowNo = Annotated[int, PathParameter(ge=0, le=2**31 - 1)]


class CatalogueApi(Controller):
    """What departments deliver: open to everybody."""

    path = "/api/v1/catalogue"
    tags = ("facts",)

    @get()
    async def whole(self) -> dict[str, Any]:
        """Return the catalogue: categories, items, fields with type, unit, sensitivity, law, showing period."""
        return service.catalogue_document()

    @get("/{item:str}")
    async def one(self, item: FromPath[str]) -> dict[str, Any]:
        """Return one item."""
        return service.item_document(service.item_named(item))


class FactsApi(Controller):
    """A firm's facts, field by field."""

    path = "/api/v1/enterprises/{enterprise_id:uuid}/facts"
    tags = ("facts",)
    guards = (only(Role.ENTERPRISE, Role.OFFICER),)

    @get()
    async def of_firm(
        self,
        enterprise_id: FromPath[UUID],
        request: Caller,
        session: Session,
        now: Now,
        deps: Deps,
        item: FromQuery[list[str] | None] = None,
        step: FromQuery[WorkStep] = WorkStep.SURVEY,
    ) -> list[FactOut]:
        """List the firm's present facts, of some items or of all: whole to the firm, to an officer as consented at the work step."""
        found = await service.list_facts(session, request.user, enterprise_id, item or (), step, now, deps.disputes)
        return [FactOut.of(listed) for listed in found]


class PushApi(Controller):
    """Departments push what they have to say."""

    path = "/api/v1/deliveries"
    tags = ("facts",)
    guards = (only(Role.DEPARTMENT, Role.OPERATOR),)

    @post(request_max_body_size=MAX_PUSH_BYTES, opt=STREAMED)
    async def push(
        self,
        request: Caller,
        session: Session,
        now: Now,
        item: Annotated[str, QueryParameter(max_length=100)],
        batch_id: Annotated[str, QueryParameter(min_length=1, max_length=100, description="The sender's number of this delivery.")],
        stated_at: Annotated[datetime | None, QueryParameter(description="When the department stated its content, with an offset.")] = None,
    ) -> Response[BatchOut]:
        """Take a delivery in: the body is the file (CSV, JSON lines, Parquet, Excel), told apart by its media type.

        The same `batch_id` with the same content returns the first answer (200); with another content it is refused (422).
        """
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media not in SUFFIXES:
            known = ", ".join(SUFFIXES)
            raise Invalid.at(
                "wrong-media-type", "content-type", f"不支持的内容类型；可用：{known}。", f"The media type must be one of {known}."
            )
        async with _spooled(request, SUFFIXES[media]) as path:
            delivery = Delivery(item, f"{batch_id}{SUFFIXES[media]}", path, stated_at=stated_at)
            batch = await service.hand_in(session, request.user, delivery, now, batch_id)
        headers = {"Idempotency-Replayed": "true"} if batch.repeated else {}
        return Response(BatchOut.of(batch), status_code=200 if batch.repeated else 201, headers=headers)


@asynccontextmanager
async def _spooled(request: Request[Any, Any, Any], suffix: str) -> AsyncIterator[Path]:
    """Yield a request's body as a file: it may be larger than memory should hold."""
    with tempfile.NamedTemporaryFile(prefix="greenbridge-push-", suffix=suffix) as file:
        async for piece in request.stream():
            file.write(piece)
        file.flush()
        yield Path(file.name)


class DeliveriesApi(Controller):
    """Departments' deliveries, for the operator."""

    path = "/api/v1/deliveries"
    tags = ("facts",)
    guards = (only(Role.OPERATOR),)

    @get()
    async def newest(
        self,
        session: Session,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
        item: Annotated[str | None, QueryParameter(max_length=100)] = None,
    ) -> list[BatchOut]:
        """List the newest deliveries with their counts."""
        return [BatchOut.of(batch) for batch in await service.batches(session, limit, item)]

    @get("/{batch_id:uuid}/rows/{row_no:int}")
    async def raw_row(self, batch_id: FromPath[UUID], row_no: RowNo, request: Caller, session: Session, now: Now) -> dict[str, str | None]:
        """Return one row of a delivery, accepted or not, as it came; its values as text."""
        row = await service.read_row(session, request.user, batch_id, row_no, now)
        return {name: None if value is None else str(value) for name, value in row.items()}

    @get("/{batch_id:uuid}/quarantine")
    async def quarantine(
        self,
        batch_id: FromPath[UUID],
        request: Caller,
        session: Session,
        now: Now,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 200,
    ) -> list[QuarantinedRowOut]:
        """List a delivery's rows that were set aside, each with its reason."""
        rows = await service.read_quarantined(session, request.user, batch_id, now, limit)
        return [QuarantinedRowOut(row_no=n, reason=reason, raw=raw) for n, reason, raw in rows]

    @post("/{batch_id:uuid}/rows/{row_no:int}/decision", status_code=200)
    async def decide(
        self, batch_id: FromPath[UUID], row_no: RowNo, data: JSONBody[DoubtDecisionIn], request: Caller, session: Session, now: Now
    ) -> BatchOut:
        """Say which firm a row in doubt means; `uscc` null: none of them."""
        return BatchOut.of(await service.decide(session, request.user, batch_id, row_no, data.uscc, now))


class QualityApi(Controller):
    """How good departments' data is, for the operator."""

    path = "/api/v1"
    tags = ("facts",)
    guards = (only(Role.OPERATOR),)

    @get("/quality")
    async def trends(self, session: Session, now: Now) -> dict[str, list[QualityOut]]:
        """Return item -> its measures by day, of the last year."""
        found = await service.trends(session, now)
        return {item: [QualityOut.of(quality) for quality in days] for item, days in found.items()}

    @get("/quality/alerts")
    async def alerts(self, session: Session) -> list[AlertOut]:
        """List items that are under a threshold."""
        return [AlertOut.of(alert) for alert in await service.alerts(session)]

    @get("/pulls")
    async def pulls(self, session: Session) -> list[PullOut]:
        """List the feeds that were pulled, those with a problem first."""
        rows = await service.pulls(session)
        return [PullOut(source=source, item=item, pulled_at=at, problem=problem) for source, item, at, problem in rows]

    @get("/doubts")
    async def doubts(self, session: Session, limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100) -> list[QuestionOut]:
        """List rows of which the operator must say which firm they mean."""
        return [QuestionOut.of(question) for question in await service.questions(session, limit)]
