"""SQL of reference rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.reference.tables import ReferenceRow
from greenbridge.reference.values import Entry, Kind

ROWS_A_STATEMENT = 2_000  # nine parameters a row, and the protocol counts them in 16 bits


def _value(row: ReferenceRow) -> Entry:
    return Entry(Kind(row.kind), row.code, row.name, row.valid_from, row.valid_to, row.parent, row.extra, row.source)


async def entries(session: AsyncSession, kind: Kind, code: str | None = None) -> list[Entry]:
    query = select(ReferenceRow).where(col(ReferenceRow.kind) == kind.value)
    if code is not None:
        query = query.where(col(ReferenceRow.code) == code)
    return [_value(row) for row in await session.scalars(query.order_by(col(ReferenceRow.code), col(ReferenceRow.valid_from)))]


async def save(session: AsyncSession, found: Sequence[Entry], now: datetime) -> None:
    """Add entries; one of the same kind, code and first day gives way."""
    key = ("kind", "code", "valid_from")
    for start in range(0, len(found), ROWS_A_STATEMENT):
        rows = [
            {
                "kind": e.kind.value,
                "code": e.code,
                "valid_from": e.valid_from,
                "valid_to": e.valid_to,
                "name": e.name,
                "parent": e.parent,
                "extra": dict(e.extra),
                "source": e.source,
                "imported_at": now,
            }
            for e in found[start : start + ROWS_A_STATEMENT]
        ]
        statement = insert(ReferenceRow).values(rows)
        given = {name: statement.excluded[name] for name in rows[0] if name not in key}
        await session.execute(statement.on_conflict_do_update(index_elements=key, set_=given))
