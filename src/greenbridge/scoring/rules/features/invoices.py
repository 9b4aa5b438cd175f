"""Features of VAT invoices: how a firm trades, what it voids, with whom."""

from collections.abc import Callable

import numpy as np

from greenbridge.kit.text import Text
from greenbridge.scoring.rules.features import formulas as f
from greenbridge.scoring.values import Arrays, Case, Feature, Floats, Group

# What sums of invoices are made of. Shares and counts of partners name nobody.
INVOICE_SUMS = tuple(f"tax.vat_invoices.{name}" for name in ("amount_net", "direction", "issue_date", "status"))
# What a model of invoices reads as a whole.
MODEL_FIELDS = (*INVOICE_SUMS, "tax.vat_invoices.tax")
NO_INVOICES = Text(
    "合计与同比须窗口内各月全部可知，占比与均值须至少 6 个月可知；分母也须为正",
    "Sums and growth want every month of the window, shares and means six of them; and there must be something to divide by",
)
NO_YEAR = Text("没有可知的年度", "No calendar year is known")
NO_WHOLE_YEAR = Text(
    "最近年度（同比与老客户还包括上一年度）并非全年可知",
    "The newest year (for growth and kept partners the year before too) is not known as a whole",
)
NAN = float("nan")


def _of(
    group: Group,
    name: str,
    label: Text,
    unit: str,
    direction: int,
    formula: str,
    function: Callable[[Arrays], Floats],
    reads: str,
    *cases: Case,
    activity: bool = False,
) -> Feature:
    arrays = tuple(reads.split())
    sources = MODEL_FIELDS if any(array.endswith("_tax") for array in arrays) else INVOICE_SUMS
    yearly = NO_WHOLE_YEAR if "months_known" in arrays else NO_YEAR
    missing = yearly if any(array.startswith(("customer_", "supplier_")) for array in arrays) else NO_INVOICES
    return Feature(name, label, unit, group, direction, formula, function, arrays, sources, missing, cases, activity)


def _months(value: float, last: float | None = None) -> tuple[float, ...]:
    """Return 24 equal months, the last 12 of another value if one is given."""
    return (value,) * 12 + ((value if last is None else last),) * 12


def _case(value: float | None, **arrays: tuple[float, ...]) -> Case:
    return Case(value, arrays)


# Months known of the year before, of the earlier and of the newest year.
WHOLE, BEGUN = (12.0, 12.0, 12.0), (0.0, 3.0, 12.0)
OP, T, C = Group.OPERATING, Group.TAX, Group.COUNTERPARTIES
MAGNITUDE = "log10(1 + yuan)"

OPERATING: tuple[Feature, ...] = (
    _of(OP, "sales_magnitude", Text("近 12 个月销售额（对数）", "Sales, 12 months (log10 yuan)"), "log10", -1, f"{MAGNITUDE} of net sales of 12 months",
        lambda a: f.magnitude(f.total(a["sales_net"])), "sales_net", _case(2.0, sales_net=(0.0,) * 23 + (9900.0,)),
        _case(None, sales_net=(NAN,) * 13 + (9900.0,) * 11)),
    _of(OP, "purchase_magnitude", Text("近 12 个月采购额（对数）", "Purchases, 12 months (log10 yuan)"), "log10", -1, f"{MAGNITUDE} of net purchases of 12 months",
        lambda a: f.magnitude(f.total(a["purchase_net"])), "purchase_net", _case(0.0, purchase_net=(500.0,) * 12 + (0.0,) * 12)),
    _of(OP, "sales_ticket_magnitude", Text("近 12 个月平均单张销售额（对数）", "Mean sales invoice (log10 yuan)"), "log10", 0, "log10(1 + |sales| / invoices), known months of 12",
        lambda a: f.magnitude(f.ratio(f.known_total(a["sales_absolute"]), f.known_total(a["sales_count"]))), "sales_absolute sales_count",
        _case(2.0, sales_absolute=_months(19800.0), sales_count=_months(2.0))),
    _of(OP, "sales_history_magnitude", Text("历史月均销售额（对数）", "Sales a month, whole history (log10 yuan)"), "log10", -1, "log10(1 + yuan) of the mean of all known months, at most 36",
        lambda a: f.magnitude(f.monthly_mean(a["sales_net"], 36)), "sales_net", _case(2.0, sales_net=(NAN,) * 18 + (9900.0,) * 6), _case(None, sales_net=(NAN,) * 19 + (9900.0,) * 5)),
    _of(OP, "sales_count_magnitude", Text("近 12 个月销售发票张数（对数）", "Sales invoices, 12 months (log10)"), "log10_count", -1, "log10(1 + valid invoices) of 12 months",
        lambda a: np.log10(1 + f.total(a["sales_count"])), "sales_count", _case(float(np.log10(25)), sales_count=_months(2.0))),
    _of(OP, "purchase_count_magnitude", Text("近 12 个月采购发票张数（对数）", "Purchase invoices, 12 months (log10)"), "log10_count", -1, "log10(1 + valid invoices) of 12 months",
        lambda a: np.log10(1 + f.total(a["purchase_count"])), "purchase_count", _case(float(np.log10(25)), purchase_count=_months(2.0))),
    # Of firms that bought more than they sold nothing is ordered: it may be stock, an investment or an export.
    _of(OP, "trade_surplus_magnitude", Text("近 12 个月销售超出采购的金额（对数）", "Sales in excess of purchases, 12 months (log10 yuan)"), "log10", -1,
        "log10(1 + yuan) of net sales less net purchases of 12 months; 0, no excess, where purchases are more; unknown where either is",
        lambda a: f.magnitude(f.total(a["sales_net"]) - f.total(a["purchase_net"])), "sales_net purchase_net",
        _case(2.0, sales_net=(0.0,) * 23 + (10900.0,), purchase_net=(0.0,) * 23 + (1000.0,)), _case(0.0, sales_net=_months(5.0), purchase_net=_months(9.0)),
        _case(None, sales_net=(0.0,) * 23 + (9900.0,), purchase_net=(NAN,) * 24)),
    _of(OP, "thin_months_share", Text("近 24 个月清淡月份占比", "Thin months, 24 months"), "share", 1, "months under a tenth of the mean month / known months, of 24",
        lambda a: f.thin_share(a["sales_net"]), "sales_net", _case(0.5, sales_net=_months(0.0, 4.0)), _case(None, sales_net=(NAN,) * 24), activity=True),
    _of(OP, "sales_active_share", Text("近 24 个月有销售月份占比", "Months with sales, 24 months"), "share", -1, "months with sales / known months, of 24, at least 6",
        lambda a: f.active_share(a["sales_count"]), "sales_count", _case(0.5, sales_count=_months(0.0, 3.0)), _case(None, sales_count=(NAN,) * 19 + (3.0,) * 5), activity=True),
    _of(OP, "purchase_active_share", Text("近 24 个月有采购月份占比", "Months with purchases, 24 months"), "share", -1, "months with purchases / known months, of 24",
        lambda a: f.active_share(a["purchase_count"]), "purchase_count", _case(0.5, purchase_count=_months(1.0, 0.0)), activity=True),
    _of(OP, "sales_longest_silence", Text("近 24 个月最长无销售月数", "Longest run without sales"), "months", 1, "longest run of months without sales, all 24 known",
        lambda a: f.longest_silence(a["sales_count"]), "sales_count", _case(12.0, sales_count=_months(0.0, 3.0)), _case(None, sales_count=(NAN,) + (3.0,) * 23), activity=True),
    _of(OP, "sales_growth", Text("销售额同比（对数）", "Sales growth (log)"), "log", -1, "ln(12 months / 12 months before), all 24 known, within +-3",
        lambda a: f.growth(a["sales_net"]), "sales_net", _case(float(np.log(2)), sales_net=_months(1e6, 2e6)), _case(None, sales_net=(NAN,) * 7 + (1e6,) * 17), activity=True),
    _of(OP, "purchase_growth", Text("采购额同比（对数）", "Purchases growth (log)"), "log", 0, "ln(12 months / 12 months before), all 24 known, within +-3",
        lambda a: f.growth(a["purchase_net"]), "purchase_net", _case(-3.0, purchase_net=_months(1e6, 0.0)), activity=True),
    _of(OP, "sales_trend", Text("近 24 个月销售趋势（每年）", "Trend of sales, 24 months (a year)"), "ratio", -1, "12 x slope of monthly sales / their mean, within +-3",
        lambda a: f.trend(a["sales_net"]), "sales_net", _case(0.0, sales_net=_months(5.0)), _case(None, sales_net=(NAN,) * 14 + (1.0,) * 10), activity=True),
    _of(OP, "sales_quarter_growth", Text("近 3 个月销售同比（对数）", "Sales, last quarter on a year before (log)"), "log", -1, "ln(3 months / same 3 months a year before), all known, within +-3",
        lambda a: f.quarter_growth(a["sales_net"]), "sales_net", _case(float(np.log(0.5)), sales_net=_months(2e6, 1e6)), _case(None, sales_net=(NAN,) * 10 + (1e6,) * 14), activity=True),
    _of(OP, "sales_variation", Text("月销售额波动系数", "Variation of monthly sales"), "ratio", 1, "standard deviation / mean of 24 months",
        lambda a: f.variation(a["sales_net"]), "sales_net", _case(0.5, sales_net=_months(1.0, 3.0))),
    _of(OP, "purchase_variation", Text("月采购额波动系数", "Variation of monthly purchases"), "ratio", 1, "standard deviation / mean of 24 months",
        lambda a: f.variation(a["purchase_net"]), "purchase_net", _case(1.0, purchase_net=_months(0.0, 3.0))),
    _of(OP, "sales_peak_share", Text("最旺季度销售占比", "Best quarter's share of sales"), "share", 1, "largest quarter / 12 months, all known",
        lambda a: f.peak_share(a["sales_net"]), "sales_net", _case(0.25, sales_net=_months(7.0)), _case(1.0, sales_net=(0.0,) * 23 + (7.0,)), _case(None, sales_net=(NAN,) * 15 + (7.0,) * 9)),
    _of(OP, "purchase_to_sales", Text("采购与销售之比", "Purchases to sales"), "ratio", 1, "net purchases / net sales of the known months of 12, within 0 to 10",
        lambda a: np.clip(f.ratio(f.known_total(a["purchase_net"]), f.known_total(a["sales_net"])), 0, 10), "purchase_net sales_net",
        _case(0.75, purchase_net=_months(3.0), sales_net=_months(4.0)), _case(None, purchase_net=_months(3.0), sales_net=_months(0.0))),
    _of(OP, "trade_likeness", Text("购销月度同步程度", "Likeness of monthly sales and purchases"), "ratio", -1, "correlation of monthly sales and purchases, 24 months",
        lambda a: f.likeness(a["sales_net"], a["purchase_net"]), "sales_net purchase_net",
        _case(1.0, sales_net=_months(1.0, 2.0), purchase_net=_months(10.0, 20.0)), _case(None, sales_net=_months(1.0), purchase_net=_months(1.0, 2.0))),
    _of(OP, "invoice_history_months", Text("开票历史月数", "Months of invoice history"), "months", -1, "months from the first invoice on, at most 36",
        lambda a: f.known_months(a["sales_net"]), "sales_net", _case(24.0, sales_net=_months(0.0)), _case(None, sales_net=(NAN,) * 24)),
)  # fmt: skip

TAX: tuple[Feature, ...] = (
    _of(T, "void_share", Text("近 12 个月作废金额占比", "Void share by amount, 12 months"), "share", 1, "|void| / (|valid| + |void|), known months of 12, at least 6",
        f.void_share, "sales_void sales_absolute", _case(0.1, sales_void=_months(10.0), sales_absolute=_months(90.0)),
        _case(0.1, sales_void=(NAN,) * 18 + (10.0,) * 6, sales_absolute=(NAN,) * 18 + (90.0,) * 6), _case(None, sales_void=(NAN,) * 19 + (10.0,) * 5, sales_absolute=(NAN,) * 19 + (90.0,) * 5)),
    _of(T, "void_count_share", Text("近 24 个月作废张数占比", "Void share by count, 24 months"), "share", 1, "void / (valid + void) invoices, 24 months",
        lambda a: f.counted_share(a["sales_void_count"], a["sales_count"]), "sales_void_count sales_count",
        _case(0.25, sales_void_count=_months(1.0), sales_count=_months(3.0)), _case(None, sales_void_count=(NAN,) * 24, sales_count=(NAN,) * 24)),
    _of(T, "purchase_void_share", Text("近 12 个月进项作废金额占比", "Void share of purchases, 12 months"), "share", 1, "|void| / (|valid| + |void|) of purchases, known months of 12, at least 6",
        lambda a: f.void_share(a, "purchase"), "purchase_void purchase_absolute", _case(0.5, purchase_void=_months(9.0), purchase_absolute=_months(9.0))),
    _of(T, "purchase_void_count_share", Text("近 24 个月进项作废张数占比", "Void share of purchases by count, 24 months"), "share", 1, "void / (valid + void) purchase invoices, 24 months",
        lambda a: f.counted_share(a["purchase_void_count"], a["purchase_count"]), "purchase_void_count purchase_count",
        _case(0.5, purchase_void_count=_months(2.0), purchase_count=_months(2.0))),
    _of(T, "red_share", Text("近 12 个月红字金额占比", "Red share, 12 months"), "share", 0, "|negative valid| / |valid|, known months of 12",
        lambda a: f.ratio(f.known_total(a["sales_red"]), f.known_total(a["sales_absolute"])), "sales_red sales_absolute", _case(0.2, sales_red=_months(1.0), sales_absolute=_months(5.0))),
    _of(T, "red_count_share", Text("近 24 个月红字张数占比", "Red share by count, 24 months"), "share", 0, "negative valid / valid invoices, 24 months",
        lambda a: f.ratio(f.known_total(a["sales_red_count"], 24), f.known_total(a["sales_count"], 24)), "sales_red_count sales_count",
        _case(0.25, sales_red_count=_months(1.0), sales_count=_months(4.0))),
    _of(T, "tax_burden", Text("增值税税负（销项减进项，占销售）", "VAT burden (output less input, of sales)"), "share", 0, "(output - input tax) / net sales, known months of 12, within +-1",
        lambda a: np.clip(f.ratio(f.known_total(a["sales_tax"]) - f.known_total(a["purchase_tax"]), f.known_total(a["sales_net"])), -1, 1),
        "sales_tax purchase_tax sales_net", _case(0.03, sales_tax=_months(13.0), purchase_tax=_months(10.0), sales_net=_months(100.0)),
        _case(None, sales_tax=_months(13.0), purchase_tax=(NAN,) * 24, sales_net=_months(100.0))),
    _of(T, "vat_magnitude", Text("近 12 个月应纳增值税（对数）", "VAT due, 12 months (log10 yuan)"), "log10", -1,
        "log10(1 + yuan) of output less input tax of 12 months; 0, nothing is due, where input is more; unknown where either is",
        lambda a: f.magnitude(f.total(a["sales_tax"]) - f.total(a["purchase_tax"])), "sales_tax purchase_tax",
        _case(2.0, sales_tax=(0.0,) * 23 + (19800.0,), purchase_tax=(0.0,) * 23 + (9900.0,)), _case(0.0, sales_tax=_months(0.0), purchase_tax=_months(9.0)),
        _case(None, sales_tax=_months(9.0), purchase_tax=(NAN,) * 24)),
    _of(T, "void_history_share", Text("历史作废金额占比", "Void share by amount, whole history"), "share", 1, "|void| / (|valid| + |void|), known months of 36, at least 6",
        lambda a: f.counted_share(a["sales_void"], a["sales_absolute"], 36), "sales_void sales_absolute", _case(0.2, sales_void=_months(2.0), sales_absolute=_months(8.0))),
    _of(T, "output_tax_rate", Text("平均销项税率", "Mean output tax rate"), "share", 0, "output tax / net sales of the known months of 12, within 0 to 0.2",
        lambda a: np.clip(f.ratio(f.known_total(a["sales_tax"]), f.known_total(a["sales_net"])), 0, 0.2), "sales_tax sales_net",
        _case(0.13, sales_tax=_months(13.0), sales_net=_months(100.0))),
)  # fmt: skip

COUNTERPARTIES: tuple[Feature, ...] = (
    _of(C, "customers_monthly", Text("月均客户数", "Customers a month"), "count", -1, "mean of the known months of 12, at least 6", lambda a: f.monthly_mean(a["sales_partners"]),
        "sales_partners", _case(4.0, sales_partners=_months(9.0, 4.0))),
    _of(C, "suppliers_monthly", Text("月均供应商数", "Suppliers a month"), "count", -1, "mean of the known months of 12, at least 6", lambda a: f.monthly_mean(a["purchase_partners"]),
        "purchase_partners", _case(2.0, purchase_partners=_months(2.0))),
    _of(C, "customer_top1_share", Text("第一大客户占比", "Largest customer's share"), "share", 1, "of what is known of the newest known year's sales", lambda a: f.newest(a["customer_top1_share"]),
        "customer_top1_share", _case(0.4, customer_top1_share=(0.4, NAN)), _case(None, customer_top1_share=(NAN, NAN))),
    _of(C, "customer_top5_share", Text("前五大客户占比", "Top five customers' share"), "share", 1, "of what is known of the newest known year's sales", lambda a: f.newest(a["customer_top5_share"]),
        "customer_top5_share", _case(0.9, customer_top5_share=(0.4, 0.9))),
    _of(C, "supplier_top1_share", Text("第一大供应商占比", "Largest supplier's share"), "share", 1, "of what is known of the newest known year's purchases", lambda a: f.newest(a["supplier_top1_share"]),
        "supplier_top1_share", _case(0.3, supplier_top1_share=(0.4, 0.3))),
    _of(C, "supplier_top5_share", Text("前五大供应商占比", "Top five suppliers' share"), "share", 1, "of what is known of the newest known year's purchases", lambda a: f.newest(a["supplier_top5_share"]),
        "supplier_top5_share", _case(0.7, supplier_top5_share=(NAN, 0.7))),
    _of(C, "customer_kept_share", Text("来自上年老客户的销售占比", "Sales to last year's customers"), "share", -1, "of the sales of the newest year known as a whole, as is the one before",
        lambda a: f.of_whole_year(a["customer_kept_share"], a["months_known"], 2), "customer_kept_share months_known", _case(0.6, customer_kept_share=(0.5, 0.6), months_known=WHOLE), _case(None, customer_kept_share=(0.5, 0.1), months_known=BEGUN)),
    _of(C, "supplier_kept_share", Text("来自上年老供应商的采购占比", "Purchases from last year's suppliers"), "share", -1, "of the purchases of the newest year known as a whole, as is the one before",
        lambda a: f.of_whole_year(a["supplier_kept_share"], a["months_known"], 2), "supplier_kept_share months_known", _case(0.7, supplier_kept_share=(0.5, 0.7), months_known=WHOLE), _case(0.5, supplier_kept_share=(0.5, NAN), months_known=WHOLE)),
    _of(C, "customer_count_magnitude", Text("最近年度客户数（对数）", "Customers of the newest year (log10)"), "log10_count", -1, "log10(1 + customers) of the newest year known as a whole",
        lambda a: np.log10(1 + f.of_whole_year(a["customer_count"], a["months_known"])), "customer_count months_known", _case(1.0, customer_count=(3.0, 9.0), months_known=BEGUN), _case(None, customer_count=(NAN, 9.0), months_known=(0.0, 0.0, 4.0))),
    _of(C, "supplier_count_magnitude", Text("最近年度供应商数（对数）", "Suppliers of the newest year (log10)"), "log10_count", -1, "log10(1 + suppliers) of the newest year known as a whole",
        lambda a: np.log10(1 + f.of_whole_year(a["supplier_count"], a["months_known"])), "supplier_count months_known", _case(2.0, supplier_count=(NAN, 99.0), months_known=BEGUN)),
    _of(C, "customer_growth", Text("客户数同比（对数）", "Growth of customers (log)"), "log", -1, "ln(newest year / year before), both known as a whole, within +-3",
        lambda a: f.yearly_growth(a["customer_count"], a["months_known"]), "customer_count months_known", _case(float(np.log(2)), customer_count=(10.0, 20.0), months_known=WHOLE), _case(None, customer_count=(2.0, 20.0), months_known=BEGUN), activity=True),
    _of(C, "supplier_growth", Text("供应商数同比（对数）", "Growth of suppliers (log)"), "log", 0, "ln(newest year / year before), both known as a whole, within +-3",
        lambda a: f.yearly_growth(a["supplier_count"], a["months_known"]), "supplier_count months_known", _case(0.0, supplier_count=(7.0, 7.0), months_known=WHOLE), activity=True),
)  # fmt: skip
