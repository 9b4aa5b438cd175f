"""From the model's margin to a probability."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from greenbridge.scoring.values import Floats


def calibrate(calibration: Mapping[str, Any], margin: Floats) -> Floats:
    """Return calibrated probabilities in [0, 1], never falling with the margin. Raises ValueError for an unknown kind.

    logistic (Platt 1999): 1 / (1 + exp(-(slope * margin + intercept))); beta (Kull et al. 2017): the same of a ln p - b ln(1 - p) + c
    with p the plain logistic; isotonic: linear between the knots x (margins) and y. `{"slope": 1, "intercept": 0}` and 0 give 0.5.
    """
    kind = calibration.get("kind", "logistic")
    if kind == "logistic":
        return _logistic(calibration["slope"] * margin + calibration["intercept"])
    if kind == "beta":
        ln_p, ln_q = -np.logaddexp(0, -margin), -np.logaddexp(0, margin)
        return _logistic(calibration["a"] * ln_p - calibration["b"] * ln_q + calibration["c"])
    if kind == "isotonic":
        return np.asarray(np.interp(margin, calibration["x"], calibration["y"]))
    raise ValueError(f"unknown calibration: {kind}")


def _logistic(margin: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-margin)))
