"""Rows of monthly and yearly facts laid out as arrays over firms."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from greenbridge.facts.values import MONTHLY, YEARLY, Floats, Series

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
    if last_month is not None:
        _fill_months(monthly, index, last_month, [row for row in months if row[2] <= last_month and row[0] in index])
    for uscc, direction, year, shares in years:
        column = N_YEARS - 1 - (last_year - year)
        if uscc in index and 0 <= column < N_YEARS:
            side = "customer" if direction == "output" else "supplier"
            for name, share in zip((n for n in YEARLY if n.startswith(side)), shares, strict=True):
                yearly[name][index[uscc], column] = np.nan if share is None else share
    return Series(tuple(usccs), last_month, monthly, yearly)


def _fill_months(
    monthly: dict[str, Floats], index: Mapping[str, int], last_month: date, rows: Sequence[tuple[str, str, date, Sequence[float]]]
) -> None:
    first: dict[str, date] = {}
    for uscc, _, month, _ in rows:
        first[uscc] = min(month, first.get(uscc, month))
    for uscc, month in first.items():
        known_from = max(0, N_MONTHS - 1 - _months_between(month, last_month))
        for array in monthly.values():
            array[index[uscc], known_from:] = 0.0
    for uscc, direction, month, amounts in rows:
        column = N_MONTHS - 1 - _months_between(month, last_month)
        if column >= 0:
            side = "sales" if direction == "output" else "purchase"
            for name, amount in zip((n for n in MONTHLY if n.startswith(side)), amounts, strict=True):
                monthly[name][index[uscc], column] = amount


def _months_between(earlier: date, later: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month
