"""Figures against scikit-learn and by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score, roc_curve

from greenbridge.kit.text import Text
from ml import measures
from ml.dataset_card import Segment


@settings(max_examples=50, deadline=None)
@given(st.integers(4, 60), st.integers(0, 10_000))
def test_figures_equal_scikit_learns(n, seed):
    rng = np.random.default_rng(seed)
    y = np.append([0, 1], rng.integers(0, 2, n - 2))
    p = np.round(rng.random(n), 1)
    assert measures.auc(y, p) == pytest.approx(roc_auc_score(y, p))
    assert measures.brier(y, p) == pytest.approx(brier_score_loss(y, p))
    assert measures.log_loss(y, p) == pytest.approx(log_loss(y, np.clip(p, 1e-6, 1 - 1e-6), labels=[0, 1]))
    false_positive, true_positive, _ = roc_curve(y, p)
    assert measures.ks(y, p) == pytest.approx(np.abs(true_positive - false_positive).max())


def test_the_best_cut_is_where_the_rates_part_and_is_told_shortly():
    values = np.concatenate([np.linspace(0, 0.1441, 60), np.linspace(0.1523, 0.9, 40)])
    y = np.concatenate([np.ones(2), np.zeros(58), np.ones(30), np.zeros(10)]).astype(int)
    cut = measures.best_cut(values, y)
    assert cut["at"] == 0.15  # between 0.1441 and 0.1523
    assert (cut["n_below"], cut["n_above"], cut["default_rate_above"]) == (60, 40, 0.75)
    assert cut["default_rate_below"] == pytest.approx(2 / 60, abs=1e-4)
    assert (values < cut["at"]).sum() == cut["n_below"]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_a_cut_counts_its_sides_and_leaves_15_percent_on_each(seed):
    rng = np.random.default_rng(seed)
    values, y = np.round(rng.normal(size=80), 1), rng.integers(0, 2, 80)
    values[rng.random(80) < 0.1] = np.nan
    cut = measures.best_cut(values, y)
    known = values[~np.isnan(values)]
    assert (cut["n_below"], cut["n_above"]) == ((known < cut["at"]).sum(), (known >= cut["at"]).sum())
    assert min(cut["n_below"], cut["n_above"]) >= 0.15 * len(known)
    inside = ~np.isnan(values) & (values < cut["at"])
    assert cut["default_rate_below"] == pytest.approx(y[inside].mean(), abs=1e-4)


def test_a_column_that_cannot_be_cut_has_no_cut():
    assert measures.best_cut(np.ones(50), np.arange(50) % 2) is None
    assert measures.best_cut(np.arange(50.0), np.zeros(50, dtype=int)) is None


def test_segments_under_30_rows_are_not_judged_and_gaps_are_of_the_judged():
    values = pd.Series(["a"] * 40 + ["b"] * 40 + ["c"] * 5 + [None] * 3)
    y = np.array([0, 1] * 44)
    p = np.where(values == "a", 0.1, 0.9).astype(float)
    rows = measures.segments(values, Segment("s", (), Text("段", "s")), y, p, 0.5)
    assert [(r["segment"], r["rows"], r["judged"]) for r in rows] == [
        ("a", 40, True),
        ("b", 40, True),
        ("c", 5, False),
        ("未知 unknown", 3, False),
    ]
    assert (rows[0]["approved"], rows[0]["missed"], rows[1]["approved"], rows[1]["refused"]) == (1.0, 1.0, 0.0, 1.0)
    assert measures.gaps(rows) == {"approved": 1.0, "missed": 1.0, "refused": 1.0, "calibration": 0.8}
    by_size = measures.parted(pd.Series([1, 5, 30, None]), Segment("n", (5.0, 20.0), Text("n", "n")))
    assert [(name, int(inside.sum())) for name, inside in by_size] == [("< 5", 1), ("5 - 20", 1), (">= 20", 1), ("未知 unknown", 1)]


def test_intervals_hold_their_value_and_lift_ends_at_all():
    rng = np.random.default_rng(1)
    p = rng.random(300)
    y = (rng.random(300) < p).astype(int)
    found = measures.intervals(y, p, 1)
    assert all(v["low"] <= v["value"] <= v["high"] for v in found.values())
    assert found["gini"]["value"] == pytest.approx(2 * found["auc"]["value"] - 1, abs=1e-3)
    rows = measures.lift(y, p)
    assert rows[-1]["bad_share"] == 1.0 and rows[-1]["lift"] == 1.0
    assert rows[0]["lift"] > 1.3
    low, high = measures.wilson(5, 10)
    assert (round(low, 2), round(high, 2)) == (0.24, 0.76)
