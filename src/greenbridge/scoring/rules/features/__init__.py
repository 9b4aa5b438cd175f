"""The features of scoring, in groups: one definition for one firm, for bulk and for training.

A model names those that it reads; `compute` works out these and no others. Features of invoices read the series of
`facts.values.Series`, all others what `arrays_of` and `platform` lay out. Formulas have editions: a model that learnt from an earlier
one is given that one's numbers as long as its day is replayed.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

import numpy as np

from greenbridge.facts.values import Fact
from greenbridge.kit.calendar import add_months, business_date, whole_months
from greenbridge.needs.values import Need, NeedStatus
from greenbridge.scoring.rules.features import former, invoices, reading, records
from greenbridge.scoring.rules.features.formulas import (
    YEAR,
    active_share,
    growth,
    known_total,
    longest_silence,
    magnitude,
    monthly_mean,
    ratio,
    reach,
    total,
    variation,
    void_share,
    whole_years,
)
from greenbridge.scoring.rules.features.invoices import INVOICE_SUMS, MODEL_FIELDS
from greenbridge.scoring.values import Arrays, Feature, Floats, Group

__all__ = [
    "BY_NAME",
    "EDITION",
    "FEATURES",
    "INVOICE_FEATURES",
    "INVOICE_SUMS",
    "MODEL_FIELDS",
    "RETIRED",
    "YEAR",
    "active_share",
    "arrays_of",
    "compute",
    "fields",
    "fields_of",
    "growth",
    "items_of",
    "known_total",
    "longest_silence",
    "magnitude",
    "monthly_mean",
    "platform",
    "ratio",
    "reach",
    "reads_platform",
    "total",
    "variation",
    "void_share",
    "whole_years",
]
INVOICE_FEATURES: tuple[Feature, ...] = (*invoices.OPERATING, *invoices.TAX, *invoices.COUNTERPARTIES)
_ORDER = list(Group)
FEATURES: tuple[Feature, ...] = tuple(sorted((*INVOICE_FEATURES, *records.RECORDS), key=lambda feature: _ORDER.index(feature.group)))
# Of formulas; a card without one is of the first.
EDITION = 2
# What models of the first edition read, and no new one may.
RETIRED: tuple[Feature, ...] = former.FEATURES
BY_NAME = {feature.name: feature for feature in (*FEATURES, *RETIRED)}
_OPTIONAL = frozenset((*records.READINGS, *records.PLATFORM))
_WINDOW = 24


def fields(name: str) -> tuple[str, ...]:
    """Return the fields of departments' data that a feature, or another sum of invoices, is made of."""
    return BY_NAME[name].sources if name in BY_NAME else INVOICE_SUMS


def fields_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return all fields of departments' data that a model of the named features reads, those of invoices as a whole first."""
    return tuple(dict.fromkeys((*MODEL_FIELDS, *(field for name in names for field in BY_NAME[name].sources))))


def items_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return the items whose facts the named features need beside the invoice series; a model of invoices alone needs none."""
    reads = [array for name in names for array in BY_NAME[name].reads if array in records.READINGS]
    return tuple(dict.fromkeys(item for array in reads for item in records.READINGS[array].items))


def reads_platform(names: Iterable[str]) -> bool:
    """Return whether any of the named features is made of what the platform itself knows."""
    return any(array in records.PLATFORM for name in names for array in BY_NAME[name].reads)


def arrays_of(
    firms: Sequence[Sequence[Fact]], delivered: Collection[str], as_of: date, names: Iterable[str] | None = None
) -> dict[str, Floats]:
    """Return what the named features (all when None) read from departments' records, one row a firm.

    `firms` holds each firm's facts that were true on the day, `delivered` the items of which any data came: of another item
    all is NaN, unknown, and not zero.
    """
    wanted = BY_NAME if names is None else names
    arrays = dict.fromkeys(array for name in wanted for array in BY_NAME[name].reads if array in records.READINGS)
    return reading.read(records.READINGS, firms, delivered, as_of, arrays)


def platform(needs: Sequence[Sequence[Need]], verified_at: Sequence[datetime | None], as_of: date) -> dict[str, Floats]:
    """Return what the platform itself knows of firms: months since the real-name check, needs of 24 months, those withdrawn."""
    since = add_months(as_of, -_WINDOW)
    recent = [[need for need in mine if since <= business_date(need.published_at) <= as_of] for mine in needs]
    months = [np.nan if at is None or business_date(at) > as_of else whole_months(business_date(at), as_of) for at in verified_at]
    withdrawn = [sum(need.status is NeedStatus.WITHDRAWN for need in mine) for mine in recent]
    columns = (months, [len(mine) for mine in recent], withdrawn)
    return {name: np.array(column, dtype=float) for name, column in zip(records.PLATFORM, columns, strict=True)}


def compute(arrays: Arrays, names: Iterable[str] | None = None, edition: int = EDITION) -> Floats:
    """Return float[n_firms, n_features] in the order of `names` (all features when None), by the formulas of an edition. Raises KeyError
    for an unknown name.

    Arrays of records that the caller did not bring are unknown; series must be there.
    """
    chosen = FEATURES if names is None else [BY_NAME[name] for name in names]
    earlier = former.FORMULAS if edition < EDITION else {}
    absent = {array for feature in chosen for array in feature.reads if array not in arrays} & _OPTIONAL
    if absent:
        n = len(next(iter(arrays.values())))
        monthly = {name for name in absent if name in records.READINGS and records.READINGS[name].months}
        blank = {name: np.full((n, _WINDOW) if name in monthly else n, np.nan) for name in absent}
        arrays = {**arrays, **blank}
    return np.column_stack([earlier.get(feature.name, feature.function)(arrays) for feature in chosen])
