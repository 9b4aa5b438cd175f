"""SQL of the catalogue."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.catalog.tables import LoanProductRow


async def add(session: AsyncSession, code: str, version: int, bank_id: UUID, document: dict[str, Any], now: datetime) -> None:
    """List a version; earlier versions of the code are listed no more."""
    await session.execute(update(LoanProductRow).where(col(LoanProductRow.code) == code).values(listed=False))
    session.add(LoanProductRow(code=code, version=version, bank_id=bank_id, listed=True, listed_at=now, document=document))
    await session.flush()


async def newest(session: AsyncSession, code: str) -> tuple[int, UUID, dict[str, Any]] | None:
    """Return (version, bank, document) of a code."""
    query = select(LoanProductRow).where(col(LoanProductRow.code) == code).order_by(col(LoanProductRow.version).desc()).limit(1)
    row = (await session.scalars(query)).first()
    return (row.version, row.bank_id, row.document) if row else None


async def set_listed(session: AsyncSession, code: str, version: int, *, listed: bool) -> None:
    row = await session.get_one(LoanProductRow, (code, version))
    row.listed = listed
    await session.flush()


async def documents(session: AsyncSession, bank_id: UUID | None = None) -> list[tuple[UUID, dict[str, Any]]]:
    """Return (bank, document) of the listed products, all or of one bank."""
    query = select(LoanProductRow).where(col(LoanProductRow.listed)).order_by(col(LoanProductRow.code))
    if bank_id is not None:
        query = query.where(col(LoanProductRow.bank_id) == bank_id)
    return [(row.bank_id, row.document) for row in await session.scalars(query)]


async def listed_at(session: AsyncSession) -> dict[str, datetime]:
    """Return code -> when its listed version was listed."""
    query = select(col(LoanProductRow.code), col(LoanProductRow.listed_at)).where(col(LoanProductRow.listed))
    return {row.code: row.listed_at for row in await session.execute(query)}


async def shelf(session: AsyncSession) -> str:
    """Return what changes with every change of the list: the rows' versions, and the transactions that wrote them."""
    query = """
        select coalesce(md5(string_agg(code || ' ' || version || ' ' || xmin::text, ',' order by code, version)), '')
        from loan_product where listed
    """
    return str((await session.execute(text(query))).scalar_one())
