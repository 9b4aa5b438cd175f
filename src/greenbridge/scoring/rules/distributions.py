"""Distributions of features and of the score in bins, as a model's card has them of its training firms and a run of the city's."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from greenbridge.scoring.values import SCORE, Distribution, Floats

BINS = 10


def edges(values: Floats, bins: int = BINS) -> Floats:
    """Return the inner edges of bins of equal counts of the known values; equal quantiles fall together.

    `edges([1, 2, 3, 4], 2) == [2.5]`.
    """
    known = values[~np.isnan(values)]
    return np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])) if len(known) else np.empty(0)


def counts(values: Floats, inner: Floats) -> Floats:
    """Return how many values lie in each bin (an edge belongs to the bin above it); the last bin holds the missing."""
    known = values[~np.isnan(values)]
    placed = np.bincount(np.searchsorted(inner, known, side="right"), minlength=len(inner) + 1)
    return np.append(placed, len(values) - len(known)).astype(float)


def distribution(name: str, values: Floats, inner: Floats | None = None) -> Distribution:
    """Return how values lie, in bins of their own deciles or in given ones."""
    inner = edges(values) if inner is None else inner
    return Distribution(name, tuple(map(float, inner)), tuple(map(float, counts(values, inner))))


def joined(one: Distribution, other: Distribution) -> Distribution:
    """Return the distribution of the values of both. Raises ValueError where their bins differ."""
    if one.edges != other.edges:
        raise ValueError(f"{one.name}: bins differ")
    return Distribution(one.name, one.edges, tuple(a + b for a, b in zip(one.counts, other.counts, strict=True)))


def of_card(card: Mapping[str, Any]) -> dict[str, Distribution]:
    """Return name -> how the training firms lie, as a card says: of features that have `quantiles` and `counts`, and of held-out scores.

    Cards of the first models have none.
    """
    rows = {SCORE: card.get("score", {}), **{row["name"]: row for row in card.get("features", ())}}
    return {
        name: Distribution(name, tuple(map(float, np.unique(row["quantiles"][1:-1]))), tuple(map(float, row["counts"])))
        for name, row in rows.items()
        if row.get("quantiles") and row.get("counts")
    }
