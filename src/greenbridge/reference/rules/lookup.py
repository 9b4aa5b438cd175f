"""Which entry is in force on a day, and what an import changes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from greenbridge.kit.codes import Region
from greenbridge.reference.values import Entry


def merged(shipped: Iterable[Entry], imported: Iterable[Entry]) -> list[Entry]:
    """Return all entries by code and first day; an imported one takes the place of a shipped one of the same code and day.

    What only the shipped one says (an English name) stays in `extra`.
    """
    both = {(e.code, e.valid_from): e for e in shipped}
    for e in imported:
        known = both.get((e.code, e.valid_from))
        both[e.code, e.valid_from] = replace(e, extra={**known.extra, **e.extra}) if known else e
    return [both[key] for key in sorted(both)]


def in_force(entries: Iterable[Entry], on: date) -> Entry | None:
    """Return the newest of one code's entries that holds on a day; later ones are not known yet, ended ones hold no more."""
    begun = [e for e in entries if e.valid_from <= on]
    newest = max(begun, key=lambda e: e.valid_from, default=None)
    return newest if newest and (newest.valid_to is None or newest.valid_to >= on) else None


def all_in_force(entries: Iterable[Entry], on: date) -> list[Entry]:
    """Return each code's entry of a day, by code."""
    by_code: dict[str, list[Entry]] = {}
    for entry in entries:
        by_code.setdefault(entry.code, []).append(entry)
    found = (in_force(by_code[code], on) for code in sorted(by_code))
    return [entry for entry in found if entry]


def region_from(entries: Iterable[Entry], on: date) -> Region | None:
    """Return the newest name of a region that had begun by a day, abolished since or not; None if none had."""
    newest = max((e for e in entries if e.valid_from <= on), key=lambda e: e.valid_from, default=None)
    return as_region(newest) if newest else None


def as_region(entry: Entry) -> Region:
    """Return an imported region with its revisions as months."""
    last = f"{entry.valid_to:%Y%m}" if entry.valid_to else None
    return Region(entry.code, entry.name, f"{entry.valid_from:%Y%m}", entry.extra.get("last_revision", last))


def changes(kept: Sequence[Entry], given: Sequence[Entry], *, dated: bool) -> tuple[list[Entry], list[Entry], int]:
    """Return the entries to add, those that change one of the same code and day, and how many say nothing new.

    An entry without a date of its own (`dated` False) says nothing new when the entry in force on its first day says the same:
    the same list a month later adds nothing. Sources are not compared.
    """
    by_code: dict[str, list[Entry]] = {}
    for entry in kept:
        by_code.setdefault(entry.code, []).append(entry)
    added, changed, unchanged = [], [], 0
    for entry in given:
        same_day = next((e for e in by_code.get(entry.code, ()) if e.valid_from == entry.valid_from), None)
        standing = same_day if dated or same_day else in_force(by_code.get(entry.code, ()), entry.valid_from)
        if standing and _says_the_same(standing, entry, dated=dated):
            unchanged += 1
        elif same_day:
            changed.append(entry)
        else:
            added.append(entry)
    return added, changed, unchanged


def _says_the_same(kept: Entry, given: Entry, *, dated: bool) -> bool:
    if not dated:  # a list of today neither knows nor changes when a name began
        given = replace(given, valid_from=kept.valid_from, extra={**kept.extra, **given.extra})
    return replace(given, source=kept.source) == kept
