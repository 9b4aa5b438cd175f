"""Named values of departments' facts. Not delivered is unknown; delivered and none is a known zero, or no."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from greenbridge.facts.values import Fact
from greenbridge.schemes.rules import readers
from greenbridge.schemes.values import Evidence, InputName, Known

EVIDENCE_SHOWN = 3
_REFERENCES = ("document_no", "case_no", "licence_no", "certificate_no", "permit_no", "patent_no", "title", "year", "grade", "colour")


def inputs_of(
    vocabulary: Mapping[str, InputName],
    facts: Sequence[Fact],
    delivered: readers.Delivered,
    as_of: date,
    names: Collection[str] | None = None,
) -> dict[str, Known]:
    """Return name -> what is known of a firm on a day; unknown names are left out. `names`: only these."""
    records = readers.Records(facts, delivered, as_of)
    found: dict[str, Known] = {}
    for name in READERS if names is None else names:
        reader = READERS.get(name)
        if reader is None or not any(item in delivered for item in vocabulary[name].items):
            continue
        read = reader(records)
        if read is not None:
            value, stands_on = read
            found[name] = Known(value, tuple(_evidence(fact, vocabulary[name]) for fact in _newest(stands_on)))
    return found


def _newest(facts: Sequence[Fact]) -> list[Fact]:
    return sorted(facts, key=lambda fact: fact.valid_from, reverse=True)[:EVIDENCE_SHOWN]


def _evidence(fact: Fact, name: InputName) -> Evidence:
    reference = next((str(fact.values[key]) for key in _REFERENCES if fact.values.get(key) is not None), "")
    return Evidence(fact.item, name.giver, fact.valid_from, reference, generated=fact.generated)


ENVIRONMENT, SAFETY, QUALITY, TAX = ("环境", "环保"), ("应急", "安全生产", "消防"), ("质量", "计量", "假冒"), ("税",)
READERS: Mapping[str, readers.Reader] = {
    "firm_age_months": readers.age,
    "capital_yuan": readers.newest(readers.REGISTER, "capital_fen", readers.FEN),
    "registered_active": readers.active,
    "representative_changes_12m": readers.count(readers.changes),
    "equity_pledges_open": readers.count(lambda r: r.open("registration.equity_pledges", "released_on")),
    "annual_report_published": readers.published,
    "staff_count": readers.report("staff_count", 1),
    "assets_yuan": readers.report("assets_fen"),
    "liabilities_yuan": readers.report("liabilities_fen"),
    "net_assets_yuan": readers.net_assets,
    "revenue_yuan": readers.report("revenue_fen"),
    "profit_yuan": readers.report("profit_fen"),
    "revenue_growth": readers.growth("revenue_fen", "revenue_fen"),
    "profit_growth": readers.growth("profit_fen", "revenue_fen"),
    "asset_growth": readers.growth("assets_fen", "assets_fen"),
    "abnormal_listed": readers.listed(readers.ABNORMAL, "removed_on"),
    "abnormal_times_24m": readers.count(lambda r: r.since(readers.ABNORMAL, readers.TWO_YEARS)),
    "severe_listed": readers.listed(readers.SEVERE, "removed_on"),
    "valid_licences": readers.count(lambda r: r.of("licences.licences")),
    "cleaner_production_valid": readers.titled(readers.QUALIFICATIONS, "清洁生产", "ISO14001", "环境管理体系"),
    "quality_certificate_valid": readers.titled(readers.QUALIFICATIONS, "质量管理体系", "ISO9001"),
    "penalties_12m": readers.count(lambda r: r.penalties(readers.YEAR)),
    "penalties_24m": readers.count(lambda r: r.penalties(readers.TWO_YEARS)),
    "serious_penalties_24m": readers.count(lambda r: r.penalties(readers.TWO_YEARS, serious=True)),
    "environment_penalties_12m": readers.count(lambda r: r.penalties(readers.YEAR, *ENVIRONMENT)),
    "environment_penalties_24m": readers.count(lambda r: r.penalties(readers.TWO_YEARS, *ENVIRONMENT)),
    "environment_severe_12m": readers.count(lambda r: r.penalties(readers.YEAR, *ENVIRONMENT, serious=True)),
    "environment_serious_violation": readers.yes(readers.severe),
    "environment_months_since_disclosure": readers.since_severe,
    "safety_penalties_24m": readers.count(lambda r: r.penalties(readers.TWO_YEARS, *SAFETY)),
    "safety_quality_penalties_12m": readers.count(lambda r: r.penalties(readers.YEAR, *SAFETY, *QUALITY)),
    "quality_penalties_24m": readers.count(lambda r: r.penalties(readers.TWO_YEARS, *QUALITY)),
    "tax_penalties_24m": readers.count(lambda r: r.penalties(readers.TWO_YEARS, *TAX)),
    "serious_tax_penalties_24m": readers.count(lambda r: r.penalties(readers.TWO_YEARS, *TAX, serious=True)),
    "compulsory_measures_open": readers.count(lambda r: r.open("penalties.compulsory_measures", "lifted_on")),
    "defendant_cases_24m": readers.count(readers.defended),
    "finance_judgments_24m": readers.count(readers.loan_judgments),
    "open_enforcements": readers.count(lambda r: r.open("courts.enforcement", "closed_on")),
    "dishonesty_listed": readers.listed(readers.DISHONESTY, "removed_on"),
    "consumption_limited": readers.listed("courts.consumption_limits", "lifted_on"),
    "bankruptcy_open": readers.listed("courts.bankruptcy", "closed_on"),
    "tax_grade": readers.newest("tax.credit_grade", "grade"),
    "vat_declared_months_12": readers.vat(lambda months: float(min(readers.YEAR, len(months)))),
    "vat_zero_months_12": readers.vat(lambda months: float(sum(declared == 0 for declared in months))),
    "vat_zero_run_12": readers.vat(readers.zero_run),
    "tax_active": readers.vat(lambda months: sum(months) > 0),
    "tax_paid_share_12m": readers.paid_share,
    "tax_arrears_yuan": readers.arrears,
    "tax_major_listed": readers.listed(readers.TAX_MAJOR, "removed_on"),
    "social_insurance_months_12": readers.months_paid(readers.INSURANCE),
    "insured_staff": readers.insured,
    "social_insurance_arrears_yuan": readers.insurance_arrears,
    "housing_fund_months_12": readers.months_paid(readers.FUND),
    "utility_unpaid_months_12": readers.unpaid,
    "water_per_10k_m3": readers.water_per_output,
    "electricity_growth_12m": readers.electricity,
    "seizures_open": readers.count(lambda r: r.open("real_estate.seizures", "released_on")),
    "own_premises_m2": readers.area,
    "valid_patents": readers.count(lambda r: r.of("intellectual_property.patents")),
    "green_patents": readers.count(lambda r: [f for f in r.of("intellectual_property.patents") if f.values.get("green") == "yes"]),
    "valid_trademarks": readers.count(lambda r: r.of("intellectual_property.trademarks")),
    "high_tech": readers.yes(lambda r: r.of("intellectual_property.high_tech")),
    "exports_12m_yuan": readers.exports,
    "customs_grade": readers.newest("customs.credit", "grade"),
    "environment_colour": readers.colour,
    "discharge_permit_valid": readers.yes(lambda r: r.of("environment.discharge_permit")),
    "green_label": readers.label,
    "honours_5y": readers.count(lambda r: r.since("honours.honours", readers.FIVE_YEARS)),
    "product_check_pass_share": readers.newest("platform.product_checks", "pass_share"),
}
