"""Which departments are asked over HTTP for which items: a TOML file of the operator's."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from greenbridge.facts.gateway.catalogue import catalogue
from greenbridge.facts.gateway.http import Feed
from greenbridge.kit.errors import Invalid

_ALLOWED = {"item", "url", "constants", "renames", "format", "page_size", "columns", "remote"}
FORMATS = ("jsonl", "parquet")


def load_feeds(path: Path) -> tuple[Feed, ...]:
    """Return the feeds of a `[[feed]]` file; raises Invalid that says which entry is wrong, and how."""
    try:
        rows: Sequence[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["feed"]
    except (OSError, KeyError, ValueError) as error:
        raise Invalid.at(
            "bad-departments", "departments", f"{path.name} 无法读取：{error}", f"{path.name} cannot be read: {error}"
        ) from None
    return tuple(_feed(path.name, number, row) for number, row in enumerate(rows, start=1))


def _feed(name: str, number: int, row: dict[str, Any]) -> Feed:
    wrong = sorted(set(row) - _ALLOWED) or [key for key in ("item", "url") if not isinstance(row.get(key), str)]
    if not wrong and row["item"] not in catalogue().items:
        wrong = [f"item {row['item']}"]
    if not wrong and row.get("format", "jsonl") not in FORMATS:
        wrong = [f"format {row['format']}"]
    if wrong:
        raise Invalid.at(
            "bad-departments", "departments", f"{name} 第 {number} 项有误：{wrong[0]}。", f"{name}, feed {number} is wrong: {wrong[0]}."
        )
    return Feed(**{**row, "columns": tuple(row.get("columns", ()))})
