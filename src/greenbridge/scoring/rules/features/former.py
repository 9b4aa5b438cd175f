"""Formulas of the first edition, for the models that learnt from them: a window known in part counted as if it were whole.

A model keeps the formulas that it was trained on, so that a replay of its day gives its numbers. None of these is given to a new one.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from greenbridge.kit.text import Text
from greenbridge.scoring.rules.features import formulas as f
from greenbridge.scoring.rules.features.invoices import INVOICE_SUMS, NO_INVOICES
from greenbridge.scoring.values import Arrays, Case, Feature, Floats, Group

Formula = Callable[[Arrays], Floats]


def total(series: Floats, months: int = f.YEAR, skip: int = 0) -> Floats:
    """Return the sum of the known months of a window, NaN where none is known: `total([[nan, 3, 4]], 3) == [7]`."""
    window = series[:, max(0, series.shape[1] - skip - months) : series.shape[1] - skip]
    unknown = np.isnan(window)
    return np.where(unknown.all(axis=1), np.nan, np.where(unknown, 0.0, window).sum(axis=1))


def _share(series: Floats, fits: Callable[[Floats, Floats], NDArray[np.bool_]]) -> Floats:
    window = series[:, -24:]
    known = ~np.isnan(window)
    count = known.sum(axis=1).astype(float)
    mean = f.ratio(np.where(known, window, 0.0).sum(axis=1), count)
    return f.ratio((known & fits(window, mean)).sum(axis=1).astype(float), count)


def _active(series: Floats) -> Floats:
    return _share(series, lambda window, _: window != 0)


def _thin(series: Floats) -> Floats:
    return _share(series, lambda window, mean: np.nan_to_num(window) <= 0.1 * mean[:, None])


def _silence(series: Floats) -> Floats:
    run, longest = np.zeros(len(series)), np.zeros(len(series))
    for month in series[:, -24:].T:
        run = np.where(month == 0, run + 1, 0)
        longest = np.maximum(longest, run)
    return np.where(np.isnan(series[:, -24:]).all(axis=1), np.nan, longest)


def _logarithm(now: Floats, before: Floats) -> Floats:
    now, before = np.maximum(now, 0), np.maximum(before, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(np.where((before > 0) & (now >= 0), np.log(np.maximum(now, 1) / np.maximum(before, 1)), np.nan), -3, 3)


def _growth(series: Floats) -> Floats:
    return _logarithm(total(series), total(series, 12, 12))


def _quarter(series: Floats) -> Floats:
    return _logarithm(total(series, 3), total(series, 3, 12))


def _peak(series: Floats) -> Floats:
    window = np.maximum(series[:, -f.YEAR :], 0)
    quarters = np.column_stack([np.nansum(window[:, start : start + 3], axis=1) for start in range(0, window.shape[1], 3)])
    return f.ratio(quarters.max(axis=1), quarters.sum(axis=1))


def _mean(series: Floats, months: int) -> Floats:
    window = series[:, -months:]
    unknown = np.isnan(window)
    return f.ratio(np.where(unknown, 0.0, window).sum(axis=1), (~unknown).sum(axis=1).astype(float))


def _counted(part: Floats, rest: Floats, months: int = 24) -> Floats:
    some = total(part, months)
    return f.ratio(some, some + total(rest, months))


def _yearly_growth(yearly: Floats) -> Floats:
    now, before = yearly[:, -1], f.earlier(yearly)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(np.where((now > 0) & (before > 0), np.log(now / before), np.nan), -3, 3)


def _less(one: Floats, other: Floats) -> Floats:
    """Return a sum of 12 months less another, of which the unknown counted as nothing."""
    return total(one) - np.nan_to_num(total(other))


# Feature -> its formula of the first edition, where that was another.
FORMULAS: Mapping[str, Formula] = {
    "sales_magnitude": lambda a: f.magnitude(total(a["sales_net"])),
    "purchase_magnitude": lambda a: f.magnitude(total(a["purchase_net"])),
    "sales_ticket_magnitude": lambda a: f.magnitude(f.ratio(total(a["sales_absolute"]), total(a["sales_count"]))),
    "sales_history_magnitude": lambda a: f.magnitude(_mean(a["sales_net"], 36)),
    "sales_count_magnitude": lambda a: np.log10(1 + total(a["sales_count"])),
    "purchase_count_magnitude": lambda a: np.log10(1 + total(a["purchase_count"])),
    "thin_months_share": lambda a: _thin(a["sales_net"]),
    "sales_active_share": lambda a: _active(a["sales_count"]),
    "purchase_active_share": lambda a: _active(a["purchase_count"]),
    "sales_longest_silence": lambda a: _silence(a["sales_count"]),
    "sales_growth": lambda a: _growth(a["sales_net"]),
    "purchase_growth": lambda a: _growth(a["purchase_net"]),
    "sales_quarter_growth": lambda a: _quarter(a["sales_net"]),
    "sales_peak_share": lambda a: _peak(a["sales_net"]),
    "purchase_to_sales": lambda a: np.clip(f.ratio(total(a["purchase_net"]), total(a["sales_net"])), 0, 10),
    "void_share": lambda a: _counted(a["sales_void"], a["sales_absolute"], 12),
    "void_count_share": lambda a: _counted(a["sales_void_count"], a["sales_count"]),
    "purchase_void_share": lambda a: _counted(a["purchase_void"], a["purchase_absolute"], 12),
    "purchase_void_count_share": lambda a: _counted(a["purchase_void_count"], a["purchase_count"]),
    "red_share": lambda a: f.ratio(total(a["sales_red"]), total(a["sales_absolute"])),
    "red_count_share": lambda a: f.ratio(total(a["sales_red_count"], 24), total(a["sales_count"], 24)),
    "tax_burden": lambda a: np.clip(f.ratio(_less(a["sales_tax"], a["purchase_tax"]), total(a["sales_net"])), -1, 1),
    "vat_magnitude": lambda a: f.magnitude(_less(a["sales_tax"], a["purchase_tax"])),
    "void_history_share": lambda a: _counted(a["sales_void"], a["sales_absolute"], 36),
    "output_tax_rate": lambda a: np.clip(f.ratio(total(a["sales_tax"]), total(a["sales_net"])), 0, 0.2),
    "customers_monthly": lambda a: _mean(a["sales_partners"], 12),
    "suppliers_monthly": lambda a: _mean(a["purchase_partners"], 12),
    "customer_kept_share": lambda a: f.newest(a["customer_kept_share"]),
    "supplier_kept_share": lambda a: f.newest(a["supplier_kept_share"]),
    "customer_count_magnitude": lambda a: np.log10(1 + f.newest(a["customer_count"])),
    "supplier_count_magnitude": lambda a: np.log10(1 + f.newest(a["supplier_count"])),
    "customer_growth": lambda a: _yearly_growth(a["customer_count"]),
    "supplier_growth": lambda a: _yearly_growth(a["supplier_count"]),
}


_NAN = (float("nan"),) * 24
# Features of which the meaning changed, under the names that older models and their reasons know.
FEATURES: tuple[Feature, ...] = (
    Feature("added_value_magnitude", Text("近 12 个月购销差额（对数）", "Sales less purchases, 12 months (log10 yuan)"), "log10", Group.OPERATING, -1,
        "log10(1 + yuan) of net sales less net purchases of 12 months, 0 for none or less, unknown purchases counted as none",
        lambda a: f.magnitude(_less(a["sales_net"], a["purchase_net"])), ("sales_net", "purchase_net"), INVOICE_SUMS, NO_INVOICES,
        (Case(0.0, {"sales_net": (5.0,) * 24, "purchase_net": (9.0,) * 24}), Case(2.0, {"sales_net": (0.0,) * 23 + (9900.0,), "purchase_net": _NAN}))),
)  # fmt: skip
