"""Trees over many rows at once, compiled by Numba when first asked for: never in a web worker's start."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from greenbridge.scoring.gateway import loops
from greenbridge.scoring.gateway.layouts import Edges, Masks
from greenbridge.scoring.values import Floats

LANES = 32  # rows side by side: a node is loaded once for all of them, their comparisons are a few instructions
BLOCK = 256  # rows that go through one tree while its tables are near
# De Bruijn's multiplication finds the place of a lone bit.
PLACES = np.zeros(64, dtype=np.int64)
PLACES[[((1 << place) * loops.DE_BRUIJN % 2**64) >> 58 for place in range(64)]] = np.arange(64)


@cache
def _compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    import numba  # noqa: PLC0415  half a second, and only bulk work needs it

    made: Callable[..., Any]
    try:
        made = numba.njit(cache=True, error_model="numpy")(loop)
    except RuntimeError:  # nowhere to keep what was compiled: a read-only installation
        made = numba.njit(error_model="numpy")(loop)
    return made


def margins(of: Masks, x: Floats) -> Floats:
    """Return float[n], bit for bit `Booster.predict(x, raw_score=True)`: the leaves are summed in the order of the trees."""
    found = np.empty(len(x))
    words = np.empty((len(of.leaves), LANES), dtype=np.uint64)
    _compiled(loops.margins)(
        np.ascontiguousarray(x, dtype=np.float64), of.starts, of.thresholds, of.trees, of.masks,
        of.nan_starts, of.nan_trees, of.nan_masks, of.leaves, PLACES, words, np.empty(LANES), np.empty(LANES), found,
    )  # fmt: skip
    return found


def contributions(of: Edges, x: Floats) -> Floats:
    """Return float[n, n_features]: each feature's Shapley value of the margin, along the trees' own paths, as `pred_contrib` defines it."""
    found = np.zeros(x.shape)
    longest = int(np.diff(of.starts).max(initial=0)) + 1
    down = np.empty((longest, len(of.weights), LANES))
    down[0] = of.weights[:, None]  # the root: nothing is decided yet, and the nodes' weights go down to the leaves
    columns = np.empty((x.shape[1], BLOCK))
    _compiled(loops.contributions)(
        np.ascontiguousarray(x, dtype=np.float64), of.starts, of.features, of.thresholds, of.goes_left, of.nan_left, of.parents,
        of.same, of.values, of.ratios, of.shares, down, np.empty_like(down), np.ones((longest, LANES)),
        columns, np.empty_like(columns), found,
    )  # fmt: skip
    return found
