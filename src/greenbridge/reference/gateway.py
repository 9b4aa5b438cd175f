"""Files: the policy that ships with the package, CSV lists that an operator imports, a Parquet list of factories."""

import csv
import hashlib
import io
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from greenbridge.kit.errors import Problem
from greenbridge.reference.rules.industry import Classifier
from greenbridge.reference.rules.shipped import catalogue_entries, industry_entries, industry_words, quote_entries
from greenbridge.reference.values import Entry, Kind, Line, Sheet

POLICY = Path(__file__).parent / "policy"


def _policy(name: str) -> dict[str, Any]:
    return tomllib.loads((POLICY / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def shipped(kind: Kind) -> tuple[Entry, ...]:
    """Return the entries that ship with the package; none for regions (package gb2260) and banks. Read once: the files never change."""
    if kind is Kind.INDUSTRIES:
        return industry_entries(_policy("industries"))
    if kind is Kind.GREEN_CATALOGUE:
        return catalogue_entries(_policy("green_catalogue"))
    return quote_entries(_policy("lpr")) if kind is Kind.LPR else ()


@cache
def classifier() -> Classifier:
    """Return the classifier with the words of each division, as shipped."""
    return Classifier(industry_words(_policy("industry_keywords"), shipped(Kind.INDUSTRIES)))


def read_sheet(path: Path) -> Sheet:
    """Return a CSV file (UTF-8 or GB18030) as it came; raises Problem for what is no such file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Problem(
            "unreadable-file", f"无法读取文件 {path}：{error.strerror}。", f"The file {path} cannot be read: {error.strerror}."
        ) from None
    try:
        lines = _lines(_decoded(content))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Problem("no-csv", f"{path.name} 不是 UTF-8 或 GB18030 的 CSV 文件。", f"{path.name} is no CSV file: {error}.") from None
    if not lines:
        raise Problem("empty-file", f"{path.name} 是空文件。", f"{path.name} is empty.")
    return Sheet(path.name, hashlib.sha256(content).hexdigest(), lines[0].cells, tuple(lines[1:]))


def _decoded(content: bytes) -> str:
    if b"\0" in content:
        raise csv.Error("it holds NUL bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _lines(text: str) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found, start = [], 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            found.append(Line(start, tuple(cell.strip() for cell in cells)))
        start = reader.line_num + 1
    return found


def read_factories(path: Path) -> list[tuple[str, str | None]]:
    """Return (name, industry label or None) of a Parquet list with the columns `name` and `industry`; raises Problem for another file."""
    try:
        table = pq.read_table(path, columns=["name", "industry"])
        found = table.to_pydict()
    except (OSError, ValueError, KeyError) as error:
        zh = f"{path.name} 不是含 name 和 industry 列的 Parquet 文件。"
        raise Problem("no-factories", zh, f"{path.name} is no Parquet file with name and industry: {error}.") from None
    return list(zip(found["name"], found["industry"], strict=True))
