"""Whether today's firms look like those that the model learnt from: population stability."""

import numpy as np
from scipy.special import chdtri

from greenbridge.kit.text import Text
from greenbridge.monitoring.values import Drift, Floats, ModelPolicy, Psi
from greenbridge.scoring.values import Distribution

HALF = 0.5  # added to each bin's count: an empty bin would make the index infinite


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


def measured(name: str, label: Text, reference: Distribution | None, recent: Distribution | None, policy: ModelPolicy) -> Psi:
    """Return the index of a feature, or the score, of the city's firms against those it is measured by: the training firms of the model's
    card, or its first run. None: there is nothing to compare, or to compare with.
    """
    n, n_reference = (0 if one is None else round(one.firms) for one in (recent, reference))
    missing, missing_reference = _missing(recent), _missing(reference)
    if not recent or not reference or recent.edges != reference.edges or not n or not n_reference:
        return Psi(name, label, None, None, n, n_reference, missing, missing_reference, Drift.TOO_FEW)
    then, now = np.array(reference.counts), np.array(recent.counts)
    value = psi(then, now)
    chance = noise(int(((then + now) > 0).sum()), n, n_reference, policy.chance)
    return Psi(name, label, value, chance, n, n_reference, missing, missing_reference, verdict(value, chance, min(n, n_reference), policy))


def _missing(found: Distribution | None) -> float | None:
    return found.counts[-1] / found.firms if found and found.firms else None
