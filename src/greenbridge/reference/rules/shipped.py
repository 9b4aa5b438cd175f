"""From policy documents (TOML, already parsed) to entries."""

from collections.abc import Iterable, Mapping
from typing import Any

from greenbridge.reference.values import Entry, IndustryWords, Kind, Tenor


def industry_entries(policy: Mapping[str, Any]) -> tuple[Entry, ...]:
    """Return the sections and divisions; a division's parent is its section's letter."""
    day, source = policy["effective_from"], policy["source"]
    sections = [
        Entry(Kind.INDUSTRIES, code, t["zh"], day, extra={"level": 1, "section": code, "en": t["en"]}, source=source)
        for code, t in policy["sections"].items()
    ]
    divisions = [
        Entry(Kind.INDUSTRIES, code, t["zh"], day, None, t["section"], {"level": 2, "section": t["section"], "en": t["en"]}, source)
        for code, t in policy["divisions"].items()
    ]
    return (*sections, *divisions)


def catalogue_entries(policy: Mapping[str, Any]) -> tuple[Entry, ...]:
    """Return the sectors and groups of the green catalogue; the parent of 1.1 is 1."""
    day, source = policy["effective_from"], policy["source"]
    both = {**policy["sectors"], **policy["groups"]}
    return tuple(
        Entry(Kind.GREEN_CATALOGUE, code, t["zh"], day, None, code.rpartition(".")[0] or None, {"en": t["en"]}, source)
        for code, t in both.items()
    )


def quote_entries(policy: Mapping[str, Any]) -> tuple[Entry, ...]:
    """Return two entries for each day of quotes."""
    return tuple(
        Entry(Kind.LPR, tenor.value, f"LPR {tenor}", quote["on"], extra={"annual_rate_bp": quote[tenor.value]}, source=policy["source"])
        for quote in policy["quotes"]
        for tenor in Tenor
    )


def industry_words(policy: Mapping[str, Any], industries: Iterable[Entry]) -> IndustryWords:
    """Return the words by division. Raises ValueError for a word of two divisions, or for a division that does not exist."""
    sections = {e.code: str(e.parent) for e in industries if e.parent}
    both: dict[str, dict[str, str]] = {"words": {}, "name_words": {}}
    for division, lists in policy["divisions"].items():
        if division not in sections:
            raise ValueError(f"There is no division {division}.")
        for which, found in both.items():
            for word in lists.get(which, "").split():
                if (other := found.get(word, division)) != division:
                    raise ValueError(f"{word} is a word of {other} and of {division}.")
                found[word] = division
    clauses = {name: tuple(text.split()) for name, text in policy["clauses"].items()}
    return IndustryWords(
        both["words"],
        both["name_words"],
        sections,
        clauses["boilerplate"],
        clauses["made"],
        clauses["sold"],
        frozenset(clauses["strong"]),
    )
