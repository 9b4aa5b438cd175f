"""Along which paths risk comes to a firm: an exact sum, told from its largest parts.

The fixed point r = o + D A r (D = diag(1 - o)) is a sum over walks: each carries the product of its edges (1 - o_i) A_ij times the own
risk at its end. What passes through a walk's end j is the product so far times r_j: no walk through it carries more. So the
largest are found best first, without looking at the others.
"""

import heapq
from itertools import count

import numpy as np

from greenbridge.monitoring.values import CHANNELS, ContagionPolicy, Floats, Hop, Network, Path

# A bound on work for one firm: a hub has more walks above the least contribution than anybody reads.
MOST_STEPS = 20_000


def top_paths(net: Network, own: Floats, risk: Floats, firm: int, policy: ContagionPolicy) -> tuple[Path, ...]:
    """Return the paths that carry most to a firm, the largest first, of those that carry at least `policy.least`.

    A path visits no firm twice and has at most `policy.depth` steps. Over edges of weight 0.2 and then 0.3, from a firm with own
    risk 0.9 through one with 0.1 to one with 0, it carries 0.2 * (1 - 0.1) * 0.3 * 0.9 = 0.0486.
    """
    number = count()
    # (minus the most that it can carry, number, path, its product, whether it ends here)
    waiting: list[tuple[float, int, tuple[Hop, ...], float, bool]] = []
    found: list[Path] = []
    _onward(waiting, number, net, own, risk, firm, (), 1.0, policy, firm)
    for _ in range(MOST_STEPS):
        if not waiting or len(found) == policy.top:
            break
        bound, _, hops, product, ends = heapq.heappop(waiting)
        at = hops[-1].firm
        if ends:
            found.append(Path(hops, -bound))
            continue
        if (carried := product * float(own[at])) >= policy.least:
            heapq.heappush(waiting, (-carried, next(number), hops, product, True))
        if len(hops) < policy.depth:
            _onward(waiting, number, net, own, risk, at, hops, product, policy, firm)
    return tuple(found)


def _onward(
    waiting: list[tuple[float, int, tuple[Hop, ...], float, bool]],
    number: "count[int]",
    net: Network,
    own: Floats,
    risk: Floats,
    at: int,
    hops: tuple[Hop, ...],
    product: float,
    policy: ContagionPolicy,
    firm: int,
) -> None:
    """Push the walks one step further that may still carry the least."""
    edges = slice(int(net.start[at]), int(net.start[at + 1]))
    carried = product * (1 - own[at]) * net.weight[edges]
    most = carried * risk[net.target[edges]]
    been = {firm, *(hop.firm for hop in hops)}
    for k in np.flatnonzero(most >= policy.least):
        edge = edges.start + int(k)
        target = int(net.target[edge])
        if target not in been:
            share = float(net.share[edge])
            hop = Hop(target, CHANNELS[net.channel[edge]], None if np.isnan(share) else share)
            heapq.heappush(waiting, (-float(most[k]), next(number), (*hops, hop), float(carried[k]), False))
