"""Wire types of facts."""

from datetime import date, datetime
from uuid import UUID

from greenbridge.facts.values import Batch
from greenbridge.kit.wire import Closed


class BatchOut(Closed):
    """A delivery and what became of its rows."""

    id: UUID
    item: str
    file_name: str
    sha256: str
    received_at: datetime
    delivered: int
    accepted: int
    quarantined: int
    covers_to: date | None
    generated: bool
    reasons: dict[str, int]

    @classmethod
    def of(cls, b: Batch) -> "BatchOut":
        """Return the wire form."""
        return cls(
            id=b.id,
            item=b.item,
            file_name=b.file_name,
            sha256=b.sha256,
            received_at=b.received_at,
            delivered=b.delivered,
            accepted=b.accepted,
            quarantined=b.quarantined,
            covers_to=b.covers_to,
            generated=b.generated,
            reasons=dict(b.reasons),
        )


class QuarantinedRowOut(Closed):
    """A row that was set aside, as it came."""

    row_no: int
    reason: str
    raw: dict[str, object]
