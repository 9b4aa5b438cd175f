"""A product document written as the TOML file that a bank keeps: what is read is what is written."""

import json
from collections.abc import Mapping
from typing import Any


def written(document: Mapping[str, Any]) -> str:
    """Return a document as TOML; values that are unset are left out, rules and cases are tables of their own."""
    plain = {key: value for key, value in document.items() if not _is_tables(value)}
    tables = {key: value for key, value in document.items() if _is_tables(value)}
    lines = [f"{key} = {_value(value)}" for key, value in plain.items() if value is not None and value not in ([], {})]
    for key, rows in tables.items():
        for row in rows:
            lines += ["", f"[[{key}]]", *(f"{name} = {_value(value)}" for name, value in row.items() if value not in (None, [], {}))]
    return "\n".join(lines) + "\n"


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items() if one is not None) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
