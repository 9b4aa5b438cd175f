"""The shipped policies: how a rating goes, what a grade brings."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from greenbridge.green.values import BaseKind, FlowPolicy, Share, SubsidyPolicy
from greenbridge.kit.text import Text

_FOLDER = files("greenbridge.green") / "policy"
FEN = 100


@cache
def _files(prefix: str) -> tuple[dict[str, Any], ...]:
    shipped = sorted((f for f in _FOLDER.iterdir() if f.name.startswith(prefix)), key=lambda f: f.name)
    return tuple(tomllib.loads(f.read_text(encoding="utf-8")) for f in shipped)


@cache
def flow_policies() -> tuple[FlowPolicy, ...]:
    """Return all editions of the flow; raises KeyError for a file that breaks its form."""
    return tuple(_flow(row) for row in _files("flow_"))


def _flow(row: Mapping[str, Any]) -> FlowPolicy:
    fine, pledge = row["fine"], row["pledge"]
    return FlowPolicy(
        row["version"],
        row["in_force_from"],
        row["source"],
        row["publicity_days"],
        row["valid_months"],
        row["renew_before_days"],
        row["forgery_years"],
        fine["low"],
        fine["high"],
        fine["source"],
        tuple(row["green_grades"]),
        Text(pledge["zh"], pledge["en"]),
    )


def flow_cases() -> list[tuple[str, date, list[list[date]], int, date | None]]:
    """Return (name, from, stops, days, end or None) of every edition's own cases."""
    return [(c["name"], c["from"], c["stops"], c["days"], c.get("ends_on")) for row in _files("flow_") for c in row["cases"]]


@cache
def subsidy_policies() -> tuple[SubsidyPolicy, ...]:
    """Return all editions of the subsidy; raises KeyError or ValueError for a file that breaks its form."""
    return tuple(_subsidy(row) for row in _files("subsidy_"))


def _subsidy(row: Mapping[str, Any]) -> SubsidyPolicy:
    base, caps = row["base"], row["caps"]
    return SubsidyPolicy(
        row["version"],
        row["in_force_from"],
        row.get("in_force_to"),
        row["source"],
        tuple(Share(s["grade"], s["share_bp"], s["verified"], s["source"]) for s in row["share"]),
        BaseKind(base["kind"]),
        base["annual_rate_bp"],
        base["source"],
        caps["max_principal_yuan"] * FEN,
        caps["max_year_yuan"] * FEN,
        caps["max_days"],
        caps["claim_within_days"],
        caps["verified"],
    )


def subsidy_cases() -> list[tuple[SubsidyPolicy, str, int, str, int, int]]:
    """Return (edition, name, principal in fen, grade, days, amount in fen) of every edition's own cases."""
    return [
        (_subsidy(row), c["name"], c["principal_yuan"] * FEN, c["grade"], c["days"], round(c["amount_yuan"] * FEN))
        for row in _files("subsidy_")
        for c in row["cases"]
    ]
