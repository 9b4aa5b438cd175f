"""Many applicants in columns: what bulk decisions read. The same facts as `Applicant`, one array a fact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from greenbridge.catalog.rules.vocabulary import FACTS, NUMERIC_UNITS
from greenbridge.catalog.values import Operator, Rule, Unit, Value

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
ORDERED_UNITS = NUMERIC_UNITS | {Unit.DATE}


@dataclass(frozen=True, slots=True)
class Columns:
    """`n` applicants. `numbers`: fact -> float[n], NaN unknown, dates as day numbers. `words`: fact -> (codes int32[n], -1 unknown;
    the values that codes stand for). A fact that is in neither is unknown of everybody.
    """

    n: int
    numbers: Mapping[str, Floats]
    words: Mapping[str, tuple[Codes, Sequence[Value]]]


def number(fact: str, value: Value | float) -> float:
    """Return a value or limit of an ordered fact as a number; a date is its day number: 2000-01-01 is 730120."""
    if FACTS[fact].unit is Unit.DATE:
        return float(date.fromisoformat(str(value)).toordinal())
    if isinstance(value, (str, tuple)):
        raise TypeError(f"{fact} is not a number")
    return float(value)


def bounds(rule: Rule) -> tuple[float, float]:
    """Return the closed range that an ordered criterion passes: `at_least 24` is (24, inf), `before` a day ends with the day before."""
    if isinstance(rule.limit, tuple):
        return number(rule.fact, rule.limit[0]), number(rule.fact, rule.limit[1])
    limit = number(rule.fact, rule.limit)
    if rule.operator is Operator.AT_LEAST:
        return limit, np.inf
    return -np.inf, limit - (rule.operator is Operator.BEFORE)


def is_ordered(fact: str) -> bool:
    """Return whether a fact is compared by size: a number or a date."""
    return FACTS[fact].unit in ORDERED_UNITS


def columns(applicants: Sequence[Mapping[str, Value | None]]) -> Columns:
    """Return applicants' facts in columns."""
    names = sorted({name for facts in applicants for name in facts if name in FACTS})
    numbers: dict[str, Floats] = {}
    words: dict[str, tuple[Codes, Sequence[Value]]] = {}
    for name in names:
        values = [facts.get(name) for facts in applicants]
        if is_ordered(name):
            numbers[name] = np.array([np.nan if v is None else number(name, v) for v in values])
            continue
        codes: dict[Value, int] = {}
        column = np.array([-1 if v is None else codes.setdefault(v, len(codes)) for v in values], dtype=np.int32)
        words[name] = column, tuple(codes)
    return Columns(len(applicants), numbers, words)
