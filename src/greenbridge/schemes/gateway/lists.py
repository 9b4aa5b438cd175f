"""Lists of firms to screen: CSV, Excel, JSON lines, Parquet."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from greenbridge.facts import service as facts
from greenbridge.kit.errors import Invalid
from greenbridge.schemes.rules.screening import Candidate
from greenbridge.schemes.schemas import MAX_FIRMS

# What lists call the two columns that count.
CODES = ("统一社会信用代码", "社会信用代码", "信用代码", "uscc", "credit_code", "creditcode", "code")
NAMES = ("企业名称", "单位名称", "名称", "公司名称", "name", "enterprise", "company", "entname")


def read(file_name: str, content: bytes | Path) -> list[Candidate]:
    """Return the rows of a list, numbered from 1; raises Invalid for a file without a code or name column, or with too many rows."""
    found: list[Candidate] = []
    for frame in facts.frames(file_name, content):
        columns = {str(column).strip().lower(): str(column) for column in frame.columns}
        code, name = _column(columns, CODES), _column(columns, NAMES)
        if code is None and name is None:
            listed = "、".join(columns.values()) or "—"
            raise Invalid.at(
                "no-column",
                "file",
                f"文件没有“统一社会信用代码”或“企业名称”列；现有列：{listed}。",
                f"The file has no column of codes (uscc) or names (name); it has: {listed}.",
            )
        rows: Iterable[Mapping[Any, Any]] = frame.to_dict("records")
        found += [Candidate(len(found) + n, _text(row, code), _text(row, name)) for n, row in enumerate(rows, 1)]
        if len(found) > MAX_FIRMS:
            raise Invalid.at("too-many", "file", f"一次最多筛查 {MAX_FIRMS:,} 家企业。", f"At most {MAX_FIRMS:,} firms at once.")
    return found


def _column(columns: Mapping[str, str], known: Iterable[str]) -> str | None:
    return next((columns[name] for name in known if name in columns), None)


def _text(row: Mapping[Any, Any], column: str | None) -> str:
    value = row.get(column) if column else None
    # NaN alone differs from itself.
    return "" if value is None or value != value else str(value).strip()  # noqa: PLR0124
