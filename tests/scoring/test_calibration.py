"""Calibrations: examples, and that a larger margin never means a smaller probability."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.scoring.rules.calibration import calibrate
from ml import calibrating

MARGINS = np.array([-800.0, -5.0, -1.0, 0.0, 1.0, 5.0, 800.0])


def test_examples():
    assert calibrate({"kind": "logistic", "slope": 1.0, "intercept": 0.0}, np.array([0.0, np.log(3)])).tolist() == pytest.approx(
        [0.5, 0.75]
    )
    assert calibrate({"slope": 2.0, "intercept": 1.0}, np.array([-0.5])).tolist() == [0.5]  # cards before kinds
    same = calibrate({"kind": "beta", "a": 1.0, "b": 1.0, "c": 0.0}, np.array([-2.0, 0.0, 2.0]))
    np.testing.assert_allclose(same, 1 / (1 + np.exp([2.0, 0.0, -2.0])))
    held = calibrate({"kind": "isotonic", "x": [-1.0, 1.0], "y": [0.1, 0.5]}, np.array([-9.0, 0.0, 9.0]))
    assert held.tolist() == pytest.approx([0.1, 0.3, 0.5])


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "logistic", "slope": -1.0, "intercept": 0.0},
        {"kind": "beta", "a": -0.1, "b": 1.0, "c": 0.0},
        {"kind": "isotonic", "x": [0.0, 1.0], "y": [0.5, 0.4]},
        {"kind": "isotonic", "x": [1.0, 1.0], "y": [0.4, 0.5]},
        {"kind": "magic"},
    ],
)
def test_a_map_that_falls_or_is_unknown_is_refused(wrong):
    with pytest.raises(ValueError):
        calibrate(wrong, MARGINS)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(20, 200), st.floats(-3, 3))
def test_every_fitted_kind_is_monotone_within_0_and_1_and_the_choice_is_the_least_loss(seed, n, slope):
    rng = np.random.default_rng(seed)
    margin = np.round(rng.normal(0, 2, n), 1)
    y = (rng.random(n) < 1 / (1 + np.exp(-slope * margin + 1))).astype(int)
    y[:2], y[2:4] = 0, 1
    for fit in calibrating.FITS.values():
        p = calibrate(fit(margin, y), np.sort(np.append(margin, MARGINS)))
        assert (np.diff(p) >= -1e-12).all() and (p >= 0).all() and (p <= 1).all()
    chosen, losses = calibrating.choose(margin, y, 1)
    assert "isotonic" not in losses  # of so few rows
    if losses:
        assert losses[chosen["kind"]] == min(losses.values())


def test_calibration_heals_over_confidence():
    rng = np.random.default_rng(2)
    truth = rng.normal(0, 1.5, 4000)
    y = (rng.random(4000) < 1 / (1 + np.exp(-truth))).astype(int)
    chosen, losses = calibrating.choose(3 * truth + 1, y, 1)
    p = calibrate(chosen, 3 * truth + 1)
    assert np.abs(p - 1 / (1 + np.exp(-truth))).mean() < 0.03
    assert set(losses) == {"logistic", "beta", "isotonic"}
    found = calibrating.platt(3 * truth + 1, y)
    assert (found.slope, found.intercept) == (pytest.approx(1 / 3, abs=0.03), pytest.approx(-1 / 3, abs=0.1))
