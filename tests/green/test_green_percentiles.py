"""Percentiles in the industry: measured over all firms of a section, given to a rating with what they stand on."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.facts.rules import items
from greenbridge.green import service as green
from greenbridge.green.rules import percentiles
from greenbridge.kit.codes import generated_uscc
from greenbridge.kit.text import Text
from greenbridge.schemes.values import Known
from tests.builders import a_registration, deliver

SCOPE = "一般项目：针纺织品制造；面料纺织加工；纺纱加工"


async def a_factory(session, now, number, patents, water_m3):
    uscc = generated_uscc(number, "330502")
    row = a_registration(uscc=uscc, name=f"湖州织造{number}纺织有限公司", business_scope=SCOPE)
    await deliver(session, now, items.REGISTRATION, row)
    for n in range(patents):
        patent = {"patent_no": f"ZL{number}{n}", "kind": "发明", "green": "是", "applied_on": "2023-01-01", "granted_on": "2024-01-01"}
        await deliver(session, now, "intellectual_property.patents", {"uscc": uscc, **patent})
    year = {"uscc": uscc, "year": 2024, "revenue": "1000000", "published_on": "2025-05-01"}
    await deliver(session, now, "annual_report.report", year)
    months = [f"2025-{month:02d}-01" for month in range(3, 13)] + ["2026-01-01", "2026-02-01"]
    await deliver(session, now, "utilities.water", *({"uscc": uscc, "month": month, "usage_m3": water_m3} for month in months))
    return uscc


@pytest.fixture
async def twelve(place):
    return [await a_factory(place.session, place.now, 600 + n, patents=n % 4, water_m3=100 + 10 * n) for n in range(12)]


async def points(place, uscc, *codes):
    rated = await green.rate_unreported(place.session, place.book, "enterprise", uscc, None, "industry", place.now)
    lines = {line["code"]: line for line in rated["indicators"]}
    return [lines[code] for code in codes]


async def test_twelve_firms_of_an_industry_have_percentiles_and_the_evidence_says_of_how_many(place, twelve):
    (before,) = await points(place, twelve[0], "G11")
    assert (before["points"], before["missing"]) == (None, ["water_saving_percentile"])
    assert await green.peers.measure(place.session, place.book, place.now) >= 2
    saving, patents = await points(place, twelve[0], "G11", "G05")
    assert (saving["value"], saving["points"]) == (92.0, 3)
    told = next(e for e in saving["evidence"] if e["item"] == "green.peers")
    assert "12 家中优于 92 %" in told["source"]["zh"]
    assert told["reference"] == "n=12"
    assert {"utilities.water", "annual_report.report"} <= {e["item"] for e in saving["evidence"]}
    assert patents["points"] == 0  # nine of twelve have more, none has fewer
    thirsty, inventive = await points(place, twelve[11], "G11", "G05")
    assert (thirsty["value"], thirsty["points"]) == (0.0, 0)
    assert inventive["points"] > 1


async def test_eight_firms_are_too_few(place):
    codes = [await a_factory(place.session, place.now, 700 + n, patents=n % 3, water_m3=100 + 10 * n) for n in range(8)]
    await green.peers.measure(place.session, place.book, place.now)
    saving, patents = await points(place, codes[0], "G11", "G05")
    assert saving["points"] is patents["points"] is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=10, max_size=80), st.integers(0, 31), st.integers(0, 5))
def test_having_more_never_lowers_a_percentile_and_all_alike_is_no_merit(values, value, more):
    steps = percentiles.grid([float(v) for v in values])
    assert percentiles.percentile(steps, value) <= percentiles.percentile(steps, value + more)
    assert percentiles.percentile(steps, value, less=True) >= percentiles.percentile(steps, value + more, less=True)
    worse = 100 * sum(v < value for v in values) / len(values)
    assert abs(percentiles.percentile(steps, value) - worse) <= 1
    alike = percentiles.grid([7.0] * 10)
    assert percentiles.percentile(alike, 7) == percentiles.percentile(alike, 7, less=True) == 0


def test_a_firm_without_the_value_has_no_percentile():

    group = {"green_patents": (12, percentiles.grid([float(n) for n in range(12)]), "2026-03-10")}
    assert percentiles.known(group, {}, Text("制造业", "manufacturing")) == {}
    assert percentiles.known(group, {"green_patents": Known(11.0)}, Text("制造业", "manufacturing"))["green_patents_percentile"].value == 91
