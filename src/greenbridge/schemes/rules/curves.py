"""Points of a value."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from greenbridge.schemes.values import Curve, CurveKind, Value

HUNDREDTHS = 2


def points(curve: Curve, value: Value, most: float) -> float | None:
    """Return the points of a value, in [0, most], to the hundredth; None for a word that the table does not have (unrated is unknown).

    Linear 0.05 -> 0, 0.30 -> 8, 0.50 -> 14: a share of 0.40 has 11.
    """
    found = _raw(curve, value)
    return None if found is None else round(min(max(found, 0.0), most), HUNDREDTHS)


def slope(curve: Curve) -> int:
    """Return 1 where more never has fewer points, -1 where more never has more, 0 where neither holds for every value."""
    if curve.kind is CurveKind.EACH:
        return 1 if curve.step >= 0 else -1
    if curve.kind is CurveKind.TABLE:
        return 0
    if curve.kind is CurveKind.BANDS:
        falls = all(a >= b for (_, a), (_, b) in pairwise(curve.knots))
        return (-1 if curve.at_most else 1) if falls else 0
    reached = [p for _, p in sorted(curve.knots)]
    return 1 if reached == sorted(reached) else -1 if reached == sorted(reached, reverse=True) else 0


def _raw(curve: Curve, value: Value) -> float | None:
    match curve.kind:
        case CurveKind.TABLE:
            return curve.table.get(str(value))
        case CurveKind.YES_NO:
            return dict(curve.knots)[float(bool(value))]
        case CurveKind.EACH:
            return curve.start + curve.step * float(value)
        case CurveKind.BANDS:
            number = float(value)
            reached = (p for limit, p in curve.knots if (number <= limit if curve.at_most else number >= limit))
            return next(reached, 0.0)
        case _:
            return _between(curve.knots, float(value))


def _between(knots: Sequence[tuple[float, float]], x: float) -> float:
    place = bisect_right([knot[0] for knot in knots], x)
    if place == 0:
        return knots[0][1]
    if place == len(knots):
        return knots[-1][1]
    (x0, y0), (x1, y1) = knots[place - 1], knots[place]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
