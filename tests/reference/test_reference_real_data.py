"""Every list as an operator would import it: nothing lost; and how well names tell the industry of real factories."""

import csv
import time
from datetime import date

import pyarrow.parquet as pq
import pytest

from greenbridge.kit import codes
from greenbridge.reference import gateway, service
from greenbridge.reference.rules import rows
from greenbridge.reference.values import Kind

pytestmark = pytest.mark.real_data
LISTS = {
    "gbt2260_history_1980_on.csv": (Kind.REGIONS, 6_576, 0),
    "gbt2260_provinces.csv": (Kind.REGIONS, 31, 0),
    "gbt2260_cities.csv": (Kind.REGIONS, 342, 0),
    "gbt2260_areas.csv": (Kind.REGIONS, 2_978, 0),
    "gbt4754_2017.csv": (Kind.INDUSTRIES, 1_971, 0),
    "green_industry_catalogue_2019.csv": (Kind.GREEN_CATALOGUE, 211, 0),
    "banks_cnaps.csv": (Kind.BANKS, 420, 1),  # one row has no name
    "lpr_history.csv": (Kind.LPR, 85, 0),
}


@pytest.fixture
async def imports(session, now, real_data):
    return {
        file: await service.import_sheet(session, kind, gateway.read_sheet(real_data / "code_lists" / file), now)
        for file, (kind, _, _) in LISTS.items()
    }


async def test_every_row_of_every_list_is_accepted_or_refused(session, now, real_data, imports):
    assert {path.name for path in (real_data / "code_lists").glob("*.csv")} == set(LISTS)
    for file, done in imports.items():
        _, delivered, refused = LISTS[file]
        with (real_data / "code_lists" / file).open(encoding="utf-8-sig", newline="") as opened:
            assert sum(1 for _ in csv.DictReader(opened)) == delivered
        assert (done.delivered, len(done.refusals)) == (delivered, refused), file
        assert done.accepted + len(done.refusals) == done.delivered
        assert done.added + done.changed + done.unchanged == done.accepted * (2 if done.kind is Kind.LPR else 1)
        assert (await service.import_sheet(session, done.kind, gateway.read_sheet(real_data / "code_lists" / file), now)).repeated


def test_what_ships_agrees_with_the_lists(real_data):
    for kind, file in ((Kind.INDUSTRIES, "gbt4754_2017.csv"), (Kind.LPR, "lpr_history.csv")):
        found, _ = rows.read(kind, gateway.read_sheet(real_data / "code_lists" / file), date(2017, 10, 1))
        listed = {(e.code, e.valid_from): e for e in found}
        for e in gateway.shipped(kind):
            same = listed[e.code, e.valid_from]
            assert (same.name, same.parent, same.extra.get("annual_rate_bp")) == (e.name, e.parent, e.extra.get("annual_rate_bp"))
    with (real_data / "code_lists" / "green_industry_catalogue_2019.csv").open(encoding="utf-8-sig", newline="") as opened:
        groups = {row["level2"] for row in csv.DictReader(opened)}
    assert groups == {f"{e.code}{e.name}" for e in gateway.shipped(Kind.GREEN_CATALOGUE) if e.parent}


async def test_every_region_of_real_codes_has_a_name_though_some_are_no_longer_in_force(session, now, real_data, imports):
    uscc = pq.read_table(real_data / "zhejiang_registry" / "zhejiang_enterprises.parquet", columns=["uscc"])["uscc"].to_pylist()
    regions = {codes.region_of(code) for code in uscc if code and len(code) == 18}
    in_force = {e.code for e in await service.entries(session, Kind.REGIONS, now.date())}
    named = [code for code in regions if await service.region(session, code, now.date())]
    assert len(named) == len(regions) > len(regions & in_force)


def test_names_tell_the_industry_of_real_factories(real_data):
    """Bounds are a little under the figures of docs/industry-accuracy.md."""
    development, held_out = service.industry_accuracy(gateway.read_factories(real_data / "green_lists" / "miit_green_factories.parquet"))
    assert (development.names, held_out.names) == (1_392, 1_391)
    assert (development.labelled.n, held_out.labelled.n) == (205, 204)
    for part, guessed, section, labelled, when_guessed in ((development, 0.84, 0.95, 0.71, 0.86), (held_out, 0.81, 0.94, 0.63, 0.84)):
        assert part.guessed.share >= guessed
        assert part.factory_section.share >= section
        assert part.labelled.share >= labelled
        assert part.labelled_guessed.share >= when_guessed


def test_a_province_of_firms_is_classified_in_well_under_a_minute(real_data):
    table = pq.read_table(real_data / "zhejiang_registry" / "zhejiang_enterprises.parquet", columns=["name", "business_scope"])
    firms = list(zip(table["name"].to_pylist(), table["business_scope"].to_pylist(), strict=True))
    started = time.perf_counter()
    guesses = [service.classify(name or "", scope) for name, scope in firms]
    assert time.perf_counter() - started < 45
    assert len(firms) == 159_111
    assert sum(guess is not None for guess in guesses) > 0.97 * len(firms)
