"""JSON routes of facts, for the operator."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.params import FromPath, QueryParameter

from greenbridge.accounts.guards import only
from greenbridge.accounts.values import Role
from greenbridge.facts import service
from greenbridge.facts.schemas import BatchOut, QuarantinedRowOut
from greenbridge.kit.web import Session


class DeliveriesApi(Controller):
    """Departments' deliveries."""

    path = "/api/v1/deliveries"
    tags = ("facts",)
    guards = (only(Role.OPERATOR),)

    @get()
    async def newest(self, session: Session, limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100) -> list[BatchOut]:
        """List the newest deliveries with their counts."""
        return [BatchOut.of(batch) for batch in await service.batches(session, limit)]

    @get("/{batch_id:uuid}/rows/{row_no:int}")
    async def raw_row(self, batch_id: FromPath[UUID], row_no: FromPath[int], session: Session) -> dict[str, str | None]:
        """Return one row of a delivery, accepted or not, as it came; its values as text."""
        row = await service.raw_row(session, batch_id, row_no)
        return {name: None if value is None else str(value) for name, value in row.items()}

    @get("/{batch_id:uuid}/quarantine")
    async def quarantine(
        self, batch_id: FromPath[UUID], session: Session, limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 200
    ) -> list[QuarantinedRowOut]:
        """List a delivery's rows that were set aside, each with its reason."""
        rows = await service.quarantined(session, batch_id, limit)
        return [QuarantinedRowOut(row_no=n, reason=reason, raw=raw) for n, reason, raw in rows]
