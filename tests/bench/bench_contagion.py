"""Contagion over a scale-free network: against a plain loop on a small graph, and a whole province's edges in one go."""

import time

import numpy as np

from greenbridge.monitoring.rules import contagion, paths
from greenbridge.monitoring.values import Ints, Ties
from tests.bench.interleave import interleave
from tests.bench.record import record
from tests.monitoring.networks import POLICY, slow_spread

SLACK = 0.8


def scale_free(firms: int, ties: int, seed: int = 1) -> Ties:
    """Return generated trade: sellers are drawn by a power law of their rank, as in supply networks."""
    rng = np.random.default_rng(seed)
    weight = 1 / np.arange(1, firms + 1) ** 0.8
    rank = rng.permutation(firms)
    sellers = rank[rng.choice(firms, ties, p=weight / weight.sum())]
    return Ties(sellers, rng.integers(0, firms, ties), rng.lognormal(10, 2, ties))


def made(firms: int, trade: Ties, divisions: Ints) -> contagion.Network:
    none = Ties(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    nothing = np.zeros(firms)
    return contagion.network(
        trade=trade,
        guarantees=none,
        holdings=none,
        sales=nothing,
        purchases=nothing,
        divisions=divisions,
        sections=divisions // 10,
        policy=POLICY,
    )


def test_sparse_rounds_against_a_plain_loop_on_equal_answers() -> None:
    firms = 2_000
    net = made(firms, scale_free(firms, 10_000), np.random.default_rng(2).integers(1, 90, firms))
    own = np.random.default_rng(3).beta(1, 12, firms)
    assert np.allclose(contagion.spread(net, own, 1e-12).risk, slow_spread(net, own), atol=1e-9, rtol=0)
    found = interleave(
        {"ours": lambda: contagion.spread(net, own, 1e-12), "plain loop": lambda: slow_spread(net, own)},
        reference="ours",
        rounds=7,
        budget_seconds=60,
    )["plain loop"]
    print(f"\n{len(net.target):,} edges: plain loop {found.ratio:.0f}x ours ({found.lowest_ratio:.0f}-{found.highest_ratio:.0f})")
    record("contagion over 10,000 ties", "a plain loop", found.ratio, 100)
    assert found.ratio >= 100 * SLACK


def test_a_provinces_edges_cost_little_more_than_sorting_them() -> None:
    """200,000 firms and a million ties (two edges each): building, spreading and 1,000 firms' paths, against sorting the same ties."""
    firms = 200_000
    trade = scale_free(firms, 1_000_000)
    divisions = np.random.default_rng(2).integers(1, 90, firms)
    own = np.random.default_rng(3).beta(1, 12, firms)
    seconds: dict[str, float] = {}

    def whole() -> None:
        began = time.perf_counter()
        net = made(firms, trade, divisions)
        seconds["network"] = time.perf_counter() - began
        began = time.perf_counter()
        done = contagion.spread(net, own, POLICY.tolerance)
        seconds["spread"] = time.perf_counter() - began
        began = time.perf_counter()
        for firm in range(1_000):
            paths.top_paths(net, own, done.risk, firm, POLICY)
        seconds["paths of 1,000"] = time.perf_counter() - began
        seconds["edges"] = len(net.target)
        assert done.error <= POLICY.tolerance
        assert net.bound <= POLICY.decay

    peer = {"ours": whole, "sorting the ties": lambda: np.lexsort((trade.size, trade.other, trade.one))}
    found = interleave(peer, reference="sorting the ties", rounds=5, budget_seconds=90)["ours"]
    print(f"\n{seconds}; {found.ratio:.1f}x sorting ({found.lowest_ratio:.1f}-{found.highest_ratio:.1f}), {found.median_seconds:.2f} s")
    record("network, spread and paths of a province", "sorting its ties", 1 / found.ratio, 1 / 12)
    assert found.ratio <= 12 / SLACK
