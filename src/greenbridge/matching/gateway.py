"""The shipped ranking policies."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from greenbridge.matching.values import PARTS, Policy

_FOLDER = files("greenbridge.matching") / "policy"


@cache
def _files() -> tuple[dict[str, Any], ...]:
    shipped = sorted((f for f in _FOLDER.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(tomllib.loads(f.read_text(encoding="utf-8")) for f in shipped)


@cache
def policies() -> tuple[Policy, ...]:
    """Return all editions; raises KeyError or ValueError for a file that breaks its form."""
    return tuple(_policy(row) for row in _files())


def policy(on: date) -> Policy:
    """Return the edition in force on a day, of earlier days the oldest one."""
    known = sorted(policies(), key=lambda one: one.in_force_from)
    return next((one for one in reversed(known) if one.in_force_from <= on), known[0])


def cases() -> list[tuple[Policy, dict[str, Any]]]:
    """Return (edition, case) of every edition's own cases."""
    return [(_policy(row), case) for row in _files() for case in row["cases"]]


def _policy(row: Mapping[str, Any]) -> Policy:
    weights = {part: float(row["weights"][part]) for part in PARTS}
    if set(row["weights"]) != set(PARTS) or abs(sum(weights.values()) - 1) > 1e-9:
        raise ValueError(f"{row['version']}: the weights are those of {', '.join(PARTS)} and sum to 1")
    near = {name: float(row["region"][name]) for name in ("district", "city", "province", "national", "none")}
    risk, fair, plan = row["risk"], row["fairness"], row["plan"]
    return Policy(
        version=row["version"],
        in_force_from=row["in_force_from"],
        weights=weights,
        near=near,
        deciding_share=row["region"]["deciding_share"],
        comfort_share=row["rule"]["comfort_share"],
        full_room=row["rule"]["full_room"],
        full_room_days=row["rule"]["full_room_days"],
        appetite_share=risk["appetite_share"],
        cover_share=risk["cover_share"],
        grade_share=risk["grade_share"],
        funding_bp=risk["funding_bp"],
        loss_given_default=risk["loss_given_default"],
        grade_points=risk["tax_grade"],
        full_saving=row["price"]["full_saving"],
        slowest_working_days=row["speed"]["slowest_working_days"],
        capacity_times=row["capacity"]["full_times"],
        epsilon=fair["epsilon"],
        places=fair["places"],
        arrears_months=plan["arrears_months"],
        removal_months=plan["removal_months"],
        longest_wait_months=plan["longest_wait_months"],
        most_steps=plan["most_steps"],
        evidence_months=plan["evidence_months"],
    )
