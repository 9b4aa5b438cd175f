"""The shipped policies on deadlines and on comparing banks."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from greenbridge.answers.values import LeaguePolicy, Profile, Step
from greenbridge.kit.errors import Invalid
from greenbridge.kit.text import Text

_FOLDER = files("greenbridge.answers") / "policy"


@cache
def _files(prefix: str) -> tuple[dict[str, Any], ...]:
    names = sorted(f.name for f in _FOLDER.iterdir() if f.name.startswith(prefix) and f.name.endswith(".toml"))
    return tuple(tomllib.loads((_FOLDER / name).read_text(encoding="utf-8")) for name in names)


@cache
def profiles() -> Mapping[str, Profile]:
    """Return the profiles of deadlines by name; raises KeyError for a file that leaves a step out."""
    return {
        row["name"]: Profile(
            row["name"],
            row["version"],
            Text(row["title_zh"], row["title_en"]),
            row["source"],
            {step: int(row["days"][step.value]) for step in Step},
            row["most_asked"],
        )
        for row in _files("deadlines_")
    }


def profile(name: str) -> Profile:
    """Return a profile; raises Invalid for a name that no file bears."""
    if name not in profiles():
        known = ", ".join(sorted(profiles()))
        raise Invalid.at("no-profile", "profile", f"没有时限方案“{name}”，可选：{known}。", f"No profile {name}; there are {known}.")
    return profiles()[name]


def cases() -> list[tuple[Profile, Mapping[str, Any]]]:
    """Return every profile with each of its own cases."""
    return [(profiles()[row["name"]], case) for row in _files("deadlines_") for case in row["cases"]]


def league() -> tuple[LeaguePolicy, int]:
    """Return how banks are compared, and over how many days."""
    row = dict(_files("league_")[-1])
    days = int(row.pop("window_days"))
    return LeaguePolicy(**row), days
