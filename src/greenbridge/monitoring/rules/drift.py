"""Whether today's firms look like those that the model began with: population stability."""

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtri

from greenbridge.kit.text import Text
from greenbridge.monitoring.values import Drift, Floats, ModelPolicy, Psi

HALF = 0.5  # added to each bin's count: an empty bin would make the index infinite


def edges(reference: Floats, bins: int) -> Floats:
    """Return the inner edges of bins of equal counts of the known reference values; equal quantiles fall together.

    `edges([1, 2, 3, 4], 2) == [2.5]`.
    """
    known = reference[~np.isnan(reference)]
    return np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])) if len(known) else np.empty(0)


def counts(values: Floats, inner: Floats) -> Floats:
    """Return how many values lie in each bin (an edge belongs to the bin above it); the last bin holds the missing."""
    known = values[~np.isnan(values)]
    placed = np.bincount(np.searchsorted(inner, known, side="right"), minlength=len(inner) + 1)
    return np.append(placed, len(values) - len(known)).astype(float)


def psi(reference: Floats, recent: Floats) -> float:
    """Return sum (q - p) ln(q / p) over bins, p and q the shares of counts with a half added; bins empty on both sides are left out.

    Shares of 0.4 and 0.6 that became 0.5 and 0.5 give 0.0405.
    """
    used = (reference + recent) > 0
    p, q = reference[used] + HALF, recent[used] + HALF
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def noise(bins: int, n: float, m: float, chance: float) -> float:
    """Return what the index of two samples of one population stays under with a probability: chi-squared(bins - 1) * (1/n + 1/m).

    Ten bins, 200 firms then and now, 95 %: 16.92 * 0.01 = 0.169: a "moved" of 0.15 says nothing yet.
    """
    return float(chdtri(bins - 1, 1 - chance) * (1 / n + 1 / m)) if bins > 1 else 0.0


def verdict(value: float, chance: float, least: int, policy: ModelPolicy) -> Drift:
    """Return what an index says, of at least `least` firms on either side."""
    if least < policy.least_firms:
        return Drift.TOO_FEW
    if value < policy.moved:
        return Drift.STABLE
    if value <= chance:
        return Drift.NOISE
    return Drift.SHIFTED if value >= policy.shifted else Drift.MOVED


def measured(
    name: str,
    label: Text,
    reference: Floats,
    recent: Floats,
    policy: ModelPolicy,
    quantiles: Sequence[float] | None = None,
    learnt: int = 0,
) -> Psi:
    """Return one feature's (or the score's) index: against a reference window, or the quantiles of a training card.

    With `quantiles` (equal steps from the lowest to the highest value of `learnt` firms) each bin between two of them holds the same
    share of the training firms, none of which were missing.
    """
    missing_reference: float | None
    if quantiles is not None and learnt:
        inner = np.unique(np.asarray(quantiles[1:-1], dtype=float))
        # Where neighbouring quantiles are one value, their bins are one and hold the shares of all of them.
        places = np.searchsorted(inner, np.asarray(quantiles[:-1], dtype=float), side="right")
        then = np.append(np.bincount(places, minlength=len(inner) + 1) * learnt / (len(quantiles) - 1), 0.0)
        n_reference, missing_reference = learnt, 0.0
    else:
        inner = edges(reference, policy.bins)
        then, n_reference = counts(reference, inner), len(reference)
        missing_reference = float(np.isnan(reference).mean()) if n_reference else None
    n = len(recent)
    missing = float(np.isnan(recent).mean()) if n else None
    if not n or not n_reference:
        return Psi(name, label, None, None, n, n_reference, missing, missing_reference, Drift.TOO_FEW)
    now = counts(recent, inner)
    value = psi(then, now)
    chance = noise(int(((then + now) > 0).sum()), n, n_reference, policy.chance)
    return Psi(name, label, value, chance, n, n_reference, missing, missing_reference, verdict(value, chance, min(n, n_reference), policy))
