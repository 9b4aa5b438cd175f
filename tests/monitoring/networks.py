"""Small networks for tests."""

import numpy as np

from greenbridge.monitoring import gateway
from greenbridge.monitoring.rules import contagion
from greenbridge.monitoring.values import ContagionPolicy, Network, Ties
from tests.conftest import NOW

POLICY = gateway.contagion_policy(NOW.date())


def ties(rows) -> Ties:
    ends = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
    return Ties(ends[:, 0], ends[:, 1], np.array([row[2] for row in rows], dtype=float))


def network(
    n, trade=(), guarantees=(), holdings=(), sales=None, purchases=None, divisions=None, policy: ContagionPolicy = POLICY
) -> Network:
    """`n` firms, all of one industry unless told."""
    own_division = np.array(divisions) if divisions is not None else np.full(n, 17)
    return contagion.network(
        trade=ties(trade),
        guarantees=ties(guarantees),
        holdings=ties(holdings),
        sales=np.array(sales, dtype=float) if sales is not None else np.zeros(n),
        purchases=np.array(purchases, dtype=float) if purchases is not None else np.zeros(n),
        divisions=own_division,
        sections=own_division // 50,
        policy=policy,
    )


def spread(net: Network, own) -> np.ndarray:
    return contagion.spread(net, np.array(own, dtype=float), POLICY.tolerance).risk


def slow_spread(net: Network, own, rounds: int = 400) -> list[float]:
    """The same fixed point, edge by edge, as one would write it first."""
    risk = list(own)
    for _ in range(rounds):
        reached = [0.0] * net.firms
        for firm in range(net.firms):
            for edge in range(int(net.start[firm]), int(net.start[firm + 1])):
                reached[firm] += float(net.weight[edge]) * risk[int(net.target[edge])]
        after = [o + (1 - o) * r for o, r in zip(own, reached, strict=True)]
        if max(abs(a - b) for a, b in zip(after, risk, strict=True)) < 1e-12:
            return after
        risk = after
    return risk
