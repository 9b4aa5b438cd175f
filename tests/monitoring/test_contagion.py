from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.monitoring import gateway
from greenbridge.monitoring.rules import contagion
from greenbridge.monitoring.rules.paths import top_paths
from greenbridge.monitoring.values import CHANNELS, Channel, Level
from tests.monitoring.networks import POLICY, network, slow_spread, spread, ties

# Without core weight and coupling: hand-computed numbers stay short.
PLAIN = replace(POLICY, core_floor=1.0, same_section=1.0, other_section=1.0)


@pytest.mark.parametrize(("policy", "case"), gateway.contagion_cases(), ids=lambda x: x.get("note", "") if isinstance(x, dict) else "")
def test_the_policy_keeps_its_own_cases(policy, case):
    n = case["firms"]
    net = network(n, case["trade"], sales=case["sales"], purchases=case["purchases"], policy=policy)
    assert spread(net, case["own"]) == pytest.approx(case["risk"], abs=5e-6)


def test_a_known_chain_is_found_with_its_numbers():
    # 0 sells 62 % to 1, 1 sells half to 2, 2 is bankrupt. An edge carries 0.7 * 0.4 * share.
    net = network(4, [(0, 1, 62.0), (1, 2, 50.0)], sales=[100, 100, 0, 0], purchases=[0, 1e12, 1e12, 0], policy=PLAIN)
    own = [0.0, 0.1, 1.0, 0.0]
    first, second = 0.28 * 0.62, 0.28 * 0.5
    risk = spread(net, own)
    at_1 = 0.1 + 0.9 * second * 1.0
    assert risk == pytest.approx([first * at_1, at_1, 1.0, 0.0], abs=1e-9)
    longer, direct = top_paths(net, np.array(own), risk, 0, PLAIN)
    assert [(hop.firm, hop.channel, hop.share) for hop in longer.hops] == [
        (1, Channel.CUSTOMER, pytest.approx(0.62)),
        (2, Channel.CUSTOMER, pytest.approx(0.5)),
    ]
    assert longer.contribution == pytest.approx(first * 0.9 * second)
    assert [hop.firm for hop in direct.hops] == [1]
    assert direct.contribution == pytest.approx(first * 0.1)
    assert longer.contribution + direct.contribution == pytest.approx(risk[0])


def test_it_spreads_both_ways_and_more_to_the_seller():
    net = network(2, [(0, 1, 10.0)], sales=[10, 0], purchases=[0, 10], policy=PLAIN)
    assert spread(net, [0, 1.0])[0] == pytest.approx(0.7 * 0.40)
    assert spread(net, [1.0, 0])[1] == pytest.approx(0.7 * 0.15)


@pytest.mark.parametrize(
    ("given_ties", "own", "expected"),
    [
        ({"guarantees": [(0, 1, 30.0)], "sales": [100, 0]}, [0, 1.0], 0.7 * 0.20 * 0.3),  # surety for 30 % of a year's sales
        ({"guarantees": [(1, 0, 30.0)], "sales": [0, 100]}, [0, 1.0], 0.7 * 0.05),  # its only guarantor fails
        ({"holdings": [(1, 0, 0.6)]}, [0, 1.0], 0.7 * 0.12 * 0.6),  # held to 60 % by a failing firm
        ({"holdings": [(0, 1, 0.6)]}, [0, 1.0], 0.7 * 0.08 * 0.6),  # holds 60 % of one
    ],
)
def test_each_tie_carries_what_its_policy_says(given_ties, own, expected):
    assert spread(network(2, policy=PLAIN, **given_ties), own)[0] == pytest.approx(expected)


def test_seller_and_buyer_tell_of_the_same_invoices_and_the_larger_telling_counts():
    once = network(2, [(0, 1, 62.0)], sales=[100, 0])
    twice = network(2, [(0, 1, 62.0), (0, 1, 60.0)], sales=[100, 0])
    assert np.array_equal(once.share, twice.share, equal_nan=True)
    assert np.array_equal(once.weight, twice.weight)


def test_what_is_said_of_an_edge_is_the_plain_share():
    """A guarantee of five times the sales, one by a firm whose sales nobody told, and all of the one firm invested in held to 30 %."""
    net = network(4, guarantees=[(0, 1, 5.0), (2, 1, 5.0)], holdings=[(3, 1, 0.3)], sales=[1, 0, 0, 0])
    said = {(at, CHANNELS[net.channel[k]]): net.share[k] for at in range(4) for k in range(net.start[at], net.start[at + 1])}
    assert said[0, Channel.GUARANTEED] == 5.0
    assert np.isnan(said[2, Channel.GUARANTEED])
    assert said[3, Channel.INVESTMENT] == 0.3
    assert np.nanmax(net.weight) <= 1


def test_a_core_firm_transmits_more_strongly_than_a_small_one():
    # Both buy all of what one firm sells; ten others hang on firm 1, nobody else on firm 13.
    trade = [(0, 1, 5.0), *((k, 1, 5.0) for k in range(2, 12)), (12, 13, 5.0)]
    net = network(14, trade)
    own = np.zeros(14)
    own[[1, 13]] = 0.5
    risk = spread(net, own)
    assert risk[0] > risk[12] * 1.15


def test_nearer_industries_transmit_more_strongly():
    risks = [spread(network(2, [(0, 1, 5.0)], divisions=divisions), [0, 1.0])[0] for divisions in ([17, 17], [17, 18], [17, 51], [17, -1])]
    assert risks[0] > risks[1] > risks[2] == pytest.approx(risks[3])


def test_who_is_tied_to_himself_or_by_nothing_is_tied_to_nobody():
    net = network(3, [(0, 0, 5.0), (0, 1, 0.0), (1, 2, -4.0)])
    assert len(net.target) == 0
    assert spread(net, [0.3, 0.2, 0.1]) == pytest.approx([0.3, 0.2, 0.1], abs=0)


def test_known_shares_count_exposures_by_weight():
    net = network(3, [(0, 1, 75.0), (0, 2, 25.0)], sales=[100, 0, 0], policy=PLAIN)
    found = contagion.known_shares(net, np.array([False, True, False]))
    assert found[0] == pytest.approx(0.75)
    assert np.isnan(contagion.known_shares(network(2), np.array([True, True]))).all()


@pytest.mark.parametrize(("reached", "expected"), [(0.0, Level.NONE), (0.01, Level.SLIGHT), (0.03, Level.MARKED), (0.4, Level.STRONG)])
def test_levels(reached, expected):
    assert contagion.level(reached, POLICY) is expected


@st.composite
def places(draw):
    n = draw(st.integers(2, 9))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))
    kinds = [draw(st.lists(st.tuples(pair, st.floats(0.01, 1e6)), max_size=14)) for _ in range(3)]
    trade, guarantees, holdings = ([(a, b, size) for (a, b), size in rows] for rows in kinds)
    divisions = draw(st.lists(st.sampled_from([-1, 13, 17, 51]), min_size=n, max_size=n))
    own = draw(st.lists(st.floats(0, 1), min_size=n, max_size=n))
    whole = draw(st.lists(st.floats(0, 1e6), min_size=n, max_size=n))
    return n, {"trade": trade, "guarantees": guarantees, "holdings": holdings, "divisions": divisions, "sales": whole}, own


@settings(max_examples=100, deadline=None)
@given(places())
def test_risk_stays_in_bounds_and_rows_under_one(place):
    n, tied, own = place
    net = network(n, **tied)
    risk = spread(net, own)
    assert net.bound <= POLICY.decay
    assert (risk >= np.array(own) - 1e-12).all()
    assert (risk <= 1).all()
    assert risk == pytest.approx(slow_spread(net, own), abs=1e-8)


@settings(max_examples=100, deadline=None)
@given(places(), st.integers(0, 8), st.floats(0, 1))
def test_more_own_risk_never_lowers_anybodys(place, who, more):
    n, tied, own = place
    net = network(n, **tied)
    higher = list(own)
    higher[who % n] = max(higher[who % n], more)
    assert (spread(net, higher) >= spread(net, own) - 1e-8).all()


@settings(max_examples=60, deadline=None)
@given(places(), st.randoms(use_true_random=False))
def test_the_order_of_ties_does_not_matter(place, shuffler):
    n, tied, own = place
    shuffled = {key: list(rows) for key, rows in tied.items()}
    for key in ("trade", "guarantees", "holdings"):
        shuffler.shuffle(shuffled[key])
    assert np.array_equal(spread(network(n, **tied), own), spread(network(n, **shuffled), own))


@settings(max_examples=60, deadline=None)
@given(places())
def test_paths_are_simple_sorted_true_products_and_never_more_than_the_whole(place):
    n, tied, own = place
    net, own = network(n, **tied), np.array(own)
    risk = spread(net, own)
    for firm in range(n):
        found = top_paths(net, own, risk, firm, POLICY)
        amounts = [path.contribution for path in found]
        assert amounts == sorted(amounts, reverse=True)
        assert sum(amounts) <= risk[firm] - own[firm] + 1e-8
        for path in found:
            visited = [firm, *(hop.firm for hop in path.hops)]
            assert len(set(visited)) == len(visited) <= POLICY.depth + 1
            product = 1.0
            for at, hop in zip(visited, path.hops, strict=False):
                edges = range(int(net.start[at]), int(net.start[at + 1]))
                (weight,) = {
                    float(net.weight[e]) for e in edges if net.target[e] == hop.firm and list(Channel)[net.channel[e]] is hop.channel
                }
                product *= (1 - own[at]) * weight
            assert path.contribution == pytest.approx(product * own[visited[-1]])


def test_the_largest_path_is_found_also_behind_a_hub():
    # 0 sells to a hub with 2,000 healthy customers, of which one, firm 7, is bankrupt; and a little to firm 2001 itself.
    trade = [(0, 1, 90.0), (0, 2002, 10.0), *((1, k, 1.0) for k in range(2, 2002)), (1, 7, 500.0)]
    net = network(2003, trade, sales=np.where(np.arange(2003) == 0, 100.0, 0.0))
    own = np.full(2003, 0.0)
    own[7] = 1.0
    risk = spread(net, own)
    (best,) = top_paths(net, own, risk, 0, POLICY)
    assert [hop.firm for hop in best.hops] == [1, 7]
    assert best.contribution == pytest.approx(risk[0], rel=0.05)


def test_ties_of_nothing_are_empty():
    assert len(contagion.merged(ties([])).one) == 0
