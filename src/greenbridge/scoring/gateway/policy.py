"""The shipped policy of bands and points."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from greenbridge.kit.text import Text
from greenbridge.scoring.values import Band, BandPolicy, Scale

_FOLDER = files("greenbridge.scoring") / "policy"


@cache
def _files() -> tuple[dict[str, Any], ...]:
    shipped = sorted((f for f in _FOLDER.iterdir() if f.name.startswith("bands_")), key=lambda f: f.name)
    return tuple(tomllib.loads(f.read_text(encoding="utf-8")) for f in shipped)


@cache
def band_policies() -> tuple[BandPolicy, ...]:
    """Return all editions, the oldest first; raises KeyError or ValueError for a file that breaks its form."""
    return tuple(sorted((policy_of(row) for row in _files()), key=lambda policy: policy.in_force_from))


def band_policy(on: date) -> BandPolicy:
    """Return the edition in force on a day, of earlier days the oldest one."""
    return next((policy for policy in reversed(band_policies()) if policy.in_force_from <= on), band_policies()[0])


def cases() -> list[tuple[BandPolicy, float, str, int]]:
    """Return (edition, probability, band, points) of every edition's own cases."""
    return [(policy_of(row), case["probability"], case["band"], case["points"]) for row in _files() for case in row["cases"]]


def policy_of(row: Mapping[str, Any]) -> BandPolicy:
    """Return an edition from its file. Raises ValueError unless there are ten bands whose cuts rise to 1."""
    bands = tuple(Band(b["code"], b["under"], Text(b["zh"], b["en"]), Text(b["meaning_zh"], b["meaning_en"])) for b in row["band"])
    cuts = [band.under for band in bands]
    if len({band.code for band in bands}) != 10 or cuts != sorted(set(cuts)) or cuts[0] <= 0 or cuts[-1] != 1:
        raise ValueError(f"{row['version']}: ten bands with cuts that rise to 1")
    return BandPolicy(row["version"], row["in_force_from"], row["source"], bands, Scale(**row["points"]))
