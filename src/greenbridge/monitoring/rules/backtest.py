"""Probabilities of a day against what happened in the horizon after it."""

from collections.abc import Mapping
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any

import numpy as np

from greenbridge.monitoring.values import Bools, Floats, Interval, ModelPolicy, Ripeness, Vintage


def _ranks(values: Floats) -> Floats:
    """Return each value's rank from 1, ties their mean: `[5, 7, 5]` gives 1.5, 3, 1.5."""
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(times) - (times - 1) / 2)[place])


def auc(probability: Floats, bad: Bools, confidence: float) -> Interval:
    """Return the share of pairs (bad, good) in which the bad one had the higher probability, ties a half, with DeLong's interval.

    Good 0.1 0.2 0.3 and bad 0.25 0.9: five of six, 0.833. DeLong, DeLong & Clarke-Pearson 1988: the variance of the firms' own shares
    of pairs won. Where all pairs are in order it is 0 and says too much: then Hanley & McNeil's for an AUC of one pair less.
    """
    x, y = probability[bad], probability[~bad]
    ranks = _ranks(np.concatenate([x, y]))
    won_bad = (ranks[: len(x)] - _ranks(x)) / len(y)
    won_good = 1 - (ranks[len(x) :] - _ranks(y)) / len(x)
    value = float(won_bad.mean())
    variance = float(np.var(won_bad, ddof=1) / len(x) + np.var(won_good, ddof=1) / len(y)) if min(len(x), len(y)) > 1 else 0.25
    if variance == 0.0:
        variance = _hanley(abs(value - 0.5) + 0.5 - 1 / (len(x) * len(y)), len(x), len(y))
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * variance**0.5
    return Interval(value, max(0.0, value - half), min(1.0, value + half))


def _hanley(a: float, n_bad: int, n_good: int) -> float:
    first, second = a / (2 - a), 2 * a * a / (1 + a)
    return (a * (1 - a) + (n_bad - 1) * (first - a * a) + (n_good - 1) * (second - a * a)) / (n_bad * n_good)


def ks(probability: Floats, bad: Bools) -> float:
    """Return the widest gap between the shares of good and of bad firms up to one probability, in [0, 1]."""
    at = np.unique(probability)
    good = np.searchsorted(np.sort(probability[~bad]), at, side="right") / (~bad).sum()
    worse = np.searchsorted(np.sort(probability[bad]), at, side="right") / bad.sum()
    return float(np.abs(good - worse).max())


def brier(probability: Floats, bad: Bools) -> float:
    """Return the mean squared distance of probability and outcome: 0 is best, always saying 10 % of a 10 % population gives 0.09."""
    return float(np.mean((probability - bad) ** 2))


def wilson(events: int, n: int, confidence: float) -> Interval:
    """Return a share with Wilson's interval; 5 of 50 with 95 %: 0.1 (0.043-0.214)."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, width = events / n, z * z / n
    middle = (share + width / 2) / (1 + width)
    half = z * (share * (1 - share) / n + width / (4 * n)) ** 0.5 / (1 + width)
    # Exactly 0 and 1 at the ends, which rounding misses.
    return Interval(share, middle - half if events else 0.0, middle + half if events < n else 1.0)


def vintage(
    month: date,
    model_version: str,
    scored: Mapping[Any, tuple[date, float]],
    happened: Mapping[Any, tuple[tuple[date, date | None], ...]],
    today: date,
    policy: ModelPolicy,
) -> Vintage:
    """Return a month's scores (firm -> day, probability) against records (firm -> (began, closed or None)).

    A firm with a record open on the day of its score is left out: it was in default already. Whoever has none that began within the
    horizon stayed good, once the horizon of the month's last score is over; before, the vintage is young and has no verdict.
    """
    horizon = timedelta(days=policy.horizon_days)
    probabilities, bad, left_out = [], [], 0
    for firm, (day, probability) in scored.items():
        records = happened.get(firm, ())
        if any(began <= day and (closed is None or closed > day) for began, closed in records):
            left_out += 1
            continue
        probabilities.append(probability)
        bad.append(any(day < began <= min(day + horizon, today) for began, _ in records))
    ripe_on = max((day for day, _ in scored.values()), default=month) + horizon
    p, b = np.asarray(probabilities, dtype=float), np.asarray(bad, dtype=bool)
    n, events = len(b), int(b.sum())
    if ripe_on > today:
        return Vintage(month, model_version, Ripeness.YOUNG, ripe_on, n, events, left_out)
    if min(events, n - events) < policy.least_events:
        return Vintage(month, model_version, Ripeness.FEW, ripe_on, n, events, left_out)
    return Vintage(
        month,
        model_version,
        Ripeness.RIPE,
        ripe_on,
        n,
        events,
        left_out,
        auc(p, b, policy.confidence),
        ks(p, b),
        brier(p, b),
        float(p.mean()),
        wilson(events, n, policy.confidence),
    )
