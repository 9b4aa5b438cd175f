"""Sets of products or firms, a bit each: as a whole number for one decision, as uint64 words for many."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint64]
Bools = NDArray[np.bool_]


def width(n: int) -> int:
    """Return how many words hold n bits."""
    return -(-n // 64)


def packed(bits: Bools) -> Rows:
    """Return bits as uint64[words], lowest first."""
    padded = np.zeros(width(len(bits)) * 8, dtype=np.uint8)
    tight = np.packbits(bits, bitorder="little")
    padded[: len(tight)] = tight
    return padded.view(np.uint64)


def whole(row: Rows) -> int:
    """Return a row as one whole number."""
    return int.from_bytes(row.tobytes(), "little")


def words_of(bits: int, n: int) -> Rows:
    """Return a whole number as uint64[words] of n bits."""
    return np.frombuffer(bits.to_bytes(width(n) * 8, "little"), dtype=np.uint64)


def bools_of(bits: int, n: int) -> Bools:
    """Return a whole number as bool[n]."""
    return np.unpackbits(words_of(bits, n).view(np.uint8), count=n, bitorder="little").view(bool)


def places_of(bits: int, n: int) -> NDArray[np.intp]:
    """Return the places of the bits that are set, in order."""
    return np.flatnonzero(bools_of(bits, n))


def marked(places: Iterable[int]) -> int:
    """Return the whole number with these bits set."""
    found = 0
    for place in places:
        found |= 1 << place
    return found
