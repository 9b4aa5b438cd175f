"""The shipped policies on publishing a need."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from greenbridge.needs.values import Publishing

_FOLDER = files("greenbridge.needs") / "policy"


@cache
def _files() -> tuple[dict[str, Any], ...]:
    names = sorted(f.name for f in _FOLDER.iterdir() if f.name.endswith(".toml"))
    return tuple(tomllib.loads((_FOLDER / name).read_text(encoding="utf-8")) for name in names)


def _policy(row: Mapping[str, Any]) -> Publishing:
    operation = row["operation"]
    return Publishing(
        version=row["version"],
        in_force_from=row["in_force_from"],
        source=row["source"],
        open_days=row["open_days"],
        slots=row["slots"],
        sealed_slots=row["sealed_slots"],
        sealed_working_days=row["sealed_working_days"],
        active_states=tuple(operation["active_states"]),
        least_age_months=operation["least_age_months"],
        most_silent_months=operation["most_silent_months"],
        most_share_of_sales=row["real_need"]["most_share_of_sales"],
        bad_tax_grades=tuple(row["good_credit"]["bad_tax_grades"]),
    )


def policy(today: date) -> Publishing:
    """Return the newest policy that is in force on a day; raises ValueError before the first."""
    return max((p for p in map(_policy, _files()) if p.in_force_from <= today), key=lambda p: p.in_force_from)


def cases() -> list[tuple[Publishing, Mapping[str, Any]]]:
    """Return every policy with each of its own cases."""
    return [(_policy(row), case) for row in _files() for case in row["cases"]]
