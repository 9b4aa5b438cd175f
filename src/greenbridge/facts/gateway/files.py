"""Files that departments drop: how a delivered file is read, piece by piece."""

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError

from greenbridge.facts.values import Delivery
from greenbridge.kit.errors import Invalid

CHUNK_ROWS = 100_000
# Columns take less room than rows of objects, and the engine works faster on more of them.
COLUMNAR_ROWS = 1_000_000
FORMATS = (".parquet", ".csv", ".jsonl", ".ndjson", ".xlsx", ".xls")
_SNIFF_BYTES = 1 << 20


class FakeGateway:
    """A department in memory, for tests."""

    department = "fake"

    def __init__(self, item: str, *rows: dict[str, object]) -> None:
        lines = "\n".join(json.dumps(row, ensure_ascii=False, default=str) for row in rows)
        self.delivery = Delivery(item, "fake.jsonl", lines.encode())

    def deliveries(self) -> Iterator[Delivery]:
        """Yield the one delivery."""
        yield self.delivery


def file_delivery(item: str, path: Path) -> Delivery:
    """Return a file as a delivery, not yet read; raises Invalid when it cannot be."""
    try:
        with path.open("rb"):
            return Delivery(item, path.name, path)
    except OSError as error:
        raise Invalid.at("no-file", "file", f"无法读取文件 {path.name}。", f"{path.name} cannot be read: {error.strerror}.") from None


def pieces(content: bytes | Path, size: int) -> Iterator[bytes]:
    """Yield a delivery's bytes in pieces of `size`."""
    if isinstance(content, bytes):
        yield from (content[start : start + size] for start in range(0, len(content), size))
    else:
        with content.open("rb") as file:
            while piece := file.read(size):
                yield piece


def frames(file_name: str, content: bytes | Path, rows: int = CHUNK_ROWS) -> Iterator[pd.DataFrame]:
    """Yield a file's rows in order, `rows` at a time, values as delivered; at least one frame, with the columns. Raises Invalid."""
    for table in tables(file_name, content, rows, rows):
        yield table if isinstance(table, pd.DataFrame) else frame_of(table)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a frame; whole numbers stay whole where a neighbour is missing. Raises Invalid for broken text."""
    try:
        frame: pd.DataFrame = table.to_pandas(integer_object_nulls=True)
    except (UnicodeDecodeError, pa.ArrowException) as error:
        raise Invalid.at("unreadable-file", "file", f"文件无法解析：{error}", f"The file cannot be parsed: {error}") from None
    return frame


def tables(
    file_name: str, content: bytes | Path, rows: int = CHUNK_ROWS, columnar_rows: int = COLUMNAR_ROWS
) -> Iterator[pd.DataFrame | pa.Table]:
    """Yield a file's rows as `frames` does, but columnar files as Arrow tables of `columnar_rows`."""
    suffix = Path(file_name).suffix.lower()
    rows = columnar_rows if suffix == ".parquet" else rows
    reader = {".parquet": _parquet, ".csv": _csv, ".jsonl": _lines, ".ndjson": _lines, ".xlsx": _excel, ".xls": _excel}.get(suffix)
    if reader is None:
        known = "、".join(FORMATS)
        raise Invalid.at(
            "unknown-format",
            "file",
            f"不支持 {suffix or file_name} 文件；可用：{known}。",
            f"{suffix or file_name} files are not supported; known: {', '.join(FORMATS)}.",
        )
    try:
        yield from reader(content, rows)
    except (ValueError, OSError, csv.Error, pa.ArrowException, CalamineError) as error:
        reason = (str(error).splitlines() or [""])[0][:200]
        raise Invalid.at(
            "unreadable-file", "file", f"文件 {file_name} 无法解析：{reason}", f"{file_name} cannot be parsed: {reason}"
        ) from None


def _parquet(content: bytes | Path, rows: int) -> Iterator[pa.Table]:
    """Yield tables of `rows` rows at least, but for the last: row groups may be small, and what follows works by the table."""
    with pq.ParquetFile(io.BytesIO(content) if isinstance(content, bytes) else content) as file:
        waiting: list[pa.RecordBatch] = []
        for batch in file.iter_batches(batch_size=rows):
            waiting.append(batch)
            if sum(part.num_rows for part in waiting) >= rows:
                yield pa.Table.from_batches(waiting)
                waiting = []
        if waiting or not file.metadata.num_rows:
            yield pa.Table.from_batches(waiting, file.schema_arrow)


def _excel(content: bytes | Path, rows: int) -> Iterator[pd.DataFrame]:
    """Yield the first sheet; a spreadsheet is small enough to be read whole."""
    frame = pd.read_excel(io.BytesIO(content) if isinstance(content, bytes) else content, engine="calamine", dtype=object)
    yield frame.iloc[:rows]
    for start in range(rows, len(frame), rows):
        yield frame.iloc[start : start + rows].reset_index(drop=True)


def _csv(content: bytes | Path, rows: int) -> Iterator[pd.DataFrame]:
    """Yield a CSV's rows as text. A row with more cells than the header (blank ones do not count) becomes one without any known
    column, which goes to quarantine: its cells cannot be told apart.
    """
    with _text(content) as file:
        reader = csv.reader(file)
        header = next(reader, [])
        while header and not header[-1].strip():
            header.pop()
        given = filter(None, reader)
        first = True
        while (chunk := list(islice(given, rows))) or first:
            first = False
            yield _rectangle(header, chunk)


def _rectangle(header: list[str], chunk: Iterable[list[str]]) -> pd.DataFrame:
    width = len(header)
    straight: list[list[str]] = []
    odd: dict[int, str] = {}
    for cells in chunk:
        if len(cells) == width:
            straight.append(cells)
            continue
        surplus = any(cell.strip() for cell in cells[width:])
        if surplus:
            odd[len(straight)] = ",".join(cells)
        known = [] if surplus else cells[:width]
        straight.append([*known, *[""] * (width - len(known))])
    frame = pd.DataFrame(straight, columns=header, dtype=str)
    return frame.assign(line=pd.Series(odd, dtype=str)) if odd else frame


def _lines(content: bytes | Path, rows: int) -> Iterator[pd.DataFrame]:
    with _text(content, newline="\n") as file:
        given = (line for line in file if line.strip())
        first = True
        while (chunk := [_record(line.rstrip("\n")) for line in islice(given, rows)]) or first:
            first = False
            yield pd.DataFrame(chunk, dtype=object)


def _record(line: str) -> dict[str, object]:
    """Return one JSON line as a row; a line that is none becomes a row without any known column, which goes to quarantine."""
    try:
        found: Any = json.loads(line)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {"line": line.encode("utf-8", "replace").decode()[:10_000]}


def _text(content: bytes | Path, newline: str = "") -> TextIO:
    """Return a text file as UTF-8, or as GB18030 where it is none."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8-sig"
    try:
        for piece in pieces(content, _SNIFF_BYTES):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        encoding = "gb18030"
    raw = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
    return io.TextIOWrapper(raw, encoding=encoding, newline=newline)
