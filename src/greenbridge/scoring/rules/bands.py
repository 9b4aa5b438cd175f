"""From a probability to a band and to points."""

import math

from greenbridge.scoring.values import Band, BandPolicy, Scale


def band(probability: float, policy: BandPolicy) -> Band:
    """Return the first band whose cut lies above the probability, the last one for 1."""
    return next((band for band in policy.bands if probability < band.under), policy.bands[-1])


def points(probability: float, scale: Scale) -> int:
    """Return score points, higher is better: base + pdo / ln 2 * (ln odds(good : bad) - ln base odds), whole, held within the bounds.

    With 600 at 50:1 and 20 to double the odds: 1/51 gives 600, 1/101 gives 620, 0 gives the highest (900), 1 the lowest (300).
    """
    if probability <= 0:
        return scale.highest
    if probability >= 1:
        return scale.lowest
    ln_odds = math.log1p(-probability) - math.log(probability)
    return max(scale.lowest, min(scale.highest, round(scale.base + scale.pdo / math.log(2) * (ln_odds - math.log(scale.odds)))))


def is_held(found: int, scale: Scale) -> bool:
    """Return whether points stand at a bound: what lies beyond is not told apart."""
    return found in {scale.lowest, scale.highest}
