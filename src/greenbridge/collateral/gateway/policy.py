"""The shipped policies on pledges."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from greenbridge.collateral.values import AssetKind, KindPolicy, Limits, Policy, Sharing
from greenbridge.kit.text import Text
from greenbridge.needs.values import Collateral, GuaranteeMode

_FOLDER = files("greenbridge.collateral") / "policy"


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
    kinds = {AssetKind(kind): _kind(terms) for kind, terms in row["kinds"].items()}
    return Policy(row["version"], row["in_force_from"], Text(row["source_zh"], row["source_en"]), Limits(**row["limits"]), kinds)


def _kind(terms: Mapping[str, Any]) -> KindPolicy:
    known = {"sharing": Sharing(terms["sharing"]), "collateral": Collateral(terms["collateral"]), "mode": GuaranteeMode(terms["mode"])}
    return KindPolicy(**{**terms, **known})
