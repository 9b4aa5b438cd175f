"""The shipped templates of consents and the ledger's keeping time."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from greenbridge.accounts.values import StaffFunction
from greenbridge.consents.values import Purpose, Template, WorkStep

_FOLDER = files("greenbridge.consents") / "policy"


@cache
def _files() -> tuple[dict[str, Any], ...]:
    names = sorted(f.name for f in _FOLDER.iterdir() if f.name.endswith(".toml") and f.name != "ledger.toml")
    return tuple(_read(name) for name in names)


@cache
def templates() -> tuple[Template, ...]:
    """Return all versions of all templates; raises KeyError or ValueError for a file that breaks its form."""
    return tuple(_template(row) for row in _files())


def template(purpose: Purpose, today: date) -> Template:
    """Return the template of a purpose that is in force on a day."""
    return max((t for t in templates() if t.purpose is purpose and t.in_force_from <= today), key=lambda t: t.in_force_from)


def cases() -> list[tuple[Template, Mapping[str, Any]]]:
    """Return every template with each of its own cases."""
    return [(_template(row), case) for row in _files() for case in row["cases"]]


@cache
def ledger_years() -> int:
    """Return how many years the ledger of reads is kept."""
    return int(_read("ledger.toml")["years"])


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _template(row: Mapping[str, Any]) -> Template:
    levels = {
        WorkStep(step): {StaffFunction(function): int(level) for function, level in found.items()} for step, found in row["levels"].items()
    }
    return Template(
        Purpose(row["purpose"]),
        row["version"],
        row["in_force_from"],
        row["source"],
        row["max_days"],
        row["max_months"],
        row["max_reads"],
        row["max_reads_a_day"],
        row["receipt_working_days"],
        levels,
    )
