"""The shipped policies: how risk spreads, when a model has drifted."""

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from greenbridge.monitoring.values import Channel, ContagionPolicy, Level, ModelPolicy, WatchPolicy

_FOLDER = files("greenbridge.monitoring") / "policy"


@cache
def _files(kind: str) -> tuple[dict[str, Any], ...]:
    names = sorted(f.name for f in _FOLDER.iterdir() if f.name.startswith(f"{kind}_"))
    return tuple(tomllib.loads((_FOLDER / name).read_text(encoding="utf-8")) for name in names)


@cache
def contagion_policies() -> tuple[ContagionPolicy, ...]:
    """Return all editions; raises KeyError or ValueError for a file that breaks its form."""
    return tuple(_contagion(row) for row in _files("contagion"))


def contagion_policy(on: date) -> ContagionPolicy:
    """Return the edition in force on a day, of earlier days the oldest one."""
    policies = sorted(contagion_policies(), key=lambda policy: policy.in_force_from)
    return next((policy for policy in reversed(policies) if policy.in_force_from <= on), policies[0])


def contagion_cases() -> list[tuple[ContagionPolicy, Mapping[str, Any]]]:
    """Return every edition with each of its own cases."""
    return [(_contagion(row), case) for row in _files("contagion") for case in row["cases"]]


@cache
def model_policies() -> tuple[ModelPolicy, ...]:
    """Return all editions; raises KeyError or TypeError for a file that breaks its form."""
    return tuple(_model(row) for row in _files("model"))


def model_policy(on: date) -> ModelPolicy:
    """Return the edition in force on a day, of earlier days the oldest one."""
    policies = sorted(model_policies(), key=lambda policy: policy.in_force_from)
    return next((policy for policy in reversed(policies) if policy.in_force_from <= on), policies[0])


def model_cases() -> list[tuple[ModelPolicy, Mapping[str, Any]]]:
    """Return every edition with each of its own cases."""
    return [(_model(row), case) for row in _files("model") for case in row["cases"]]


@cache
def watch_policies() -> tuple[WatchPolicy, ...]:
    """Return all editions; raises KeyError for a file that breaks its form."""
    return tuple(_watch(row) for row in _files("watching"))


def watch_policy(on: date) -> WatchPolicy:
    """Return the edition in force on a day, of earlier days the oldest one."""
    policies = sorted(watch_policies(), key=lambda policy: policy.in_force_from)
    return next((policy for policy in reversed(policies) if policy.in_force_from <= on), policies[0])


def watch_cases() -> list[tuple[WatchPolicy, Mapping[str, Any]]]:
    """Return every edition with each of its own cases."""
    return [(_watch(row), case) for row in _files("watching") for case in row["cases"]]


def card(artifacts: Path, version: str) -> Mapping[str, Any]:
    """Return the training card of a model's version; empty where this installation has it no more."""
    file = artifacts / version / "card.json"
    found: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def _watch(row: Mapping[str, Any]) -> WatchPolicy:
    return WatchPolicy(
        row["version"],
        row["in_force_from"],
        row["source"],
        row["days"],
        row["least_change"],
        row["contagion_step"],
        row["contagion_stands"],
        row["records"],
    )


def _contagion(row: Mapping[str, Any]) -> ContagionPolicy:
    weights = {Channel(name): float(weight) for name, weight in row["weights"].items()}
    factors = [*row["coupling"].values(), row["core"]["floor"]]
    if (
        set(weights) != set(Channel)
        or not 0 < row["decay"] < 1
        or sum(weights.values()) > 1 + 1e-9
        or not all(0 <= f <= 1 for f in factors)
    ):
        raise ValueError(f"contagion policy {row['version']}: what is carried on must stay under 1")
    return ContagionPolicy(
        row["version"],
        row["in_force_from"],
        row["source"],
        row["decay"],
        weights,
        row["coupling"]["same_division"],
        row["coupling"]["same_section"],
        row["coupling"]["other_section"],
        row["core"]["floor"],
        row["core"]["half"],
        row["severity"],
        {Level(name): low for name, low in row["levels"].items()},
        row["classes"]["high"],
        row["classes"]["raised"],
        row["paths"]["depth"],
        row["paths"]["top"],
        row["paths"]["least"],
        row["paths"]["tolerance"],
    )


def _model(row: Mapping[str, Any]) -> ModelPolicy:
    psi, backtest = row["psi"], row["backtest"]
    return ModelPolicy(
        row["version"],
        row["in_force_from"],
        row["source"],
        psi["moved"],
        psi["shifted"],
        psi["chance"],
        psi["least_firms"],
        psi["recent_days"],
        backtest["horizon_days"],
        backtest["least_events"],
        backtest["least_auc"],
        backtest["confidence"],
        tuple(backtest["labels"]),
        tuple(backtest["bad_states"]),
    )
