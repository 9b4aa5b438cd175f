"""The commands, on the generated town and on the real lists."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.demonstration import greenbridge, json_of

EVERY = {"code", "points", "max", "value", "evidence"}


def test_a_firm_of_the_town_is_rated_in_24_lines_that_sum_to_the_total(small_town: tuple[Path, dict[str, object]]):
    folder, summary = small_town
    assert summary["green_cases"]["certified"] >= 1
    firms = json_of("enterprises", "--json", "--data-dir", str(folder))
    rated = (json_of("rate", "green", firm["uscc"], "--json", "--data-dir", str(folder)) for firm in firms)
    found = next(one for one in rated if one["certificate"] and one["certificate"]["certificate_number"])
    assert len(found["indicators"]) == 24
    assert all(set(line) >= EVERY for line in found["indicators"])
    assert abs(sum(line["points"] or 0 for line in found["indicators"]) - found["points"]) < 0.005
    assert {"coverage", "grade", "next_grade", "status"} <= set(found)
    links = [e for line in found["indicators"] for e in line["evidence"]]
    assert {e["author"] for e in links} >= {"firm", "department"}
    assert all(e["at"] and e["digest"] for e in links if e["author"] == "department")
    assert greenbridge("rate", "green", "nobody", "--data-dir", str(folder)).returncode == 2


def test_a_project_a_certificate_that_is_verified_the_forecast_and_the_export(small_town: tuple[Path, dict[str, object]], tmp_path: Path):
    folder, _ = small_town
    firms = json_of("enterprises", "--json", "--data-dir", str(folder))
    rated = (json_of("rate", "green", f["uscc"], "--json", "--data-dir", str(folder)) for f in firms)
    held = next(r for r in rated if r["certificate"] and r["certificate"]["certificate_number"])
    number = held["certificate"]["certificate_number"]
    file = tmp_path / "certificate.json"
    assert greenbridge("green", "certificate", number, "-o", str(file), "--data-dir", str(folder)).returncode == 0
    assert greenbridge("verify", str(file), "--data-dir", str(folder)).returncode == 0
    file.write_text(file.read_text().replace(held["certificate"]["grade"], "deeper"))
    assert greenbridge("verify", str(file), "--data-dir", str(folder)).returncode == 1
    projects = (greenbridge("rate", "green", f["uscc"], "--project", "--json", "--data-dir", str(folder)) for f in firms)
    found = json.loads(next(run.stdout for run in projects if run.returncode == 0))
    assert (len(found["indicators"]), found["scheme"]) == (24, "green-project")
    forecast = json_of("green", "forecast", "--principal", "5000000", "--json", "--data-dir", str(folder))
    assert forecast["amount_fen"] == 2_610_000
    assert "26,100.00" in greenbridge("green", "forecast", "--principal", "5000000", "--data-dir", str(folder)).stdout
    table = tmp_path / "subsidies.csv"
    assert greenbridge("green", "export", "-o", str(table), "--data-dir", str(folder)).returncode == 0
    assert "贴息金额（元）" in table.read_text(encoding="utf-8-sig").splitlines()[0]
    assert json_of("green", "nightly", "--json", "--data-dir", str(folder))["certified"] == 0


@pytest.mark.real_data
def test_the_20_huzhou_firms_on_national_green_lists_are_rated_from_lists_and_register(real_data: Path, tmp_path: Path):
    """What the lists and the register say is known, and nothing else: 4 points for a national label, all other lines unknown."""
    folder = str(tmp_path / "data")
    register = real_data / "zhejiang_registry" / "huzhou_enterprises.parquet"
    day = ("--today", "2026-03-10")
    json_of("ingest", "registration.basic", str(register), "--json", "--data-dir", folder, *day)
    done = json_of("ingest", "--profile", "green_lists", str(real_data / "green_lists"), "--json", "--data-dir", folder, *day)
    assert done["delivered"] == done["accepted"] + done["quarantined"]
    found = json_of("rate", "green-labelled", "--region", "3305", "--json", "--data-dir", folder, *day)
    lists = [
        pd.read_parquet(real_data / "green_lists" / f"miit_green_{kind}.parquet")
        for kind in ("factories", "supply_chain", "design_products")
    ]
    named = {name for table in lists for name in table["name"]}
    registered = pd.read_parquet(register, columns=["uscc", "name"])
    expected = set(registered[registered["name"].isin(named)]["uscc"])
    assert {firm["uscc"] for firm in found["firms"]} == expected
    assert found["rated"] == 20
    for firm in found["firms"]:
        lines = {line["code"]: line for line in firm["indicators"]}
        assert (lines["G04"]["points"], lines["G04"]["value"]) == (4, "national")
        link = lines["G04"]["evidence"][0]
        assert (link["author"], bool(link["batch"]), bool(link["digest"])) == ("department", True, True)
        assert {code for code, line in lines.items() if line["points"] is not None} == {"G04"}
        assert (firm["points"], firm["grade"]) == (4, "not_rated")
        assert {b["kind"] for b in firm["capped_by"]} >= {"coverage", "open_veto"}
    one = json_of("rate", "green", found["firms"][0]["uscc"], "--json", "--data-dir", folder, *day)
    assert one["points"] == 4
