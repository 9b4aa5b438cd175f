"""The commands: check, list, show, rate, screen."""

import csv
import json
from pathlib import Path

from tests.demonstration import greenbridge, json_of
from tests.schemes.test_files import HARBOUR


def test_check_runs_every_case_and_exits_by_what_it_finds(tmp_path: Path):
    run = greenbridge("schemes", "check", "--json")
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(run.stdout)
    assert found["failed"] == 0
    assert {case["scheme"] for case in found["cases"]} >= {"green-enterprise", "green-project", "tax-credit", "market-credit"}
    good, bad, broken = (tmp_path / f"{name}.toml" for name in ("good", "bad", "broken"))
    good.write_text(HARBOUR)
    bad.write_text(HARBOUR.replace("total = 32.5", "total = 30"))
    broken.write_text(HARBOUR.replace('input = "tax_grade"', 'input = "tax_garde"'))
    assert greenbridge("schemes", "check", str(good)).returncode == 0
    failed = greenbridge("schemes", "check", str(bad))
    assert failed.returncode == 1
    assert "total 30 expected, got 32.5" in failed.stderr.replace("\n", " ")
    wrong = greenbridge("schemes", "check", str(good), str(broken))
    assert wrong.returncode == 1
    assert "line 19, X2: unknown name 'tax_garde'" in wrong.stderr.replace("\n", " ")
    table = tmp_path / "list.csv"
    table.write_text("uscc,name\n")
    no_scheme = greenbridge("schemes", "check", str(table))
    assert (no_scheme.returncode, no_scheme.stdout) == (1, "")
    assert no_scheme.stderr.startswith("list.csv: it is not TOML")
    assert no_scheme.stderr.count("list.csv") == 1
    assert greenbridge("schemes", "check", str(tmp_path / "none.toml")).returncode == 2


def test_a_folder_of_the_place_is_read_by_every_command(tmp_path: Path):
    (tmp_path / "harbour.toml").write_text(HARBOUR)
    run = greenbridge("schemes", "list", "--json", "--as-of", "2026-03-01", GREENBRIDGE_SCHEMES_DIR=str(tmp_path))
    assert "harbour-craft" in {scheme["code"] for scheme in json.loads(run.stdout)}
    shown = greenbridge("schemes", "show", "harbour-craft", "--as-of", "2026-03-01", GREENBRIDGE_SCHEMES_DIR=str(tmp_path))
    assert "利润总额 ÷ 营业总收入" in shown.stdout
    assert greenbridge("schemes", "show", "harbour-craft").returncode == 2


def test_a_firm_of_the_town_is_rated_and_the_town_is_screened(small_town: tuple[Path, dict[str, object]], tmp_path: Path):
    folder, _ = small_town
    firms = json_of("enterprises", "--json", "--data-dir", str(folder))
    first = firms[0]["uscc"]
    rated = json_of("schemes", "rate", "green-enterprise", first, "--json", "--input", "green_revenue_share=0.6", "--data-dir", str(folder))
    assert len(rated["indicators"]) == 24
    by_code = {line["code"]: line for line in rated["indicators"]}
    assert (by_code["G01"]["points"], by_code["G01"]["evidence"][0]["pledged"]) == (14, True)
    assert by_code["G07"]["points"] is None
    assert rated["status"] == "reconstruction"
    assert abs(sum(line["points"] or 0 for line in rated["indicators"]) - rated["points"]) < 0.005
    for bad in ("luck=1", "green_revenue_share=much", "green_revenue_share"):
        refused = greenbridge("schemes", "rate", "green-enterprise", first, "--input", bad, "--data-dir", str(folder))
        assert refused.returncode == 2, refused.stderr
        assert len(refused.stderr) < 300
    listed = tmp_path / "list.csv"
    listed.write_text("uscc\n" + "\n".join(firm["uscc"] for firm in firms) + "\nbad\n")
    out = tmp_path / "out.csv"
    run = greenbridge("screen", str(listed), "--scheme", "public-credit-zj-2020", "-o", str(out), "--json", "--data-dir", str(folder))
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert (found["rows"], found["screened"], found["quarantined"]) == (len(firms) + 1, len(firms), 1)
    with out.open(encoding="utf-8-sig") as file:
        assert len(list(csv.reader(file))) == len(firms) + 2
    assert greenbridge("screen", str(tmp_path / "none.csv"), "--data-dir", str(folder)).returncode == 2
