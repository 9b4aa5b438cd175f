"""Sums by hand, and an independent root finder as the judge."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.answers.rules import costs
from greenbridge.answers.values import Flow, Offer
from greenbridge.catalog.values import Repayment

START = date(2026, 1, 15)
YEAR = Offer("P", 1_200_000, 600, 12, START, Repayment.EQUAL_PRINCIPAL)  # 12,000 yuan at 6 %


def lines(offer):
    return [(line.principal_fen, line.interest_fen) for line in costs.amortisation(offer, START)]


def test_equal_instalments_by_hand():
    # i = 1 %: 100,000 x 0.01 x 1.030301 / 0.030301 = 34,002.21
    found = lines(Offer("P", 100_000, 1200, 3, START, Repayment.EQUAL_INSTALMENTS))
    assert found == [(33_002, 1_000), (33_332, 670), (33_666, 337)]


def test_equal_principal_by_hand():
    found = lines(YEAR)
    assert found[0] == (100_000, 6_000)  # half a per cent of 12,000 yuan a month
    assert found[1] == (100_000, 5_500)
    assert found[-1] == (100_000, 500)
    assert sum(interest for _, interest in found) == 6_000 * 13 // 2  # 6,000 + 5,500 + ... + 500


def test_interest_first_and_all_at_maturity_by_hand():
    assert lines(replace(YEAR, repayment=Repayment.INTEREST_FIRST)) == [(0, 6_000)] * 11 + [(1_200_000, 6_000)]
    assert lines(replace(YEAR, repayment=Repayment.AT_MATURITY)) == [(0, 0)] * 11 + [(1_200_000, 72_000)]


def test_a_revolving_loan_bears_interest_by_drawn_days_of_360():
    found = lines(replace(YEAR, repayment=Repayment.REVOLVING))
    assert found[0] == (0, 6_200)  # 31 days from 15 January: 1,200,000 x 6 % x 31 / 360
    assert found[1] == (0, 5_600)  # 28 days
    assert sum(interest for _, interest in found) == 73_000  # 365 days


def test_the_last_payment_takes_the_remainder():
    found = lines(Offer("P", 100_000, 0, 3, START, Repayment.EQUAL_PRINCIPAL))
    assert found == [(33_333, 0), (33_333, 0), (33_334, 0)]


def test_days_at_a_months_end_stay_at_its_end():
    table = costs.amortisation(replace(YEAR, term_months=3), date(2026, 1, 31))
    assert [line.due_on for line in table] == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def test_fees_of_a_year_are_on_what_is_owed_when_it_begins():
    offer = Offer("P", 1_200_000, 600, 18, START, Repayment.EQUAL_PRINCIPAL, 10_000, yearly_fee_bp=20, guarantee_yearly_bp=80)
    table = costs.amortisation(offer, START)
    # 1 % of 1,200,000 for a year; of the 400,008 owed after 12 payments of 66,666 for half a year.
    assert [line.fees_fen for line in table if line.fees_fen] == [12_000, 2_000]
    money = costs.flows(offer, START)
    assert money[0] == Flow(START, 1_190_000)
    assert money[1] == Flow(START, -12_000)
    assert Flow(date(2027, 1, 15), -2_000) in money
    assert costs.cost(offer, START).fees_fen == 24_000


@pytest.mark.parametrize(("back", "rate"), [(1_000, 0.0), (1_050, 0.05), (1_240, 0.24), (900, -0.1), (3_000, 2.0)])
def test_a_rate_of_one_year_by_hand(back, rate):
    money = (Flow(START, 1_000), Flow(START + timedelta(days=365), -back))
    assert costs.effective_annual_rate(money) == pytest.approx(rate, abs=1e-9)


def test_twelve_months_at_a_half_per_cent_compound_to_more_than_six():
    found = costs.cost(replace(YEAR, repayment=Repayment.INTEREST_FIRST), START)
    assert found.effective_annual_rate == pytest.approx(1.005**12 - 1, abs=2e-4)  # months are not all of one length
    paid_once = costs.cost(replace(YEAR, repayment=Repayment.AT_MATURITY), START)
    assert paid_once.effective_annual_rate == pytest.approx(0.06, abs=1e-9)


def test_a_fee_a_premium_and_a_subsidy_move_the_rate_as_they_should():
    plain = replace(YEAR, repayment=Repayment.AT_MATURITY)
    assert costs.cost(replace(plain, upfront_fee_fen=12_000), START).effective_annual_rate == pytest.approx(1_272 / 1_188 - 1, abs=1e-9)
    assert costs.cost(replace(plain, guarantee_yearly_bp=100), START).effective_annual_rate == pytest.approx(1_272 / 1_188 - 1, abs=1e-9)
    helped = costs.cost(plain, START, 12_000)
    assert (helped.total_fen, helped.subsidy_fen) == (60_000, 12_000)
    assert helped.effective_annual_rate == pytest.approx(0.05, abs=1e-9)
    assert costs.cost(plain, START, None).subsidy_fen is None


def test_where_no_rate_does_it_none_is_told():
    assert costs.effective_annual_rate((Flow(START, 1_000), Flow(START + timedelta(days=9), 1_000))) is None


OFFERS = st.builds(
    Offer,
    st.just("P"),
    st.integers(100_000, 2_000_000_000),
    st.integers(0, 2_400),
    st.integers(1, 120),
    st.just(START),
    st.sampled_from(list(Repayment)),
    st.just(0),
    st.integers(0, 100),
    st.integers(0, 300),
)


@settings(max_examples=100)
@given(OFFERS, st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_principal_sums_interest_is_never_negative_and_days_go_forward(offer, day):
    table = costs.amortisation(offer, day)
    assert sum(line.principal_fen for line in table) == offer.amount_fen
    assert all(line.interest_fen >= 0 and line.principal_fen >= 0 and line.fees_fen >= 0 for line in table)
    assert table[-1].left_fen == 0
    assert [line.left_fen for line in table] == sorted((line.left_fen for line in table), reverse=True)
    assert all(one.due_on < two.due_on for one, two in itertools.pairwise(table))


@settings(max_examples=60)
@given(OFFERS, st.integers(1, 5_000_000))
def test_a_fee_never_makes_an_offer_cheaper_and_the_rate_solves_its_equation(offer, fee):
    plain = costs.cost(offer, START)
    dearer = costs.cost(replace(offer, upfront_fee_fen=min(fee, offer.amount_fen // 20)), START)
    assert plain.effective_annual_rate is not None
    assert dearer.effective_annual_rate is not None
    assert dearer.effective_annual_rate >= plain.effective_annual_rate - 1e-9
    worth = sum(f.fen * (1 + plain.effective_annual_rate) ** (-(f.on - START).days / 365) for f in costs.flows(offer, START))
    assert abs(worth) < 1e-6 * offer.amount_fen + 1
