"""The challenger: a white-box scorecard of binned columns, weights of evidence and a logistic regression, in points."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from ml.dataset import Column, Floats, Labels
from ml.encoding import Encoder

# 600 points at 50 good firms to a bad one; 20 points more double the odds (PDO).
BASE, ODDS, PDO = 600, 50, 20
FACTOR = PDO / np.log(2)
OFFSET = BASE - FACTOR * np.log(ODDS)
# Under so much information value a column tells nothing; more columns than that nobody reads.
LEAST_VALUE, MOST_COLUMNS = 0.02, 20
PREBINS, LEAST_BIN = 10, 0.05
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Bins:
    """One column in bins: numbers by `edges` (the upper one is outside), codes by `groups`; the last bin is unknown.

    `woe` float[n_bins] is ln(share of the good / share of the bad): higher is safer.
    """

    name: str
    source: str
    place: int
    edges: tuple[float, ...]
    groups: tuple[tuple[float, ...], ...]
    woe: Floats
    rows: tuple[int, ...]
    rates: tuple[float | None, ...]
    value: float

    def of(self, values: Floats) -> Labels:
        """Return the bin of each value; an unseen category is in the bin of the unknown."""
        last = len(self.woe) - 1
        if not self.groups:
            return np.where(np.isnan(values), last, np.searchsorted(self.edges, np.nan_to_num(values), side="right"))
        found = np.full(len(values), last)
        for number, group in enumerate(self.groups):
            found[np.isin(values, group)] = number
        return found


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Bins with their weights: `intercept + coefficients x woe` is the margin of default."""

    encoder: Encoder
    bins: tuple[Bins, ...]
    coefficients: tuple[float, ...]
    intercept: float

    def margin(self, frame: pd.DataFrame) -> Floats:
        """Return the margin of default."""
        x = self.encoder.transform(frame)
        parts = [c * b.woe[b.of(x[:, b.place])] for b, c in zip(self.bins, self.coefficients, strict=True)]
        return self.intercept + np.asarray(np.sum(parts, axis=0), dtype=float) if parts else np.full(len(x), self.intercept)

    def predict(self, frame: pd.DataFrame) -> Floats:
        """Return probabilities of default."""
        return np.asarray(1 / (1 + np.exp(-self.margin(frame))), dtype=np.float64)

    def points(self, frame: pd.DataFrame) -> Floats:
        """Return exact points, higher is safer: a margin of -ln 50 is 600."""
        return np.asarray(OFFSET - FACTOR * self.margin(frame), dtype=np.float64)

    def table(self) -> dict[str, Any]:
        """Return the scorecard to read: points of a bin are rounded, and sum up to the score."""
        share = (OFFSET - FACTOR * self.intercept) / max(len(self.bins), 1)
        return {
            "base_points": BASE, "base_odds": ODDS, "points_to_double_the_odds": PDO, "intercept": self.intercept,
            "score_without_columns": round(OFFSET - FACTOR * self.intercept),
            "columns": [
                {
                    "name": b.name, "source": b.source, "coefficient": c, "information_value": round(b.value, 4),
                    "bins": [
                        {
                            "bin": label, "rows": b.rows[i], "default_rate": b.rates[i], "woe": round(float(b.woe[i]), 4),
                            "points": round(share - FACTOR * c * float(b.woe[i])),
                        }
                        for i, label in enumerate(self._labels(b))
                    ],
                }
                for b, c in zip(self.bins, self.coefficients, strict=True)
            ],
        }  # fmt: skip

    def _labels(self, b: Bins) -> list[str]:
        if b.groups:
            levels = {code: level for level, code in self.encoder.columns[b.place].mapping.items()}
            return [*(", ".join(levels[code] for code in group) for group in b.groups), "unknown"]
        bounds = ["", *(f"{edge:.6g}" for edge in b.edges), ""]
        told = [f"{low} <= x < {high}" for low, high in pairwise(bounds)]
        return [*(one.removeprefix(" <= ").removesuffix(" < ") if b.edges else "all known" for one in told), "unknown"]


@cache
def _optimal_binning() -> Any:
    """Return optbinning's class; what a solver that is not used says at its import is kept off the screen."""
    logging.getLogger("__cvxpy__").setLevel(logging.CRITICAL)
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from optbinning import OptimalBinning  # noqa: PLC0415  slow to import, and only the challenger needs it
    return OptimalBinning


def fit(frame: pd.DataFrame, y: Labels, columns: tuple[Column, ...], imputation: str, seed: int) -> Scorecard:
    """Return the scorecard of the given rows: columns with information, every one with the sign that its bins have."""
    del imputation  # the unknown has a bin of its own
    encoder = Encoder(frame, y, columns, "none", seed)
    x = encoder.of_training(frame, y)
    found = sorted(_binned(encoder, x, y), key=lambda b: (-b.value, b.place))[:MOST_COLUMNS]
    while found:
        woe = np.column_stack([b.woe[b.of(x[:, b.place])] for b in found])
        model = LogisticRegression(C=1.0, max_iter=1000).fit(woe, y)
        # A weight of evidence rises with safety. A column whose sign turns beside the others would be read the wrong way round.
        wrong = [i for i, c in enumerate(model.coef_[0]) if c >= 0]
        if not wrong:
            return Scorecard(encoder, tuple(found), tuple(map(float, model.coef_[0])), float(model.intercept_[0]))
        found.pop(max(wrong, key=lambda i: model.coef_[0][i]))
    share = float(y.mean())
    return Scorecard(encoder, (), (), float(np.log(share / (1 - share))))


def _binned(encoder: Encoder, x: Floats, y: Labels) -> Iterator[Bins]:
    for place, column in enumerate(encoder.columns):
        values = x[:, place]
        known = ~np.isnan(values)
        if np.unique(values[known]).size < 2 or len(np.unique(y[known])) < 2:
            continue
        coded = column.how == "code"
        trend = {1: "ascending", -1: "descending", 0: "auto_asc_desc"}[column.direction]
        binning = _optimal_binning()(
            dtype="categorical" if coded else "numerical", monotonic_trend="auto" if coded else trend, max_n_prebins=PREBINS,
            min_bin_size=LEAST_BIN, min_bin_n_event=1, min_bin_n_nonevent=1, solver="cp", time_limit=20,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # optbinning calls scikit-learn in ways that are going
            binning.fit(values[known], y[known])
        edges = () if coded else tuple(map(float, binning.splits))
        groups = tuple(tuple(map(float, group)) for group in binning.splits) if coded else ()
        bins = _weighed(
            Bins(
                encoder.names[place],
                column.source,
                place,
                edges,
                groups,
                np.zeros(len(groups or edges) + (1 if groups else 2)),
                (),
                (),
                0.0,
            ),
            values,
            y,
        )
        if bins.value >= LEAST_VALUE:
            yield bins


def _weighed(bins: Bins, values: Floats, y: Labels) -> Bins:
    """Return the bins with weights of evidence, half a row added to each side: an empty bin weighs nothing, a pure one is finite."""
    size = len(bins.woe)
    place = bins.of(values)
    bad = np.bincount(place, weights=y, minlength=size)
    rows = np.bincount(place, minlength=size)
    good = rows - bad
    bad_share, good_share = (bad + HALF) / (y.sum() + HALF * size), (good + HALF) / (len(y) - y.sum() + HALF * size)
    woe = np.where(rows > 0, np.log(good_share / bad_share), 0.0)
    value = float(np.sum(np.where(rows > 0, (good_share - bad_share) * woe, 0.0)))
    rates = tuple(round(float(b / n), 4) if n else None for b, n in zip(bad, rows, strict=True))
    return Bins(bins.name, bins.source, bins.place, bins.edges, bins.groups, woe, tuple(map(int, rows)), rates, value)
