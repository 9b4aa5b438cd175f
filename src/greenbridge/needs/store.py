"""SQL of needs."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.needs.tables import NeedRow
from greenbridge.needs.values import Collateral, GuaranteeMode, Need, NeedDraft, NeedStatus, Purpose

OPEN = (NeedStatus.PUBLISHED.value, NeedStatus.IN_ANSWER.value)


def _value(row: NeedRow) -> Need:
    draft = NeedDraft(
        row.amount_fen,
        row.max_annual_rate_bp,
        row.term_months,
        Purpose(row.purpose),
        tuple(GuaranteeMode(mode) for mode in row.guarantee_modes),
        tuple(Collateral(kind) for kind in row.collateral),
        row.first_loan,
        row.agrees_to_report,
    )
    return Need(
        row.id,
        row.number,
        row.enterprise_id,
        draft,
        row.region_code,
        NeedStatus(row.status),
        row.published_at,
        row.open_until,
    )


async def add(
    session: AsyncSession,
    enterprise_id: UUID,
    region_code: str,
    draft: NeedDraft,
    now: datetime,
    today: date,
    open_until: date,
) -> Need:
    number = (await session.execute(text("select nextval('need_number')"))).scalar_one()
    row = NeedRow(
        number=f"N{today:%y%m%d}{number:06d}",
        enterprise_id=enterprise_id,
        amount_fen=draft.amount_fen,
        max_annual_rate_bp=draft.max_annual_rate_bp,
        term_months=draft.term_months,
        purpose=draft.purpose.value,
        guarantee_modes=[mode.value for mode in draft.guarantee_modes],
        collateral=[kind.value for kind in draft.collateral],
        first_loan=draft.first_loan,
        agrees_to_report=draft.agrees_to_report,
        region_code=region_code,
        status=NeedStatus.PUBLISHED.value,
        published_at=now,
        open_until=open_until,
    )
    session.add(row)
    await session.flush()
    return _value(row)


async def find(session: AsyncSession, need_id: UUID, *, for_update: bool = False) -> Need | None:
    row = await session.get(NeedRow, need_id, with_for_update=for_update, populate_existing=for_update)
    return _value(row) if row else None


async def of_enterprise(session: AsyncSession, enterprise_id: UUID) -> list[Need]:
    query = select(NeedRow).where(col(NeedRow.enterprise_id) == enterprise_id).order_by(col(NeedRow.published_at).desc())
    return [_value(row) for row in await session.scalars(query)]


async def open_ones(session: AsyncSession, today: date, limit: int, offset: int) -> list[Need]:
    query = (
        select(NeedRow)
        .where(col(NeedRow.status).in_(OPEN), col(NeedRow.open_until) >= today)
        .order_by(col(NeedRow.published_at).desc(), col(NeedRow.number).desc())
        .limit(limit)
        .offset(offset)
    )
    return [_value(row) for row in await session.scalars(query)]


async def open_after(session: AsyncSession, today: date, after: tuple[datetime, str] | None, limit: int) -> list[Need]:
    """Return open needs in the order of their publication, those after (published_at, number) only."""
    query = select(NeedRow).where(col(NeedRow.status).in_(OPEN), col(NeedRow.open_until) >= today)
    if after is not None:
        query = query.where(tuple_(col(NeedRow.published_at), col(NeedRow.number)) > tuple_(*after))
    query = query.order_by(col(NeedRow.published_at), col(NeedRow.number)).limit(limit)
    return [_value(row) for row in await session.scalars(query)]


async def open_by_region(session: AsyncSession, today: date) -> dict[str, int]:
    query = select(col(NeedRow.region_code), func.count()).where(col(NeedRow.status).in_(OPEN), col(NeedRow.open_until) >= today)
    return {region: int(n) for region, n in await session.execute(query.group_by(col(NeedRow.region_code)))}


async def open_amounts(session: AsyncSession, today: date) -> list[int]:
    query = select(col(NeedRow.amount_fen)).where(col(NeedRow.status).in_(OPEN), col(NeedRow.open_until) >= today)
    return [int(amount) for amount in await session.scalars(query)]


async def set_status(session: AsyncSession, need_id: UUID, status: NeedStatus) -> Need:
    row = await session.get_one(NeedRow, need_id)
    row.status = status.value
    await session.flush()
    return _value(row)


async def overdue(session: AsyncSession, today: date) -> list[Need]:
    query = select(NeedRow).where(col(NeedRow.status).in_(OPEN), col(NeedRow.open_until) < today).with_for_update(skip_locked=True)
    return [_value(row) for row in await session.scalars(query)]


async def totals(session: AsyncSession) -> tuple[int, int]:
    row = (await session.execute(text("select count(*), coalesce(sum(amount_fen), 0) from need"))).one()
    return int(row[0]), int(row[1])
