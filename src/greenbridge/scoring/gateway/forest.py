"""A LightGBM model's trees as arrays, read from its text; what the kernels do not know is named, not guessed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenbridge.scoring.values import Floats

Ints = NDArray[np.int64]
# Bits of LightGBM's decision_type.
CATEGORICAL, DEFAULT_LEFT = 1, 2
MISSING_SHIFT, MISSING_ZERO, MISSING_NAN = 2, 1, 2
MOST_LEAVES = 64  # the leaves of a tree are the bits of one word


class UnsupportedTreesError(ValueError):
    """The model has what the kernels lack; its own library predicts it."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree. A child below zero is the leaf `~child`; `covers`: training rows at each inner node and at each leaf.

    `nan_left`: whether an unknown value goes left (where the tree knows no missing values, NaN is read as zero).
    """

    features: Ints
    thresholds: Floats
    left: Ints
    right: Ints
    nan_left: NDArray[np.bool_]
    leaves: Floats
    covers: Floats
    leaf_covers: Floats


def trees(text: str) -> tuple[Tree, ...]:
    """Return the trees of a model file (`model.txt`). Raises UnsupportedTreesError for more than one output a row, averaged outputs,
    linear leaves, categorical splits, zero read as missing, and trees of more than 64 leaves.
    """
    head, *blocks = text.split("\nTree=")
    header = dict(_pairs(head))
    if header.get("num_class") != "1" or header.get("num_tree_per_iteration") != "1":
        raise UnsupportedTreesError("more than one output a row")
    if "average_output" in head.splitlines():
        raise UnsupportedTreesError("averaged outputs")
    return tuple(_tree(dict(_pairs(block))) for block in blocks)


def _pairs(block: str) -> Iterator[tuple[str, str]]:
    for line in block.splitlines():
        if line == "end of trees":
            return
        name, equals, value = line.partition("=")
        if equals:
            yield name, value


def _tree(of: dict[str, str]) -> Tree:
    n_leaves = int(of["num_leaves"])
    if of.get("is_linear", "0") != "0":
        raise UnsupportedTreesError("linear leaves")
    if int(of["num_cat"]):
        raise UnsupportedTreesError("categorical splits")
    if n_leaves > MOST_LEAVES:
        raise UnsupportedTreesError(f"a tree of {n_leaves} leaves")
    if n_leaves == 1:
        none, nothing = np.empty(0, dtype=np.int64), np.empty(0)
        return Tree(none, nothing, none, none, np.empty(0, dtype=bool), _floats(of["leaf_value"]), nothing, np.ones(1))
    kinds, thresholds = _ints(of["decision_type"]), _floats(of["threshold"])
    missing = (kinds >> MISSING_SHIFT) & 3
    if (kinds & CATEGORICAL).any():
        raise UnsupportedTreesError("categorical splits")
    if (missing == MISSING_ZERO).any():
        raise UnsupportedTreesError("zero read as missing")
    return Tree(
        _ints(of["split_feature"]),
        thresholds,
        _ints(of["left_child"]),
        _ints(of["right_child"]),
        np.where(missing == MISSING_NAN, (kinds & DEFAULT_LEFT) != 0, thresholds >= 0),
        _floats(of["leaf_value"]),
        _floats(of["internal_count"]),
        _floats(of["leaf_count"]),
    )


def _ints(text: str) -> Ints:
    return np.array([int(part) for part in text.split()], dtype=np.int64)


def _floats(text: str) -> Floats:
    return np.array([float(part) for part in text.split()], dtype=np.float64)
