"""Which weight set a firm has by its industry, and how catalogue items are searched."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

CLASS_OF_SECTION: Mapping[str, str] = {
    "A": "agriculture",
    "B": "industry",
    "C": "industry",
    "D": "industry",
    "E": "construction",
    "F": "trade",
}
OTHERS = "services"
MOST = 30


def class_of(section: str | None) -> str:
    """Return the business class of a section of GB/T 4754 (A to T); services for those not named, industry where it is unknown."""
    return "industry" if section is None else CLASS_OF_SECTION.get(section, OTHERS)


def found(entries: Iterable[Any], query: str) -> Sequence[Any]:
    """Return catalogue entries (code, name, extra) that hold every word of a query, in code order; those whose name holds them first."""
    wanted = query.lower().split()
    if not wanted:
        return []
    hits = []
    for entry in entries:
        head = f"{entry.code} {entry.name} {entry.extra.get('en', '')}".lower()
        whole = head + " ".join(str(v) for v in entry.extra.values()).lower()
        if all(word in whole for word in wanted):
            hits.append((not all(word in head for word in wanted), tuple(int(n) for n in entry.code.split(".")), entry))
    return [entry for *_, entry in sorted(hits, key=lambda hit: hit[:2])][:MOST]
