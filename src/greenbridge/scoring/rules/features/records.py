"""Features of departments' records: registration, tax standing, courts, operation, utilities, staff, network, platform."""

from collections.abc import Callable
from datetime import date

import numpy as np

from greenbridge.facts.rules import items
from greenbridge.facts.rules.register import representative_changes
from greenbridge.kit.calendar import add_months, whole_months
from greenbridge.kit.text import Text
from greenbridge.scoring.rules.features import formulas as f
from greenbridge.scoring.rules.features import reading as r
from greenbridge.scoring.rules.features.invoices import INVOICE_SUMS
from greenbridge.scoring.rules.features.reading import Reading, named
from greenbridge.scoring.values import NOT_DELIVERED, Arrays, Case, Feature, Floats, Group

REPORT, SEIZURES, BANKRUPTCY = "annual_report.report", "real_estate.seizures", "courts.bankruptcy"
GUARANTEES, PLEDGES = "annual_report.guarantees_given", "registration.equity_pledges"
FUND, WATER, ARREARS = "housing_fund.payments", "utilities.water", "social_insurance.arrears"
PATENTS, CITY_GRADE, CHECKS = "intellectual_property.patents", "platform.city_credit_grade", "platform.product_checks"
UNSTATED = Text("来源部门尚未提供，或该企业没有记录", "The department has delivered nothing, or nothing of this firm")
TAX_POINTS = {"A": 5.0, "B": 4.0, "M": 3.0, "C": 1.0, "D": 0.0}
CITY_POINTS = {"A": 5.0, "A-": 4.5, "B": 4.0, "B-": 3.5, "C": 2.0}


def _changed(facts: r.Facts, day: date) -> float:
    """Return the whole months since another became legal representative; since the firm was established, if none did."""
    registered = r.newest(facts.get(items.REGISTRATION, ()))
    changes = representative_changes(facts.get(items.CHANGES, ()))
    stated = (registered.values.get("legal_representative_changed_on") or registered.values.get("established") or "") if registered else ""
    last = max([*(x.values["changed_on"] for x in changes), stated])
    return float(whole_months(date.fromisoformat(last), day)) if last else r.NAN


def _taxes(facts: r.Facts, day: date) -> tuple[float, float]:
    recent = [x for x in facts.get(items.TAX_PAID, ()) if x.valid_from >= add_months(day, -f.YEAR)]
    declared = sum(x.values.get("declared_fen") or 0 for x in recent)
    return declared, sum(x.values.get("paid_fen") or 0 for x in recent)


def _unpaid(facts: r.Facts, day: date) -> float:
    declared, paid = _taxes(facts, day)
    return max(0.0, 1 - paid / declared) if declared > 0 else r.NAN


def _shares(facts: r.Facts) -> list[float]:
    return [float(x.values["share"]) for x in facts.get(items.SHAREHOLDERS, ()) if x.values.get("share") is not None]


def _largest(facts: r.Facts, _: date) -> float:
    shares = _shares(facts)
    return max(shares) / sum(shares) if sum(shares) > 0 else r.NAN


def _owners(facts: r.Facts, _: date) -> float:
    return float(len(facts.get(items.SHAREHOLDERS, ()))) or r.NAN


def _open_guarantees(facts: r.Facts, day: date) -> float:
    return float(sum(x.values.get("debt_fen") or 0 for x in facts.get(GUARANTEES, ()) if not r.over(x.values.get("debt_to"), day)))


def _arrears(facts: r.Facts, _: date) -> float:
    fact = r.newest(facts.get(ARREARS, ()))
    kinds = ("pension", "unemployment", "medical", "injury", "maternity")
    return float(any((fact.values.get(f"{kind}_fen") or 0) > 0 for kind in kinds)) if fact else 0.0


def _fund_months(facts: r.Facts, day: date) -> float:
    since = add_months(day, -f.YEAR)
    return float(len({x.valid_from.replace(day=1) for x in facts.get(FUND, ()) if x.valid_from >= since}))


def _listed(item: str) -> Reading:
    return Reading(named(item, "listed_on", "removed_on"), r.still(item, "removed_on"))


READINGS: dict[str, Reading] = {
    "firm_age_months": Reading(named(items.REGISTRATION, "established"), r.of_newest(items.REGISTRATION, r.months_since("established"))),
    "registered_capital_fen": Reading(named(items.REGISTRATION, "capital"), r.of_newest(items.REGISTRATION, r.number("capital_fen"))),
    "representative_unchanged_months": Reading(
        (
            *named(items.REGISTRATION, "established", "legal_representative_changed_on"),
            *named(items.CHANGES, "changed_on", "matter", "result"),
        ),
        _changed,
    ),
    "registration_changes_24m": Reading(
        named(items.CHANGES, "changed_on", "result"), r.within(items.CHANGES, test=lambda x: x.values.get("result") != "refused")
    ),
    "registration_not_active": Reading(
        named(items.REGISTRATION, "state"),
        r.of_newest(items.REGISTRATION, r.choice("state", {"active": 0.0, "moved_out": 1.0, "revoked": 1.0, "deregistered": 1.0})),
    ),
    "subscribed_fen": Reading(named(items.SHAREHOLDERS, "subscribed"), r.sums(items.SHAREHOLDERS, "subscribed_fen")),
    "paid_in_fen": Reading(named(items.SHAREHOLDERS, "paid_in"), r.sums(items.SHAREHOLDERS, "paid_in_fen")),
    "tax_grade_points": Reading(named(items.TAX_GRADE, "grade"), r.of_newest(items.TAX_GRADE, r.choice("grade", TAX_POINTS))),
    "tax_arrears_open": Reading(named(items.TAX_ARREARS, "announced_on", "cleared_on"), r.still(items.TAX_ARREARS, "cleared_on")),
    "tax_paid_fen": Reading(named(items.TAX_PAID, "month", "paid"), lambda facts, day: _taxes(facts, day)[1]),
    "tax_unpaid_share": Reading(named(items.TAX_PAID, "month", "declared", "paid"), _unpaid),
    "defendant_cases_24m": Reading(
        named(items.JUDGMENTS, "decided_on", "role"), r.within(items.JUDGMENTS, test=lambda x: x.values.get("role") == "defendant")
    ),
    "open_enforcements": Reading(named(items.ENFORCEMENT, "filed_on", "closed_on"), r.still(items.ENFORCEMENT, "closed_on")),
    "dishonesty_listings": _listed(items.DISHONESTY),
    "bankruptcies_open": Reading(named(BANKRUPTCY, "announced_on", "closed_on"), r.still(BANKRUPTCY, "closed_on")),
    "penalties_24m": Reading(named(items.PENALTIES, "decided_on"), r.within(items.PENALTIES)),
    "abnormal_listings": _listed(items.ABNORMAL_LIST),
    "severe_listings": _listed(items.SEVERE_LIST),
    "open_seizures": Reading(named(SEIZURES, "seized_on", "released_on"), r.still(SEIZURES, "released_on")),
    "liabilities_fen": Reading(named(REPORT, "liabilities"), r.of_newest(REPORT, r.number("liabilities_fen"))),
    "assets_fen": Reading(named(REPORT, "assets"), r.of_newest(REPORT, r.number("assets_fen"))),
    "revenue_fen": Reading(named(REPORT, "revenue"), r.of_newest(REPORT, r.number("revenue_fen"))),
    "profit_fen": Reading(named(REPORT, "profit"), r.of_newest(REPORT, r.number("profit_fen"))),
    "patents_valid": Reading(
        named(PATENTS, "granted_on", "lapsed_on"), r.still(PATENTS, "lapsed_on", lambda x: bool(x.values.get("granted_on")))
    ),
    "electricity_kwh": Reading(named(items.ELECTRICITY, "month", "usage_kwh"), r.monthly(items.ELECTRICITY, "usage_kwh"), months=True),
    "water_m3": Reading(named(WATER, "month", "usage_m3"), r.monthly(WATER, "usage_m3"), months=True),
    "electricity_amount_fen": Reading(named(items.ELECTRICITY, "month", "amount"), r.monthly(items.ELECTRICITY, "amount_fen"), months=True),
    "electricity_unpaid_fen": Reading(named(items.ELECTRICITY, "month", "unpaid"), r.monthly(items.ELECTRICITY, "unpaid_fen"), months=True),
    "insured_staff": Reading(
        named(items.SOCIAL_INSURANCE, "month", "staff_count"), r.monthly(items.SOCIAL_INSURANCE, "staff_count"), months=True
    ),
    "insurance_arrears": Reading(named(ARREARS, "pension", "unemployment", "medical", "injury", "maternity"), _arrears),
    "fund_months": Reading(named(FUND, "month"), _fund_months),
    "shareholders": Reading(named(items.SHAREHOLDERS, "investor"), _owners),
    "largest_holding": Reading(named(items.SHAREHOLDERS, "share"), _largest),
    "guaranteed_fen": Reading(named(GUARANTEES, "debt", "debt_to"), _open_guarantees),
    "equity_pledges_open": Reading(named(PLEDGES, "registered_on", "released_on"), r.still(PLEDGES, "released_on")),
    "branches_open": Reading(named(items.BRANCHES, "opened_on", "closed_on"), r.still(items.BRANCHES, "closed_on")),
    "city_credit_points": Reading(named(CITY_GRADE, "grade"), r.of_newest(CITY_GRADE, r.choice("grade", CITY_POINTS))),
    "product_pass_share": Reading(named(CHECKS, "pass_share"), r.of_newest(CHECKS, r.number("pass_share"))),
}
# What the platform knows of itself; `platform` lays it out.
PLATFORM = ("platform_months", "platform_needs_24m", "platform_withdrawn_24m")


def _of(
    group: Group, name: str, label: Text, unit: str, direction: int, formula: str, *cases: Case,
    reads: str = "", function: Callable[[Arrays], Floats] | None = None, missing: Text = UNSTATED, activity: bool = False,
) -> Feature:  # fmt: skip
    arrays = tuple((reads or name).split())
    sources = tuple(dict.fromkeys(field for array in arrays for field in (READINGS[array].fields if array in READINGS else INVOICE_SUMS)))
    sources = () if group is Group.PLATFORM_HISTORY and arrays[0] in PLATFORM else sources
    return Feature(name, label, unit, group, direction, formula, function or (lambda a: a[name]), arrays, sources, missing, cases, activity)


def _facts(value: float | None, item: str, *facts: dict[str, object]) -> Case:
    return Case(value, facts={item: facts})


G = Group
_EMPTY = Text("来源部门尚未提供数据；已提供而无记录为 0", "The department has delivered nothing; delivered without a record is 0")

RECORDS: tuple[Feature, ...] = (
    _of(G.REGISTRATION, "firm_age_months", Text("成立月数", "Months since establishment"), "months", -1, "whole months since `established`",
        _facts(24.0, items.REGISTRATION, {"established": "2024-01-31"}), _facts(None, items.REGISTRATION)),
    _of(G.REGISTRATION, "registered_capital_magnitude", Text("注册资本（对数）", "Registered capital (log10 yuan)"), "log10", -1, "log10(1 + yuan)",
        Case(6.0, {"registered_capital_fen": 99999900.0}), reads="registered_capital_fen", function=lambda a: f.magnitude(a["registered_capital_fen"])),
    _of(G.REGISTRATION, "capital_paid_share", Text("实缴资本占认缴比例", "Paid-in of subscribed capital"), "share", -1, "sum of paid_in / sum of subscribed, at most 1",
        Case(0.25, facts={items.SHAREHOLDERS: ({"subscribed_fen": 300, "paid_in_fen": 100}, {"subscribed_fen": 100, "paid_in_fen": 0})}),
        reads="paid_in_fen subscribed_fen", function=lambda a: np.minimum(f.ratio(a["paid_in_fen"], a["subscribed_fen"]), 1)),
    _of(G.REGISTRATION, "representative_unchanged_months", Text("法定代表人未变更月数", "Months without a change of legal representative"), "months", -1,
        "whole months since the last approved change, or since establishment",
        Case(7.0, facts={items.REGISTRATION: ({"established": "2015-01-01"},), items.CHANGES: ({"matter": "法定代表人变更", "changed_on": "2025-06-15"},)}),
        Case(None, facts={items.REGISTRATION: ({"established": "2015-01-01"},)})),
    _of(G.REGISTRATION, "registration_changes_24m", Text("近 24 个月登记变更次数", "Changes of the register, 24 months"), "count", 1, "changes not refused, 24 months",
        _facts(1.0, items.CHANGES, {"valid_from": "2025-06-15", "matter": "住所"}, {"valid_from": "2022-06-15", "matter": "住所"}), _facts(0.0, items.CHANGES), missing=_EMPTY),
    _of(G.REGISTRATION, "registration_not_active", Text("登记状态非存续", "Not in business by the register"), "flag", 1, "1 when deregistered, revoked or moved out, else 0",
        _facts(1.0, items.REGISTRATION, {"state": "revoked"}), _facts(0.0, items.REGISTRATION, {"state": "active"})),
    _of(G.TAX, "tax_grade_points", Text("纳税信用级别分", "Tax credit grade"), "points", -1, "newest grade: A 5, B 4, M 3, C 1, D 0",
        _facts(3.0, items.TAX_GRADE, {"grade": "A", "valid_from": "2023-04-01"}, {"grade": "M", "valid_from": "2024-04-01"})),
    _of(G.TAX, "tax_arrears_open", Text("未清欠税公告数", "Open announcements of tax arrears"), "count", 1, "announced and not cleared",
        _facts(1.0, items.TAX_ARREARS, {"cleared_on": None}, {"cleared_on": "2025-01-01"}), _facts(0.0, items.TAX_ARREARS), missing=_EMPTY),
    _of(G.TAX, "tax_paid_magnitude", Text("近 12 个月纳税额（对数）", "Taxes paid, 12 months (log10 yuan)"), "log10", -1, "log10(1 + yuan) of 12 months",
        _facts(2.0, items.TAX_PAID, {"valid_from": "2025-06-01", "paid_fen": 9900}), reads="tax_paid_fen", function=lambda a: f.magnitude(a["tax_paid_fen"]), missing=_EMPTY),
    _of(G.TAX, "tax_unpaid_share", Text("近 12 个月已申报未缴占比", "Declared and unpaid, 12 months"), "share", 1, "1 - paid / declared, not below 0",
        _facts(0.25, items.TAX_PAID, {"valid_from": "2025-06-01", "declared_fen": 400, "paid_fen": 300})),
    _of(G.LEGAL, "defendant_cases_24m", Text("近 24 个月被告案件数", "Cases as defendant, 24 months"), "count", 1, "judgments as defendant, 24 months",
        _facts(1.0, items.JUDGMENTS, {"role": "defendant"}, {"role": "plaintiff"}), _facts(0.0, items.JUDGMENTS), Case(None), missing=_EMPTY),
    _of(G.LEGAL, "open_enforcements", Text("未结执行案件数", "Open enforcements"), "count", 1, "filed and not closed",
        _facts(2.0, items.ENFORCEMENT, {}, {"closed_on": "2026-12-01"}, {"closed_on": "2025-12-01"}), Case(None), missing=_EMPTY),
    _of(G.LEGAL, "dishonesty_listings", Text("失信被执行人记录数", "Listings as dishonest debtor"), "count", 1, "listed and not removed", _facts(1.0, items.DISHONESTY, {}), missing=_EMPTY),
    _of(G.LEGAL, "bankruptcies_open", Text("未结破产案件数", "Open bankruptcy cases"), "count", 1, "announced and not closed", _facts(0.0, BANKRUPTCY, {"closed_on": "2025-01-01"}), missing=_EMPTY),
    _of(G.LEGAL, "penalties_24m", Text("近 24 个月行政处罚数", "Penalties, 24 months"), "count", 1, "decided within 24 months",
        _facts(1.0, items.PENALTIES, {"valid_from": "2024-01-01"}, {"valid_from": "2023-12-31"}), missing=_EMPTY),
    _of(G.LEGAL, "abnormal_listings", Text("经营异常名录记录数", "Listings as abnormal operation"), "count", 1, "listed and not removed",
        _facts(0.0, items.ABNORMAL_LIST, {"removed_on": "2025-01-01"}), missing=_EMPTY),
    _of(G.LEGAL, "severe_listings", Text("严重违法失信名单记录数", "Listings as severe illegality"), "count", 1, "listed and not removed", _facts(1.0, items.SEVERE_LIST, {}), missing=_EMPTY),
    _of(G.LEGAL, "open_seizures", Text("未解除的不动产查封数", "Seizures in force"), "count", 1, "seized and not released", _facts(1.0, SEIZURES, {"released_on": None}), missing=_EMPTY),
    _of(G.OPERATING, "debt_ratio", Text("资产负债率", "Debt ratio"), "ratio", 1, "liabilities / assets of the newest annual report, at most 5",
        _facts(0.6, REPORT, {"liabilities_fen": 60, "assets_fen": 100}), reads="liabilities_fen assets_fen",
        function=lambda a: np.minimum(f.ratio(a["liabilities_fen"], a["assets_fen"]), 5)),
    _of(G.OPERATING, "profit_margin", Text("利润率", "Profit margin"), "ratio", -1, "profit / revenue of the newest annual report, within +-1",
        _facts(-0.1, REPORT, {"profit_fen": -10, "revenue_fen": 100}), reads="profit_fen revenue_fen",
        function=lambda a: np.clip(f.ratio(a["profit_fen"], a["revenue_fen"]), -1, 1)),
    _of(G.OPERATING, "patents_valid", Text("有效专利数", "Patents in force"), "count", -1, "granted and not lapsed",
        _facts(1.0, PATENTS, {"granted_on": "2024-01-01"}, {"granted_on": None}), missing=_EMPTY),
    _of(G.UTILITIES, "electricity_growth", Text("用电同比（对数）", "Electricity growth (log)"), "log", -1, "ln(12 months / 12 months before), all 24 known, within +-3",
        Case(float(np.log(2)), {"electricity_kwh": (50.0,) * 12 + (100.0,) * 12}), Case(None, {"electricity_kwh": (r.NAN,) * 24}),
        reads="electricity_kwh", function=lambda a: f.growth(a["electricity_kwh"]), activity=True),
    _of(G.UTILITIES, "electricity_variation", Text("月用电波动系数", "Variation of monthly electricity"), "ratio", 1, "standard deviation / mean of 24 months",
        Case(0.0, {"electricity_kwh": (50.0,) * 24}), reads="electricity_kwh", function=lambda a: f.variation(a["electricity_kwh"])),
    _of(G.UTILITIES, "electricity_unpaid_share", Text("近 12 个月欠缴电费占比", "Unpaid electricity bills, 12 months"), "share", 1, "unpaid / billed of the known months of 12",
        _facts(0.5, items.ELECTRICITY, {"valid_from": "2025-12-01", "amount_fen": 100, "unpaid_fen": 50}),
        reads="electricity_unpaid_fen electricity_amount_fen", function=lambda a: f.ratio(f.known_total(a["electricity_unpaid_fen"], least=1), f.known_total(a["electricity_amount_fen"], least=1))),
    _of(G.UTILITIES, "water_growth", Text("用水同比（对数）", "Water growth (log)"), "log", -1, "ln(12 months / 12 months before), all 24 known, within +-3",
        Case(0.0, {"water_m3": (9.0,) * 24}), reads="water_m3", function=lambda a: f.growth(a["water_m3"]), activity=True),
    _of(G.SOCIAL_INSURANCE, "insured_staff_magnitude", Text("参保人数（对数）", "Insured staff (log10)"), "log10_count", -1, "log10(1 + heads) of the newest known month",
        _facts(1.0, items.SOCIAL_INSURANCE, {"valid_from": "2025-11-01", "staff_count": 9}), reads="insured_staff", function=lambda a: np.log10(1 + f.newest(a["insured_staff"]))),
    _of(G.SOCIAL_INSURANCE, "insured_staff_growth", Text("参保人数同比（对数）", "Growth of insured staff (log)"), "log", -1, "ln(12 months / 12 months before), all 24 known, within +-3",
        Case(float(np.log(0.5)), {"insured_staff": (8.0,) * 12 + (4.0,) * 12}), reads="insured_staff", function=lambda a: f.growth(a["insured_staff"]), activity=True),
    _of(G.SOCIAL_INSURANCE, "insurance_arrears", Text("社保欠费", "Arrears of social insurance"), "flag", 1, "1 when the newest statement names an amount, else 0",
        _facts(1.0, ARREARS, {"pension_fen": 100}), _facts(0.0, ARREARS), missing=_EMPTY),
    _of(G.SOCIAL_INSURANCE, "fund_months", Text("近 12 个月缴存公积金月数", "Months of housing fund payments, of 12"), "months", -1, "months with a payment, of 12",
        _facts(1.0, FUND, {"valid_from": "2025-11-01"}, {"valid_from": "2024-11-01"}), _facts(0.0, FUND), Case(None), missing=_EMPTY, activity=True),
    _of(G.NETWORK, "shareholders", Text("股东数", "Shareholders"), "count", 0, "shareholders of the register", _facts(2.0, items.SHAREHOLDERS, {"investor": "A"}, {"investor": "B"})),
    _of(G.NETWORK, "largest_holding", Text("第一大股东持股比例", "Largest shareholder's part"), "share", 0, "largest / sum of stated shares",
        _facts(0.75, items.SHAREHOLDERS, {"share": 75.0}, {"share": 25.0})),
    _of(G.NETWORK, "guarantees_to_assets", Text("对外担保与资产之比", "Guarantees given to assets"), "ratio", 1, "debts vouched for and not over / assets, at most 10",
        Case(0.5, {"guaranteed_fen": 50.0, "assets_fen": 100.0}), reads="guaranteed_fen assets_fen", function=lambda a: np.minimum(f.ratio(a["guaranteed_fen"], a["assets_fen"]), 10)),
    _of(G.NETWORK, "equity_pledges_open", Text("未解除的股权出质数", "Pledges of equity in force"), "count", 1, "registered and not released", _facts(1.0, PLEDGES, {}), missing=_EMPTY),
    _of(G.NETWORK, "branches_open", Text("分支机构数", "Branches"), "count", -1, "opened and not closed", _facts(1.0, items.BRANCHES, {}, {"closed_on": "2025-01-01"}), missing=_EMPTY),
    _of(G.PLATFORM_HISTORY, "city_credit_points", Text("城市信用等级分", "City credit grade"), "points", -1, "newest grade: A 5, A- 4.5, B 4, B- 3.5, C 2; N unknown",
        _facts(4.5, CITY_GRADE, {"grade": "A-"}), _facts(None, CITY_GRADE, {"grade": "N"})),
    _of(G.PLATFORM_HISTORY, "product_pass_share", Text("产品抽检合格率", "Product checks passed"), "share", -1, "share of product checks passed", _facts(0.9, CHECKS, {"pass_share": 0.9})),
    _of(G.PLATFORM_HISTORY, "platform_months", Text("入驻平台月数", "Months on the platform"), "months", -1, "whole months since the real-name check", Case(12.0, {"platform_months": 12.0}), missing=NOT_DELIVERED),
    _of(G.PLATFORM_HISTORY, "platform_needs_24m", Text("近 24 个月发布需求数", "Needs published, 24 months"), "count", 0, "needs published within 24 months",
        Case(3.0, {"platform_needs_24m": 3.0}), missing=NOT_DELIVERED),
    _of(G.PLATFORM_HISTORY, "platform_withdrawn_share", Text("近 24 个月撤回需求占比", "Needs withdrawn, 24 months"), "share", 1, "withdrawn / published needs, 24 months",
        Case(0.5, {"platform_withdrawn_24m": 1.0, "platform_needs_24m": 2.0}), Case(None, {"platform_withdrawn_24m": 0.0, "platform_needs_24m": 0.0}),
        reads="platform_withdrawn_24m platform_needs_24m", function=lambda a: f.ratio(a["platform_withdrawn_24m"], a["platform_needs_24m"]), missing=NOT_DELIVERED),
)  # fmt: skip
