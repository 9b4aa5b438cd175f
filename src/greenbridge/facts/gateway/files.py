"""Departments that drop files, and how a delivered file is read."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pandas as pd

from greenbridge.facts.values import Delivery
from greenbridge.kit.errors import Invalid


class DepartmentGateway(Protocol):
    """One department. A gateway fetches; it neither cleans nor stores."""

    department: str

    def deliveries(self) -> Iterator[Delivery]:
        """Yield the files that wait, oldest first."""
        ...


class FileGateway:
    """A department that drops files: each with the item it delivers and how its columns are to be read."""

    def __init__(self, department: str, *deliveries: Delivery) -> None:
        self.department = department
        self._waiting = deliveries

    def deliveries(self) -> Iterator[Delivery]:
        """Yield the files in the order in which they were dropped."""
        yield from self._waiting


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
    """Return a file as a delivery; raises Invalid when it cannot be read."""
    try:
        return Delivery(item, path.name, path.read_bytes())
    except OSError as error:
        raise Invalid.at("no-file", "file", f"无法读取文件 {path.name}。", f"{path.name} cannot be read: {error.strerror}.") from None


def read_frame(file_name: str, content: bytes) -> pd.DataFrame:
    """Return the rows of a Parquet, CSV (UTF-8 or GB18030) or JSON-lines file, values as delivered; raises Invalid."""
    suffix = Path(file_name).suffix.lower()
    try:
        if suffix == ".parquet":
            return pd.read_parquet(io.BytesIO(content))
        if suffix == ".csv":
            return _table(_decoded(content))
        if suffix in {".jsonl", ".ndjson"}:
            return pd.DataFrame([_record(line) for line in _decoded(content).split("\n") if line.strip()])
    except (ValueError, OSError, csv.Error) as error:
        reason = str(error).splitlines()[0][:200]
        raise Invalid.at(
            "unreadable-file", "file", f"文件 {file_name} 无法解析：{reason}", f"{file_name} cannot be parsed: {reason}"
        ) from None
    raise Invalid.at(
        "unknown-format",
        "file",
        f"不支持 {suffix or file_name} 文件。",
        f"{suffix or file_name} files are not supported.",
    )


def _table(text: str) -> pd.DataFrame:
    """Return a CSV's rows as text. A row with more cells than the header (blank ones do not count) becomes one without any known
    column, which goes to quarantine: its cells cannot be told apart.
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    width = len(header)
    rows: list[list[str]] = []
    odd: dict[int, str] = {}
    for cells in filter(None, reader):
        surplus = any(cell.strip() for cell in cells[width:])
        if surplus:
            odd[len(rows)] = ",".join(cells)
        known = [] if surplus else cells[:width]
        rows.append([*known, *[""] * (width - len(known))])
    frame = pd.DataFrame(rows, columns=header, dtype=str)
    return frame.assign(line=pd.Series(odd, dtype=str)) if odd else frame


def _record(line: str) -> dict[str, object]:
    """Return one JSON line as a row; a line that is none becomes a row without any known column, which goes to quarantine."""
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"line": line}


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")
