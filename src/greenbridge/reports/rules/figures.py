"""The charts of a report, defined once from its content for the page and the PDF alike: nothing that is withheld can be drawn."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from greenbridge.kit import charts
from greenbridge.kit.calendar import add_months
from greenbridge.kit.charts.definitions import Relation
from greenbridge.kit.money import in_wan
from greenbridge.kit.text import Text

Content = Mapping[str, Any]
MONTHS = 36
# Half a page wide: two charts stand side by side, with letters that can be read in print.
WIDE, HIGH = 480, 200
FEW = 2  # under so many points there is nothing to see in a chart


def figures(content: Content) -> dict[str, list[charts.Chart]]:
    """Return section (or `summary`) -> its charts; without the data for it a chart is left out."""
    tables = {table["key"]: table for section in content["sections"] for table in section["tables"]}
    found = {
        "summary": [_ladder(content)],
        "associations": [_graph(content, tables), _partners(tables)],
        "tax_and_operation": [*_invoices(tables), _power(tables), _staff(tables)],
        "legal_risk": [_causes(tables)],
        "comparison": [_percentiles(tables)],
    }
    return {key: [chart for chart in drawn if chart is not None] for key, drawn in found.items()}


def _column(table: Content | None, key: str) -> list[Any] | None:
    """Return a column's cells, None where it is not there or withheld."""
    if table is None or not table["rows"]:
        return None
    for i, column in enumerate(table["columns"]):
        if column["key"] == key and not column["withheld"]:
            return [row[i] for row in table["rows"]]
    return None


def _by_month(
    table: Content | None, keys: Sequence[str], *, largest: bool = False
) -> tuple[date, dict[str, tuple[float | None, ...]]] | None:
    """Return (first month, key -> values of the last months up to the newest); a month without a row is unknown."""
    months = _column(table, "month")
    if months is None:
        return None
    days = [date.fromisoformat(f"{str(month)[:7]}-01") for month in months]
    last = max(days)
    first = max(min(days), add_months(last, 1 - MONTHS))
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    found: dict[str, tuple[float | None, ...]] = {}
    for key in keys:
        cells = _column(table, key)
        if cells is None:
            continue
        values: list[float | None] = [None] * count
        for day, cell in zip(days, cells, strict=True):
            at = (day.year - first.year) * 12 + day.month - first.month
            if cell is not None and 0 <= at < count:
                before = values[at] or 0
                values[at] = max(before, cell) if largest else before + cell
        found[key] = tuple(values)
    return (first, found) if found and count > FEW else None


def _months(title: Text, unit: charts.Unit, first: date, *series: charts.Series) -> charts.Months:
    return charts.Months(title, unit, first, series, width=WIDE, height=HIGH)


def _amounts(values: Sequence[Sequence[float | None]]) -> charts.Unit:
    return charts.amounts([v for one in values for v in one if v is not None])


def _invoices(tables: Mapping[str, Content]) -> list[charts.Chart]:
    found = _by_month(tables.get("months"), ("sales_net", "purchase_net", "sales_void", "sales_red", "sales_partners"))
    if found is None or "sales_net" not in found[1]:
        return []
    first, values = found
    names = {
        "sales_net": Text("销售", "Sales"),
        "purchase_net": Text("采购", "Purchases"),
        "sales_void": Text("作废", "Void"),
        "sales_red": Text("红字", "Red"),
    }
    drawn: list[charts.Chart] = []
    for title, keys in (
        (Text("逐月销售与采购（不含税）", "Sales and purchases by month (net)"), ("sales_net", "purchase_net")),
        (Text("逐月作废与红字金额", "Void and red amounts by month"), ("sales_void", "sales_red")),
    ):
        have = [key for key in keys if key in values]
        if have:
            unit = _amounts([values[key] for key in have])
            drawn.append(_months(title, unit, first, *(charts.Series(names[key], values[key]) for key in have)))
    if "sales_partners" in values:
        series = charts.Series(Text("客户数", "Customers"), values["sales_partners"], "line")
        unit = charts.count("家", "firms")
        drawn.append(_months(Text("逐月客户数", "Customers by month"), unit, first, series))
    return drawn


def _power(tables: Mapping[str, Content]) -> charts.Chart | None:
    found = _by_month(tables.get("utilities.electricity"), ("usage_kwh",))
    if found is None:
        return None
    series = charts.Series(Text("用电量", "Electricity"), found[1]["usage_kwh"])
    return _months(Text("逐月用电量", "Electricity by month"), charts.count("kWh", "kWh"), found[0], series)


def _staff(tables: Mapping[str, Content]) -> charts.Chart | None:
    found = _by_month(tables.get("social_insurance.payments"), ("staff_count",), largest=True)
    if found is None:
        return None
    series = charts.Series(Text("参保人数", "Persons insured"), found[1]["staff_count"], "line")
    return _months(Text("逐月社保参保人数", "Persons insured by month"), charts.count("人", "persons"), found[0], series)


def _rows(table: Content | None, *keys: str) -> list[tuple[Any, ...]]:
    """Return the rows of some columns; none where one of them is closed to the reader or not there."""
    columns = [_column(table, key) for key in keys]
    known = [column for column in columns if column is not None]
    return list(zip(*known, strict=True)) if len(known) == len(keys) else []


def _newest(tables: Mapping[str, Content], prefix: str) -> Content | None:
    keys = sorted(key for key in tables if key.startswith(f"{prefix}_20") and tables[key]["rows"])
    return tables[keys[-1]] if keys else None


def _partners(tables: Mapping[str, Content]) -> charts.Chart | None:
    table = _newest(tables, "output")
    rows = _rows(table, "counterparty", "net", "share") or [
        (f"#{place}", net, share) for place, (net, share) in enumerate(_rows(table, "net", "share"), 1)
    ]
    if not rows or table is None:
        return None
    title = Text(table["title"]["zh"], table["title"]["en"])
    bars = tuple(charts.Bar(str(name), net, share) for name, net, share in rows)
    return charts.Bars(title, charts.amounts([net for _, net, _ in rows]), bars, width=WIDE)


def _text(value: Any) -> charts.Label:
    return Text(value["zh"], value["en"]) if isinstance(value, Mapping) else str(value)


def _graph(content: Content, tables: Mapping[str, Content]) -> charts.Chart | None:
    """Return the firm among shareholders, branches, guaranteed debtors, customers and suppliers, as far as their names are open."""
    marks = {str(firm): _text(mark) for firm, mark in _rows(tables.get("marked"), "firm", "mark")}
    nodes = []
    for name, share in _rows(tables.get("registration.shareholders"), "investor", "share"):
        detail = str(share) if share is not None else None
        nodes.append(charts.Node("shareholder", str(name), detail, marks.get(str(name))))
    for (name,) in _rows(tables.get("registration.branches"), "branch_name"):
        nodes.append(charts.Node("branch", str(name), None, marks.get(str(name))))
    for debtor, debt in _rows(tables.get("annual_report.guarantees_given"), "debtor", "debt"):
        amount = Text(f"{in_wan(debt)} 万元", f"{in_wan(debt)} x10k yuan") if isinstance(debt, int | float) else None
        nodes.append(charts.Node("guaranteed", str(debtor), amount))
    trade: tuple[tuple[str, Relation], ...] = (("output", "customer"), ("input", "supplier"))
    for prefix, relation in trade:
        for name, share in _rows(_newest(tables, prefix), "counterparty", "share"):
            nodes.append(charts.Node(relation, str(name), f"{share:.1%}"))
    firm = str(content["enterprise"]["name"])
    return charts.Graph(Text("关联图", "Associations"), firm, tuple(nodes)) if len(nodes) > FEW else None


def _causes(tables: Mapping[str, Content]) -> charts.Chart | None:
    """Return how many judgments there are by cause, the most frequent first."""
    counted: dict[str, int] = {}
    for (cause,) in _rows(tables.get("courts.judgments"), "cause"):
        counted[str(cause or "—")] = counted.get(str(cause or "—"), 0) + 1
    if len(counted) < FEW:
        return None
    bars = tuple(charts.Bar(cause, n) for cause, n in sorted(counted.items(), key=lambda one: (-one[1], one[0])))
    return charts.Bars(Text("裁判文书按案由", "Judgments by cause"), charts.count("件", "cases"), bars, width=WIDE)


def _percentiles(tables: Mapping[str, Content]) -> charts.Chart | None:
    rows = _rows(tables.get("peers"), "metric", "percentile", "n", "better", "value")
    if not rows:
        return None
    directions: dict[str, Literal["high", "low"]] = {"higher is better": "high", "lower is better": "low"}
    standings = tuple(
        charts.Standing(_text(metric), percentile, n, directions.get(better["en"], "neither"), _text(value))
        for metric, percentile, n, better, value in rows
    )
    return charts.Percentiles(Text("在同类企业中的位置", "Among its peers"), standings)


def _ladder(content: Content) -> charts.Chart | None:
    score = content["score"]
    if not score or not score.get("bands"):
        return None
    bands = tuple(charts.Band(grade, min(upper, 1.0)) for grade, upper in score["bands"])
    at = [grade for grade, _ in score["bands"]].index(score["band"]) + 1
    return charts.Ladder(Text("违约概率与等级", "Probability of default and band"), bands, at, score["default_probability"], width=360)
