"""Part 2: who stands behind the firm and whom it trades with."""

from datetime import date

from greenbridge.facts.rules import items
from greenbridge.kit.text import Text
from greenbridge.reports.rules import records
from greenbridge.reports.rules.sections.build import amounts, section
from greenbridge.reports.rules.sections.invoices import PARTNER_READS, invoice_source, yearly_lines
from greenbridge.reports.values import Line, Material, Section, Table
from greenbridge.scoring.rules import features

WANTED = ("registration.shareholders", "registration.equity_pledges", "annual_report.guarantees_given")
COLUMNS = (
    ("counterparty", Text("对方单位", "Counterparty"), ""),
    ("net", Text("金额", "Net amount"), "fen"),
    ("share", Text("占比", "Share"), "share"),
    ("invoices", Text("发票", "Invoices"), "count"),
)


def associations(material: Material) -> Section:
    """Return the largest customers and suppliers of each whole year, shareholders, pledges, guarantees."""
    last_month = material.series.last_month
    tables, lines = [], _guarantees(material)
    for year in features.whole_years(last_month) if last_month else ():
        for direction, zh, en in (("output", "客户", "customers"), ("input", "供应商", "suppliers")):
            of_year = [c for c in material.counterparties if (c.year, c.direction) == (year, direction)]
            rows = [(c.counterparty, c.net_fen, c.share, c.invoices) for c in of_year]
            name = Text(f"{year} 年主要{zh}", f"Largest {en}, {year}")
            described = invoice_source(material, date(year, 12, 31)) if rows else None
            days = [date(year, 1, 1)] * len(rows)
            tables.append(Table(f"{direction}_{year}", name, COLUMNS, rows, PARTNER_READS, described, days))
    lines += yearly_lines(material)
    marked = _marked(material)
    title = Text("关联与交易对手", "Associations")
    return section("associations", title, material, WANTED, items.VAT_INVOICES, lines=lines, tables=[*tables, marked])


def _guarantees(material: Material) -> list[Line]:
    code = "annual_report.guarantees_given"
    reads = (f"{code}.debt", f"{code}.debt_to")
    found = [f for f in records.of(material, code) if not f.values.get("debt_to") or f.values["debt_to"] >= material.as_of.isoformat()]
    total, told = amounts(found, "debt")
    described = records.of_fact(material, found[0]) if found else records.of_item(material, code)
    if not found and described:
        total = 0  # delivered, and the firm has given none
    when = Text(f"截至 {material.as_of}，{told} 笔", f"On {material.as_of}, {told} guarantees")
    label = Text("对外担保余额（主债权未到期）", "Guarantees given, debts not yet due")
    source, disputed = described if total is not None else None, records.disputed(material, found)
    return [Line("guarantees_open", label, total, "fen", reads, source, period=when, disputed=disputed)]


def _marked(material: Material) -> Table:
    """Return the associated firms of whom public lists say something."""
    columns = (
        ("firm", Text("关联方", "Associated firm"), ""),
        ("tie", Text("关系", "Tie"), ""),
        ("mark", Text("公开风险标记", "Public risk mark"), ""),
    )
    rows, described = [], None
    ties = (
        ("registration.shareholders", "investor_uscc", "investor", Text("股东", "Shareholder")),
        ("registration.branches", "branch_uscc", "branch_name", Text("分支机构", "Branch")),
    )
    for code, key, name, tie in ties:
        for fact in records.of(material, code):
            if (mark := material.marks.get(fact.values.get(key) or "")) is not None:
                described = described or records.of_fact(material, fact)
                rows.append((fact.values.get(name) or fact.values[key], tie, mark))
    reads = {
        "firm": tuple(f"{code}.{name}" for code, _, name, _ in ties),
        "tie": tuple(f"{code}.{key}" for code, key, _, _ in ties),
        "mark": tuple(f"{code}.{key}" for code, key, _, _ in ties),
    }
    return Table("marked", Text("有风险标记的关联方", "Associated firms with a risk mark"), columns, rows, reads, described)
