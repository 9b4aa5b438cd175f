"""Trees laid out for the kernels: words of leaves per feature (QuickScorer), and edges in preorder (Shapley values)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenbridge.scoring.gateway.forest import Ints, Tree
from greenbridge.scoring.values import Floats

Words = NDArray[np.uint64]
ALL = 2**64 - 1
# An edge: feature, threshold, is on the left, takes the unknown, parent, the edge above with the same feature, leaf value.
Row = tuple[int, float, bool, bool, int, int, float]


@dataclass(frozen=True, slots=True)
class Masks:
    """QuickScorer (Lucchese et al. 2015): a node that a row fails strikes the leaves on its left out of the tree's word.

    Nodes stand by feature, `starts` int[n_features + 1], thresholds rising; those that unknown fails stand in `nan_*` again.
    `leaves` float[n_trees, 64] from left to right, so that the lowest bit left is the leaf that the row ends in.
    """

    starts: Ints
    thresholds: Floats
    trees: Words
    masks: Words
    nan_starts: Ints
    nan_trees: Words
    nan_masks: Words
    leaves: Floats


@dataclass(frozen=True, slots=True)
class Edges:
    """Every node but the roots as the edge that leads to it, in preorder, with what a row's state there is worth at Q nodes t of Gauss.

    `state`: 0 the row left the path at an earlier split on this feature, 1 at this one, 2 it follows. `ratios` and `shares` are
    float[n_edges, 3, Q]: how the product over the path's features changes, and the feature's part in it.
    `same`: the edge above with the same feature, 0 (the root, which every row follows) for none. `parents` and `same` are places in the
    tree: the root is 0, its edges follow from 1. `values` is zero but at leaves.
    """

    starts: Ints
    features: Ints
    thresholds: Floats
    goes_left: NDArray[np.bool_]
    nan_left: NDArray[np.bool_]
    parents: Ints
    same: Ints
    values: Floats
    ratios: Floats
    shares: Floats
    weights: Floats


def masks(trees: Sequence[Tree], n_features: int) -> Masks:
    """Return the layout for predictions."""
    nodes: list[tuple[int, float, int, int, bool]] = []
    leaves = np.zeros((len(trees), 64))
    for number, tree in enumerate(trees):
        if not len(tree.features):
            leaves[number, 0] = tree.leaves[0]
            continue
        order: list[int] = []
        under = _leaves_under(tree, order)
        leaves[number, : len(order)] = tree.leaves[order]
        for node, (first, middle) in under.items():
            struck = ALL ^ (((1 << (middle - first)) - 1) << first)
            nodes.append((int(tree.features[node]), float(tree.thresholds[node]), number, struck, not tree.nan_left[node]))
    nodes.sort(key=lambda node: node[:3])
    failing = [node for node in nodes if node[4]]
    return Masks(
        _starts([node[0] for node in nodes], n_features),
        np.array([node[1] for node in nodes]),
        np.array([node[2] for node in nodes], dtype=np.uint64),
        np.array([node[3] for node in nodes], dtype=np.uint64),
        _starts([node[0] for node in failing], n_features),
        np.array([node[2] for node in failing], dtype=np.uint64),
        np.array([node[3] for node in failing], dtype=np.uint64),
        leaves,
    )


def _starts(features: Sequence[int], n_features: int) -> Ints:
    return np.searchsorted(np.array(features, dtype=np.int64), np.arange(n_features + 1)).astype(np.int64)


def _leaves_under(tree: Tree, order: list[int]) -> dict[int, tuple[int, int]]:
    """Return node -> (its first leaf, the first leaf on its right), and fill `order` with the leaves from left to right."""
    found: dict[int, tuple[int, int]] = {}

    def walk(node: int) -> None:
        if node < 0:
            order.append(~node)
            return
        first = len(order)
        walk(int(tree.left[node]))
        found[node] = first, len(order)
        walk(int(tree.right[node]))

    walk(0)
    return found


def edges(trees: Sequence[Tree]) -> Edges:
    """Return the layout for Shapley values (Yu et al. 2022, "Linear TreeSHAP", at Gauss-Legendre nodes, where it is stable and exact)."""
    rows: list[Row] = []
    parts: list[tuple[float, float]] = []  # the share of training rows that reach it: after this edge, after `same`
    starts, deepest = [0], 1
    for tree in trees:
        if len(tree.features):
            deepest = max(deepest, _walk(tree, rows, parts))
        starts.append(len(rows))
    # A product over m features, one taken out, has degree m - 1: exact with m / 2 nodes.
    at, weights = np.polynomial.legendre.leggauss((deepest + 1) // 2)
    t, weights = (at + 1) / 2, weights / 2
    z, before = (np.array(side)[:, None] for side in zip(*parts, strict=True)) if parts else (np.empty((0, 1)), np.empty((0, 1)))
    ratios, shares = np.empty((len(rows), 3, len(t))), np.empty((len(rows), 3, len(t)))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios[:, 0] = np.where(before > 0, z / before, 0)
    above, here = before + t * (1 - before), z + t * (1 - z)
    ratios[:, 1], ratios[:, 2] = z * (1 - t) / above, here / above
    shares[:, 0] = 0
    shares[:, 1] = -1 / (1 - t) - (1 - before) / above
    shares[:, 2] = (1 - z) / here - (1 - before) / above
    return Edges(
        starts=np.array(starts),
        features=np.array([row[0] for row in rows], dtype=np.int64),
        thresholds=np.array([row[1] for row in rows], dtype=np.float64),
        goes_left=np.array([row[2] for row in rows], dtype=bool),
        nan_left=np.array([row[3] for row in rows], dtype=bool),
        parents=np.array([row[4] for row in rows], dtype=np.int64),
        same=np.array([row[5] for row in rows], dtype=np.int64),
        values=np.array([row[6] for row in rows], dtype=np.float64),
        ratios=ratios,
        shares=shares,
        weights=weights,
    )


def _walk(tree: Tree, rows: list[Row], parts: list[tuple[float, float]]) -> int:
    """Append a tree's edges in preorder; return how many features its richest path has."""
    first, deepest = len(rows), 1

    def enter(node: int, parent: int, path: dict[int, tuple[int, float]]) -> None:
        nonlocal deepest
        feature = int(tree.features[node])
        same, before = path.get(feature, (0, 1.0))
        for child, is_left in ((int(tree.left[node]), True), (int(tree.right[node]), False)):
            leaf = child < 0
            cover = tree.leaf_covers[~child] if leaf else tree.covers[child]
            z = before * float(cover / tree.covers[node])
            slot = len(rows) - first + 1
            value = float(tree.leaves[~child]) if leaf else 0.0
            rows.append((feature, float(tree.thresholds[node]), is_left, bool(tree.nan_left[node]), parent, same, value))
            parts.append((z, before))
            inside = {**path, feature: (slot, z)}
            deepest = max(deepest, len(inside))
            if not leaf:
                enter(child, slot, inside)

    enter(0, 0, {})
    return deepest
