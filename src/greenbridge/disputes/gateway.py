"""The shipped policies on answering objections."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from greenbridge.disputes.values import Policy
from greenbridge.kit.text import Text

_FOLDER = files("greenbridge.disputes") / "policy"


@cache
def _files() -> tuple[dict[str, Any], ...]:
    names = sorted(f.name for f in _FOLDER.iterdir() if f.name.endswith(".toml"))
    return tuple(tomllib.loads((_FOLDER / name).read_text(encoding="utf-8")) for name in names)


@cache
def policies() -> tuple[Policy, ...]:
    """Return all versions; raises KeyError for a file that breaks its form."""
    return tuple(_policy(row) for row in _files())


def cases() -> list[tuple[Policy, Mapping[str, Any]]]:
    """Return every policy with each of its own cases."""
    return [(_policy(row), case) for row in _files() for case in row["cases"]]


def _policy(row: Mapping[str, Any]) -> Policy:
    source = Text(row["source_zh"], row["source_en"])
    return Policy(row["version"], row["in_force_from"], source, row["answer_working_days"], row["last_working_days"])
