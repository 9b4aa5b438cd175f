"""SQL of batches, their files, and quarantine."""

import json
import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.facts.store import copying
from greenbridge.facts.tables import BatchPart, BatchRow, QuarantinedRow
from greenbridge.facts.values import Batch
from greenbridge.kit import database

PART_BYTES = 8 << 20


def _batch(row: BatchRow, *, repeated: bool = False) -> Batch:
    return Batch(
        row.id,
        row.item,
        row.file_name,
        row.sha256,
        row.received_at,
        row.delivered,
        row.accepted,
        row.quarantined,
        row.covers_to,
        row.generated,
        row.reasons,
        row.filled_cells,
        row.cells,
        row.stated_at,
        row.late_rows,
        repeated,
    )


async def find_repeat(session: AsyncSession, item: str, fingerprint: str, batch_key: str | None) -> tuple[Batch, bool] | None:
    """Return the batch of the same content or of the same sender's number, and whether the content is the same."""
    same = col(BatchRow.fingerprint) == fingerprint
    if batch_key is not None:
        same |= (col(BatchRow.item) == item) & (col(BatchRow.batch_key) == batch_key)
    row = (await session.scalars(select(BatchRow).where(same).order_by(col(BatchRow.received_at)))).first()
    return (_batch(row, repeated=True), row.fingerprint == fingerprint) if row else None


async def add(
    session: AsyncSession, batch: Batch, *, fingerprint: str, batch_key: str | None, content: Iterable[bytes], read_with: Mapping[str, Any]
) -> None:
    """Add a batch of nothing yet, with its file in parts."""
    session.add(
        BatchRow(
            id=batch.id,
            item=batch.item,
            file_name=batch.file_name,
            sha256=batch.sha256,
            fingerprint=fingerprint,
            batch_key=batch_key,
            stated_at=batch.stated_at,
            received_at=batch.received_at,
            delivered=0,
            accepted=0,
            quarantined=0,
            filled_cells=0,
            cells=0,
            late_rows=None,
            covers_to=None,
            generated=batch.generated,
            reasons={},
            read_with=dict(read_with),
        )
    )
    await session.flush()
    for number, piece in enumerate(content):
        part = BatchPart(batch_id=batch.id, part=number, content=piece)
        session.add(part)
        await session.flush()
        session.expunge(part)  # the session would keep the whole file


async def set_counts(session: AsyncSession, batch: Batch) -> None:
    """Write a batch's counts."""
    row = await session.get_one(BatchRow, batch.id)
    for name in ("delivered", "accepted", "quarantined", "filled_cells", "cells", "late_rows", "covers_to"):
        setattr(row, name, getattr(batch, name))
    row.reasons = dict(batch.reasons)
    await session.flush()


async def newest_receipt(session: AsyncSession, item: str) -> datetime | None:
    return (await session.execute(select(func.max(col(BatchRow.received_at))).where(col(BatchRow.item) == item))).scalar()


async def get(session: AsyncSession, batch_id: UUID, *, anew: bool = False) -> Batch | None:
    """Return a batch; `anew`: as it is in the database now, locked until the transaction ends."""
    row = await session.get(BatchRow, batch_id, populate_existing=anew, with_for_update=anew or None)
    return _batch(row) if row else None


async def newest(session: AsyncSession, limit: int, item: str | None = None) -> list[Batch]:
    query = select(BatchRow).order_by(col(BatchRow.received_at).desc(), col(BatchRow.file_name)).limit(limit)
    if item:
        query = query.where(col(BatchRow.item) == item)
    return [_batch(row) for row in await session.scalars(query)]


async def newest_of_each_item(session: AsyncSession, now: datetime) -> list[Batch]:
    """Return each item's newest batch."""
    newest = (
        select(col(BatchRow.item), func.max(col(BatchRow.received_at))).where(col(BatchRow.received_at) <= now).group_by(col(BatchRow.item))
    )
    rows = await session.scalars(select(BatchRow).where(tuple_(col(BatchRow.item), col(BatchRow.received_at)).in_(newest)))
    return list({row.item: _batch(row) for row in rows}.values())


async def between(session: AsyncSession, start: datetime, end: datetime) -> list[Batch]:
    """Return the batches received from `start` to before `end`, oldest first."""
    query = select(BatchRow).where(col(BatchRow.received_at) >= start, col(BatchRow.received_at) < end).order_by(col(BatchRow.received_at))
    return [_batch(row) for row in await session.scalars(query)]


async def read_with(session: AsyncSession, batch_id: UUID) -> dict[str, Any]:
    """Return how a batch's columns were read."""
    return (await session.get_one(BatchRow, batch_id)).read_with


async def spool(session: AsyncSession, batch_id: UUID, folder: Path) -> Path | None:
    """Write a batch's file into a folder, part by part; None when there is no such batch."""
    row = await session.get(BatchRow, batch_id)
    if row is None:
        return None
    with tempfile.NamedTemporaryFile(dir=folder, suffix=Path(row.file_name).suffix, delete=False) as file:
        count = (await session.execute(select(func.count()).where(col(BatchPart.batch_id) == batch_id))).scalar_one()
        for number in range(count):
            query = select(col(BatchPart.content)).where(col(BatchPart.batch_id) == batch_id, col(BatchPart.part) == number)
            file.write((await session.execute(query)).scalar_one())
    return Path(file.name)


async def quarantine(session: AsyncSession, batch_id: UUID, rows: Sequence[tuple[int, str, Mapping[str, Any]]]) -> None:
    """Set rows aside: (row number, reason, the row as it came)."""
    lines = [(str(batch_id), number, reason, json.dumps(_keepable(raw), ensure_ascii=False, default=str)) for number, reason, raw in rows]
    await copying.rows(session, "quarantined_row", ("batch_id", "row_no", "reason", "raw"), lines)


def _keepable(value: Any) -> Any:
    """Return a raw value as jsonb can hold it: NUL is written out, numbers that are none become words."""
    if isinstance(value, str):
        return value.replace("\x00", "\\u0000")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k).replace("\x00", "\\u0000"): _keepable(v) for k, v in value.items()}
    return [_keepable(v) for v in value] if isinstance(value, list) else value


async def quarantined(session: AsyncSession, batch_id: UUID, limit: int) -> list[tuple[int, str, dict[str, Any]]]:
    query = select(QuarantinedRow).where(col(QuarantinedRow.batch_id) == batch_id, col(QuarantinedRow.released_at).is_(None))
    rows = await session.scalars(query.order_by(col(QuarantinedRow.row_no)).limit(limit))
    return [(row.row_no, row.reason, row.raw) for row in rows]


async def set_aside(session: AsyncSession, keys: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], dict[str, Any]]:
    """Return (batch, row number) -> the row as it came, of rows that are in quarantine."""
    query = select(QuarantinedRow).where(tuple_(col(QuarantinedRow.batch_id), col(QuarantinedRow.row_no)).in_(keys))
    return {(row.batch_id, row.row_no): row.raw for row in await session.scalars(query)} if keys else {}


async def release(session: AsyncSession, batch_id: UUID, row_no: int, now: datetime) -> None:
    """Let one quarantined row go; it keeps its place with the instant."""
    row = await session.get_one(QuarantinedRow, (batch_id, row_no))
    row.released_at = now
    await session.flush()


async def rename_reason(session: AsyncSession, batch_id: UUID, row_no: int, reason: str) -> None:
    """Say anew why a row is set aside."""
    (await session.get_one(QuarantinedRow, (batch_id, row_no))).reason = reason
    await session.flush()


async def coverage(session: AsyncSession, known_at: datetime) -> dict[str, tuple[date | None, datetime, bool]]:
    """Return item -> (newest day delivered, newest receipt, whether all of it is generated)."""
    statement = """
        select item, max(covers_to), max(received_at), bool_and(generated) from batch where received_at <= %(known_at)s group by item
    """
    return {row[0]: (row[1], row[2], row[3]) for row in await database.rows(session, statement, {"known_at": known_at})}
