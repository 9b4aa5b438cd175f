"""The shipped underwriting policies and classes of ratings."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from greenbridge.kit.money import FEN_PER_YUAN
from greenbridge.needs.values import GuaranteeMode
from greenbridge.underwriting.values import Place, Policy, Security

_FOLDER = files("greenbridge.underwriting") / "policy"


@cache
def _files(beginning: str) -> tuple[dict[str, Any], ...]:
    shipped = sorted((f for f in _FOLDER.iterdir() if f.name.startswith(beginning)), key=lambda f: f.name)
    return tuple(tomllib.loads(f.read_text(encoding="utf-8")) for f in shipped)


@cache
def policies() -> tuple[Policy, ...]:
    """Return all editions; raises KeyError or ValueError for a file that breaks its form."""
    return tuple(_policy(row) for row in _files("underwriting_"))


def policy(on: date) -> Policy:
    """Return the edition in force on a day, of earlier days the oldest one."""
    editions = sorted(policies(), key=lambda edition: edition.effective_from)
    return next((edition for edition in reversed(editions) if edition.effective_from <= on), editions[0])


def cases() -> list[tuple[Policy, Mapping[str, Any]]]:
    """Return (edition, case) of every edition's own cases."""
    return [(_policy(row), case) for row in _files("underwriting_") for case in row["cases"]]


@cache
def rating_classes() -> Mapping[str, Any]:
    """Return the file of ratings: `shares`, and `models`: version -> cuts."""
    return _files("rating_classes")[0]


def _policy(row: Mapping[str, Any]) -> Policy:
    price = row["price"]
    return Policy(
        version=row["version"],
        effective_from=row["effective_from"],
        tax_multiples={grade: float(times) for grade, times in row["tax"]["multiples"].items()},
        tax_multiple_unknown=float(row["tax"]["unknown"]),
        sales_share=row["sales"]["share"],
        other_costs_share=row["cash_flow"]["other_costs_share"],
        coverage=row["cash_flow"]["coverage"],
        least_months=row["cash_flow"]["least_months"],
        evidence_floor_fen=row["evidence"]["floor_yuan"] * FEN_PER_YUAN,
        valid_days=row["evidence"]["valid_days"],
        probability_caps=tuple((cap["up_to"], cap["yuan"] * FEN_PER_YUAN) for cap in row["probability"]["caps"]),
        place=place_of(row.get("place", {})),
        security={GuaranteeMode(mode): _security(terms) for mode, terms in row["security"].items() if mode != "source"},
        funds_spread_bp=price["funds_spread_bp"],
        operating_bp=price["operating_bp"],
        capital_ratio=price["capital_ratio"],
        capital_return_bp=price["capital_return_bp"],
        ceiling_bp=price["ceiling_bp"],
        rate_step_bp=price["rate_step_bp"],
        limit_step_fen=price["limit_step_yuan"] * FEN_PER_YUAN,
        green_discounts_bp=row["green"]["discounts_bp"],
        purpose_months=row["tenor"]["months"],
        vetoes=tuple(row["vetoes"]["flags"]),
        sources={name: table["source"] for name, table in row.items() if isinstance(table, dict)},
    )


def place_of(row: Mapping[str, Any]) -> Place | None:
    """Return what a vintage of the place measured, None where an edition names none. Raises KeyError or ValueError for half of it."""
    if not row.keys() - {"source"}:
        return None
    found = Place(row["vintage"], row["predicted"], row["observed"])
    if not (0 < found.predicted < 1 and 0 < found.observed < 1):
        raise ValueError("[place]: predicted and observed are shares between 0 and 1")
    return found


def _security(terms: Mapping[str, Any]) -> Security:
    return Security(terms["loss_given_default"], terms["max_yuan"] * FEN_PER_YUAN, terms["risk_weight"], terms.get("advance_rate"))
