"""Calibrations of margins, learnt from margins of rows that the model had not seen, and the choice among them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import StratifiedKFold

from greenbridge.scoring.rules.calibration import calibrate

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Calibration = Mapping[str, Any]
FOLDS = 5
# A little pull towards zero keeps a perfectly separated handful of rows from an endless slope.
RIDGE = 1e-3
MOST_STEPS = 25
# A step function of fewer rows is a few coarse steps, flat at both ends: it would put firms on a par that the margin tells apart.
LEAST_ISOTONIC = 1000


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """sigmoid(slope x margin + intercept)."""

    slope: float
    intercept: float

    def losses(self, margin: Floats, y: Labels) -> Floats:
        """Return each row's log-loss; a row of margin 0 under slope 1, intercept 0 costs ln 2."""
        z = self.slope * margin + self.intercept
        return np.logaddexp(0, z) - y * z


def platt(margin: Floats, y: Labels) -> Sigmoid:
    """Return the logistic calibration (Platt 1999), by Newton's method; its slope is never negative."""
    weights = _logistic(margin.reshape(-1, 1), y)
    if weights[0] >= 0:
        return Sigmoid(float(weights[0]), float(weights[1]))
    share = float(np.clip(y.mean(), 1e-9, 1 - 1e-9))
    return Sigmoid(0.0, float(np.log(share / (1 - share))))


def _logistic(x: Floats, y: Labels) -> Floats:
    """Return the coefficients of a lightly pulled logistic regression, the intercept last."""
    a = np.column_stack([x, np.ones(len(x))])
    scale = np.maximum(np.abs(a).max(axis=0), 1e-9)
    a = a / scale
    ridge = np.full(a.shape[1], RIDGE)
    ridge[-1] = 0
    weights = np.zeros(a.shape[1])
    for _ in range(MOST_STEPS):
        p = 1 / (1 + np.exp(-np.clip(a @ weights, -35, 35)))
        gradient = a.T @ (p - y) + ridge * weights
        hessian = (a * (p * (1 - p))[:, None]).T @ a + np.diag(ridge + 1e-9)
        step = np.linalg.solve(hessian, gradient)
        # Damped: a full step from far away may overshoot.
        weights = weights - step * min(1.0, 10 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(weights / scale, dtype=float)


def fit_logistic(margin: Floats, y: Labels) -> Calibration:
    """Return the calibration of kind logistic."""
    found = platt(margin, y)
    return {"kind": "logistic", "slope": found.slope, "intercept": found.intercept}


def fit_beta(margin: Floats, y: Labels) -> Calibration:
    """Return the calibration of kind beta (Kull et al. 2017); one that would fall is held level."""
    p = np.clip(1 / (1 + np.exp(-np.clip(margin, -35, 35))), 1e-12, 1 - 1e-12)
    ln, other = np.log(p), -np.log1p(-p)
    weights = _logistic(np.column_stack([ln, other]), y)
    if weights[0] < 0:
        b, c = _logistic(other.reshape(-1, 1), y)
        return {"kind": "beta", "a": 0.0, "b": max(0.0, float(b)), "c": float(c)}
    if weights[1] < 0:
        a, c = _logistic(ln.reshape(-1, 1), y)
        return {"kind": "beta", "a": max(0.0, float(a)), "b": 0.0, "c": float(c)}
    return {"kind": "beta", "a": float(weights[0]), "b": float(weights[1]), "c": float(weights[2])}


def fit_isotonic(margin: Floats, y: Labels) -> Calibration:
    """Return the calibration of kind isotonic: one point a step, in its middle, with straight lines between."""
    fitted = IsotonicRegression(out_of_bounds="clip").fit(margin, y)
    steps = np.asarray(fitted.predict(np.sort(margin)))
    ordered, overall = np.sort(margin), float(y.mean())
    xs, ys = [], []
    for value in np.unique(steps):
        inside = ordered[steps == value]
        xs.append(float(inside.mean()))
        # A step of one class alone is drawn off 0 and 1, as by one row of the whole (Laplace).
        ys.append(float((value * len(inside) + overall) / (len(inside) + 1)))
    # Steps drawn to the whole may cross by a hair; what must not fall is made not to.
    rising = np.maximum.accumulate(ys)
    places = np.unique(xs, return_index=True)[1]
    return {"kind": "isotonic", "x": [xs[i] for i in places], "y": [float(rising[i]) for i in places]}


FITS: Mapping[str, Callable[[Floats, Labels], Calibration]] = {"logistic": fit_logistic, "beta": fit_beta, "isotonic": fit_isotonic}


def choose(margin: Floats, y: Labels, seed: int) -> tuple[Calibration, dict[str, float]]:
    """Return the calibration with the least held-out log-loss in 5 folds of the margins, refitted on all, and each kind's loss."""
    folds = min(FOLDS, int(min(y.sum(), len(y) - y.sum())))
    if folds < 2:
        return fit_logistic(margin, y), {}
    kinds = {kind: fit for kind, fit in FITS.items() if kind != "isotonic" or len(y) >= LEAST_ISOTONIC}
    losses = dict.fromkeys(kinds, 0.0)
    for learn, rest in StratifiedKFold(folds, shuffle=True, random_state=seed).split(margin, y):
        for kind, fit in kinds.items():
            p = np.clip(calibrate(fit(margin[learn], y[learn]), margin[rest]), 1e-9, 1 - 1e-9)
            losses[kind] -= float(np.sum(np.where(y[rest] == 1, np.log(p), np.log1p(-p)))) / len(y)
    best = min(losses, key=lambda kind: losses[kind])
    return FITS[best](margin, y), losses
