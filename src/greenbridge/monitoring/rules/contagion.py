"""How risk spreads along invoices, guarantees and shareholdings: both ways, weaker with each step, more strongly from core firms.

With o the own risks and A the matrix of exposures, the risk of firm i is what it has itself, else what reaches it:
r_i = o_i + (1 - o_i) * sum_j A_ij r_j. Each row of A sums to at most `decay` < 1, so that this map brings any two guesses nearer by
that factor (Banach): one fixed point, within [0, 1], and never lower for a higher o. A row's sum is at most
decay * (sum of channel weights) * (largest coupling) * (largest core weight), each factor after the first at most 1.

Source of the shape: Ye & Ye 2019 (credit risk is contagious along the supply chain, both ways, through real business and asset ties,
more strongly from core firms); the numbers are ours and stand in the policy.
"""

import numpy as np
from scipy.sparse import csr_array

from greenbridge.monitoring.values import CHANNELS, Bools, Channel, ContagionPolicy, Floats, Ints, Level, Network, Spread, Ties

UNKNOWN_INDUSTRY = -1
LEAST = 1e-6  # less than a whole of anything: no fen, no share of capital


def merged(ties: Ties) -> Ties:
    """Return one tie for each ordered pair, the larger of the sizes told: seller and buyer tell of the same invoices.

    A firm's ties to itself and sizes that are not positive are left out; the order told does not matter.
    """
    keep = (ties.one != ties.other) & (ties.size > 0)
    one, other, size = ties.one[keep], ties.other[keep], ties.size[keep]
    order = np.lexsort((-size, other, one))
    one, other, size = one[order], other[order], size[order]
    first = np.ones(len(one), dtype=bool)
    first[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
    return Ties(one[first], other[first], size[first])


def shares(exposed: Ints, size: Floats, whole: Floats) -> Floats:
    """Return each size as a share of its exposed firm's whole, or of the sum where that is more: shares of a firm sum to at most 1.

    Sizes 62 and 20 of a whole of 100 are 0.62 and 0.2; of an unknown whole (0) 0.756 and 0.244.
    """
    told = np.bincount(exposed, weights=size, minlength=len(whole))
    return np.asarray(size / np.maximum(np.maximum(whole, told)[exposed], 1e-300))


def of_whole(exposed: Ints, size: Floats, whole: Floats) -> Floats:
    """Return each size as a share of its exposed firm's whole, as it may be said; NaN where the whole is unknown (0).

    A guarantee of 5 m by a firm with sales of 1 m is 5.0; by one whose sales nobody told, NaN.
    """
    base = whole[exposed]
    return np.asarray(np.divide(size, base, out=np.full(len(size), np.nan), where=base > LEAST))


def core(target: Ints, weight: Floats, firms: int, policy: ContagionPolicy) -> Floats:
    """Return how strongly each firm transmits, in [core_floor, 1]: the more others depend on it, the more strongly.

    floor + (1 - floor) * s / (s + half), s the sum of the exposures to it: with 0.5 and 1, a firm on which one other wholly depends
    (s = 1) transmits 0.75, one on which nine do 0.95. It levels off, because the network is scale-free: no hub counts without end.
    """
    strength = np.bincount(target, weights=weight, minlength=firms)
    return np.asarray(policy.core_floor + (1 - policy.core_floor) * strength / (strength + policy.core_half))


def coupling(exposed: Ints, target: Ints, divisions: Ints, sections: Ints, policy: ContagionPolicy) -> Floats:
    """Return how close two firms' industries are: same division, same section, else (or unknown) another."""
    known = (divisions[exposed] != UNKNOWN_INDUSTRY) & (divisions[target] != UNKNOWN_INDUSTRY)
    same_section = known & (sections[exposed] == sections[target])
    same_division = known & (divisions[exposed] == divisions[target])
    return np.where(same_division, policy.same_division, np.where(same_section, policy.same_section, policy.other_section))


def network(
    *,
    trade: Ties,
    guarantees: Ties,
    holdings: Ties,
    sales: Floats,
    purchases: Floats,
    divisions: Ints,
    sections: Ints,
    policy: ContagionPolicy,
) -> Network:
    """Return the network of exposures of all firms (the length of `sales`).

    What an edge carries is measured so that a firm's shares sum to 1 at most; what is said of it is the plain share (`of_whole`).
    Each tie exposes both sides: a sale of 62 of a seller's 100 makes a customer exposure of 0.62; the same 62 of a buyer's purchases
    of 310 a supplier exposure of 0.2. A guarantee is measured by its giver's sales. Firms outside are part of `sales` alone.
    """
    firms = len(sales)
    sold, given, held = merged(trade), merged(guarantees), merged(holdings)
    ones = np.ones(firms)
    guaranteed: Floats = np.asarray(np.bincount(given.other, weights=given.size, minlength=firms), dtype=float)
    parts: dict[Channel, tuple[Ints, Ints, Floats, Floats]] = {
        Channel.CUSTOMER: (sold.one, sold.other, sold.size, sales),
        Channel.SUPPLIER: (sold.other, sold.one, sold.size, purchases),
        Channel.GUARANTEED: (given.one, given.other, given.size, sales),
        Channel.GUARANTOR: (given.other, given.one, given.size, guaranteed),
        Channel.OWNER: (held.other, held.one, held.size, ones),
        Channel.INVESTMENT: (held.one, held.other, held.size, ones),
    }
    exposed = np.concatenate([parts[channel][0] for channel in CHANNELS])
    target = np.concatenate([parts[channel][1] for channel in CHANNELS])
    part = np.concatenate([shares(parts[channel][0], *parts[channel][2:]) for channel in CHANNELS])
    share = np.concatenate([of_whole(parts[channel][0], *parts[channel][2:]) for channel in CHANNELS])
    kind = np.concatenate([np.full(len(parts[channel][0]), n) for n, channel in enumerate(CHANNELS)])
    order = np.lexsort((kind, target, exposed))
    exposed, target, part, share, kind = exposed[order], target[order], part[order], share[order], kind[order]
    carried = np.array([policy.weights[channel] for channel in CHANNELS])[kind] * part
    weight = carried * coupling(exposed, target, divisions, sections, policy) * core(target, carried, firms, policy)[target] * policy.decay
    start = np.concatenate([[0], np.cumsum(np.bincount(exposed, minlength=firms))]).astype(np.int64)
    bound = float(np.bincount(exposed, weights=weight, minlength=firms).max(initial=0.0))
    return Network(start, target, kind, share, weight, bound)


def spread(net: Network, own: Floats, tolerance: float) -> Spread:
    """Return every firm's risk once its own has spread, to within `tolerance`.

    Begins at the own risks and only rises, so that after k rounds the rest is at most bound^k / (1 - bound) of the last step.
    Firm 0 that sells 62 % to firm 1 (own risk 1) over an edge of weight 0.2 and has none itself ends at 0.2.
    """
    matrix = csr_array((net.weight, net.target, net.start), shape=(net.firms, net.firms))
    room, risk, rounds, error = 1 - own, own.copy(), 0, np.inf
    while error > tolerance:
        before, risk = risk, own + room * (matrix @ risk)
        rounds += 1
        error = float(np.abs(risk - before).max(initial=0.0)) * net.bound / (1 - net.bound)
    return Spread(np.clip(risk, 0.0, 1.0), rounds, error)


def known_shares(net: Network, known: Bools) -> Floats:
    """Return the share of each firm's exposures, by weight, to firms that are `known`; NaN: it has none."""
    exposed = np.repeat(np.arange(net.firms), np.diff(net.start))
    whole = np.bincount(exposed, weights=net.weight, minlength=net.firms)
    told = np.bincount(exposed, weights=net.weight * known[net.target], minlength=net.firms)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, told / whole, np.nan)


def level(reached: float, policy: ContagionPolicy) -> Level:
    """Return the level of what reaches a firm from others: the highest whose lower end it has. `level(0.04)` with 0.03 for marked."""
    found = [name for name, low in policy.levels.items() if reached >= low]
    return max(found, key=lambda name: policy.levels[name], default=Level.NONE)
