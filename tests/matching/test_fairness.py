"""Turns among near-equal products: deterministic, bounded, and not to be won by listing the same thing often."""

from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from greenbridge.catalog.values import Bank, Eligibility
from greenbridge.matching import gateway
from greenbridge.matching.rules import fairness
from greenbridge.matching.values import Fit, Match
from tests.builders import a_product

POLICY = gateway.policies()[0]


def a_match(rank, bank, total=0.8, kind=Eligibility.ELIGIBLE, code=None):
    product = a_product(code=code or f"{bank}-{rank}", bank=Bank(bank, bank))
    return Match(rank, product, kind, Fit(*[total] * 9), rank)


def run(matches, rounds):
    balances, first = defaultdict(float), Counter()
    for number in range(rounds):
        order, shown = fairness.take_turns(matches, balances, f"need {number}", POLICY)
        first[order[0].product.bank.code] += 1
        for one in shown:
            balances[one.bank_code] += one.attention - one.deserved
    return balances, first


def test_near_equal_banks_take_turns_and_stay_within_a_bound():
    matches = [a_match(i + 1, f"B{i}", 0.8 - i * 0.003) for i in range(5)]
    balances, first = run(matches, 500)
    assert all(abs(balance) <= 1 for balance in balances.values())
    assert all(80 <= first[f"B{i}"] <= 120 for i in range(5))


def test_a_large_bank_gains_nothing_by_listing_the_same_product_ten_times():
    few = [a_match(i + 1, "BIG" if i < 10 else f"S{i}", 0.8) for i in range(14)]
    balances, first = run(few, 400)
    assert all(first[f"S{i}"] >= 60 for i in range(10, 14))
    assert all(abs(balance) <= 1.5 for balance in balances.values())


def test_a_better_product_never_waits_for_a_worse_one():
    matches = [a_match(1, "GOOD", 0.9), *[a_match(i, f"B{i}", 0.7) for i in range(2, 6)]]
    for number in range(20):
        order, _ = fairness.take_turns(matches, {"GOOD": 50.0}, str(number), POLICY)
        assert order[0].product.bank.code == "GOOD"


def test_eligibility_is_never_crossed_and_refused_products_stay_where_they_are():
    kinds = [Eligibility.ELIGIBLE, Eligibility.CONDITIONAL, Eligibility.NOT_ELIGIBLE, Eligibility.NOT_ELIGIBLE]
    matches = [a_match(i + 1, f"B{i}", 0.5, kind) for i, kind in enumerate(kinds)]
    order, shown = fairness.take_turns(matches, {"B0": 9, "B3": -9}, "x", POLICY)
    assert [m.product.code for m in order] == [m.product.code for m in matches]
    assert {one.bank_code for one in shown} == {"B0", "B1"}


def test_the_same_input_gives_the_same_order_and_merit_is_kept():
    matches = [a_match(i + 1, f"B{i}") for i in range(6)]
    one, _ = fairness.take_turns(matches, {}, "seed", POLICY)
    assert one == fairness.take_turns(matches, {}, "seed", POLICY)[0]
    assert [m.rank for m in one] == [1, 2, 3, 4, 5, 6]
    assert sorted(m.merit_rank for m in one) == [1, 2, 3, 4, 5, 6]
    assert one != fairness.take_turns(matches, {}, "other", POLICY)[0]


def test_what_is_given_is_what_is_deserved_in_all():
    matches = [replace(a_match(i + 1, f"B{i % 3}", 0.8), merit_rank=i + 1) for i in range(12)]
    _, shown = fairness.take_turns(matches, {}, "seed", POLICY)
    assert sum(s.attention for s in shown) == pytest.approx(sum(s.deserved for s in shown))
    assert fairness.shares({"one": 1, "two": 2}, [1, 0.63, 0.5]) == pytest.approx({"one": 1, "two": 1.13})


def test_the_policys_own_cases_hold():
    from greenbridge.catalog.rules import verdicts
    from greenbridge.catalog.values import Applicant, Branch
    from greenbridge.matching.rules import fits

    assert len(gateway.cases()) >= 5
    for policy, case in gateway.cases():
        branches = tuple(Branch(region, wan * 1_000_000) for region, wan in case.get("branches", []))
        product = a_product(branches=branches, max_default_probability=case.get("max_default_probability", 0.2), max_annual_rate_bp=1000)
        facts = {"region_code": case.get("region_code", "330502"), "amount_fen": case.get("amount_wan", 100) * 1_000_000,
                 "default_probability": case.get("default_probability"), "max_annual_rate_bp": case.get("max_annual_rate_bp", 500),
                 "tax_grade": case.get("tax_grade"), "guarantee_modes": ("credit",)}  # fmt: skip
        found = fits.fit(product, facts, verdicts.verdicts(product, Applicant(facts)), policy, {})
        assert getattr(found, case["part"]) == pytest.approx(case["expect"]), case["name"]
