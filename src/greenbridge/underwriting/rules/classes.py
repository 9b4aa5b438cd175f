"""A rating A to D for firms that have none, from their probability of default."""

from collections.abc import Mapping, Sequence

import numpy as np

from greenbridge.underwriting.rules.churn import Floats, Ints

NAMES = "ABCD"


def by_cuts(probability: Floats, cuts: Sequence[float]) -> Ints:
    """Return ratings 0 to 3: how many of the three rising cuts a probability reaches. `by_cuts([0.04, 0.2], [0.05, 0.1, 0.3])` is A, C."""
    return np.searchsorted(np.asarray(cuts), probability, side="right").astype(np.int64)


def by_shares(probability: Floats, shares: Mapping[str, int]) -> Ints:
    """Return ratings so that A to D have these shares among the firms given, the safest first; equal probabilities rate alike.

    `by_shares([0.1, 0.2, 0.3, 0.4], {"A": 1, "B": 1, "C": 1, "D": 1})` is A, B, C, D.
    """
    total = sum(shares[name] for name in NAMES)
    sizes = np.cumsum([shares[name] for name in NAMES[:-1]]) / total * len(probability)
    # How many are strictly safer: whoever ties with a safer firm's probability gets its rating.
    safer = np.searchsorted(np.sort(probability), probability, side="left")
    return np.searchsorted(sizes, safer, side="right").astype(np.int64)
