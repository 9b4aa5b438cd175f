from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve

from greenbridge.monitoring import gateway
from greenbridge.monitoring.rules import backtest
from greenbridge.monitoring.values import Ripeness
from tests.conftest import NOW

POLICY = gateway.model_policy(NOW.date())
TODAY = date(2026, 3, 10)
OLD = date(2025, 1, 15)


def scores(n=60, bad=10, day=OLD):
    """Firms 0..n-1, the first `bad` with the highest probabilities."""
    return {firm: (day, 0.9 - firm / (n + 10)) for firm in range(n)}, {firm: ((day + timedelta(days=30), None),) for firm in range(bad)}


def test_a_ripe_vintage_has_all_figures():
    scored, happened = scores()
    found = backtest.vintage(OLD.replace(day=1), "m", scored, happened, TODAY, POLICY)
    assert (found.ripeness, found.n, found.events, found.in_default) == (Ripeness.RIPE, 60, 10, 0)
    assert found.auc.value == 1.0
    assert 0.8 < found.auc.low < 1.0  # all in order says less than certainty
    assert found.ks == 1.0
    assert found.observed.value == pytest.approx(1 / 6)
    assert found.calibrated is False  # it said far more
    assert found.ripe_on == OLD + timedelta(days=365)


def test_what_has_not_happened_yet_is_not_good():
    scored, happened = scores(day=TODAY - timedelta(days=364))
    found = backtest.vintage(TODAY, "m", scored, happened, TODAY, POLICY)
    assert (found.ripeness, found.events, found.auc, found.predicted, found.calibrated) == (Ripeness.YOUNG, 10, None, None, None)
    assert found.ripe_on == TODAY + timedelta(days=1)


def test_one_late_score_keeps_its_whole_month_young():
    scored, happened = scores()
    scored[0] = (TODAY - timedelta(days=100), 0.5)
    assert backtest.vintage(OLD, "m", scored, happened, TODAY, POLICY).ripeness is Ripeness.YOUNG


def test_of_few_events_nothing_is_said():
    scored, happened = scores(bad=4)
    found = backtest.vintage(OLD, "m", scored, happened, TODAY, POLICY)
    assert (found.ripeness, found.events, found.auc) == (Ripeness.FEW, 4, None)


@pytest.mark.parametrize(
    ("began", "closed", "counts", "left_out"),
    [
        (OLD, None, 9, 1),  # open on the day itself: in default already
        (OLD - timedelta(days=90), OLD - timedelta(days=1), 9, 0),  # over before
        (OLD - timedelta(days=90), OLD + timedelta(days=1), 9, 1),
        (OLD + timedelta(days=1), None, 10, 0),
        (OLD + timedelta(days=365), None, 10, 0),  # the last day of the horizon
        (OLD + timedelta(days=366), None, 9, 0),
    ],
)
def test_what_counts_as_a_default_of_a_vintage(began, closed, counts, left_out):
    scored, happened = scores()
    happened[0] = ((began, closed),)
    found = backtest.vintage(OLD, "m", scored, happened, TODAY, POLICY)
    assert (found.events, found.in_default, found.n) == (counts, left_out, 60 - left_out)


def some_firms():
    one = st.tuples(st.sampled_from([0.05, 0.1, 0.2, 0.4, 0.7, 0.95]) | st.floats(0, 1), st.booleans())
    return st.lists(one, min_size=6, max_size=80).filter(lambda rows: 1 < sum(bad for _, bad in rows) < len(rows) - 1)


@settings(max_examples=100, deadline=None)
@given(some_firms())
def test_figures_agree_with_scikit_learn(rows):
    p, bad = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    found = backtest.auc(p, bad, 0.95)
    assert found.value == pytest.approx(roc_auc_score(bad, p))
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert backtest.brier(p, bad) == pytest.approx(brier_score_loss(bad, p))
    fpr, tpr, _ = roc_curve(bad, p, drop_intermediate=False)
    assert backtest.ks(p, bad) == pytest.approx(np.abs(tpr - fpr).max())


def test_the_interval_of_the_auc_holds_what_it_promises():
    rng = np.random.default_rng(7)
    truth, inside = 0.7602, 0  # of two normals one deviation apart: Phi(1 / sqrt 2)
    for _ in range(300):
        good, bad = rng.normal(0, 1, 150), rng.normal(1, 1, 40)
        found = backtest.auc(np.concatenate([good, bad]), np.repeat([False, True], [150, 40]), 0.95)
        inside += found.low <= truth <= found.high
    assert 0.90 <= inside / 300 <= 0.99


def test_wilson_holds_zero_and_all():
    assert backtest.wilson(0, 20, 0.95).low == 0.0
    assert 0.1 < backtest.wilson(0, 20, 0.95).high < 0.2
    assert backtest.wilson(20, 20, 0.95).high == pytest.approx(1.0)
