"""The policy's own cases, formulas by example, and what must hold for every firm."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.catalog.rules.vocabulary import GREEN_NAMES
from greenbridge.kit import charts
from greenbridge.kit.text import Text
from greenbridge.needs.values import GuaranteeMode, Purpose
from greenbridge.underwriting import gateway
from greenbridge.underwriting.rules import limits, pricing, wire
from greenbridge.underwriting.rules.deciding import accepted
from greenbridge.underwriting.rules.proposal import benchmark_tenor, mode_of, proposal, suits, tenor
from greenbridge.underwriting.values import Advice, Flag, Month, OpenFlag, Place, Terms
from tests.builders import a_draft, a_product
from tests.underwriting.cases import LPR, YUAN, case_inputs, evidence

POLICY = gateway.policies()[0]
amounts = st.integers(0, 50_000_000).map(lambda yuan: yuan * YUAN)
probabilities = st.floats(0, 1)
months = st.lists(st.builds(Month, amounts, amounts), max_size=12).map(tuple)
firms = st.builds(
    evidence,
    default_probability=st.none() | probabilities,
    sales_12m_fen=st.none() | amounts,
    vat_12m_fen=st.none() | st.integers(-10_000_000, 10_000_000).map(lambda yuan: yuan * YUAN),
    tax_grade=st.none() | st.sampled_from("ABMCD"),
    months=months,
    green_grade=st.none() | st.sampled_from(["deep", "mid", "light"]),
    debt_service_fen=st.none() | amounts,
    flags=st.lists(st.sampled_from(["void", "enforcement"]).map(lambda key: Flag(key, key != "void", Text("旗", "flag"))), max_size=1).map(
        tuple
    ),
)
modes = st.sampled_from(GuaranteeMode)
needs = st.builds(
    lambda mode, amount, term: a_draft(guarantee_modes=(mode,), amount_fen=amount, term_months=term),
    modes,
    st.integers(10_000, 30_000_000).map(lambda yuan: yuan * YUAN),
    st.integers(1, 120),
)


def product_for(draft, **changes):
    return a_product(guarantee_modes=draft.guarantee_modes, **{"max_default_probability": 0.9, **changes})


def made(known, draft=None, **changes):
    draft = draft or a_draft()
    return proposal(known, draft, product_for(draft, **changes), LPR, POLICY)


@pytest.mark.parametrize(("policy", "case"), gateway.cases(), ids=lambda value: value["name"] if isinstance(value, dict) else "")
def test_the_policy_keeps_its_own_cases(policy, case):
    known, draft, product = case_inputs(case.get("known", {}))
    found = proposal(known, draft, product, LPR, policy)
    told = (found.limit_fen // YUAN, found.binding, found.price.rate_bp if found.price else None, found.advice.value)
    assert told == (case["limit_yuan"], case["binding"], case.get("rate_bp"), case["advice"])


def test_every_table_of_the_policy_names_its_source():
    assert {"tax", "sales", "cash_flow", "probability", "place", "security", "price", "green", "tenor", "vetoes"} <= POLICY.sources.keys()
    assert set(POLICY.security) == set(GuaranteeMode)
    assert set(POLICY.purpose_months) == {purpose.value for purpose in Purpose}


def test_formulas_by_example():
    assert pricing.as_priced(0.10, Place(date(2025, 11, 1), 0.065, 0.13)) == pytest.approx(0.1928, abs=5e-5)
    assert pricing.as_priced(0.065, Place(date(2025, 11, 1), 0.065, 0.13)) == pytest.approx(0.13)
    assert pricing.as_priced(0.10, None) == 0.10
    assert limits.present_value(10_000, 600, 12) == pytest.approx(116_189, abs=1)
    assert limits.present_value(10_000, 0, 12) == 120_000
    assert limits.free_cash((Month(500_000, 250_000),) * 12, 0.05) == pytest.approx(225_000)
    assert limits.free_cash((Month(500_000, 250_000),) * 6 + (Month(300_000, 250_000),) * 6, 0.05) == pytest.approx(35_000)
    assert pricing.rounded(442, 400, 700, 5) == 445
    assert pricing.rounded(912, 400, 700, 5) == 700
    assert pricing.rounded(312, 400, 700, 5) == 400
    assert (benchmark_tenor(36), benchmark_tenor(60), benchmark_tenor(61)) == ("1Y", "1Y", "5Y")


@settings(max_examples=60, deadline=None)
@given(st.lists(probabilities, min_size=2, max_size=20), st.floats(0.01, 0.6), st.floats(0.01, 0.6))
def test_a_measured_vintage_moves_the_odds_and_keeps_the_order(found, predicted, observed):
    place = Place(date(2025, 11, 1), predicted, observed)
    moved = [pricing.as_priced(p, place) for p in sorted(found)]
    assert moved == sorted(moved)
    assert all((after >= before) == (observed >= predicted) or after == before for before, after in zip(sorted(found), moved, strict=True))


def test_what_is_priced_is_what_is_back_tested_until_a_vintage_says_otherwise():
    assert POLICY.place is None
    found = made(evidence(default_probability=0.03))
    assert (found.probability, found.probability_text.zh) == (0.03, "模型违约概率 3.0 %，直接用于定价")
    measured = replace(POLICY, place=Place(date(2025, 11, 1), 0.065, 0.13))
    draft = a_draft()
    moved = proposal(evidence(default_probability=0.03), draft, product_for(draft), LPR, measured)
    assert (
        moved.probability_text.en
        == "Probability 3.0 % as modelled; of the place's vintage 2025-11, 6.5 % were predicted and 13.0 % seen: 6.2 %"
    )
    assert moved.price.cost_bp > found.price.cost_bp


@pytest.mark.parametrize("row", [{"source": "x", "predicted": 0.1}, {"vintage": date(2025, 1, 1), "predicted": 0.0, "observed": 0.1}])
def test_half_of_a_vintage_is_refused(row):
    with pytest.raises((KeyError, ValueError)):
        gateway.place_of(row)


@settings(max_examples=40, deadline=None)
@given(firms)
def test_the_printed_parts_of_a_price_add_up_to_the_rate(known):
    document = wire.proposal_json(made(known))
    for language in ("zh", "en"):
        told = wire.lines(document, language)
        start = next((i for i, line in enumerate(told) if line.strip() in {"价格构成:", "Price:"}), None)
        if document["price"] is None:
            assert start is None
            continue
        end = next(i for i, line in enumerate(told) if line.startswith("  = "))
        parts = [float(line.split()[0].replace(",", "")) for line in told[start + 1 : end]]
        assert round(sum(parts), 2) == float(told[end].split()[1].replace(",", "")) == document["price"]["annual_rate_bp"] / 100


def test_the_security_that_loses_least_is_chosen():
    both = (GuaranteeMode.CREDIT, GuaranteeMode.MORTGAGE)
    draft, product = a_draft(guarantee_modes=both), a_product(guarantee_modes=both)
    assert mode_of(draft, product, POLICY) is GuaranteeMode.MORTGAGE
    assert not suits(draft, a_product(guarantee_modes=(GuaranteeMode.PLEDGE,)), POLICY)
    assert not suits(a_draft(purpose=Purpose.AGRICULTURE), a_product(), POLICY)
    with pytest.raises(ValueError, match="no security"):
        proposal(evidence(), draft, a_product(guarantee_modes=(GuaranteeMode.PLEDGE,)), LPR, POLICY)


def test_the_term_is_the_least_of_its_bounds_and_not_under_the_products():
    assert tenor(a_draft(term_months=48), a_product(max_term_months=60), POLICY).months == 36
    assert tenor(a_draft(term_months=6), a_product(), POLICY).months == 6
    assert tenor(a_draft(term_months=2), a_product(), POLICY).months == 3


def test_a_figure_the_firm_would_not_pay_is_said():
    found = made(evidence(), a_draft(max_annual_rate_bp=410))
    assert "高于企业可接受的 4.10 %" in "".join(reason.zh for reason in found.reasons)


def test_conditions_answer_what_is_missing_and_what_is_wrong():
    flag = Flag("concentrated", False, Text("第一大客户占 62.0 %", "62.0 %"))
    found = made(evidence(vat_12m_fen=None, flags=(flag,)))
    assert {c.key for c in found.conditions} == {"account", "evidence_tax", "bureau", "flag_concentrated"}
    assert made(evidence(debt_service_fen=0)).advice is Advice.WITH_CONDITIONS  # the account
    mortgage = made(evidence(debt_service_fen=0), a_draft(guarantee_modes=(GuaranteeMode.MORTGAGE,)))
    assert mortgage.conditions[0].text.zh == "抵押物评估值不低于 142.86 万元，办妥抵押登记"
    assert all(c.text.zh and c.text.en and c.reason.zh and c.reason.en for c in (*found.conditions, *mortgage.conditions))


def test_a_product_with_a_lower_limit_of_risk_lends_nothing():
    found = made(evidence(default_probability=0.3), max_default_probability=0.2)
    assert (found.limit_fen, found.binding, found.advice) == (0, "probability", Advice.NOT_ADVISED)


def test_less_than_the_product_lends_is_nothing_and_says_so():
    found = made(evidence(sales_12m_fen=100_000 * YUAN))
    assert (found.limit_fen, found.conditions, found.advice) == (0, (), Advice.NOT_ADVISED)
    assert "低于产品起点 5 万元" in found.reasons[0].zh


@settings(max_examples=100)
@given(firms, needs)
def test_the_limit_is_the_least_cap_and_never_above_one(known, draft):
    found = made(known, draft)
    assert all(found.limit_fen <= cap.amount_fen for cap in found.caps)
    assert found.limit_fen % POLICY.limit_step_fen == 0
    least = min(cap.amount_fen for cap in found.caps)
    assert next(cap.amount_fen for cap in found.caps if cap.key == found.binding) == least
    assert found.limit_fen == 0 or found.limit_fen > least - POLICY.limit_step_fen


@settings(max_examples=100)
@given(firms, needs, probabilities, probabilities)
def test_a_higher_probability_never_raises_the_limit_nor_lowers_the_price(known, draft, a, b):
    low, high = (made(replace(known, default_probability=p), draft) for p in sorted((a, b)))
    assert high.limit_fen <= low.limit_fen
    assert high.price.rate_bp >= low.price.rate_bp
    assert high.price.cost_bp >= low.price.cost_bp


@settings(max_examples=100)
@given(firms, needs, amounts, st.lists(amounts, min_size=12, max_size=12))
def test_more_sales_never_lower_the_limit(known, draft, more, by_month):
    richer = replace(
        known,
        sales_12m_fen=None if known.sales_12m_fen is None else known.sales_12m_fen + more,
        months=tuple(Month(m.sales_fen + extra, m.purchases_fen) for m, extra in zip(known.months, by_month, strict=False)),
    )
    assert made(richer, draft).limit_fen >= made(known, draft).limit_fen


@settings(max_examples=60)
@given(firms, needs)
def test_the_price_adds_up_within_its_bounds_and_the_waterfall_with_it(known, draft):
    price = made(known, draft).price
    if price is None:
        assert known.default_probability is None
        return
    assert sum(part.bp for part in price.components) == price.cost_bp
    assert price.low_bp <= price.rate_bp <= price.high_bp
    assert price.spread_bp == price.rate_bp - 300
    drawn = wire.waterfall(price)
    assert drawn.base + sum(step.change for step in drawn.steps) == drawn.result
    assert "Everything else" not in charts.svg(drawn, "en")


@given(firms, needs)
@settings(max_examples=60)
def test_every_sentence_is_there_in_both_languages(known, draft):
    found = made(known, draft)
    texts = [*found.reasons, *(cap.text for cap in found.caps), *(c.text for c in found.conditions), found.tenor.text]
    assert all(text.zh and text.en and "None" not in text.zh + text.en for text in texts)
    assert wire.lines(wire.proposal_json(found), "zh")


hidden = st.sets(st.sampled_from(POLICY.vetoes), max_size=3).map(
    lambda keys: tuple(OpenFlag(key, Text("名单", "list"), withheld=True) for key in sorted(keys))
)


@settings(max_examples=100)
@given(firms, needs, hidden, st.booleans())
def test_what_is_withheld_never_leads_to_a_loan_at_a_click(known, draft, flags, figure):
    found = made(replace(known, open_flags=flags, withheld=(Text("纳税信用等级", "tax credit grade"),) if figure else ()), draft)
    terms = accepted(found)
    if flags or figure:
        assert terms in {None, Terms(0, None, None)}
        assert found.advice in {Advice.REFER, Advice.NOT_ADVISED}
    if flags and found.limit_fen:
        assert "withheld_vetoes" in {condition.key for condition in found.conditions}


def test_what_no_department_delivered_is_looked_up_and_does_not_stop_the_loan():
    found = made(evidence(open_flags=(OpenFlag("enforcement", Text("执行案件未结", "Enforcement open"), withheld=False),)))
    condition = next(c for c in found.conditions if c.key == "unknown_vetoes")
    assert condition.text.zh == "另行核查：执行案件未结"
    assert accepted(found).amount_fen == found.limit_fen > 0


def test_to_accept_what_is_not_advised_is_not_to_lend():
    found = made(evidence(default_probability=0.23))
    assert (found.limit_fen, found.advice) == (300_000 * YUAN, Advice.NOT_ADVISED)
    assert accepted(found) == Terms(0, None, None)


def test_a_green_firm_pays_less_by_its_grade():
    prices = [made(evidence(green_grade=grade)).price.cost_bp for grade in ("deep", "mid", "light", "ordinary", None)]
    assert [prices[-1] - cost for cost in prices] == [30, 20, 10, 5, 0]
    assert POLICY.green_discounts_bp.keys() <= set(GREEN_NAMES)
