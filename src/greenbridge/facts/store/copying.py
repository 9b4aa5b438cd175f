"""Rows and columns into PostgreSQL by COPY."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database

_QUOTED = pa_csv.WriteOptions(include_header=False)


def csv_pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """Yield Arrow batches as CSV; missing values are empty and unquoted: NULL to COPY."""
    for batch in batches:
        sink = io.BytesIO()
        pa_csv.write_csv(batch, sink, _QUOTED)
        yield sink.getvalue()


async def batches(session: AsyncSession, name: str, columns: Sequence[str], given: Iterable[pa.RecordBatch]) -> None:
    """Append Arrow batches to a table."""
    await database.copy_csv(session, name, [f'"{column}"' for column in columns], csv_pieces(given))


async def table(session: AsyncSession, name: str, columns: pa.Table, rows: int = 100_000) -> None:
    """Append an Arrow table to a table with columns of the same names."""
    if columns.num_rows:
        await batches(session, name, columns.column_names, columns.to_batches(max_chunksize=rows))


async def rows(session: AsyncSession, name: str, columns: Sequence[str], given: Sequence[tuple[Any, ...]]) -> None:
    """Append rows of plain values to a table."""
    if given:
        arrays = [pa.array(values) for values in zip(*given, strict=True)]
        await table(session, name, pa.table(dict(zip(columns, arrays, strict=True))))
