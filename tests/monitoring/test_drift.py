import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.kit.text import Text
from greenbridge.monitoring import gateway
from greenbridge.monitoring.rules import backtest, drift
from greenbridge.monitoring.values import Drift
from greenbridge.scoring.rules import distributions
from ml.card import binned
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


def measured(reference, recent):
    then = distributions.distribution("f", reference)
    return drift.measured("f", NAME, then, distributions.distribution("f", recent, np.array(then.edges)), POLICY)


def test_the_same_population_is_stable_and_a_moved_one_shifted():
    same = measured(values(1, 5_000), values(2, 5_000))
    moved = measured(values(1, 5_000), values(2, 5_000, 0.8))
    assert (same.drift, moved.drift) == (Drift.STABLE, Drift.SHIFTED)
    assert (same.n, same.n_reference) == (5_000, 5_000)


def test_what_chance_makes_of_few_firms_is_called_chance():
    found = [measured(values(seed, 60), values(seed + 1_000, 60)) for seed in range(200)]
    beyond = sum(one.drift in {Drift.MOVED, Drift.SHIFTED} for one in found)
    assert sum(one.value > POLICY.moved for one in found) > 100  # the bare threshold would cry wolf
    assert beyond <= 20  # 5 % are meant


def test_of_few_nothing_is_said():
    assert measured(values(1, 5_000), values(2, 49, 3.0)).drift is Drift.TOO_FEW
    none = measured(values(1, 5_000), np.empty(0))
    assert (none.value, none.drift, none.n) == (None, Drift.TOO_FEW, 0)


def test_missing_values_are_a_bin_of_their_own():
    half = values(2, 1_000)
    half[::2] = np.nan
    found = measured(values(1, 1_000), half)
    assert found.drift is Drift.SHIFTED
    assert (found.missing, found.missing_reference) == (0.5, 0.0)
    all_missing = np.full(100, np.nan)
    assert measured(all_missing, all_missing).value == 0.0


def test_a_cards_bins_stand_for_its_training_firms():
    learnt = values(1, 20_000)
    card = {"features": [{"name": "f", **binned(learnt)}], "score": binned(learnt / 10)}
    told = distributions.of_card(card)
    assert set(told) == {"f", "score"}
    recent = distributions.distribution("f", values(2, 5_000, 0.5), np.array(told["f"].edges))
    by_card = drift.measured("f", NAME, told["f"], recent, POLICY)
    assert by_card.value == pytest.approx(measured(learnt, values(2, 5_000, 0.5)).value, rel=1e-3)
    assert (by_card.n_reference, by_card.drift) == (20_000, Drift.MOVED)
    assert distributions.of_card({"features": [{"name": "f", "median": 1.0}]}) == {}  # the first models' cards say nothing of it


def test_equal_deciles_are_one_bin_with_the_counts_of_all():
    rng = np.random.default_rng(3)
    learnt, recent = (np.where(rng.random(10_000) < 0.55, 0.0, rng.uniform(0.0, 1.0, 10_000)) for _ in range(2))
    learnt[:500] = recent[:500] = np.nan
    told = binned(learnt)
    assert told["quantiles"][:6] == [0.0] * 6
    assert told["counts"][-1] == 500
    assert sum(told["counts"]) == 10_000
    card = distributions.of_card({"features": [{"name": "f", **told}]})["f"]
    found = drift.measured("f", NAME, card, distributions.distribution("f", recent, np.array(card.edges)), POLICY)
    assert found.drift is Drift.STABLE
    assert found.value < 0.01
    assert found.missing == found.missing_reference == 0.05


def test_bins_that_differ_are_not_compared():
    one, other = distributions.distribution("f", values(1, 500)), distributions.distribution("f", values(2, 500))
    assert drift.measured("f", NAME, one, other, POLICY).value is None
    with pytest.raises(ValueError, match="bins differ"):
        distributions.joined(one, other)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.floats(-5, 5), st.just(float("nan"))), min_size=2, max_size=80), st.integers(1, 79))
def test_batches_joined_lie_as_the_whole(told, cut):
    found = np.array(told)
    inner = distributions.edges(found)
    parts = [distributions.distribution("f", part, inner) for part in (found[:cut], found[cut:])]
    assert distributions.joined(*parts) == distributions.distribution("f", found, inner)


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
    inner = distributions.edges(found)
    assert distributions.counts(found, inner).sum() == len(told)
    assert len(inner) < distributions.BINS
