"""What a credit report says for a proposal, as its reader may see it: what is withheld there is not known here either."""

from collections.abc import Mapping, Sequence
from typing import Any

from greenbridge.kit.text import Text
from greenbridge.underwriting.values import Evidence, Flag, Month, OpenFlag

YEAR = 12
Content = Mapping[str, Any]
# What a proposal is made of; named when it is withheld.
_LINES = {
    "sales_12m": Text("销售额", "sales"),
    "purchases_12m": Text("采购额", "purchases"),
    "vat_12m": Text("增值税", "VAT"),
    "tax_grade": Text("纳税信用等级", "tax credit grade"),
}


def evidence(content: Content, debt_service_fen: int | None = None) -> Evidence:
    """Return the evidence of a report's content (schema 2)."""
    lines = {line["key"]: line for section in content["sections"] for line in section["facts"]}
    tables = {table["key"]: table for section in content["sections"] for table in section["tables"]}
    score, flags = content["score"], content["summary"]["flags"]
    withheld = [label for key, label in _LINES.items() if key in lines and lines[key]["withheld"]]
    if content["score_withheld"]:
        withheld.append(Text("违约概率", "probability of default"))
    return Evidence(
        score["default_probability"] if score else None,
        _whole(lines, "sales_12m"),
        _whole(lines, "vat_12m"),
        _grade(lines.get("tax_grade")),
        _months(tables.get("months")),
        _green(content["summary"].get("green")),
        debt_service_fen,
        tuple(Flag(one["key"], one["level"] == "severe", _words(one["text"])) for one in flags["found"]),
        tuple(OpenFlag(one["key"], _words(one["label"]), kind == "withheld") for kind in ("withheld", "unknown") for one in flags[kind]),
        tuple(withheld),
    )


def _whole(lines: Mapping[str, Content], key: str) -> int | None:
    value = lines[key]["value"] if key in lines else None
    return round(value) if isinstance(value, int | float) else None


def _grade(line: Content | None) -> str | None:
    """Return the letter of a tax grade: its English name is the letter."""
    value = line["value"] if line else None
    return str(value["en"]) if isinstance(value, Mapping) else None


def _months(table: Content | None) -> tuple[Month, ...]:
    """Return the last twelve months of which sales and purchases are known, oldest first; the table has the newest first."""
    if table is None:
        return ()
    places = {column["key"]: i for i, column in enumerate(table["columns"]) if not column["withheld"]}
    if not {"month", "sales_net", "purchase_net"} <= places.keys():
        return ()
    rows: Sequence[Sequence[Any]] = table["rows"]
    recent = [row for row in rows if _number(rows[0][places["month"]]) - _number(row[places["month"]]) < YEAR]
    pairs = [(row[places["sales_net"]], row[places["purchase_net"]]) for row in reversed(recent)]
    return tuple(Month(round(sales), round(purchases)) for sales, purchases in pairs if sales is not None and purchases is not None)


def _number(month: str) -> int:
    """Return months to count with: `_number("2026-01") == 24313`."""
    return int(month[:4]) * 12 + int(month[5:7])


def _words(text: Content) -> Text:
    return Text(text["zh"], text["en"])


def _green(rated: Content | None) -> str | None:
    """Return the grade that a reviewer certified, else the one that the platform found by records; None for neither."""
    rating = rated["rating"] if rated else None
    if rating is None:
        return None
    grade: str = (rating["certified"] or rating)["grade"]
    return grade
