import subprocess
import sys

import pytest

from tests.demonstration import json_of


@pytest.fixture(scope="module")
def firms(small_town):
    folder = str(small_town[0])
    return folder, json_of("enterprises", "--json", "--data-dir", folder)


def test_contagion_is_measured_and_shown(firms):
    folder, known = firms
    run = json_of("contagion", "measure", "--json", "--data-dir", folder)
    assert run["firms"] >= 12
    assert run["edges"] > 0
    assert run["bound"] <= 0.7
    assert run["error"] <= 1e-9
    of_the_town = [firm["uscc"] for firm in known if firm["origin"] == "generated" and firm["status"] == "verified"][:5]
    shown = [json_of("contagion", "show", uscc, "--json", "--data-dir", folder) for uscc in of_the_town]
    assert all(one["policy"] == run["policy_version"] for one in shown)
    tied = [one for one in shown if one["reached"] is not None]  # a firm without known ties has none, which is not zero
    assert tied
    assert all(0 <= one["reached"] <= 1 and one["exposures"] for one in tied)
    assert [one["as_of"] for one in shown] == [run["as_of"]] * len(shown)


def test_the_model_is_checked(firms):
    folder, _ = firms
    check = json_of("monitor", "model", "--json", "--data-dir", folder)
    assert check["score"]["drift"] == "too_few"  # twelve firms
    assert len(check["vintages"]) == 6
    assert {vintage["ripeness"] for vintage in check["vintages"]} <= {"young", "few"}
    assert sum(sum(band["states"].values()) for band in check["feedback"]) > 0


def test_a_wrong_day_or_firm_is_one_sentence_and_code_2(firms):
    folder, _ = firms
    for words in (
        ("contagion", "measure", "--as-of", "2999-01-01"),
        ("contagion", "show", "nobody"),
        ("monitor", "model", "--as-of", "soon"),
    ):
        run = subprocess.run([sys.executable, "-m", "greenbridge", *words, "--data-dir", folder], capture_output=True, text=True)
        assert run.returncode == 2, run.stderr
        assert "Traceback" not in run.stderr
