"""Parts 6 to 8: what authorities have graded, how the firm compares, who read its report."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from greenbridge.facts.rules import items
from greenbridge.facts.values import Fact
from greenbridge.kit.calendar import SHANGHAI, add_months
from greenbridge.kit.money import in_wan
from greenbridge.kit.text import Text
from greenbridge.peers.rules import metrics
from greenbridge.peers.values import METRICS, Metric, Standing
from greenbridge.reports.rules import records
from greenbridge.reports.rules.sections import ratings
from greenbridge.reports.rules.sections.build import section
from greenbridge.reports.values import Line, Material, Section, Table
from greenbridge.scoring.rules import features

GRADED = (
    items.TAX_GRADE, "environment.credit", "customs.credit", "platform.city_credit_grade", "intellectual_property.high_tech", "honours.honours",
)  # fmt: skip


def evaluations(material: Material) -> Section:
    """Return what the platform's white-box schemes say, and the grades that authorities gave, newest of each."""
    grades: Sequence[tuple[str, str, str, str, str | None]] = (
        ("tax_grade", items.TAX_GRADE, "grade", "", "year"),
        ("environment_colour", "environment.credit", "colour", "", "year"),
        ("customs_grade", "customs.credit", "grade", "", None),
        ("city_grade", "platform.city_credit_grade", "grade", "", None),
    )
    lines = [*ratings.lines(material), *(_grade(material, *grade) for grade in grades)]
    title, rated = Text("公共信用评价", "Public credit evaluation"), ratings.tables(material)
    return section("evaluations", title, material, GRADED, items.TAX_GRADE, "environment.credit", lines=lines, tables=rated)


def _grade(material: Material, key: str, code: str, field: str, unit: str, year: str | None) -> Line:
    item = material.items[code]
    reads = (f"{code}.{field}", f"{code}.{year}") if year else (f"{code}.{field}",)
    found: Fact | None = next(iter(records.of(material, code)), None)
    if found is None or found.values.get(field) is None:
        return Line(key, item.label, None, unit, reads)
    value: Any = records.shown(item.field_named(field), found.values)
    period = None
    if year and found.values.get(year) is not None:
        period = Text(f"{found.values[year]:.0f} 年度", f"{found.values[year]:.0f}")
    return Line(
        key, item.label, value, unit, reads, records.of_fact(material, found), period=period, disputed=records.disputed(material, [found])
    )


# What puts a firm into a group: its industry and its size.
GROUPED_BY = (
    *(f"{items.REGISTRATION}.{name}" for name in ("industry", "industry_section", "business_scope", "staff_count")),
    *(f"annual_report.report.{name}" for name in ("staff_count", "revenue", "assets")),
    f"{items.SOCIAL_INSURANCE}.staff_count",
)
# How many months back a metric reaches; the largest customer's share is of the newest whole year.
REACHES = {"sales_growth_12m": 24, "sales_variation": 24, "sales_active_share": 24}


def compared(metric: Metric, last_month: date | None) -> tuple[tuple[str, ...], date | None]:
    """Return (the fields that a metric's place among peers is made of, the earliest day it speaks of)."""
    reads = (*metrics.fields(metric.key), *GROUPED_BY)
    if last_month is None:
        return reads, None
    if metric.key == "customer_top1_share":
        return reads, date(features.whole_years(last_month)[0], 1, 1)
    return reads, add_months(last_month, 1 - REACHES.get(metric.key, 12))


def comparison(material: Material) -> Section:
    """Return the firm among firms of its industry division and size: percentile and number of firms compared.

    `material.peers` are those that the reader may see (`projection.visible`); a line without a value stands for each metric, and is
    shown where it is withheld.
    """
    columns = (
        ("metric", Text("指标", "Figure"), ""),
        ("value", Text("本企业", "This firm"), ""),
        ("percentile", Text("百分位（0 最低，100 最高）", "Percentile (0 lowest, 100 highest)"), "count"),
        ("n", Text("同类企业数（含本企业）", "Firms compared (with this one)"), "count"),
        ("group", Text("比较范围", "Group"), ""),
        ("better", Text("方向", "Better when"), ""),
    )
    rows = [(s.metric.label, _shown(s), s.percentile, s.n, s.group, BETTER[s.metric.direction]) for s in material.peers]
    described = records.of_item(material, items.VAT_INVOICES) if rows else None
    table = Table("peers", Text("同类企业比较", "Compared with its peers"), columns, rows, {key: () for key, _, _ in columns}, described)
    lines = []
    for metric in METRICS:
        reads, since = compared(metric, material.series.last_month)
        lines.append(Line(f"peer_{metric.key}", metric.label, None, "", reads, None, since))
    note = Text(
        "同类企业不足 10 家，或本企业的行业、规模或数据未知，暂不能比较。", "Fewer than 10 peers, or industry, size or data unknown."
    )
    return Section("comparison", Text("同业比较", "Industry comparison"), tuple(lines), (table,), note, lines[0].reads)


BETTER = {1: Text("越高越好", "higher is better"), -1: Text("越低越好", "lower is better"), 0: Text("无优劣之分", "neither")}


def _shown(standing: Standing) -> Text:
    """Return a figure of the firm with its unit."""
    value, unit = standing.value, standing.metric.unit
    if unit == "fen":
        return Text(f"{in_wan(value)} 万元", f"{in_wan(value)} x10k yuan")
    if unit == "share":
        return Text(f"{value:.1%}", f"{value:.1%}")
    if unit == "kwh_per_10k":
        return Text(f"{value:,.1f} kWh/万元", f"{value:,.1f} kWh per 10k yuan")
    return Text(f"{value:,.0f} 人", f"{value:,.0f} persons") if unit == "count" else Text(f"{value:,.2f}", f"{value:,.2f}")


def queries(material: Material) -> Section:
    """Return how often banks read the firm's report in the last twelve months; who, the firm alone is told."""
    found, until = material.queries, min(material.as_of, material.known_on)
    year = Text(f"{until} 之前 12 个月", f"12 months before {until}")
    banks = len({query.organisation for query in found})
    lines = [
        Line("queries_12m", Text("银行查阅报告", "Reports read by banks"), len(found), "records", (), period=year),
        Line("query_banks_12m", Text("查阅的银行", "Banks that read"), banks, "firms", (), period=year),
    ]
    columns = (
        ("at", Text("时间", "Time"), ""),
        ("organisation", Text("机构", "Organisation"), ""),
        ("purpose", Text("用途", "Purpose"), ""),
    )
    named = material.reader is None or material.reader.function is None
    rows = [(q.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"), q.organisation, q.purpose) for q in found] if named else []
    table = Table("queries", Text("查询记录", "Query history"), columns, rows, dict.fromkeys(("at", "organisation", "purpose"), ()))
    return Section("queries", Text("查询记录", "Query history"), tuple(lines), (table,), None, ())
