"""SQL of enterprises."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.enterprises.tables import EnterpriseRow
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus, Origin
from greenbridge.kit import database


def _value(row: EnterpriseRow) -> Enterprise:
    return Enterprise(
        row.id,
        row.uscc,
        row.name,
        row.region_code,
        EnterpriseStatus(row.status),
        Origin(row.origin),
        row.organisation_id,
        row.registered_at,
        row.verified_at,
    )


async def add(
    session: AsyncSession, uscc: str, name: str, region_code: str, origin: Origin, organisation_id: UUID, now: datetime
) -> Enterprise:
    row = EnterpriseRow(
        uscc=uscc,
        name=name,
        region_code=region_code,
        status=EnterpriseStatus.REGISTERED.value,
        origin=origin.value,
        organisation_id=organisation_id,
        registered_at=now,
    )
    session.add(row)
    await session.flush()
    return _value(row)


async def remove_unverified(session: AsyncSession, enterprise_id: UUID) -> None:
    """Remove a registration that was never verified: nothing can refer to it."""
    await session.delete(await session.get_one(EnterpriseRow, enterprise_id))
    await session.flush()


# Asked with each report and each match.
_FIND = """
    select id, uscc, name, region_code, status, origin, organisation_id, registered_at, verified_at from enterprise where id = %(id)s
"""


async def find(session: AsyncSession, enterprise_id: UUID) -> Enterprise | None:
    for id_, uscc, name, region_code, status, origin, *rest in await database.rows(session, _FIND, {"id": enterprise_id}):
        return Enterprise(id_, uscc, name, region_code, EnterpriseStatus(status), Origin(origin), *rest)
    return None


async def find_by_uscc(session: AsyncSession, uscc: str) -> Enterprise | None:
    row = (await session.scalars(select(EnterpriseRow).where(col(EnterpriseRow.uscc) == uscc))).first()
    return _value(row) if row else None


async def verified(session: AsyncSession, usccs: Iterable[str]) -> list[UUID]:
    """Return the ids of the verified firms among codes."""
    query = select(col(EnterpriseRow.id)).where(
        col(EnterpriseRow.uscc).in_(sorted(usccs)), col(EnterpriseRow.status) == EnterpriseStatus.VERIFIED.value
    )
    return list(await session.scalars(query))


async def find_of_organisation(session: AsyncSession, organisation_id: UUID) -> Enterprise | None:
    row = (await session.scalars(select(EnterpriseRow).where(col(EnterpriseRow.organisation_id) == organisation_id))).first()
    return _value(row) if row else None


async def page(session: AsyncSession, limit: int | None, offset: int) -> list[Enterprise]:
    query = select(EnterpriseRow).order_by(col(EnterpriseRow.uscc)).limit(limit).offset(offset)
    return [_value(row) for row in await session.scalars(query)]


async def update(
    session: AsyncSession,
    enterprise_id: UUID,
    *,
    name: str | None = None,
    region_code: str | None = None,
    verified: tuple[datetime, UUID] | None = None,
) -> Enterprise:
    row = await session.get_one(EnterpriseRow, enterprise_id)
    row.name = name or row.name
    row.region_code = region_code or row.region_code
    if verified:
        row.status, (row.verified_at, row.verified_batch_id) = EnterpriseStatus.VERIFIED.value, verified
    await session.flush()
    return _value(row)


async def count(session: AsyncSession) -> int:
    return int((await session.execute(select(func.count()).select_from(EnterpriseRow))).scalar_one())
