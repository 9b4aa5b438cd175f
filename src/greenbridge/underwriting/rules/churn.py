"""The share of customers that a bank loses at a loan rate, per rating, between and on the rates that a table holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from greenbridge.kit.errors import Invalid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
RATINGS = "ABC"  # D gets no loan, so the table has no column for it
LEAST_RATES = 3


@dataclass(frozen=True, slots=True)
class Churn:
    """Share of customers kept, float[3, n_rates] for A, B, C, at `rates_bp` int[n_rates] in steps of 1 bp."""

    rates_bp: Ints
    kept: Floats

    def within(self, low_bp: int, high_bp: int) -> "Churn":
        """Return the part between two rates. Raises Invalid where the table says nothing there."""
        inside = (self.rates_bp >= low_bp) & (self.rates_bp <= high_bp)
        if low_bp > high_bp or low_bp < self.rates_bp[0] or high_bp > self.rates_bp[-1]:
            first, last = self.rates_bp[0] / 100, self.rates_bp[-1] / 100
            zh = f"利率范围须在流失率表的 {first:g} % 至 {last:g} % 之内，且下限不高于上限。"
            en = f"Rates must lie within the churn table's {first:g} % to {last:g} %, the lowest not above the highest."
            raise Invalid.at("rate-range", "rate_min", zh, en)
        return Churn(self.rates_bp[inside], self.kept[:, inside])


def monotone(values: Floats) -> Floats:
    """Return the nearest series that never falls (pool adjacent violators, least squares). `[0, 2, 1]` gives `[0, 1.5, 1.5]`."""
    blocks: list[list[float]] = []
    for value in values:
        blocks.append([float(value), 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, count = blocks.pop()
            before, n = blocks[-1]
            blocks[-1] = [(before * n + mean * count) / (n + count), n + count]
    return np.concatenate([np.full(int(n), mean) for mean, n in blocks])


def churn(rates: Sequence[float], lost: Mapping[str, Sequence[float]]) -> Churn:
    """Return a table made monotone and filled in between by a monotone cubic (PCHIP), to the basis point.

    A survey's shares wobble: without the first step the optimiser would pick the rates where they wobble down. Raises Invalid.
    """
    order = np.argsort(rates, kind="stable")
    points = np.round(np.asarray(rates, dtype=float)[order] * 10_000).astype(np.int64)
    values = np.asarray([lost[rating] for rating in RATINGS], dtype=float)[:, order] if set(RATINGS) <= lost.keys() else np.empty((0, 0))
    good = len(points) >= LEAST_RATES and values.shape == (len(RATINGS), len(points)) and bool((np.diff(points) > 0).all())
    if not good or np.isnan(values).any() or values.min() < 0 or values.max() > 1 or points[0] < 0:
        zh = "流失率表须有至少三个不同的年利率，A、B、C 三级的流失率都在 0 与 1 之间。"
        raise Invalid.at("wrong-churn", "churn", zh, "The churn table needs three rates or more and shares between 0 and 1 for A, B and C.")
    grid = np.arange(points[0], points[-1] + 1)
    smooth = np.array([np.clip(PchipInterpolator(points, monotone(row))(grid), 0, 1) for row in values])
    return Churn(grid, 1 - np.maximum.accumulate(smooth, axis=1))
