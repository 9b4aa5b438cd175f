"""SQL of consents."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.consents.tables import ConsentRow
from greenbridge.consents.values import Consent, Purpose


def _value(row: ConsentRow) -> Consent:
    return Consent(row.id, row.enterprise_id, row.bank_id, Purpose(row.purpose), row.granted_at, row.expires_on, row.withdrawn_at)


async def add(session: AsyncSession, enterprise_id: UUID, bank_id: UUID, purpose: Purpose, now: datetime, expires_on: date) -> Consent:
    row = ConsentRow(enterprise_id=enterprise_id, bank_id=bank_id, purpose=purpose.value, granted_at=now, expires_on=expires_on)
    session.add(row)
    await session.flush()
    return _value(row)


async def between(session: AsyncSession, enterprise_id: UUID, bank_id: UUID) -> list[Consent]:
    query = select(ConsentRow).where(col(ConsentRow.enterprise_id) == enterprise_id, col(ConsentRow.bank_id) == bank_id)
    return [_value(row) for row in await session.scalars(query)]
