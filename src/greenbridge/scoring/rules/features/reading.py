"""Departments' records of many firms as arrays: what is not delivered stays unknown, what is delivered and empty is zero.

"No court delivered" is not "no case": an array of counts is NaN for all firms until its item was delivered.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from greenbridge.facts.values import Fact
from greenbridge.kit.calendar import add_months, last_complete_month, whole_months
from greenbridge.scoring.values import Floats

NAN = float("nan")
MONTHS = 24
Facts = Mapping[str, Sequence[Fact]]
One = Callable[[Facts, date], float]


@dataclass(frozen=True, slots=True)
class Reading:
    """How one firm's number is read from its facts by item; `fields` are what it reads. `months`: a row of 24 months instead."""

    fields: tuple[str, ...]
    of: Callable[[Facts, date], float | Floats]
    months: bool = False

    @property
    def items(self) -> tuple[str, ...]:
        """Return the items that must have been delivered."""
        return tuple(dict.fromkeys(field.rpartition(".")[0] for field in self.fields))


def named(item: str, *names: str) -> tuple[str, ...]:
    """Return the full names of an item's fields."""
    return tuple(f"{item}.{name}" for name in names)


def within(item: str, months: int = MONTHS, test: Callable[[Fact], bool] = lambda _: True) -> One:
    """Return the reader of how many records of the last `months` pass the test."""
    return lambda facts, day: float(sum(f.valid_from >= add_months(day, -months) and test(f) for f in facts.get(item, ())))


def still(item: str, end: str, test: Callable[[Fact], bool] = lambda _: True) -> One:
    """Return the reader of how many records are not over by their field `end`."""
    return lambda facts, day: float(sum(not over(f.values.get(end), day) and test(f) for f in facts.get(item, ())))


def over(ended: str | None, day: date) -> bool:
    """Return whether a record's last day has come."""
    return bool(ended) and date.fromisoformat(str(ended)) <= day


def newest(facts: Iterable[Fact]) -> Fact | None:
    """Return the fact that began last."""
    return max(facts, key=lambda f: f.valid_from, default=None)


def of_newest(item: str, read: Callable[[Fact, date], float | None]) -> One:
    """Return the reader of a number in the newest record; NaN without one."""

    def one(facts: Facts, day: date) -> float:
        fact = newest(facts.get(item, ()))
        value = read(fact, day) if fact else None
        return NAN if value is None else float(value)

    return one


def number(name: str) -> Callable[[Fact, date], float | None]:
    """Return the reader of one field."""
    return lambda fact, _: fact.values.get(name)


def choice(name: str, points: Mapping[str, float]) -> Callable[[Fact, date], float | None]:
    """Return the reader of a code as points; a code without points is unknown."""
    return lambda fact, _: points.get(str(fact.values.get(name)))


def months_since(name: str) -> Callable[[Fact, date], float | None]:
    """Return the reader of the whole months since a date."""
    return lambda fact, day: whole_months(date.fromisoformat(fact.values[name]), day) if fact.values.get(name) else None


def sums(item: str, name: str) -> One:
    """Return the reader of a field's sum over all records; NaN where no record states it."""

    def one(facts: Facts, _: date) -> float:
        found = [f.values[name] for f in facts.get(item, ()) if f.values.get(name) is not None]
        return float(sum(found)) if found else NAN

    return one


def monthly(item: str, name: str, join: Callable[[float, float], float] = max) -> Callable[[Facts, date], Floats]:
    """Return the reader of float[24]: the months that end with the last whole one. Several readings of a month are joined."""

    def one(facts: Facts, day: date) -> Floats:
        row = np.full(MONTHS, np.nan)
        end = last_complete_month(day, day) or day
        for f in facts.get(item, ()):
            place = MONTHS - 1 - ((end.year - f.valid_from.year) * 12 + end.month - f.valid_from.month)
            value = f.values.get(name)
            if 0 <= place < MONTHS and value is not None:
                row[place] = float(value) if np.isnan(row[place]) else join(row[place], float(value))
        return row

    return one


def read(
    readings: Mapping[str, Reading], firms: Sequence[Sequence[Fact]], delivered: Collection[str], as_of: date, names: Iterable[str]
) -> dict[str, Floats]:
    """Return the named arrays, float[n_firms] or float[n_firms, 24], of firms from their facts that were true on the day.

    Facts of a day after `as_of` are not read, whoever passes them.
    """
    by_item: list[dict[str, list[Fact]]] = []
    for facts in firms:
        mine: dict[str, list[Fact]] = {}
        for fact in facts:
            if fact.valid_from <= as_of:
                mine.setdefault(fact.item, []).append(fact)
        by_item.append(mine)
    arrays: dict[str, Floats] = {}
    for name in names:
        reading = readings[name]
        shape = (len(firms), MONTHS) if reading.months else (len(firms),)
        if not all(item in delivered for item in reading.items):
            arrays[name] = np.full(shape, np.nan)
        else:
            arrays[name] = np.array([reading.of(mine, as_of) for mine in by_item], dtype=float).reshape(shape)
    return arrays
