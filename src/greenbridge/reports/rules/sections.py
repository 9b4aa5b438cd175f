"""The five sections of a credit report, from facts as of a day."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from greenbridge.facts.rules import items
from greenbridge.kit.calendar import add_months, business_date, month_end, whole_months
from greenbridge.kit.codes import region_name
from greenbridge.kit.text import Text
from greenbridge.reports.rules import records
from greenbridge.reports.values import Line, Material, Section, Source, Table
from greenbridge.scoring.rules import features

YEAR = 12
# What each part shows as tables, in this order; the item's own columns are the table's.
REGISTERED = (
    "registration.changes", "registration.branches", "annual_report.report", "licences.licences", "licences.qualifications",
    "environment.discharge_permit",
)  # fmt: skip
ASSOCIATED = ("registration.shareholders", "registration.equity_pledges", "annual_report.guarantees_given")
OPERATED = (
    "tax.paid", "social_insurance.payments", "social_insurance.enrolments", "housing_fund.payments", "utilities.electricity", "utilities.water",
    "utilities.gas", "customs.trade", "customs.credit", "real_estate.ownership", "real_estate.mortgages", "intellectual_property.patents",
    "intellectual_property.trademarks", "intellectual_property.high_tech", "environment.credit", "honours.honours",
    "platform.city_credit_grade", "platform.record_counts",
)  # fmt: skip
LEGAL = (
    "courts.judgments", "courts.enforcement", "courts.dishonesty", "courts.consumption_limits", "courts.bankruptcy", "courts.hearings",
)  # fmt: skip
OPERATING = (
    "penalties.administrative", "penalties.compulsory_measures", "annual_report.abnormal_list", "annual_report.severe_illegal_list",
    "tax.arrears", "tax.major_illegality", "social_insurance.arrears", "real_estate.seizures", "platform.product_checks",
)  # fmt: skip


def registration(material: Material) -> Section:
    """Return part 1: what the market regulator registered."""
    found = records.of(material, items.REGISTRATION)
    values = found[0].values if found else {}
    described = records.of_fact(material, found[0]) if found else None
    uscc = material.enterprise.uscc if found else None
    lines = [Line("uscc", Text("统一社会信用代码", "Social credit code"), uscc, "", ("registration.basic.uscc",), described)]
    for field in material.items[items.REGISTRATION].fields:
        if field.name == "uscc":
            continue
        value = records.shown(field, values)
        if field.name == "reg_region_code" and value:
            value = region_name(str(value))
        reads = (f"{items.REGISTRATION}.{field.name}",)
        lines.append(Line(field.name, field.label, value, records.column_unit(field), reads, described))
    established = values.get("established")
    months = whole_months(date.fromisoformat(established), material.as_of) if established else None
    lines.append(Line("firm_age_months", Text("成立时间", "Age"), months, "months", ("registration.basic.established",), described))
    return _section("registration", Text("登记信息", "Registration"), material, REGISTERED, items.REGISTRATION, lines=lines)


def associations(material: Material) -> Section:
    """Return part 2: the largest customers and suppliers of each whole year, shareholders, pledges, guarantees."""
    tables, last_month = [], material.series.last_month
    columns = (
        ("counterparty", Text("对方单位", "Counterparty"), ""),
        ("net", Text("金额", "Net amount"), "fen"),
        ("share", Text("占比", "Share"), "share"),
        ("invoices", Text("发票", "Invoices"), "count"),
    )
    for year in features.whole_years(last_month) if last_month else ():
        for direction, zh, en in (("output", "客户", "customers"), ("input", "供应商", "suppliers")):
            rows = [
                (c.counterparty, c.net_fen, c.share, c.invoices)
                for c in material.counterparties
                if (c.year, c.direction) == (year, direction)
            ]
            name = Text(f"{year} 年主要{zh}", f"Largest {en}, {year}")
            described = _invoice_source(material, date(year, 12, 31)) if rows else None
            days = [date(year, 1, 1)] * len(rows)
            tables.append(Table(f"{direction}_{year}", name, columns, rows, _PARTNER_READS, described, days))
    return _section("associations", Text("关联与交易对手", "Associations"), material, ASSOCIATED, items.VAT_INVOICES, tables=tables)


def _section(
    key: str, title: Text, material: Material, wanted: Sequence[str], *first: str, lines: Sequence[Line] = (), tables: Sequence[Table] = ()
) -> Section:
    """Return a section of lines and tables, then the records of the items wanted; the note is on the items that matter `first`."""
    every = (*tables, *records.tables(material, wanted))
    return Section(key, title, tuple(lines), every, records.missing(material, first), records.matter(material, first))


def _invoice_source(material: Material, valid_on: date) -> Source:
    _, received_at, generated = material.coverage[items.VAT_INVOICES]
    return records.source(material, items.VAT_INVOICES, valid_on, business_date(received_at), generated=generated)


# What the columns and lines made of invoices read: sums of valid invoices by direction and day. They name no partner.
_SUMS = features.INVOICE_SUMS
_TAXES = (*_SUMS, "tax.vat_invoices.tax")
_PARTNER_READS = {"counterparty": ("tax.vat_invoices.counterparty_id", *_SUMS), "net": _SUMS, "share": _SUMS, "invoices": _SUMS}
_MONTH_READS = {
    **dict.fromkeys(("month", "sales_net", "purchase_net", "sales_void", "sales_count", "sales_partners"), _SUMS),
    "sales_tax": _TAXES,
}
_LINE_READS = {"vat_12m": _TAXES}
_LINE_MONTHS = {"sales_growth": 24, "active_months": 24}
_TAX_LINES: tuple[tuple[str, Text, str, Callable[[Any], Any]], ...] = (
    ("sales_12m", Text("近 12 个月销售额（不含税）", "Sales, 12 months (net)"), "fen", lambda a: features.total(a["sales_net"])),
    ("purchases_12m", Text("近 12 个月采购额（不含税）", "Purchases, 12 months (net)"), "fen", lambda a: features.total(a["purchase_net"])),
    ("vat_12m", Text("近 12 个月增值税（销项减进项）", "VAT, 12 months (output less input)"), "fen",
     lambda a: features.total(a["sales_tax"]) - np.nan_to_num(features.total(a["purchase_tax"]))),
    ("sales_growth", Text("销售额同比", "Sales growth"), "share",
     lambda a: features.ratio(features.total(a["sales_net"]), features.total(a["sales_net"], 12, 12)) - 1),
    ("void_share", Text("作废金额占比（近 12 个月）", "Void share, 12 months"), "share", features.void_share),
    ("red_share", Text("红字金额占比（近 12 个月）", "Red share, 12 months"), "share", lambda a: features.ratio(features.total(a["sales_red"]), features.total(a["sales_absolute"]))),
    ("active_months", Text("近 24 个月有销售的月份占比", "Months with sales, of 24"), "share", lambda a: features.active_share(a["sales_count"])),
)  # fmt: skip


def tax_and_operation(material: Material) -> Section:
    """Return part 3: VAT of the last 12 months with its months, tax grade, electricity."""
    arrays, last_month = material.series.monthly, material.series.last_month
    known = last_month is not None and not np.isnan(arrays["sales_net"]).all()
    described = _invoice_source(material, month_end(last_month)) if known and last_month else None
    lines: list[Line] = []
    for key, label, unit, formula in _TAX_LINES:
        value = float(formula(arrays)[0]) if known else np.nan
        figure = None if np.isnan(value) else round(value) if unit == "fen" else round(value, 4)
        since = add_months(last_month, 1 - _LINE_MONTHS.get(key, 12)) if last_month else None
        lines.append(Line(key, label, figure, unit, _LINE_READS.get(key, _SUMS), described if figure is not None else None, since))
    lines += [_tax_grade(material), _electricity(material)]
    tables = [_months_table(material, last_month, described)] if last_month else []
    title = Text("税务与经营", "Tax and operation")
    return _section("tax_and_operation", title, material, OPERATED, items.VAT_INVOICES, lines=lines, tables=tables)


def _tax_grade(material: Material) -> Line:
    label, reads = Text("纳税信用等级", "Tax credit grade"), ("tax.credit_grade.grade", "tax.credit_grade.year")
    fact = next(iter(records.of(material, items.TAX_GRADE)), None)
    if fact is None:
        return Line("tax_grade", label, None, "", reads)
    grade, year = fact.values["grade"], f"{fact.values['year']:.0f}"
    value = Text(f"{grade}（{year} 年度）", f"{grade} ({year})")
    return Line("tax_grade", label, value, "", reads, records.of_fact(material, fact), fact.valid_from)


def _electricity(material: Material) -> Line:
    """Return the electricity of the twelve months that end with the newest reading."""
    label, reads = Text("近 12 个月用电量", "Electricity, 12 months"), (f"{items.ELECTRICITY}.usage_kwh", f"{items.ELECTRICITY}.month")
    power = records.of(material, items.ELECTRICITY)
    newest = max((fact.valid_from for fact in power), default=None)
    first = add_months(newest or material.as_of.replace(day=1), 1 - YEAR)
    used = [fact for fact in power if fact.valid_from >= first]
    if len(used) < YEAR:  # a sum of fewer months is not this figure; the months stand in their table
        return Line("electricity_12m", label, None, "kwh", reads, None, first)
    kwh = round(sum(fact.values["usage_kwh"] for fact in used))
    return Line("electricity_12m", label, kwh, "kwh", reads, records.of_fact(material, max(used, key=lambda f: f.valid_from)), first)


def _months_table(material: Material, last_month: date, described: Source | None) -> Table:
    columns = (
        ("month", Text("月份", "Month"), "month"),
        ("sales_net", Text("销售额", "Sales"), "fen"),
        ("purchase_net", Text("采购额", "Purchases"), "fen"),
        ("sales_tax", Text("销项税额", "Output tax"), "fen"),
        ("sales_void", Text("作废金额", "Void"), "fen"),
        ("sales_count", Text("开票张数", "Invoices"), "count"),
        ("sales_partners", Text("客户数", "Customers"), "count"),
    )
    rows, days = [], []
    for back in range(YEAR if described else 0):
        column = material.series.monthly["sales_net"].shape[1] - 1 - back
        values = [float(material.series.monthly[key][0, column]) for key, _, _ in columns[1:]]
        if not np.isnan(values).all():
            days.append(add_months(last_month, -back))
            rows.append((add_months(last_month, -back).strftime("%Y-%m"), *(None if np.isnan(v) else round(v) for v in values)))
    return Table("months", Text("逐月发票", "Invoices by month"), columns, rows, _MONTH_READS, described, days)


def legal_risk(material: Material) -> Section:
    """Return part 4: judgments, enforcement, lists of the courts."""
    first = (items.JUDGMENTS, items.ENFORCEMENT, items.DISHONESTY)
    return _section("legal_risk", Text("司法风险", "Legal risk"), material, LEGAL, *first)


def operating_risk(material: Material) -> Section:
    """Return part 5: penalties, lists and arrears that may still be shown."""
    first = (items.PENALTIES, items.ABNORMAL_LIST)
    return _section("operating_risk", Text("经营风险", "Operating risk"), material, OPERATING, *first)


def all_sections(material: Material) -> tuple[Section, ...]:
    """Return the five parts in their fixed order."""
    return tuple(part(material) for part in (registration, associations, tax_and_operation, legal_risk, operating_risk))
