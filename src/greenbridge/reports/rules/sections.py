"""The five sections of a credit report, from facts as of a day."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from greenbridge.facts.rules import items
from greenbridge.facts.values import Fact
from greenbridge.kit.calendar import add_months, business_date, month_end, whole_months
from greenbridge.kit.codes import region_name
from greenbridge.kit.text import Text
from greenbridge.reports.values import Freshness, Line, Material, Section, Source, Table
from greenbridge.scoring.rules import features

TABLE_MONTHS = 12


def source(material: Material, item: str, valid_on: date, received_on: date, *, generated: bool) -> Source:
    """Return a line's source; stale when the department's newest data is older than the item's refresh time."""
    described = items.ITEMS[item]
    newest = material.coverage[item][0] or received_on
    fresh = max(newest, received_on if not _is_dated(item) else newest) >= material.as_of - timedelta(days=described.refresh_days)
    return Source(item, described.department, valid_on, received_on, Freshness.FRESH if fresh else Freshness.STALE, generated)


def _is_dated(item: str) -> bool:
    """Return whether the item's rows carry their own days (invoices, readings), so that its coverage is known by the day."""
    return item in {items.VAT_INVOICES, items.ELECTRICITY}


def _of_fact(material: Material, fact: Fact) -> Source:
    """Return a record's source: a register speaks of the day it was delivered, a reading of the end of its month."""
    received_on = business_date(fact.recorded_at)
    days = {items.REGISTRATION: received_on, items.ELECTRICITY: month_end(fact.valid_from)}
    return source(material, fact.item, days.get(fact.item, fact.valid_from), received_on, generated=fact.generated)


def _of(material: Material, item: str) -> list[Fact]:
    return [fact for fact in material.facts if fact.item == item]


def _missing(material: Material, *wanted: str) -> Text:
    """Return a note: which department has delivered nothing at all, or nothing on this firm."""
    absent = [items.ITEMS[item] for item in wanted if item not in material.coverage]
    if absent:
        return Text(
            "暂无数据：" + "、".join(f"{i.department.zh}尚未提供{i.label.zh}" for i in absent) + "。",
            "No data: " + ", ".join(f"{i.department.en} has not delivered {i.label.en.lower()}" for i in absent) + ".",
        )
    names = [items.ITEMS[item] for item in wanted]
    return Text(
        "、".join(i.department.zh for i in names) + "已提供数据，其中没有本企业的记录。",
        "Delivered by " + ", ".join(i.department.en for i in names) + "; nothing on this firm.",
    )


def registration(material: Material) -> Section:
    """Return part 1: what the market regulator registered."""
    title = Text("登记信息", "Registration")
    found = _of(material, items.REGISTRATION)
    if not found:
        return Section("registration", title, (), (), _missing(material, items.REGISTRATION))
    fact = found[0]
    described = _of_fact(material, fact)
    lines = [Line("uscc", Text("统一社会信用代码", "Social credit code"), material.enterprise.uscc, "", described)]
    for field in items.ITEMS[items.REGISTRATION].fields:
        value = fact.values.get(field.name)
        if field.name == "reg_region_code" and value:
            value = region_name(str(value))
        if value is not None:
            lines.append(Line(field.name, field.label, value, "day" if field.kind == "date" else "", described))
    if established := fact.values.get("established"):
        months = whole_months(date.fromisoformat(established), material.as_of)
        lines.append(Line("firm_age_months", Text("成立时间", "Age"), months, "months", described))
    return Section("registration", title, tuple(lines), (), None)


def associations(material: Material) -> Section:
    """Return part 2: the largest customers and suppliers of each whole year."""
    title = Text("关联与交易对手", "Associations")
    if not material.counterparties or items.VAT_INVOICES not in material.coverage:
        return Section("associations", title, (), (), _missing(material, items.VAT_INVOICES))
    tables = []
    columns = (
        ("counterparty", Text("对方单位", "Counterparty"), ""),
        ("net", Text("金额", "Net amount"), "fen"),
        ("share", Text("占比", "Share"), "share"),
        ("invoices", Text("发票", "Invoices"), "count"),
    )
    for year in sorted({c.year for c in material.counterparties}, reverse=True)[:2]:
        for direction, zh, en in (("output", "客户", "customers"), ("input", "供应商", "suppliers")):
            rows = [
                (c.counterparty, c.net_fen, c.share, c.invoices)
                for c in material.counterparties
                if (c.year, c.direction) == (year, direction)
            ]
            if rows:
                name = Text(f"{year} 年前 {len(rows)} 大{zh}", f"Largest {len(rows)} {en}, {year}")
                tables.append(Table(f"{direction}_{year}", name, columns, rows, _invoice_source(material, date(year, 12, 31))))
    return Section("associations", title, (), tuple(tables), None)


def _invoice_source(material: Material, valid_on: date) -> Source:
    _, received_at, generated = material.coverage[items.VAT_INVOICES]
    return source(material, items.VAT_INVOICES, valid_on, business_date(received_at), generated=generated)


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
    title = Text("税务与经营", "Tax and operation")
    lines: list[Line] = []
    tables: list[Table] = []
    last_month = material.series.last_month
    if last_month is not None and not np.isnan(material.series.monthly["sales_net"]).all():
        described = _invoice_source(material, month_end(last_month))
        arrays = material.series.monthly
        for key, label, unit, formula in _TAX_LINES:
            value = float(formula(arrays)[0])
            if not np.isnan(value):
                lines.append(Line(key, label, round(value) if unit == "fen" else round(value, 4), unit, described))
        tables.append(_months_table(material, last_month, described))
    for fact in _of(material, items.TAX_GRADE)[:1]:
        label = Text(f"纳税信用等级（{fact.values['year']:.0f} 年度）", f"Tax credit grade ({fact.values['year']:.0f})")
        lines.append(Line("tax_grade", label, fact.values["grade"], "", _of_fact(material, fact)))
    power = sorted(_of(material, items.ELECTRICITY), key=lambda fact: fact.valid_from)[-TABLE_MONTHS:]
    if power:
        kwh = round(sum(fact.values["usage_kwh"] for fact in power))
        label = Text(f"近 {len(power)} 个月用电量", f"Electricity, {len(power)} months")
        lines.append(Line("electricity_12m", label, kwh, "kwh", _of_fact(material, power[-1])))
    note = None if lines else _missing(material, items.VAT_INVOICES)
    return Section("tax_and_operation", title, tuple(lines), tuple(tables), note)


def _months_table(material: Material, last_month: date, described: Source) -> Table:
    columns = (
        ("month", Text("月份", "Month"), "month"),
        ("sales_net", Text("销售额", "Sales"), "fen"),
        ("purchase_net", Text("采购额", "Purchases"), "fen"),
        ("sales_tax", Text("销项税额", "Output tax"), "fen"),
        ("sales_void", Text("作废金额", "Void"), "fen"),
        ("sales_count", Text("开票张数", "Invoices"), "count"),
        ("sales_partners", Text("客户数", "Customers"), "count"),
    )
    rows = []
    for back in range(TABLE_MONTHS):
        column = material.series.monthly["sales_net"].shape[1] - 1 - back
        values = [float(material.series.monthly[key][0, column]) for key, _, _ in columns[1:]]
        if not np.isnan(values).all():
            rows.append((add_months(last_month, -back).strftime("%Y-%m"), *(None if np.isnan(v) else round(v) for v in values)))
    return Table("months", Text("逐月发票", "Invoices by month"), columns, rows, described)


_CASE_KINDS = {
    "judgment": Text("判决", "Judgment"),
    "enforcement": Text("执行", "Enforcement"),
    "dishonesty": Text("失信被执行人", "Dishonesty list"),
}
_CASE_ROLES = {"plaintiff": Text("原告", "Plaintiff"), "defendant": Text("被告", "Defendant")}


def legal_risk(material: Material) -> Section:
    """Return part 4: court cases by kind and role, newest first."""
    columns: Sequence[tuple[str, Text, str]] = (
        ("case_no", Text("案号", "Case"), ""),
        ("kind", Text("类别", "Kind"), ""),
        ("role", Text("诉讼地位", "Role"), ""),
        ("cause", Text("案由", "Cause"), ""),
        ("amount", Text("标的额", "Amount"), "fen"),
        ("decided_on", Text("日期", "Decided on"), "day"),
        ("closed_on", Text("结案", "Closed on"), "day"),
    )
    found = _of(material, items.COURT_CASES)
    rows = [
        (
            f.values["case_no"],
            _CASE_KINDS[f.values["kind"]],
            _CASE_ROLES[f.values["role"]],
            f.values["cause"],
            f.values["amount_fen"],
            f.values["decided_on"],
            f.values["closed_on"],
        )
        for f in found
    ]
    return _records(material, "legal_risk", Text("司法风险", "Legal risk"), items.COURT_CASES, columns, rows)


def operating_risk(material: Material) -> Section:
    """Return part 5: administrative penalties that may still be shown."""
    columns = (
        ("document_no", Text("决定书文号", "Document"), ""),
        ("authority", Text("处罚机关", "Authority"), ""),
        ("fact", Text("违法事实", "What was done"), ""),
        ("amount", Text("罚款", "Fine"), "fen"),
        ("decided_on", Text("日期", "Decided on"), "day"),
        ("shown_until", Text("公示截止", "Shown until"), "day"),
    )
    keys = ("document_no", "authority", "fact", "amount_fen", "decided_on", "shown_until")
    rows = [tuple(f.values[key] for key in keys) for f in _of(material, items.PENALTIES)]
    return _records(material, "operating_risk", Text("经营风险", "Operating risk"), items.PENALTIES, columns, rows)


def _records(
    material: Material,
    key: str,
    title: Text,
    item: str,
    columns: Sequence[tuple[str, Text, str]],
    rows: Sequence[Sequence[Any]],
) -> Section:
    if not rows:
        return Section(key, title, (), (), _missing(material, item))
    newest = _of(material, item)[0]
    described = _of_fact(material, newest)
    count = Line(f"{key}_count", Text("记录数", "Records"), len(rows), "count", described)
    return Section(key, title, (count,), (Table(item, items.ITEMS[item].label, columns, rows, described),), None)


def all_sections(material: Material) -> tuple[Section, ...]:
    """Return the five parts in their fixed order."""
    return tuple(part(material) for part in (registration, associations, tax_and_operation, legal_risk, operating_risk))
