"""What reports say of invoices: sums of months, figures of years, in which fields each is made of."""

import math
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from greenbridge.facts.rules import items
from greenbridge.kit.calendar import add_months, business_date, month_end
from greenbridge.kit.text import Text
from greenbridge.reports.rules import records
from greenbridge.reports.rules.sections.build import YEAR, period
from greenbridge.reports.values import Line, Material, Source, Table
from greenbridge.scoring.rules import features

MONTHS = 36
# What the columns and lines made of invoices read: sums of valid invoices by direction and day. They name no partner.
SUMS = features.INVOICE_SUMS
TAXES = (*SUMS, f"{items.VAT_INVOICES}.tax")
PARTNER_READS = {"counterparty": (f"{items.VAT_INVOICES}.counterparty_id", *SUMS), "net": SUMS, "share": SUMS, "invoices": SUMS}
Formula = Callable[[Any], Any]


def _peak_share(a: Any) -> Any:
    """Return the share of the three strongest months in twelve months' sales: 0.25 when all are equal."""
    sales = a["sales_net"][:, -YEAR:]
    strongest = np.sort(sales, axis=1)[:, -3:].sum(axis=1)
    return np.where(np.isnan(sales).any(axis=1), np.nan, features.ratio(strongest, sales.sum(axis=1)))


# key, label, unit, formula over the series, how many months back it reaches, whether it reads the tax.
FIGURES: tuple[tuple[str, Text, str, Formula, int, bool], ...] = (
    ("sales_12m", Text("销售额（不含税）", "Sales (net)"), "fen", lambda a: features.total(a["sales_net"]), 12, False),
    ("purchases_12m", Text("采购额（不含税）", "Purchases (net)"), "fen", lambda a: features.total(a["purchase_net"]), 12, False),
    ("vat_12m", Text("增值税（销项减进项）", "VAT (output less input)"), "fen",
     lambda a: features.total(a["sales_tax"]) - np.nan_to_num(features.total(a["purchase_tax"])), 12, True),
    ("sales_growth", Text("销售额同比", "Sales growth, year on year"), "share",
     lambda a: features.ratio(features.total(a["sales_net"]), features.total(a["sales_net"], 12, 12)) - 1, 24, False),
    ("purchase_growth", Text("采购额同比", "Purchases growth, year on year"), "share",
     lambda a: features.ratio(features.total(a["purchase_net"]), features.total(a["purchase_net"], 12, 12)) - 1, 24, False),
    ("void_share", Text("作废金额占比", "Void share by amount"), "share", features.void_share, 12, False),
    ("red_share", Text("红字金额占比", "Red share by amount"), "share", lambda a: features.ratio(features.total(a["sales_red"]), features.total(a["sales_absolute"])), 12, False),
    ("active_months", Text("有销售的月份占比", "Months with sales"), "share", lambda a: features.active_share(a["sales_count"]), 24, False),
    ("longest_silence", Text("最长连续无销售", "Longest run without sales"), "months", lambda a: features.longest_silence(a["sales_count"]), 24, False),
    ("sales_variation", Text("月销售额变异系数", "Variation of monthly sales"), "ratio", lambda a: features.variation(a["sales_net"]), 24, False),
    ("peak_share", Text("最旺三个月占销售额（均匀为 25 %）", "Strongest three months' share of sales (even: 25 %)"), "share", _peak_share, 12, False),
)  # fmt: skip
YEARLY: tuple[tuple[str, Text, str, str], ...] = (
    ("customer_top1_share", Text("第一大客户占比", "Largest customer's share"), "share", "customer"),
    ("customer_top5_share", Text("前五大客户占比", "Top five customers' share"), "share", "customer"),
    ("customer_count", Text("客户数", "Customers"), "firms", "customer"),
    ("customer_kept_share", Text("来自上年老客户的销售占比", "Sales to customers of the year before"), "share", "customer"),
    ("supplier_top1_share", Text("第一大供应商占比", "Largest supplier's share"), "share", "supplier"),
    ("supplier_top5_share", Text("前五大供应商占比", "Top five suppliers' share"), "share", "supplier"),
    ("supplier_count", Text("供应商数", "Suppliers"), "firms", "supplier"),
    ("supplier_kept_share", Text("来自上年老供应商的采购占比", "Purchases from suppliers of the year before"), "share", "supplier"),
)


def known(material: Material) -> bool:
    """Return whether any month of the firm's invoices is known."""
    return material.series.last_month is not None and not bool(np.isnan(material.series.monthly["sales_net"]).all())


def invoice_source(material: Material, valid_on: date) -> Source:
    """Return the source of what is made of invoices."""
    _, received_at, generated = material.coverage[items.VAT_INVOICES]
    return records.source(material, items.VAT_INVOICES, valid_on, business_date(received_at), generated=generated)


def figure_lines(material: Material) -> list[Line]:
    """Return the figures over months that end with the last complete one."""
    last = material.series.last_month
    described = invoice_source(material, month_end(last)) if last and known(material) else None
    lines = []
    for key, label, unit, formula, months, taxed in FIGURES:
        value = float(formula(material.series.monthly)[0]) if described else np.nan
        figure = None if np.isnan(value) else round(value) if unit in {"fen", "months"} else round(value, 4)
        since = add_months(last, 1 - months) if last else None
        when = period(since, last) if last and since else None
        source = described if figure is not None else None
        lines.append(Line(key, label, figure, unit, TAXES if taxed else SUMS, source, since, period=when))
    return lines


def yearly_lines(material: Material) -> list[Line]:
    """Return concentration and stability of customers and suppliers in the last whole year; kept shares compare with the one before."""
    last = material.series.last_month
    if last is None:
        return []
    year = features.whole_years(last)[0]
    described = invoice_source(material, date(year, 12, 31)) if known(material) else None
    lines = []
    for key, label, unit, _ in YEARLY:
        value = float(material.series.yearly[key][0, -1])
        figure = None if np.isnan(value) else round(value) if unit == "firms" else round(value, 4)
        since = date(year - ("kept" in key), 1, 1)
        when = Text(f"{year} 年", str(year))
        lines.append(Line(key, label, figure, unit, SUMS, described if figure is not None else None, since, period=when))
    return lines


COLUMNS: tuple[tuple[str, Text, str], ...] = (
    ("month", Text("月份", "Month"), "month"),
    ("sales_net", Text("销售额", "Sales"), "fen"),
    ("purchase_net", Text("采购额", "Purchases"), "fen"),
    ("sales_tax", Text("销项税额", "Output tax"), "fen"),
    ("purchase_tax", Text("进项税额", "Input tax"), "fen"),
    ("sales_void", Text("作废金额", "Void"), "fen"),
    ("sales_red", Text("红字金额", "Red"), "fen"),
    ("sales_count", Text("开票张数", "Invoices"), "count"),
    ("sales_partners", Text("客户数", "Customers"), "count"),
)
_MONTH_READS = {key: TAXES if key.endswith("_tax") else SUMS for key, _, _ in COLUMNS}


def months_table(material: Material) -> list[Table]:
    """Return the 36 months up to the last complete one, newest first; before the first invoice nothing is known."""
    last = material.series.last_month
    if last is None:
        return []
    described = invoice_source(material, month_end(last)) if known(material) else None
    arrays = [material.series.monthly[key][0].tolist()[::-1] for key, _, _ in COLUMNS[1:]]
    rows: list[tuple[Any, ...]] = []
    days = []
    for back in range(MONTHS if described else 0):
        values = [array[back] for array in arrays]
        if not math.isnan(values[0]):
            days.append(add_months(last, -back))
            rows.append((days[-1].strftime("%Y-%m"), *(None if math.isnan(v) else round(v) for v in values)))
    return [Table("months", Text("逐月发票", "Invoices by month"), COLUMNS, rows, _MONTH_READS, described, days)]
