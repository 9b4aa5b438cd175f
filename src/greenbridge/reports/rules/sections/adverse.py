"""Parts 4 and 5: courts, authorities, arrears, and signs that the firm is leaving the market."""

from collections.abc import Callable, Mapping
from typing import Any

from greenbridge.facts.rules import items
from greenbridge.kit.text import Text
from greenbridge.reports.rules import records
from greenbridge.reports.rules.sections.build import amounts, counted, section
from greenbridge.reports.values import Line, Material, Section

LEGAL = (
    "courts.judgments", "courts.enforcement", "courts.dishonesty", "courts.consumption_limits", "courts.bankruptcy", "courts.hearings",
)  # fmt: skip
OPERATING = (
    "penalties.administrative", "penalties.compulsory_measures", "annual_report.abnormal_list", "annual_report.severe_illegal_list",
    "tax.arrears", "tax.major_illegality", "social_insurance.arrears", "real_estate.seizures", "platform.product_checks",
)  # fmt: skip
Holds = Callable[[Mapping[str, Any]], bool]
INSURANCES = ("pension", "unemployment", "medical", "injury", "maternity")
UNPAID = (items.ELECTRICITY, "utilities.water", "utilities.gas")


def _in_role(role: str) -> Holds:
    return lambda values: values.get("role") == role


def legal_risk(material: Material) -> Section:
    """Return judgments by role, enforcement, lists of the courts."""
    lines = []
    roles = (("defendant", "作为被告的裁判", "Judgments as defendant"), ("plaintiff", "作为原告的裁判", "Judgments as plaintiff"))
    for role, zh, en in roles:
        lines += counted(material, f"judgments_{role}", Text(zh, en), items.JUDGMENTS, ("role",), _in_role(role), amount="amount")
    open_cases = Text("未结执行案件", "Enforcement not closed")
    lines += counted(
        material, "enforcement_open", open_cases, items.ENFORCEMENT, ("closed_on",), lambda v: not v.get("closed_on"), amount="amount"
    )
    listed = Text("在列失信被执行人", "On the list of dishonest debtors")
    lines += counted(material, "dishonesty_listed", listed, items.DISHONESTY, ("removed_on",), lambda v: not v.get("removed_on"))
    limits = Text("未解除的限制消费令", "Consumption limits in force")
    lines += counted(material, "limits_open", limits, "courts.consumption_limits", ("lifted_on",), lambda v: not v.get("lifted_on"))
    bankruptcy = Text("未结破产案件", "Bankruptcy cases not closed")
    lines += counted(material, "bankruptcy_open", bankruptcy, "courts.bankruptcy", ("closed_on",), lambda v: not v.get("closed_on"))
    first = (items.JUDGMENTS, items.ENFORCEMENT, items.DISHONESTY)
    return section("legal_risk", Text("司法风险", "Legal risk"), material, LEGAL, *first, lines=lines)


def operating_risk(material: Material) -> Section:
    """Return penalties, lists, arrears and pledges that may still be shown."""
    penalties = Text("行政处罚", "Administrative penalties")
    lines = counted(material, "penalties", penalties, items.PENALTIES, ("decided_on",), amount="amount")
    abnormal = Text("在列经营异常名录", "On the abnormal list")
    lines += counted(material, "abnormal_listed", abnormal, items.ABNORMAL_LIST, ("removed_on",), lambda v: not v.get("removed_on"))
    severe, code = Text("在列严重违法失信名单", "On the severe list"), "annual_report.severe_illegal_list"
    lines += counted(material, "severe_listed", severe, code, ("removed_on",), lambda v: not v.get("removed_on"))
    arrears = Text("未清缴欠税", "Tax arrears not cleared")
    lines += counted(
        material, "tax_arrears_open", arrears, items.TAX_ARREARS, ("cleared_on",), lambda v: not v.get("cleared_on"), amount="amount"
    )
    lines += [_insurance_arrears(material), _unpaid(material)]
    pledged = Text("未解除的股权出质", "Equity pledges in force")
    code = "registration.equity_pledges"
    lines += counted(material, "pledges_open", pledged, code, ("released_on",), lambda v: not v.get("released_on"), amount="amount")
    seized = Text("未解除的不动产查封", "Seizures in force")
    lines += counted(material, "seizures_open", seized, "real_estate.seizures", ("released_on",), lambda v: not v.get("released_on"))
    first = (items.PENALTIES, items.ABNORMAL_LIST)
    return section("operating_risk", Text("经营风险", "Operating risk"), material, OPERATING, *first, lines=lines)


def _insurance_arrears(material: Material) -> Line:
    code = "social_insurance.arrears"
    newest = records.of(material, code)[:1]
    total, told = amounts(newest, *INSURANCES)
    source = records.of_fact(material, newest[0]) if told else None
    when = Text(str(newest[0].valid_from), str(newest[0].valid_from)) if told else None
    reads = tuple(f"{code}.{name}" for name in (*INSURANCES, "as_of"))
    label, disputed = Text("社保欠缴", "Social insurance arrears"), records.disputed(material, newest)
    return Line("insurance_arrears", label, total, "fen", reads, source, period=when, disputed=disputed)


def _unpaid(material: Material) -> Line:
    """Return what the newest months of electricity, water and gas leave unpaid."""
    newest = [facts[0] for item in UNPAID if (facts := records.of(material, item))]
    known = [fact for fact in newest if fact.values.get("unpaid_fen") is not None]
    total, _ = amounts(known, "unpaid")
    source = records.of_fact(material, known[0]) if known else None
    labels = [material.items[fact.item].label for fact in known]
    zh, en = "、".join(label.zh for label in labels), ", ".join(label.en for label in labels)
    when = Text(f"{zh}，各自最近一月", f"{en}: newest month of each") if known else None
    reads = tuple(f"{item}.unpaid" for item in UNPAID)
    label, disputed = Text("水电气欠费", "Utilities unpaid"), records.disputed(material, known)
    return Line("utilities_unpaid", label, total, "fen", reads, source, period=when, disputed=disputed)
