"""The shipped limits of firms' sizes."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from greenbridge.kit.text import Text
from greenbridge.peers.values import SizeClass, SizePolicy

_FOLDER = files("greenbridge.peers") / "policy"
# How the files name an indicator -> (our name, our units in one of theirs).
_INDICATORS = {"staff": ("staff", 1), "revenue_yuan": ("revenue_fen", 100), "assets_yuan": ("assets_fen", 100)}


@cache
def _files() -> tuple[dict[str, Any], ...]:
    shipped = sorted((f for f in _FOLDER.iterdir() if f.name.startswith("size_")), key=lambda f: f.name)
    return tuple(tomllib.loads(f.read_text(encoding="utf-8")) for f in shipped)


@cache
def size_policies() -> tuple[SizePolicy, ...]:
    """Return all editions; raises KeyError or ValueError for a file that breaks its form."""
    return tuple(_policy(row) for row in _files())


def size_policy(on: date) -> SizePolicy:
    """Return the edition in force on a day, of earlier days the oldest one."""
    policies = sorted(size_policies(), key=lambda policy: policy.in_force_from)
    return next((policy for policy in reversed(policies) if policy.in_force_from <= on), policies[0])


def cases() -> list[tuple[SizePolicy, str, dict[str, float | None], str]]:
    """Return (edition, industry code, known indicators, size or empty) of every edition's own cases."""
    return [(_policy(row), case["code"], _known(case["known"]), case["size"]) for row in _files() for case in row["cases"]]


def _known(given: Mapping[str, float]) -> dict[str, float | None]:
    return {_INDICATORS[name][0]: value * _INDICATORS[name][1] for name, value in given.items()}


def _policy(row: Mapping[str, Any]) -> SizePolicy:
    return SizePolicy(row["version"], row["in_force_from"], row["source"], tuple(_class(c) for c in row["class"]))


def _class(row: Mapping[str, Any]) -> SizeClass:
    limits = {}
    for theirs, (ours, units) in _INDICATORS.items():
        if theirs in row:
            large, medium, small = (limit * units for limit in row[theirs])
            limits[ours] = (large, medium, small)
    return SizeClass(Text(row["zh"], row["en"]), tuple(row["codes"]), limits)
