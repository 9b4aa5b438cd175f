"""Rows and columns into PostgreSQL by COPY."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pgpq
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


def binary_pieces(given: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """Yield Arrow batches in the binary form of COPY; their types must be those of the columns (a uuid is 16 bytes)."""
    encoder: Any = None
    for batch in given:
        if encoder is None:
            encoder = pgpq.ArrowToPostgresBinaryEncoder(batch.schema)
            yield encoder.write_header()
        yield encoder.write_batch(batch)
    if encoder is not None:
        yield encoder.finish()


def ahead(given: Iterable[pa.RecordBatch]) -> database.MadeAhead:
    """Return Arrow batches as binary pieces, of which the first is in the making already."""
    return database.MadeAhead(binary_pieces(given))


async def binary(session: AsyncSession, name: str, columns: Sequence[str], given: database.MadeAhead) -> None:
    """Append pieces to a table, in binary: for the large ones, where making and reading text costs as much as the rest."""
    await database.copy_in(session, name, columns, given, "binary")


async def table(session: AsyncSession, name: str, columns: pa.Table, rows: int = 100_000) -> None:
    """Append an Arrow table to a table with columns of the same names."""
    if columns.num_rows:
        quoted = [f'"{column}"' for column in columns.column_names]
        await database.copy_in(session, name, quoted, database.MadeAhead(csv_pieces(columns.to_batches(max_chunksize=rows))))


async def rows(session: AsyncSession, name: str, columns: Sequence[str], given: Sequence[tuple[Any, ...]]) -> None:
    """Append rows of plain values to a table."""
    if given:
        arrays = [pa.array(values) for values in zip(*given, strict=True)]
        await table(session, name, pa.table(dict(zip(columns, arrays, strict=True))))
