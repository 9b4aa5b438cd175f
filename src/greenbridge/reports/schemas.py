"""Wire types of reports."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from greenbridge.kit.wire import Closed
from greenbridge.reports.values import CreditReport


class CreditReportOut(Closed):
    """A credit report: five sections of facts, each with source, date and freshness."""

    id: UUID
    number: str
    as_of: date
    made_at: datetime
    sha256: str
    content: dict[str, Any]

    @classmethod
    def of(cls, report: CreditReport) -> "CreditReportOut":
        """Return the wire form."""
        return cls(
            id=report.id,
            number=report.number,
            as_of=report.as_of,
            made_at=report.made_at,
            sha256=report.sha256,
            content=dict(report.content),
        )
