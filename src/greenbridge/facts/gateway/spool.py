"""The file that pages of a pull are appended to; a pull that fails leaves none."""

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq


class Spool:
    """One new file in a folder, made when the first page comes: JSON lines byte for byte, or one Parquet file."""

    def __init__(self, folder: Path, item: str, file_format: str) -> None:
        self._folder, self._prefix, self._suffix = folder, f"{item}-", f".{file_format}"
        self._writer: pq.ParquetWriter | None = None
        self.path: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the file; remove it if anything was raised."""
        self._close()
        if error is not None and self.path is not None:
            self.path.unlink(missing_ok=True)

    def add(self, content: bytes | pa.Table) -> None:
        """Append one page: JSON lines as they came, or a table."""
        if self.path is None:
            self.path = self._new()
        if isinstance(content, bytes):
            with self.path.open("ab") as file:
                file.write(content if content.endswith(b"\n") else content + b"\n")
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, content.schema)
        elif not content.schema.equals(self._writer.schema):
            self._widen(content.schema)
        self._writer.write_table(_fitted(content, self._writer.schema))

    def _new(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=self._prefix, suffix=self._suffix, delete=False) as file:
            return Path(file.name)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _widen(self, schema: pa.Schema) -> None:
        """Write the file anew so that it has the page's new columns too, and text where two pages disagree on a type."""
        assert self.path is not None
        wide = _united(self._writer.schema, schema) if self._writer else schema
        self._close()
        old = self.path
        try:
            self.path = self._new()
            self._writer = pq.ParquetWriter(self.path, wide)
            with pq.ParquetFile(old) as file:
                for batch in file.iter_batches():
                    self._writer.write_table(_fitted(pa.Table.from_batches([batch]), wide))
        finally:
            old.unlink()


def _united(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    """Return a schema with the columns of both: where types differ, the one that is not null, else text."""
    types: dict[str, Any] = {field.name: field.type for field in one}
    for field in other:
        known = types.get(field.name, field.type)
        if known.equals(field.type) or pa.types.is_null(field.type):
            types[field.name] = known
        else:
            types[field.name] = field.type if pa.types.is_null(known) else pa.string()
    return pa.schema(list(types.items()))


def _fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table in a schema that has all its columns; a column that it lacks is null."""
    columns = [
        table.column(field.name).cast(field.type) if field.name in table.column_names else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
