"""Rows of monthly and yearly facts laid out as arrays over firms."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from greenbridge.facts.values import MONTHLY, YEARLY, Floats, Series

_OF = {"output": tuple(n for n in MONTHLY if n.startswith("sales")), "input": tuple(n for n in MONTHLY if n.startswith("purchase"))}
N_MONTHS = 36
N_YEARS = 2


def lay_out(
    usccs: Sequence[str],
    last_month: date | None,
    months: Iterable[tuple[str, str, date, Sequence[float]]],
    years: Iterable[tuple[str, str, int, Sequence[float]]],
    last_year: int,
) -> Series:
    """Return the series of firms from rows (uscc, direction, month, amounts) and (uscc, direction, year, shares).

    `amounts` follow MONTHLY's order of one side, `shares` YEARLY's. Months after `last_month` are ignored; months before a
    firm's first row in either direction are NaN, silent months after it 0.
    """
    index = {uscc: i for i, uscc in enumerate(usccs)}
    monthly: dict[str, Floats] = {name: np.full((len(usccs), N_MONTHS), np.nan) for name in MONTHLY}
    yearly: dict[str, Floats] = {name: np.full((len(usccs), N_YEARS), np.nan) for name in YEARLY}
    first: dict[str, date] = {}
    if last_month is not None:
        known = [row for row in months if row[2] <= last_month and row[0] in index]
        for uscc, _, month, _ in known:
            first[uscc] = min(month, first.get(uscc, month))
        _fill_months(monthly, index, first, last_month, known)
    for uscc, direction, year, shares in years:
        column = N_YEARS - 1 - (last_year - year)
        if uscc in index and 0 <= column < N_YEARS:
            side = "customer" if direction == "output" else "supplier"
            for name, share in zip((n for n in YEARLY if n.startswith(side)), shares, strict=True):
                yearly[name][index[uscc], column] = np.nan if share is None else share
    begun = np.array([(first[uscc].year, first[uscc].month) if uscc in first else (np.inf, 1) for uscc in usccs]).reshape(-1, 2)
    yearly["months_known"] = months_known(begun[:, 0], begun[:, 1], last_year)
    return Series(tuple(usccs), last_month, monthly, yearly)


def months_known(first_year: Floats, first_month: Floats, last_year: int) -> Floats:
    """Return float[n_firms, N_YEARS + 1]: of how many months of each year up to `last_year` something is known, by the year and
    month of a firm's first invoice. From November 2024 on, up to 2025: 0, 2, 12.
    """
    years = np.arange(last_year - N_YEARS, last_year + 1, dtype=float)
    in_it = 13 - first_month[:, None]
    return np.where(first_year[:, None] < years, 12.0, np.where(first_year[:, None] == years, in_it, 0.0))


def _fill_months(
    monthly: dict[str, Floats],
    index: Mapping[str, int],
    first: Mapping[str, date],
    last_month: date,
    rows: Sequence[tuple[str, str, date, Sequence[float]]],
) -> None:
    for uscc, month in first.items():
        known_from = max(0, N_MONTHS - 1 - _months_between(month, last_month))
        for array in monthly.values():
            array[index[uscc], known_from:] = 0.0
    # One assignment for each firm and side: this runs for one firm at every report.
    laid: dict[tuple[str, str], tuple[list[int], list[Sequence[float]]]] = {}
    for uscc, direction, month, amounts in rows:
        column = N_MONTHS - 1 - _months_between(month, last_month)
        if column >= 0:
            columns, values = laid.setdefault((uscc, direction), ([], []))
            columns.append(column)
            values.append(amounts)
    for (uscc, direction), (columns, values) in laid.items():
        for name, row in zip(_OF[direction], np.array(values, dtype=float).T, strict=True):
            monthly[name][index[uscc], columns] = row


def _months_between(earlier: date, later: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month
