"""The catalogue of topics and the policy of retries, as they ship."""

import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from greenbridge.accounts.values import Role
from greenbridge.kit.text import Text
from greenbridge.notices.rules import catalogue_problems
from greenbridge.notices.values import Catalogue, Channel, Retries, Topic

_HERE = Path(__file__).parents[1]


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)


@cache
def load_catalogue(path: Path = _HERE / "catalogue" / "topics.toml") -> Catalogue:
    """Return the topics; raises KeyError or ValueError for a file that is wrong."""
    found = _read(path)
    topics = {name: _topic(name, entry) for name, entry in found["topics"].items()}
    subjects = {name: Text(words["zh"], words["en"]) for name, words in found["subjects"].items()}
    catalogue = Catalogue(found["version"], subjects, topics)
    if problems := catalogue_problems(catalogue):
        raise ValueError("; ".join(problems))
    return catalogue


def _topic(name: str, entry: dict[str, Any]) -> Topic:
    return Topic(
        name,
        entry["subject"],
        frozenset(Role(role) for role in entry["to"]),
        Text(entry["title"]["zh"], entry["title"]["en"]),
        tuple(Text(words["zh"], words["en"]) for words in entry["sentences"]),
        {Role(role): tuple(links) for role, links in entry["links"].items()},
        frozenset(Channel(channel) for channel in entry["channels"]),
    )


@cache
def load_retries(path: Path = _HERE / "policy" / "delivery.toml") -> Retries:
    """Return the waits."""
    found = _read(path)
    waits = tuple(timedelta(seconds=seconds) for seconds in found["wait_seconds"])
    most, overlap, rest = (timedelta(seconds=found[name]) for name in ("most_wait_seconds", "overlap_seconds", "most_rest_seconds"))
    return Retries(found["version"], waits, most, overlap, rest)
