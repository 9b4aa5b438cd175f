"""Ten bands and points by policy: the file's own cases, and what holds for every probability."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbridge.scoring.gateway import band_policies, band_policy, cases
from greenbridge.scoring.gateway.policy import _files, policy_of
from greenbridge.scoring.rules import bands

POLICY = band_policy(date(2026, 3, 10))
PROBABILITIES = st.floats(0, 1)


@pytest.mark.parametrize(("policy", "probability", "band", "points"), cases())
def test_the_policys_own_cases(policy, probability, band, points):
    assert bands.band(probability, policy).code == band
    assert bands.points(probability, policy.scale) == points


def test_every_edition_has_ten_bands_with_words_and_a_source():
    for policy in band_policies():
        assert len(policy.bands) == 10
        assert policy.source
        assert all(b.label.zh and b.label.en and b.meaning.zh and b.meaning.en for b in policy.bands)
    assert band_policy(date(2019, 1, 1)) == band_policies()[0]


@given(PROBABILITIES, PROBABILITIES)
def test_a_lower_probability_never_has_a_worse_band_or_fewer_points(a, b):
    low, high = sorted((a, b))
    order = [band.code for band in POLICY.bands]
    assert order.index(bands.band(low, POLICY).code) <= order.index(bands.band(high, POLICY).code)
    assert bands.points(low, POLICY.scale) >= bands.points(high, POLICY.scale)
    assert POLICY.scale.lowest <= bands.points(high, POLICY.scale) <= POLICY.scale.highest


@given(st.floats(0.001, 0.99))
def test_odds_that_double_are_twenty_points_more(probability):
    odds = (1 - probability) / probability
    free = replace(POLICY.scale, lowest=-10_000, highest=10_000)
    assert abs(bands.points(1 / (1 + 2 * odds), free) - bands.points(probability, free) - 20) <= 1  # both are rounded


def test_a_file_whose_cuts_do_not_rise_to_one_is_refused():
    row = dict(_files()[0])
    for wrong in ([*row["band"][:-1]], [*row["band"][:-1], {**row["band"][-1], "under": 0.9}], row["band"][::-1]):
        with pytest.raises(ValueError, match="ten bands"):
            policy_of({**row, "band": wrong})
