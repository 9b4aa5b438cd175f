"""The optimum against strategies, exhaustive search and what must hold whatever the firms."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from greenbridge.kit.errors import Invalid
from greenbridge.underwriting.rules import amounts, portfolio, strategies
from greenbridge.underwriting.rules import churn as churn_rules
from greenbridge.underwriting.rules.classes import by_cuts, by_shares
from greenbridge.underwriting.rules.portfolio import BudgetOn, Firms, Plan, Terms

# A made-up table: a shape like a survey's, no row of any.
RATES = [0.04, 0.06, 0.08, 0.10, 0.12, 0.15]
LOST = {"A": [0.0, 0.4, 0.58, 0.72, 0.82, 0.93], "B": [0.0, 0.36, 0.55, 0.69, 0.78, 0.9], "C": [0.0, 0.33, 0.54, 0.7, 0.69, 0.9]}
CHURN = churn_rules.churn(RATES, LOST)
TERMS = Terms(300_000_00, 10_000_00, 100_000_00, 0.6, 250)


def some_firms(n, seed=1, worst=0.2):
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 12, n)
    rating = np.where(rng.random(n) < worst, 3, rng.integers(0, 3, n))
    return Firms(tuple(map(str, range(n))), p, rating, np.full(n, 10**12), ("",) * n)


def profit(firms, plan, terms=TERMS):
    return float(portfolio.profits(firms, CHURN, plan, terms).sum())


def test_the_churn_table_is_made_monotone_and_keeps_its_points_where_it_is():
    assert churn_rules.monotone(np.array([0.0, 2.0, 1.0])) == pytest.approx([0, 1.5, 1.5])
    assert (np.diff(CHURN.kept, axis=1) <= 1e-12).all()
    assert CHURN.kept[0, [0, 200, 1100]] == pytest.approx([1.0, 0.6, 0.07])
    assert CHURN.kept[2, 600] == CHURN.kept[2, 800] == pytest.approx(1 - 0.695)  # 0.70 and 0.69 pooled
    assert CHURN.within(500, 600).rates_bp.tolist() == list(range(500, 601))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
@settings(max_examples=100)
def test_pooling_never_falls_and_keeps_the_mean(values):
    found = churn_rules.monotone(np.array(values))
    assert (np.diff(found) >= -1e-12).all()
    assert found.mean() == pytest.approx(np.mean(values))


@pytest.mark.parametrize(
    ("rates", "lost"),
    [
        ([0.04, 0.05], {r: [0, 0.1] for r in "ABC"}),
        (RATES, {"A": LOST["A"], "B": LOST["B"]}),
        (RATES, {**LOST, "C": [0, 0, 0, 0, 0, 1.2]}),
        (RATES, {**LOST, "C": [0, 0, 0, float("nan"), 0, 1]}),
        ([0.04] * 6, LOST),
    ],
)
def test_a_wrong_churn_table_is_refused(rates, lost):
    with pytest.raises(Invalid):
        churn_rules.churn(rates, lost)
    with pytest.raises(Invalid):
        CHURN.within(100, 600)


def test_ratings_by_cuts_and_by_shares():
    assert by_cuts(np.array([0.04, 0.05, 0.2, 0.9]), [0.05, 0.1, 0.3]).tolist() == [0, 1, 2, 3]
    assert by_shares(np.array([0.4, 0.1, 0.3, 0.2]), dict.fromkeys("ABCD", 1)).tolist() == [3, 0, 2, 1]
    assert by_shares(np.array([0.1, 0.1, 0.1, 0.1]), dict.fromkeys("ABCD", 1)).tolist() == [0, 0, 0, 0]


def test_the_formula_by_example():
    assert portfolio.margin(np.array([0.05]), np.array([800]), TERMS) == pytest.approx([0.021])
    firms = Firms(("1",), np.array([0.05]), np.array([0]), np.array([10**12]), ("",))
    plan = Plan("one", np.array([100_000_00]), np.array([800]))
    assert profit(firms, plan) == pytest.approx(100_000_00 * 0.42 * 0.021)
    assert float(portfolio.losses(firms, CHURN, plan, TERMS)[0]) == pytest.approx(100_000_00 * 0.42 * 0.03)


def test_the_spread_is_that_of_a_simulation():
    firms, rng = some_firms(30), np.random.default_rng(7)
    plan = portfolio.optimum(firms, CHURN, TERMS)
    stays = rng.random((40_000, 30)) < portfolio.kept(firms, CHURN, plan.rate_bp)
    defaults = rng.random((40_000, 30)) < firms.probability
    earned = stays * np.where(defaults, -0.6 - 0.025, plan.rate_bp / 10_000 - 0.025) * plan.amount_fen
    simulated = earned.sum(axis=1)
    assert portfolio.spread(firms, CHURN, plan, TERMS) == pytest.approx(simulated.std(), rel=0.03)
    assert profit(firms, plan) == pytest.approx(simulated.mean(), abs=4 * simulated.std() / 200)


@pytest.mark.parametrize("seed", range(6))
def test_the_optimum_is_that_of_exhaustive_search(seed):
    """Budgets that leave a rest under the least amount: where first come, first served is wrong."""
    firms = some_firms(5, seed, worst=0)
    terms = replace(TERMS, budget_fen=(205_000 + 1_000 * seed) * 100)
    found = portfolio.optimum(firms, CHURN, terms)
    rates, _ = portfolio.best_rates(firms, CHURN, terms)
    steps = [0, *range(10_000, 100_001, 15_000), 95_000 + 1_000 * seed, 100_000]
    best = max(
        profit(firms, Plan("", np.array(lent) * 100, rates), terms)
        for lent in product(steps, repeat=5)
        if sum(lent) * 100 <= terms.budget_fen
    )
    assert profit(firms, found, terms) >= best - 1
    assert found.gap <= 1e-6


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=40), st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_the_envelope_is_the_highest_line(lines, points):
    base, slope = np.array(lines).T
    where, ends = portfolio.envelope(base, slope)
    p = np.array(points)
    best = where[np.searchsorted(ends, p, side="left")]
    assert (np.diff(ends) >= 0).all()
    assert base[best] + slope[best] * p == pytest.approx((base + p[:, None] * slope).max(axis=1), abs=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_fixing_by_bounds_loses_nothing_against_the_whole_programme(seed):
    """The plain programme, all switches free, as HiGHS solves it alone."""
    rng, n = np.random.default_rng(seed), 25
    worth, uses, most = rng.uniform(0.001, 0.02, n), rng.uniform(0.3, 1, n), rng.integers(10_000, 150_000, n) * 100.0
    task = amounts.Task(worth, uses, most, 10_000_00.0, rng.uniform(0.1, 0.9) * float(most @ uses))
    found, gap = amounts.solve(task, 30)
    eye = np.eye(n)
    rows = np.block([[eye, -np.diag(most)], [-eye, np.eye(n) * task.least], [uses[None], np.zeros((1, n))]])
    whole = milp(
        np.concatenate([-worth, np.zeros(n)]),
        constraints=LinearConstraint(rows, -np.inf, np.append(np.zeros(2 * n), task.budget)),
        integrality=np.append(np.zeros(n), np.ones(n)),
        bounds=Bounds(0, np.append(most, np.ones(n))),
        options={"mip_rel_gap": 1e-9},
    )
    assert gap <= 1e-6
    assert float(found @ uses) <= task.budget
    assert task.value(found) == pytest.approx(-whole.fun, rel=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(0, 10**6),
    st.integers(10_000, 6_000_000),
    st.floats(0, 1),
    st.integers(0, 800),
    st.sampled_from(BudgetOn),
)
def test_no_strategy_earns_more_and_every_bound_holds(n, seed, budget_yuan, lgd, funds, on):
    firms = some_firms(n, seed)
    terms = Terms(budget_yuan * 100, 10_000_00, 100_000_00, lgd, funds, budget_on=on)
    best = portfolio.optimum(firms, CHURN, terms)
    for plan in (best, *strategies.simple(firms, CHURN, terms)):
        lent = plan.amount_fen > 0
        assert (plan.amount_fen[lent] >= terms.least_fen).all()
        assert (plan.amount_fen <= terms.most_fen).all()
        assert not (lent & (firms.rating == 3)).any()
        assert ((plan.rate_bp >= 400) & (plan.rate_bp <= 1500)).all()
        uses = plan.amount_fen * (1 if on is BudgetOn.OFFERED else portfolio.kept(firms, CHURN, plan.rate_bp))
        assert uses.sum() <= terms.budget_fen
        # Amounts are whole yuan: a firm may lose a yuan's worth.
        assert profit(firms, best, terms) * (1 + best.gap) >= profit(firms, plan, terms) - 100 * n
    assert profit(firms, best, terms) >= 0


def test_twice_everything_is_twice_the_profit():
    firms = some_firms(30)
    twice = replace(TERMS, budget_fen=TERMS.budget_fen * 2, least_fen=TERMS.least_fen * 2, most_fen=TERMS.most_fen * 2)
    one, two = (profit(firms, portfolio.optimum(firms, CHURN, terms), terms) for terms in (TERMS, twice))
    assert two == pytest.approx(2 * one, rel=1e-6)


def test_the_order_of_firms_does_not_matter_and_more_budget_never_earns_less():
    firms = some_firms(40)
    turned = replace(firms, probability=firms.probability[::-1], rating=firms.rating[::-1])
    earned = [profit(firms, portfolio.optimum(firms, CHURN, replace(TERMS, budget_fen=b * 100))) for b in (50_000, 200_000, 333_333, 10**7)]
    assert earned == sorted(earned)
    assert profit(turned, portfolio.optimum(turned, CHURN, TERMS)) == pytest.approx(
        profit(firms, portfolio.optimum(firms, CHURN, TERMS)), rel=1e-6
    )


def test_a_budget_on_what_is_taken_up_earns_more_than_one_on_what_is_offered():
    firms = some_firms(60)
    taken_up = replace(TERMS, budget_on=BudgetOn.TAKEN_UP)
    plan = portfolio.optimum(firms, CHURN, taken_up)
    assert profit(firms, plan) > profit(firms, portfolio.optimum(firms, CHURN, TERMS))
    assert plan.gap < 0.05
    assert portfolio.optimum(firms, CHURN, replace(taken_up, budget_fen=10**12)).gap == pytest.approx(0, abs=1e-6)


def test_a_budget_on_what_is_taken_up_lets_the_simple_ways_spend_it_too():
    firms = some_firms(60)
    taken_up = replace(TERMS, budget_on=BudgetOn.TAKEN_UP, budget_fen=20 * TERMS.least_fen)
    for offered, taken in zip(
        strategies.simple(firms, CHURN, replace(taken_up, budget_on=BudgetOn.OFFERED)),
        strategies.simple(firms, CHURN, taken_up),
        strict=True,
    ):
        uses = float((taken.amount_fen * portfolio.kept(firms, CHURN, taken.rate_bp)).sum())
        assert 0.9 * taken_up.budget_fen <= uses <= taken_up.budget_fen
        assert abs(profit(firms, taken)) >= abs(profit(firms, offered))  # the lowest rate loses money: more of it loses more
        assert taken.name == "equal_shares_lowest_rate" or profit(firms, taken) > profit(firms, offered)


@pytest.mark.parametrize(
    "changes", [{"least_fen": 0}, {"most_fen": 1}, {"budget_fen": 1}, {"loss_given_default": 1.5}], ids=lambda changes: next(iter(changes))
)
def test_terms_that_make_no_sense_are_refused(changes):
    with pytest.raises(Invalid):
        portfolio.optimum(some_firms(3), CHURN, replace(TERMS, **changes))


def test_a_worse_world_earns_less_and_replanning_never_less_than_holding_on():
    firms = replace(some_firms(40, worst=0), industry=("C",) * 20 + ("F",) * 20)
    large = replace(TERMS, budget_fen=4_000_000_00)
    plan = portfolio.optimum(firms, CHURN, large)
    found = strategies.scenarios(firms, CHURN, large, plan, lambda others, terms: portfolio.optimum(others, CHURN, terms))
    base = found[0].unchanged_fen
    by_name = {one.name.en: one for one in found}
    assert by_name["Probabilities x 1.5"].unchanged_fen < base < by_name["Probabilities x 0.5"].unchanged_fen
    assert by_name["Loss given default 75%"].unchanged_fen < base < by_name["Loss given default 45%"].unchanged_fen
    assert all(one.replanned_fen >= one.unchanged_fen - 100 * 40 for one in found)
    assert any(one.name.en.startswith("C: ") and one.unchanged_fen < base for one in found)
