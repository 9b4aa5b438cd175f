"""From a model's margin to a probability: what the model's card says, and nothing else."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from greenbridge.scoring.values import Floats

# The edge of what a probability of a margin may be: beyond it a sigmoid is 0 or 1 in floating point.
_EDGE = 1e-12


def calibrate(calibration: Mapping[str, Any], margin: Floats) -> Floats:
    """Return probabilities in [0, 1] that never fall as the margin rises. Raises ValueError for an unknown kind or a falling map.

    `kind` logistic (Platt 1999): sigmoid(slope x margin + intercept); slope 1, intercept 0 and margin 0 give 0.5.
    `kind` beta (Kull et al. 2017): sigmoid(a ln p - b ln(1 - p) + c) of p = sigmoid(margin); a = b = 1, c = 0 change nothing.
    `kind` isotonic: straight lines between the points (x, y), held at both ends; x [-1, 1], y [0.1, 0.5] and margin 0 give 0.3.
    """
    match calibration.get("kind", "logistic"):
        case "logistic":
            if calibration["slope"] < 0:
                raise ValueError("a calibration must not fall: slope < 0")
            return _sigmoid(calibration["slope"] * margin + calibration["intercept"])
        case "beta":
            if calibration["a"] < 0 or calibration["b"] < 0:
                raise ValueError("a calibration must not fall: a < 0 or b < 0")
            p = np.clip(_sigmoid(margin), _EDGE, 1 - _EDGE)
            return _sigmoid(calibration["a"] * np.log(p) - calibration["b"] * np.log1p(-p) + calibration["c"])
        case "isotonic":
            if np.any(np.diff(calibration["y"]) < 0) or np.any(np.diff(calibration["x"]) <= 0):
                raise ValueError("a calibration must not fall: x must rise, y must not fall")
            return np.asarray(np.interp(margin, calibration["x"], calibration["y"]), dtype=np.float64)
        case kind:
            raise ValueError(f"unknown calibration {kind!r}")


def _sigmoid(margin: Floats) -> Floats:
    """Return 1 / (1 + e^-margin) without overflow."""
    e = np.exp(-np.abs(margin))
    return np.asarray(np.where(margin >= 0, 1 / (1 + e), e / (1 + e)), dtype=np.float64)
