"""Named values of facts: not delivered is unknown, delivered and none is zero, and what stands behind a value is said."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbridge.facts.gateway import catalogue
from greenbridge.facts.values import Fact
from greenbridge.kit.calendar import add_months
from greenbridge.schemes import gateway
from greenbridge.schemes.rules.inputs import READERS, inputs_of

VOCABULARY = gateway.vocabulary()
DAY = date(2026, 3, 10)
FEBRUARY = date(2026, 2, 1)
AT = datetime(2026, 3, 1, tzinfo=UTC)


def a_fact(item: str, on: str, **values: Any) -> Fact:
    return Fact(item, "U", str(values), date.fromisoformat(on), None, AT, uuid4(), False, values, AT)


def read(name: str, *facts: Fact, delivered: bool = True) -> Any:
    items = VOCABULARY[name].items
    found = inputs_of(VOCABULARY, facts, dict.fromkeys(items, FEBRUARY) if delivered else {}, DAY, [name])
    return found[name].value if name in found else None


def a_penalty(on: str, authority: str = "湖州市生态环境局", **values: Any) -> Fact:
    return a_fact("penalties.administrative", on, document_no=on, authority=authority, decided_on=on, **values)


def a_report(year: int, **values: Any) -> Fact:
    return a_fact("annual_report.report", f"{year + 1}-05-01", year=year, **values)


def vat(*declared: int) -> list[Fact]:
    """Declared VAT in fen of the months up to February 2026."""
    first = add_months(date(2026, 3, 1), -len(declared))
    return [
        a_fact("tax.paid", str(add_months(first, n)), tax_kind="vat", declared_fen=amount, paid_fen=amount // 2)
        for n, amount in enumerate(declared)
    ]


@pytest.mark.parametrize("name", sorted(READERS))
def test_what_was_not_delivered_is_unknown(name: str):
    assert read(name, delivered=False) is None


def test_delivered_and_none_is_a_known_zero_or_no():
    for name in ("penalties_24m", "open_enforcements", "valid_patents", "tax_arrears_yuan", "environment_severe_12m"):
        assert read(name) == 0, name
    for name in ("dishonesty_listed", "severe_listed", "abnormal_listed", "tax_major_listed", "high_tech", "environment_serious_violation"):
        assert read(name) is False, name
    assert read("environment_colour") == "none"
    assert read("green_label") == "none"


def test_delivered_and_none_stays_unknown_where_a_firm_may_have_nothing_to_report():
    for name in (
        "tax_grade",
        "firm_age_months",
        "revenue_yuan",
        "vat_zero_run_12",
        "social_insurance_months_12",
        "utility_unpaid_months_12",
    ):
        assert read(name) is None, name


def test_penalties_by_authority_gravity_and_age():
    ours = [
        a_penalty("2026-01-05", gravity="serious"),
        a_penalty("2025-02-01"),
        a_penalty("2025-06-01", "湖州市应急管理局"),
        a_penalty("2025-07-01", "湖州市税务局"),
        a_penalty("2025-08-01", procedure="summary"),
        a_penalty("2023-01-01"),
    ]
    expected = {
        "environment_penalties_12m": 1,
        "environment_penalties_24m": 2,
        "environment_severe_12m": 1,
        "environment_serious_violation": True,
        "environment_months_since_disclosure": 2,
        "safety_penalties_24m": 1,
        "tax_penalties_24m": 1,
        "penalties_24m": 4,
        "penalties_12m": 3,
        "serious_penalties_24m": 1,
    }
    assert {name: read(name, *ours) for name in expected} == expected


def test_lists_until_the_day_of_removal():
    entry = {"reason": "未年报", "listed_on": "2025-01-01"}
    item = "annual_report.abnormal_list"
    assert read("abnormal_listed", a_fact(item, "2025-01-01", **entry)) is True
    assert read("abnormal_listed", a_fact(item, "2025-01-01", **entry, removed_on="2026-03-10")) is False
    assert read("abnormal_listed", a_fact(item, "2025-01-01", **entry, removed_on="2026-03-11")) is True
    assert read("abnormal_times_24m", a_fact(item, "2025-01-01", **entry, removed_on="2025-02-01")) == 1


def test_annual_reports_ratios_and_growth():
    reports = [
        a_report(2024, revenue_fen=120_00, profit_fen=12_00, assets_fen=200_00, liabilities_fen=50_00),
        a_report(2023, revenue_fen=100_00, profit_fen=6_00, assets_fen=160_00),
    ]
    expected = {
        "revenue_yuan": 120,
        "net_assets_yuan": 150,
        "revenue_growth": pytest.approx(0.2),
        "profit_growth": pytest.approx(0.05),
        "asset_growth": pytest.approx(0.25),
        "annual_report_published": True,
    }
    assert {name: read(name, *reports) for name in expected} == expected
    assert read("revenue_yuan", a_report(2022, revenue_fen=1)) is None
    assert read("annual_report_published", a_report(2022, revenue_fen=1)) is False


def test_vat_months():
    months = vat(5, 5, 0, 0, 0, 5, 5, 0, 5, 5, 5, 5)
    assert read("vat_declared_months_12", *months) == 12
    assert read("vat_zero_months_12", *months) == 4
    assert read("vat_zero_run_12", *months) == 3
    assert read("tax_active", *months) is True
    assert read("tax_active", *vat(0, 0, 0)) is False
    assert read("tax_paid_share_12m", *vat(100, 100)) == 0.5
    assert read("vat_declared_months_12", *vat(*[1] * 20)) == 12


def test_months_count_to_the_last_one_that_was_delivered_and_are_unknown_when_that_is_long_ago():
    paid = [
        a_fact("social_insurance.payments", str(add_months(date(2026, 1, 1), -n)), insurance="pension", staff_count=3) for n in range(12)
    ]
    known = {to: inputs_of(VOCABULARY, paid, {"social_insurance.payments": to}, DAY, ["social_insurance_months_12"]) for to in
             (date(2026, 1, 1), FEBRUARY, date(2025, 10, 1))}  # fmt: skip
    assert {to: found["social_insurance_months_12"].value if found else None for to, found in known.items()} == {
        date(2026, 1, 1): 12,
        FEBRUARY: 11,
        date(2025, 10, 1): None,
    }


def test_green_labels_colour_and_certificates():
    honour = {"granted_on": "2024-01-01"}
    labels = [
        a_fact("honours.honours", "2024-01-01", title="省级绿色工厂", level="province", **honour),
        a_fact("honours.honours", "2024-01-01", title="国家级诚信企业", level="national", **honour),
    ]
    assert read("green_label", *labels) == "province"
    assert read("honours_5y", *labels) == 2
    colour = a_fact("environment.credit", "2025-06-05", year=2024, colour="blue")
    older = a_fact("environment.credit", "2024-06-05", year=2023, colour="red")
    assert read("environment_colour", older, colour) == "blue"
    paper = a_fact("licences.qualifications", "2025-01-01", title="ISO 14001 环境管理体系认证", certificate_no="C1")
    assert read("cleaner_production_valid", paper) is True
    assert read("quality_certificate_valid", paper) is False


def test_a_value_says_what_it_stands_on():
    found = inputs_of(VOCABULARY, [a_penalty("2026-01-05")], {"penalties.administrative": DAY}, DAY, ["penalties_12m"])
    (evidence,) = found["penalties_12m"].evidence
    assert (evidence.item, evidence.on, evidence.reference, evidence.pledged) == (
        "penalties.administrative",
        date(2026, 1, 5),
        "2026-01-05",
        False,
    )
    assert "行政处罚" in evidence.source.zh


@given(st.sets(st.sampled_from(sorted(catalogue().items))))
def test_fewer_deliveries_never_tell_more(delivered: set[str]):
    facts = [a_penalty("2026-01-05"), a_report(2024, revenue_fen=5), *vat(1, 0)]
    some = inputs_of(VOCABULARY, [f for f in facts if f.item in delivered], dict.fromkeys(delivered, FEBRUARY), DAY)
    everything = inputs_of(VOCABULARY, facts, dict.fromkeys(catalogue().items, FEBRUARY), DAY)
    assert set(some) <= set(everything)
