"""SQL of the catalogue."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.catalog.tables import LoanProductRow, ProductCapacityRow, ProductDraftRow
from greenbridge.catalog.values import Draft, Version
from greenbridge.kit import database
from greenbridge.kit.money import FEN_PER_WAN


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


async def documents(
    session: AsyncSession, bank_id: UUID | None = None, limit: int | None = None, after: str | None = None
) -> list[tuple[UUID, dict[str, Any]]]:
    """Return (bank, document) of the listed products by code, all or of one bank; those behind a code."""
    query = select(LoanProductRow).where(col(LoanProductRow.listed)).order_by(col(LoanProductRow.code)).limit(limit)
    if after is not None:
        query = query.where(col(LoanProductRow.code) > after)
    if bank_id is not None:
        query = query.where(col(LoanProductRow.bank_id) == bank_id)
    stated = await capacities(session)
    return [(row.bank_id, _with_capacity(row.document, stated.get(row.code))) for row in await session.scalars(query)]


def _with_capacity(document: dict[str, Any], stated: tuple[int, int | None] | None) -> dict[str, Any]:
    """Return the document with what the bank stated since: money runs out between two versions."""
    if stated is None:
        return document
    return {**document, "capacity_left_wan": None if stated[1] is None else stated[1] / FEN_PER_WAN}


async def capacities(session: AsyncSession) -> dict[str, tuple[int, int | None]]:
    """Return code -> (revision, fen left or None) of the products of which a capacity was stated."""
    statement = "select distinct on (code) code, id, left_fen from product_capacity order by code, id desc"
    return {code: (number, left) for code, number, left in await database.rows(session, statement)}


async def capacity(session: AsyncSession, code: str) -> tuple[int | None] | None:
    """Return (fen left or None) as last stated of a code; None where nothing was."""
    statement = "select left_fen from product_capacity where code = %(code)s order by id desc limit 1"
    found = await database.rows(session, statement, {"code": code})
    return (found[0][0],) if found else None


async def state_capacity(session: AsyncSession, row: ProductCapacityRow) -> int:
    """Add a statement; return its revision."""
    session.add(row)
    await session.flush()
    return int(row.id or 0)


async def versions(session: AsyncSession, code: str) -> list[Version]:
    """Return all versions of a code that this caller may see, newest first."""
    stated = (await capacities(session)).get(code)
    query = select(LoanProductRow).where(col(LoanProductRow.code) == code).order_by(col(LoanProductRow.version).desc())
    return [
        Version(
            row.code,
            row.version,
            row.listed,
            row.listed_at,
            _with_capacity(row.document, stated) if row.listed else row.document,
            stated[0] if stated else 0,
        )
        for row in await session.scalars(query)
    ]


def _draft(row: ProductDraftRow) -> Draft:
    return Draft(row.code, row.document, row.source, row.revision, row.saved_at)


async def drafts(session: AsyncSession, bank_id: UUID) -> list[Draft]:
    """Return a bank's drafts by code."""
    query = select(ProductDraftRow).where(col(ProductDraftRow.bank_id) == bank_id).order_by(col(ProductDraftRow.code))
    return [_draft(row) for row in await session.scalars(query)]


async def find_draft(session: AsyncSession, bank_id: UUID, code: str) -> Draft | None:
    row = await session.get(ProductDraftRow, (bank_id, code), with_for_update=True, populate_existing=True)
    return _draft(row) if row else None


async def save_draft(session: AsyncSession, bank_id: UUID, draft: Draft, account_id: UUID) -> Draft:
    """Write a draft, new or in the place of the one before it."""
    row = ProductDraftRow(
        bank_id=bank_id,
        code=draft.code,
        document=dict(draft.document),
        source=draft.source,
        revision=draft.revision,
        saved_at=draft.saved_at,
        saved_by=account_id,
    )
    await session.merge(row)
    await session.flush()
    return draft


async def remove_draft(session: AsyncSession, bank_id: UUID, code: str) -> None:
    await session.execute(delete(ProductDraftRow).where(col(ProductDraftRow.bank_id) == bank_id, col(ProductDraftRow.code) == code))


async def listed_at(session: AsyncSession) -> dict[str, datetime]:
    """Return code -> when its listed version was listed."""
    query = select(col(LoanProductRow.code), col(LoanProductRow.listed_at)).where(col(LoanProductRow.listed))
    return {row.code: row.listed_at for row in await session.execute(query)}


async def shelf(session: AsyncSession) -> str:
    """Return what changes with every change of the list: the rows' versions, the transactions that wrote them, each code's statement.

    Not the highest number of all statements: one of another code that was drawn before may be committed after it.
    """
    query = """
        select coalesce(md5(string_agg(concat_ws(' ', p.code, p.version, p.xmin::text, c.id), ',' order by p.code, p.version)), '')
        from loan_product p left join lateral (select id from product_capacity where code = p.code order by id desc limit 1) c on true
        where p.listed
    """
    return str((await session.execute(text(query))).scalar_one())
