"""SQL of reports."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.reports.tables import CreditReportRow
from greenbridge.reports.values import CreditReport


async def add(
    session: AsyncSession,
    enterprise_id: UUID,
    as_of: date,
    now: datetime,
    made_for: UUID | None,
    score_id: UUID | None,
    content: Mapping[str, Any],
    sha256: str,
) -> CreditReport:
    number = (await session.execute(text("select nextval('report_number')"))).scalar_one()
    report = CreditReport(uuid4(), f"R{as_of:%y%m%d}{number:06d}", enterprise_id, as_of, now, content, sha256)
    session.add(
        CreditReportRow(
            id=report.id,
            number=report.number,
            enterprise_id=enterprise_id,
            as_of=as_of,
            made_at=now,
            made_for=made_for,
            score_id=score_id,
            content=dict(content),
            sha256=sha256,
        )
    )
    await session.flush()
    return report


async def count(session: AsyncSession) -> int:
    return int((await session.execute(text("select count(*) from credit_report"))).scalar_one())
