"""Figures of how good probabilities are: ranking, calibration, lift, segments."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from ml.dataset_card import Segment, cell

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
BOOTSTRAPS = 500
EDGE = 1e-6
# Of fewer rows than these a rate is not judged.
LEAST_ROWS = 30
MOST_SEGMENTS = 8


def auc(y: Labels, score: Floats) -> float:
    """Return the chance that a bad one ranks above a good one, ties half. `auc([0, 1, 1], [0.2, 0.2, 0.9]) == 0.75`; NaN of one class."""
    bad = int(y.sum())
    good = len(y) - bad
    if not bad or not good:
        return float("nan")
    return float((rankdata(score)[y == 1].sum() - bad * (bad + 1) / 2) / (bad * good))


def ks(y: Labels, score: Floats) -> float:
    """Return the largest distance of the two classes' distributions (Kolmogorov-Smirnov); 1 when a cut parts them wholly."""
    order = np.argsort(-score, kind="stable")
    told, ordered = y[order], score[order]
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    bad, good = np.cumsum(told)[ends], np.cumsum(1 - told)[ends]
    return float(np.max(np.abs(bad / max(bad[-1], 1) - good / max(good[-1], 1))))


def brier(y: Labels, probability: Floats) -> float:
    """Return the mean squared distance of probability and outcome; 0.25 for a coin."""
    return float(np.mean((probability - y) ** 2))


def log_loss(y: Labels, probability: Floats) -> float:
    """Return the mean log-loss; ln 2 for a coin."""
    p = np.clip(probability, EDGE, 1 - EDGE)
    return float(-np.mean(np.where(y == 1, np.log(p), np.log1p(-p))))


METRICS: Mapping[str, Callable[[Labels, Floats], float]] = {"auc": auc, "ks": ks, "brier": brier, "log_loss": log_loss}


def intervals(y: Labels, probability: Floats, seed: int) -> dict[str, dict[str, float]]:
    """Return each figure of the given rows with the 2.5 and 97.5 % points over 500 bootstrap samples of rows; Gini is 2 AUC - 1."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(BOOTSTRAPS):
        rows = rng.integers(0, len(y), len(y))
        if 0 < y[rows].sum() < len(rows):
            drawn.append([measure(y[rows], probability[rows]) for measure in METRICS.values()])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    found = {
        name: {"value": round(measure(y, probability), 4), "low": round(float(low[i]), 4), "high": round(float(high[i]), 4)}
        for i, (name, measure) in enumerate(METRICS.items())
    }
    found["gini"] = {key: round(2 * value - 1, 4) for key, value in found["auc"].items()}
    return found


def reliability(y: Labels, probability: Floats) -> list[dict[str, float]]:
    """Return up to ten bands of equally many rows, by predicted probability: mean prediction, observed share with its 95 % interval."""
    parts = min(10, max(3, len(y) // 20))
    rows = []
    for part in np.array_split(np.argsort(probability, kind="stable"), parts):
        observed, n = float(y[part].mean()), len(part)
        low, high = wilson(int(y[part].sum()), n)
        rows.append({
            "from": round(float(probability[part].min()), 4), "to": round(float(probability[part].max()), 4), "rows": n,
            "predicted": round(float(probability[part].mean()), 4), "observed": round(observed, 4), "low": round(low, 4), "high": round(high, 4),
        })  # fmt: skip
    return rows


def wilson(bad: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927): 5 of 10 lie between 0.24 and 0.76."""
    z = 1.96
    share = bad / n
    middle, half = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return float((middle - half) / (1 + z * z / n)), float((middle + half) / (1 + z * z / n))


def lift(y: Labels, probability: Floats) -> list[dict[str, float]]:
    """Return, for the riskiest tenth, two tenths and so on: the share of all bad ones in it, and the rate over the whole's."""
    order, overall = np.argsort(-probability, kind="stable"), y.mean()
    rows = []
    for tenth in range(1, 11):
        top = y[order[: max(1, round(len(y) * tenth / 10))]]
        rows.append({
            "riskiest_share": tenth / 10, "rows": len(top), "bad": int(top.sum()), "bad_share": round(float(top.sum() / y.sum()), 4),
            "lift": round(float(top.mean() / overall), 3),
        })  # fmt: skip
    return rows


def parted(values: "pd.Series[Any]", segment: Segment) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return (name, rows) of each segment, by cuts of numbers or by values, the largest first; what is left is one more."""
    unknown = values.isna().to_numpy()
    found: list[tuple[str, NDArray[np.bool_]]] = []
    if segment.cuts:
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
        bounds = [-np.inf, *segment.cuts, np.inf]
        for low, high in pairwise(bounds):
            name = f"< {high:g}" if low == -np.inf else f">= {low:g}" if high == np.inf else f"{low:g} - {high:g}"
            found.append((name, (numbers >= low) & (numbers < high)))
    else:
        told = values.map(cell, na_action="ignore")
        levels = list(told.value_counts().index[: MOST_SEGMENTS - 1])
        found = [(str(level), (told == level).to_numpy()) for level in levels]
        rest = ~unknown & ~told.isin(levels).to_numpy()
        found += [("其他 others", rest)] if rest.any() else []
    return [(name, rows) for name, rows in [*found, ("未知 unknown", unknown)] if rows.any()]


def segments(values: "pd.Series[Any]", segment: Segment, y: Labels, probability: Floats, cut: float) -> list[dict[str, Any]]:
    """Return each segment's figures. Below `cut` a row counts as approved. Of fewer than 30 rows none is judged.

    `missed` is the share of the bad that would be approved (false negatives), `refused` that of the good that would not.
    """
    rows = []
    for name, inside in parted(values, segment):
        some, p = y[inside], probability[inside]
        bad, approved, judged = int(some.sum()), p < cut, len(some) >= LEAST_ROWS
        row: dict[str, Any] = {"segment": name, "rows": len(some), "bad": bad, "judged": judged}
        if judged:
            row |= {
                "auc": round(auc(some, p), 4) if 0 < bad < len(some) else None, "observed": round(float(some.mean()), 4),
                "predicted": round(float(p.mean()), 4), "approved": round(float(approved.mean()), 4),
                "missed": round(float(approved[some == 1].mean()), 4) if bad else None,
                "refused": round(float((~approved)[some == 0].mean()), 4) if bad < len(some) else None,
            }  # fmt: skip
        rows.append(row)
    return rows


def gaps(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    """Return the largest distance between judged segments: of approvals, of bad ones missed, of good ones refused, of calibration."""
    judged = [row for row in rows if row["judged"]]

    def gap(values: list[float]) -> float | None:
        return round(max(values) - min(values), 4) if len(values) > 1 else None

    found = {key: gap([row[key] for row in judged if row[key] is not None]) for key in ("approved", "missed", "refused")}
    return {**found, "calibration": gap([row["predicted"] - row["observed"] for row in judged])}


def best_cut(values: Floats, y: Labels, least_share: float = 0.15) -> dict[str, Any] | None:
    """Return the cut of one feature that tells most (information value) with 15 % of the rows on each side at least; None without one.

    It is evidence for a sentence: of 95 firms below it 3 % defaulted, of 28 above it 43 %.
    """
    known = ~np.isnan(values)
    x, told = values[known], y[known]
    order = np.argsort(x, kind="stable")
    x, told = x[order], told[order]
    n, bad = len(x), int(told.sum())
    least = max(1, int(np.ceil(least_share * n)))
    places = np.flatnonzero(np.diff(x)) + 1 if n else np.empty(0, dtype=int)
    places = places[(places >= least) & (places <= n - least)]
    if not len(places) or not bad or bad == n:
        return None
    bad_below = np.cumsum(told)[places - 1].astype(float)
    good_below = places - bad_below
    b, g = (bad_below + 0.5) / (bad + 1), (good_below + 0.5) / (n - bad + 1)
    value = (g - b) * np.log(g / b) + (b - g) * np.log((1 - g) / (1 - b))
    at = int(np.argmax(value))
    place = int(places[at])
    low, high = float(x[place - 1]), float(x[place])
    return {
        "at": _between(low, high), "n_below": place, "default_rate_below": round(float(bad_below[at] / place), 4),
        "n_above": n - place, "default_rate_above": round(float((bad - bad_below[at]) / (n - place)), 4),
    }  # fmt: skip


def _between(low: float, high: float) -> float:
    """Return the shortest number in (low, high], for people to read: between 0.1441 and 0.1523 it is 0.15."""
    for digits in range(1, 12):
        told = float(f"{(low + high) / 2:.{digits}g}")
        if low < told <= high:
            return told
    return high
