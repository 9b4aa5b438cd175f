import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.kit.text import Text
from greenbridge.monitoring import gateway
from greenbridge.monitoring.rules import backtest, drift
from greenbridge.monitoring.values import Drift
from tests.conftest import NOW

POLICY = gateway.model_policy(NOW.date())
NAME = Text("特征", "feature")


def values(seed, n, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, n)


@pytest.mark.parametrize(("policy", "case"), gateway.model_cases(), ids=lambda x: x.get("note", "") if isinstance(x, dict) else "")
def test_the_policy_keeps_its_own_cases(policy, case):
    if case["kind"] == "psi":
        found = drift.psi(np.array(case["reference"], dtype=float), np.array(case["recent"], dtype=float))
    else:
        given_firms = np.array(case["probability"]), np.array(case["bad"], dtype=bool)
        found = (
            backtest.auc(*given_firms, policy.confidence).value if case["kind"] == "auc" else getattr(backtest, case["kind"])(*given_firms)
        )
    assert found == pytest.approx(case["value"], abs=5e-6)


def test_the_same_population_is_stable_and_a_moved_one_shifted():
    same = drift.measured("f", NAME, values(1, 5_000), values(2, 5_000), POLICY)
    moved = drift.measured("f", NAME, values(1, 5_000), values(2, 5_000, 0.8), POLICY)
    assert (same.drift, moved.drift) == (Drift.STABLE, Drift.SHIFTED)
    assert (same.n, same.n_reference) == (5_000, 5_000)


def test_what_chance_makes_of_few_firms_is_called_chance():
    found = [drift.measured("f", NAME, values(seed, 60), values(seed + 1_000, 60), POLICY) for seed in range(200)]
    beyond = sum(one.drift in {Drift.MOVED, Drift.SHIFTED} for one in found)
    assert sum(one.value > POLICY.moved for one in found) > 100  # the bare threshold would cry wolf
    assert beyond <= 20  # 5 % are meant


def test_of_few_nothing_is_said():
    assert drift.measured("f", NAME, values(1, 5_000), values(2, 49, 3.0), POLICY).drift is Drift.TOO_FEW
    none = drift.measured("f", NAME, values(1, 5_000), np.empty(0), POLICY)
    assert (none.value, none.drift, none.n) == (None, Drift.TOO_FEW, 0)


def test_missing_values_are_a_bin_of_their_own():
    half = values(2, 1_000)
    half[::2] = np.nan
    found = drift.measured("f", NAME, values(1, 1_000), half, POLICY)
    assert found.drift is Drift.SHIFTED
    assert (found.missing, found.missing_reference) == (0.5, 0.0)
    all_missing = np.full(100, np.nan)
    assert drift.measured("f", NAME, all_missing, all_missing, POLICY).value == 0.0


def test_a_cards_quantiles_stand_for_its_training_firms():
    learnt = values(1, 20_000)
    quantiles = np.quantile(learnt, np.linspace(0, 1, 11)).tolist()
    by_card = drift.measured("f", NAME, np.empty(0), values(2, 5_000, 0.5), POLICY, quantiles, len(learnt))
    by_window = drift.measured("f", NAME, learnt, values(2, 5_000, 0.5), POLICY)
    assert by_card.value == pytest.approx(by_window.value, rel=1e-3)
    assert by_card.n_reference == 20_000


def test_a_cards_equal_quantiles_are_one_bin_with_the_shares_of_all():
    # Half of the training firms have 0: five of ten steps lie there.
    quantiles = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    rng = np.random.default_rng(3)
    recent = np.where(rng.random(10_000) < 0.5, 0.0, rng.uniform(0.0, 1.0, 10_000))
    assert drift.measured("f", NAME, np.empty(0), recent, POLICY, quantiles, 10_000).drift is Drift.STABLE


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 500), min_size=2, max_size=11), st.data())
def test_the_index_is_positive_symmetric_and_zero_for_equals(first, data):
    second = data.draw(st.lists(st.integers(0, 500), min_size=len(first), max_size=len(first)))
    p, q = np.array(first, dtype=float), np.array(second, dtype=float)
    assert drift.psi(p, p) == 0.0
    assert drift.psi(p, q) >= -1e-12
    assert drift.psi(p, q) == pytest.approx(drift.psi(q, p))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.floats(-5, 5), st.just(float("nan"))), min_size=1, max_size=80))
def test_every_value_falls_into_one_bin(told):
    found = np.array(told)
    inner = drift.edges(found, POLICY.bins)
    assert drift.counts(found, inner).sum() == len(told)
    assert len(inner) < POLICY.bins
