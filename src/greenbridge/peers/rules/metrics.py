"""Metrics of firms: NumPy over many, the same for one. Formulas that scoring has are scoring's."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from greenbridge.facts.rules import items
from greenbridge.facts.values import Fact, Series
from greenbridge.kit.calendar import month_start
from greenbridge.peers.rules import placing
from greenbridge.peers.values import METRICS, Floats, Known, Profile, SizePolicy
from greenbridge.scoring.rules import features

REGISTRATION = items.REGISTRATION
ANNUAL_REPORT = "annual_report.report"
YEAR, TWO_YEARS = 12, 24
FEN_PER_10K_YUAN = 1_000_000
NO_READINGS = np.empty((0, 3))
# Which field of an item is read by the month.
READ = {items.SOCIAL_INSURANCE: "staff_count", items.ELECTRICITY: "usage_kwh"}
_FEATURES = tuple(metric.key for metric in METRICS if metric.key in {feature.name for feature in features.FEATURES})


def fields(key: str) -> tuple[str, ...]:
    """Return the fields of departments' data that a metric is made of."""
    insured = tuple(f"{items.SOCIAL_INSURANCE}.{name}" for name in ("staff_count", "month"))
    power = tuple(f"{items.ELECTRICITY}.{name}" for name in ("usage_kwh", "month"))
    if key in {"staff_count", "electricity_per_10k"}:
        return insured if key == "staff_count" else (*power, *features.INVOICE_SUMS)
    return features.fields(key)


def month_number(day: date) -> int:
    """Return the months since year 0, to count with: `month_number(date(2026, 1, 1)) == 24312`."""
    return day.year * 12 + day.month - 1


def by_month(n: int, readings: Floats, last: date) -> Floats:
    """Return float[n, 12] of the twelve months that end with that of `last`, NaN where nothing was read.

    Of several readings of one month the largest counts: heads are delivered for each kind of insurance, a bill at times twice.
    `by_month(1, [[0, 24312, 7], [0, 24312, 9]], date(2026, 1, 31))` is eleven times NaN, then 9.
    """
    grid = np.full((n, YEAR), np.nan)
    columns = readings[:, 1].astype(int) - month_number(last) + YEAR - 1
    inside = (columns >= 0) & (columns < YEAR)
    np.fmax.at(grid, (readings[inside, 0].astype(int), columns[inside]), readings[inside, 2])
    return grid


def newest(grid: Floats) -> Floats:
    """Return each row's last known value, NaN where none is: `[[1, 2, nan]]` gives 2."""
    known = ~np.isnan(grid)
    last = grid.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    return np.where(known.any(axis=1), grid[np.arange(len(grid)), last], np.nan)


def growth(sales: Floats) -> Floats:
    """Return sales of the last 12 months over the 12 before, less 1: doubled gives 1.0; NaN unless all 24 months are known.

    Twelve months against a young firm's first five would be no growth. Held where `features.growth` is: -95 % to +1,909 %.
    """
    whole = ~np.isnan(sales[:, -TWO_YEARS:]).any(axis=1) & (sales.shape[1] >= TWO_YEARS)
    return np.where(whole, np.expm1(features.growth(sales)), np.nan)


def table(known: Known, as_of: date) -> Floats:
    """Return float[n_firms, n_metrics] in the order of METRICS; NaN: unknown.

    Electricity: 12,000 kWh in the twelve months of 2 m yuan of sales are 60 kWh per 10,000 yuan; one month unread: unknown.
    """
    n = len(known.registrations)
    sales = features.total(known.arrays["sales_net"])
    shared = features.compute(known.arrays, _FEATURES)
    columns = {name: shared[:, place] for place, name in enumerate(_FEATURES)}
    columns["sales_12m"] = sales
    columns["sales_growth_12m"] = growth(known.arrays["sales_net"])
    columns["staff_count"] = newest(by_month(n, known.insured, as_of))
    power = by_month(n, known.electricity, known.last_month or as_of).sum(axis=1)
    columns["electricity_per_10k"] = features.ratio(power, sales / FEN_PER_10K_YUAN)
    return np.column_stack([columns[metric.key] for metric in METRICS])


def profiles(known: Known, as_of: date, policy: SizePolicy, sections: Mapping[str, str], classify: placing.Classify) -> list[Profile]:
    """Return each firm as it is compared."""
    found = []
    for row, registration, report in zip(table(known, as_of), known.registrations, known.annual_reports, strict=True):
        values = {metric.key: None if math.isnan(v) else float(v) for metric, v in zip(METRICS, row, strict=True)}
        industry = placing.industry(registration, sections, classify)
        sizing = placing.size(policy, industry, placing.indicators(values["sales_12m"], values["staff_count"], registration, report))
        found.append(Profile(industry, sizing, values, placing.trading(registration)))
    return found


def known_of(series: Series, facts: Sequence[Fact]) -> Known:
    """Return what is known of one firm, from its series (of one firm) and its facts that were true on the day."""

    def newest_of(item: str) -> Mapping[str, object] | None:
        fact = max((f for f in facts if f.item == item), key=lambda f: f.valid_from, default=None)
        return fact.values if fact else None

    arrays = {**series.monthly, **series.yearly}
    readings = {item: _readings(f for f in facts if f.item == item) for item in READ}
    monthly = (readings[items.SOCIAL_INSURANCE], readings[items.ELECTRICITY])
    return Known(series.last_month, arrays, *monthly, [newest_of(items.REGISTRATION)], [newest_of(ANNUAL_REPORT)])


def _readings(facts: Iterable[Fact]) -> Floats:
    found = [(0, month_number(month_start(f.valid_from)), f.values[READ[f.item]]) for f in facts]
    return np.array(found, dtype=float) if found else NO_READINGS


def firm_metrics(series: Series, facts: Sequence[Fact], as_of: date) -> dict[str, float | None]:
    """Return metric -> one firm's value, None where unknown, from its series (of one firm) and its facts that were true on the day."""
    (row,) = table(known_of(series, facts), as_of)
    return {metric.key: None if math.isnan(value) else float(value) for metric, value in zip(METRICS, row, strict=True)}
