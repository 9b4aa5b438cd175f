"""Groups of firms as quantiles, and a firm's place in them."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from greenbridge.kit.text import Text
from greenbridge.peers.values import METRICS, SIZE_NAMES, Floats, GroupKind, K, MadeGroup, PeerGroup, Quantiles, Size, Standing

Singles = NDArray[np.float32]
Numbers = NDArray[np.int8]
LEVELS = np.linspace(0, 1, 101)
SIZES = tuple(Size)
ALL_FIRMS = Text("全部企业", "all firms")


def rounded(values: Singles | float) -> Floats:
    """Return values as they are compared: single precision, 5 significant digits. 123456789.0 is 123460000.0.

    One digit less than the percentiles are kept with: between two values that just differ lie percentiles that can be told apart.
    """
    exact = np.asarray(values, dtype=np.float32).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 10.0 ** (4 - np.floor(np.log10(np.abs(exact))))
        return np.where(exact == 0, 0.0, np.round(exact * scale) / scale)


def _compared(value: float) -> float:
    """Return one value as `_kept(rounded(value))` does, without arrays of one."""
    exact = float(np.float32(value))
    if exact == 0 or not math.isfinite(exact):
        return exact
    scale = 10.0 ** (4 - math.floor(math.log10(abs(exact))))
    return _kept(round(exact * scale) / scale)


def _kept(value: float) -> float:
    return float(f"{value:.6g}")


def quantiles(values: Singles) -> Quantiles | None:
    """Return the percentiles of the known values; None of fewer than K.

    Each value stands at the share below it and half of those equal (Hazen): of 1 to 10 the value 3 is the 25th percentile.
    """
    known = rounded(values[~np.isnan(values)])
    if len(known) < K:
        return None
    return Quantiles(len(known), tuple(_kept(v) for v in np.quantile(known, LEVELS, method="hazen")))


def groups(divisions: Numbers, sizes: Numbers, values: Singles) -> Iterator[PeerGroup]:
    """Yield the groups that may be kept, of firms with values float32[n_firms, n_metrics].

    `divisions` holds 1 to 97, `sizes` 1 to 4 in Size's order; 0: unknown. A group without a metric that K firms have is left out.
    """
    yield from _group(GroupKind.ALL, None, None, values)
    for division in np.unique(divisions[divisions > 0]):
        members = divisions == division
        inside, of_size, code = values[members], sizes[members], f"{division:02d}"
        yield from _group(GroupKind.DIVISION, code, None, inside)
        for number, size in enumerate(SIZES, 1):
            yield from _group(GroupKind.DIVISION_SIZE, code, size, inside[of_size == number])


def _group(kind: GroupKind, code: str | None, size: Size | None, values: Singles) -> Iterator[PeerGroup]:
    found = {metric.key: q for place, metric in enumerate(METRICS) if (q := quantiles(values[:, place]))}
    if found:
        yield PeerGroup(kind, code, size, len(values), found)


def percentile(of: Quantiles, value: float) -> int:
    """Return the share of firms below a value plus half of those equal, 0 to 100; between two percentiles by interpolation.

    Of 1 to 10 the value 3 is at 25, 0 at 0, 11 at 100; a value that all firms share is at 50.
    """
    grid, v = of.grid, _compared(value)
    if not grid[0] <= v <= grid[-1]:
        return 0 if v < grid[0] else 100
    below, to = bisect_left(grid, v), bisect_right(grid, v) - 1
    if below > to:  # between two percentiles
        low = high = to + (v - grid[to]) / (grid[below] - grid[to])
    else:
        low, high = float(below), float(to)
    # The grid's ends repeat the least and the greatest value, which stand half a firm from the ends.
    edge = 50 / of.n
    return round((max(low, edge) + min(high, 100 - edge)) / 2)


def narrowest(found: Sequence[MadeGroup], key: str) -> MadeGroup | None:
    """Return the narrowest of the groups that has a metric; None: none has."""
    having = (made for kind in GroupKind for made in found if made.group.kind is kind and key in made.group.metrics)
    return next(having, None)


def standings(found: Sequence[MadeGroup], values: Mapping[str, float | None], division: Text | None) -> list[Standing]:
    """Return a firm's place for each metric that it has a value of and a group has, in the order of METRICS.

    `found`: the groups that the firm belongs to, of one measurement. `division`: the division's name.
    """
    placed = []
    for metric in METRICS:
        value, made = values.get(metric.key), narrowest(found, metric.key)
        if value is None or made is None:
            continue
        of = made.group.metrics[metric.key]
        words, at = words_of(made.group, division), percentile(of, value)
        placed.append(Standing(metric, value, at, of.n, made.group.kind, words, made.as_of, made.made_at))
    return placed


def words_of(group: PeerGroup, division: Text | None) -> Text:
    """Return a group in words: 纺织业（17）小型企业; 17 Textiles, small firms."""
    if group.code is None:
        return ALL_FIRMS
    name = division or Text("行业", "division")
    size = SIZE_NAMES[group.size] if group.size else Text("企业", "all sizes")
    return Text(f"{name.zh}（{group.code}）{size.zh}", f"{group.code} {name.en}, {size.en}")
