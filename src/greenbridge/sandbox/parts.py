"""Files and tables that a feed is made of, served piece by piece with their values as delivered."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from greenbridge.kit.errors import Invalid

ODD = "line"  # the column of a row that could not be told apart


class Part(Protocol):
    """One file or table. Rows are numbered from 0; `stop` is not included."""

    columnar: bool
    columns: tuple[str, ...]
    count: int

    def lines(self, start: int, stop: int) -> list[bytes]:
        """Return rows as JSON objects, one a line, without the line's end."""
        ...

    def table(self, start: int, stop: int) -> pa.Table:
        """Return rows as an Arrow table."""
        ...


class LinesPart:
    """Rows as JSON lines in memory: what a CSV or JSON-lines file holds, or given records."""

    columnar = False

    def __init__(self, lines: Iterable[bytes], columns: Iterable[str]) -> None:
        self._lines, self.columns = list(lines), tuple(columns)
        self.count = len(self._lines)

    def lines(self, start: int, stop: int) -> list[bytes]:
        """Return the lines as they are."""
        return self._lines[start:stop]

    def table(self, start: int, stop: int) -> pa.Table:
        """Return the rows with every value as text: delivered values of one column may be of many types."""
        records = [json.loads(line) for line in self._lines[start:stop]]
        return pa.table(
            {column: pa.array([_text(record.get(column)) for record in records], pa.string()) for column in self.columns},
        )


class TablePart:
    """A table in memory: Arrow's own, or what `pyarrow.table` takes (a data frame, a mapping of columns)."""

    columnar = True

    def __init__(self, table: Any) -> None:
        self._table = pa.table(table)
        self.columns, self.count = tuple(self._table.column_names), self._table.num_rows

    def lines(self, start: int, stop: int) -> list[bytes]:
        """Return the rows as JSON."""
        return [dumped(record) for record in self.table(start, stop).to_pylist()]

    def table(self, start: int, stop: int) -> pa.Table:
        """Return a slice, not a copy."""
        return self._table.slice(start, stop - start)


class ParquetPart:
    """A Parquet file on disk, of any size: a page reads only its row groups, in batches of a page."""

    columnar = True

    def __init__(self, path: Path) -> None:
        self._path = path
        with pq.ParquetFile(path) as file:
            self.columns, self.count = tuple(file.schema_arrow.names), file.metadata.num_rows
            self._groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]

    def lines(self, start: int, stop: int) -> list[bytes]:
        """Return the rows as JSON."""
        return [dumped(record) for record in self.table(start, stop).to_pylist()]

    def table(self, start: int, stop: int) -> pa.Table:
        """Return the rows; of the row groups that hold them, what lies before is read and let go."""
        groups: list[int] = []
        first = at = 0
        for number, size in enumerate(self._groups):
            if at < stop and at + size > start:
                first = first if groups else at
                groups.append(number)
            at += size
        with pq.ParquetFile(self._path) as file:
            kept = []
            for batch in file.iter_batches(batch_size=max(1, stop - start), row_groups=groups):
                low, high = max(start - first, 0), min(stop - first, batch.num_rows)
                if low < high:
                    kept.append(batch.slice(low, high - low))
                first += batch.num_rows
                if first >= stop:
                    break
            return pa.Table.from_batches(kept, file.schema_arrow)


def read_part(path: Path) -> Part:
    """Return a file as a part; raises Invalid when it is none that can be read."""
    readers: dict[str, Callable[[Path], Part]] = {".parquet": ParquetPart, ".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines}
    reader = readers.get(path.suffix.lower())
    try:
        if reader:
            return reader(path)
    except (OSError, ValueError, csv.Error) as error:
        reason = str(error).splitlines()[0][:200]
        raise Invalid.at(
            "unreadable-file", "file", f"文件 {path.name} 无法解析：{reason}", f"{path.name} cannot be read: {reason}"
        ) from None
    raise Invalid.at("unknown-format", "file", f"不支持 {path.name}。", f"{path.name} is of no supported format.")


def records_part(records: Iterable[Mapping[str, Any]]) -> LinesPart:
    """Return records in memory as a part; its columns are all their names, in the order of their first appearance."""
    kept = list(records)
    return LinesPart(map(dumped, kept), dict.fromkeys(name for record in kept for name in record))


def dumped(record: Mapping[str, Any]) -> bytes:
    """Return a record as JSON; what JSON has no word for (dates, decimals) is spelt, not-a-number is null."""
    clean = {name: None if isinstance(value, float) and value != value else value for name, value in record.items()}  # noqa: PLR0124
    return json.dumps(clean, ensure_ascii=False, default=str).encode()


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _csv(path: Path) -> LinesPart:
    """Return a CSV's rows as texts; a row with more cells than the header is kept whole in the column `line`."""
    reader = csv.reader(io.StringIO(_decoded(path.read_bytes()), newline=""))
    header = next(reader, [])
    rows = []
    for cells in filter(None, reader):
        surplus = any(cell.strip() for cell in cells[len(header) :])
        padded = [*cells, *[""] * (len(header) - len(cells))]
        rows.append({ODD: ",".join(cells)} if surplus else dict(zip(header, padded, strict=False)))
    odd = [ODD] if any(ODD in row for row in rows) and ODD not in header else []
    return LinesPart(map(dumped, rows), [*header, *odd])


def _json_lines(path: Path) -> LinesPart:
    """Return a file's lines byte for byte; a line that is no object is kept whole in the column `line`."""
    lines: list[bytes] = []
    columns: dict[str, None] = {}
    for text in _decoded(path.read_bytes()).split("\n"):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except ValueError:
            record = None
        whole = isinstance(record, dict)
        lines.append(text.strip("\r").encode() if whole else dumped({ODD: text}))
        columns.update(dict.fromkeys(record) if whole else {ODD: None})
    return LinesPart(lines, columns)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")
