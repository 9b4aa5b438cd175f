"""The model's features: pure NumPy over monthly and yearly series, one definition for one firm, bulk and training.

Every formula takes arrays float[n_firms, n_months] (or n_years) and returns float[n_firms]. Windows count back from the last
complete month. The formulas of red and void rates are those of the field: red = sum of negative valid / sum of |valid|;
void = |void| / (|valid| + |void|).
"""

import warnings
from datetime import date

import numpy as np

from greenbridge.kit.calendar import add_months
from greenbridge.kit.text import Text
from greenbridge.scoring.values import Arrays, Feature, Floats

YEAR = 12
# What sums of invoices are made of. Shares and counts of partners name nobody.
INVOICE_SUMS = tuple(f"tax.vat_invoices.{name}" for name in ("amount_net", "direction", "issue_date", "status"))


# What the model reads as a whole.
MODEL_FIELDS = (*INVOICE_SUMS, "tax.vat_invoices.tax")


def fields(name: str) -> tuple[str, ...]:
    """Return the fields of departments' data that a feature is made of."""
    return MODEL_FIELDS if name == "tax_burden" else INVOICE_SUMS


def whole_years(last_month: date) -> tuple[int, int]:
    """Return the last two calendar years that are over with a month, newest first. `whole_years(date(2026, 1, 1)) == (2025, 2024)`."""
    newest = last_month.year if last_month.month == 12 else last_month.year - 1
    return newest, newest - 1


def reach(last_month: date) -> date:
    """Return the earliest day that features of series up to a month speak of: 24 months, and the last two whole years.

    `reach(date(2026, 1, 1)) == date(2024, 1, 1)`.
    """
    return min(add_months(last_month, -23), date(whole_years(last_month)[1], 1, 1))


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, NaN where the whole is not positive. `ratio([1], [4]) == [0.25]`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def total(series: Floats, months: int = YEAR, skip: int = 0) -> Floats:
    """Return the sum over `months` months that end `skip` months ago; NaN where no month of it is known.

    `total([[1, 2, 3, 4]], 2, 1) == [5]`: the months 2 and 3.
    """
    window = series[:, max(0, series.shape[1] - skip - months) : series.shape[1] - skip]
    return np.where(np.isnan(window).all(axis=1), np.nan, np.nansum(window, axis=1))


def active_share(series: Floats, months: int = 24) -> Floats:
    """Return the share of the known months, of the last `months`, with something in them. `[[nan, 0, 5, 5]]` over 4: 2/3."""
    window = series[:, -months:]
    known = (~np.isnan(window)).sum(axis=1).astype(float)
    return ratio((np.nan_to_num(window) != 0).sum(axis=1).astype(float), known)


def longest_silence(series: Floats, months: int = 24) -> Floats:
    """Return the longest run of zero months inside the last `months`; `[[1, 0, 0, 1, 0]]` gives 2."""
    window = series[:, -months:]
    run = np.zeros(len(series))
    longest = np.zeros(len(series))
    for month in window.T:
        run = np.where(month == 0, run + 1, 0)
        longest = np.maximum(longest, run)
    return np.where(np.isnan(window).all(axis=1), np.nan, longest)


def variation(series: Floats, months: int = 24) -> Floats:
    """Return the coefficient of variation of the known months; 0 for a constant series, NaN under 6 months."""
    window = series[:, -months:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a row of NaN only
        mean, deviation = np.nanmean(window, axis=1), np.nanstd(window, axis=1)
    return np.where((~np.isnan(window)).sum(axis=1) >= 6, ratio(deviation, mean), np.nan)


def growth(series: Floats) -> Floats:
    """Return the logarithm of last 12 months over the 12 before, held within +-3; `ln 2 = 0.69` when doubled."""
    now, before = np.maximum(total(series), 0), np.maximum(total(series, YEAR, YEAR), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(np.where((before > 0) & (now >= 0), np.log(np.maximum(now, 1) / np.maximum(before, 1)), np.nan), -3, 3)


def magnitude(fen: Floats) -> Floats:
    """Return log10 of an amount in yuan, 0 for nothing; 1,000,000 yuan gives 6."""
    return np.asarray(np.log10(np.maximum(fen / 100, 0) + 1))


def monthly_mean(series: Floats, months: int = YEAR) -> Floats:
    """Return the mean of the known months of the window."""
    window = series[:, -months:]
    known = (~np.isnan(window)).sum(axis=1).astype(float)
    return ratio(np.nansum(window, axis=1), known)


def void_share(a: Arrays, side: str = "sales") -> Floats:
    """Return the void rate by amount over the last 12 months."""
    void, valid = total(a[f"{side}_void"]), total(a[f"{side}_absolute"])
    return ratio(void, void + valid)


def _last(yearly: Floats) -> Floats:
    """Return the newest known year's value of each firm."""
    value = yearly[:, -1].copy()
    for column in range(yearly.shape[1] - 2, -1, -1):
        value = np.where(np.isnan(value), yearly[:, column], value)
    return value


FEATURES: tuple[Feature, ...] = (
    Feature("sales_magnitude", Text("近 12 个月销售额（对数）", "Sales, 12 months (log10 yuan)"), "log10", -1, False, lambda a: magnitude(total(a["sales_net"]))),
    Feature("purchase_magnitude", Text("近 12 个月采购额（对数）", "Purchases, 12 months (log10 yuan)"), "log10", -1, False, lambda a: magnitude(total(a["purchase_net"]))),
    Feature("sales_active_share", Text("近 24 个月有销售月份占比", "Months with sales, 24 months"), "share", -1, True, lambda a: active_share(a["sales_count"])),
    Feature("purchase_active_share", Text("近 24 个月有采购月份占比", "Months with purchases, 24 months"), "share", -1, True, lambda a: active_share(a["purchase_count"])),
    Feature("sales_longest_silence", Text("近 24 个月最长无销售月数", "Longest run without sales"), "months", 1, True, lambda a: longest_silence(a["sales_count"])),
    Feature("void_share", Text("近 12 个月作废金额占比", "Void share by amount, 12 months"), "share", 1, False, void_share),
    Feature("void_count_share", Text("近 24 个月作废张数占比", "Void share by count, 24 months"), "share", 1, False,
            lambda a: ratio(total(a["sales_void_count"], 24), total(a["sales_void_count"], 24) + total(a["sales_count"], 24))),
    Feature("purchase_void_share", Text("近 12 个月进项作废金额占比", "Void share of purchases, 12 months"), "share", 1, False, lambda a: void_share(a, "purchase")),
    Feature("red_share", Text("近 12 个月红字金额占比", "Red share, 12 months"), "share", 0, False, lambda a: ratio(total(a["sales_red"]), total(a["sales_absolute"]))),
    Feature("sales_growth", Text("销售额同比（对数）", "Sales growth (log)"), "log", -1, True, lambda a: growth(a["sales_net"])),
    Feature("purchase_growth", Text("采购额同比（对数）", "Purchases growth (log)"), "log", -1, True, lambda a: growth(a["purchase_net"])),
    Feature("sales_variation", Text("月销售额波动系数", "Variation of monthly sales"), "ratio", 1, False, lambda a: variation(a["sales_net"])),
    Feature("purchase_variation", Text("月采购额波动系数", "Variation of monthly purchases"), "ratio", 1, False, lambda a: variation(a["purchase_net"])),
    Feature("customers_monthly", Text("月均客户数", "Customers a month"), "count", -1, False, lambda a: monthly_mean(a["sales_partners"])),
    Feature("suppliers_monthly", Text("月均供应商数", "Suppliers a month"), "count", -1, False, lambda a: monthly_mean(a["purchase_partners"])),
    Feature("customer_top1_share", Text("第一大客户占比", "Largest customer's share"), "share", 1, False, lambda a: _last(a["customer_top1_share"])),
    Feature("customer_top5_share", Text("前五大客户占比", "Top five customers' share"), "share", 1, False, lambda a: _last(a["customer_top5_share"])),
    Feature("supplier_top5_share", Text("前五大供应商占比", "Top five suppliers' share"), "share", 0, False, lambda a: _last(a["supplier_top5_share"])),
    Feature("customer_kept_share", Text("来自上年老客户的销售占比", "Sales to last year's customers"), "share", -1, False, lambda a: _last(a["customer_kept_share"])),
    Feature("supplier_kept_share", Text("来自上年老供应商的采购占比", "Purchases from last year's suppliers"), "share", -1, False, lambda a: _last(a["supplier_kept_share"])),
    Feature("tax_burden", Text("增值税税负（销项减进项，占销售）", "VAT burden (output less input, of sales)"), "share", 0, False,
            lambda a: np.clip(ratio(total(a["sales_tax"]) - np.nan_to_num(total(a["purchase_tax"])), total(a["sales_net"])), -1, 1)),
    Feature("purchase_to_sales", Text("采购与销售之比", "Purchases to sales"), "ratio", 0, False,
            lambda a: np.clip(ratio(total(a["purchase_net"]), total(a["sales_net"])), 0, 10)),
)  # fmt: skip


def compute(arrays: Arrays, names: tuple[str, ...] | None = None) -> Floats:
    """Return float[n_firms, n_features] in the order of `names` (all features when None). Raises KeyError for an unknown name."""
    by_name = {feature.name: feature for feature in FEATURES}
    chosen = [by_name[name] for name in names] if names is not None else FEATURES
    return np.column_stack([feature.formula(arrays) for feature in chosen])
