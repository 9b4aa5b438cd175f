"""The commands as a risk officer types them."""

import csv
import json

import numpy as np
import pytest

from greenbridge.cli import main
from greenbridge.cli.portfolio import per_cent, yuan
from greenbridge.underwriting.service.portfolio import ratings
from tests.demonstration import greenbridge, json_of
from tests.underwriting.test_portfolio import LOST, RATES


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portfolio")
    rng = np.random.default_rng(3)
    with (folder / "churn.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["annual_rate", "churn_rate_a", "churn_rate_b", "churn_rate_c"])
        writer.writerows(zip(RATES, LOST["A"], LOST["B"], LOST["C"], strict=True))
    with (folder / "firms.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "default_probability", "rating", "industry", "max_yuan"])
        writer.writerows(
            [f"F{i}", f"{p:.4f}", "D" if i < 5 else "", "C" if i % 2 else "F", 500_000 if i == 7 else ""]
            for i, p in enumerate(rng.beta(1, 15, 60))
        )
    return folder


@pytest.fixture
def command(monkeypatch, capsys):
    """Run a command in this process: (exit code, standard output, standard error)."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["greenbridge", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
            raise SystemExit(0)
        return (ended.value.code or 0, *capsys.readouterr())

    return run


def test_amounts_and_rates_are_read_as_people_type_them():
    assert yuan("1亿") == yuan("100000000") == yuan("100,000,000yuan") == yuan("10000万元") == yuan("100m") == 10_000_000_000
    assert (per_cent("4.35"), per_cent("15 %")) == (435, 1500)
    for wrong in ("", "-1", "many", "1e99", "nan"):
        with pytest.raises(Exception, match="no amount"):
            yuan(wrong)


def test_a_file_of_firms_becomes_a_plan_with_tables_and_charts(command, files, tmp_path):
    asked = ["portfolio", "--firms", str(files / "firms.csv"), "--churn", str(files / "churn.csv"), "--budget", "1000万"]
    code, out, _ = command(*asked, "--json", "-o", str(tmp_path / "out"))
    assert code == 0
    found = json.loads(out)
    profits = {one["strategy"]: one["expected_profit_fen"] for one in found["strategies"]}
    assert len(profits) == 6
    assert profits["optimum"] == max(profits.values()) > 0
    assert found["firms"] == 60
    rows = list(csv.DictReader((tmp_path / "out" / "firms.csv").read_text().splitlines()))
    assert sum(int(row["amount_yuan"]) for row in rows) * 100 == found["strategies"][0]["offered_fen"] <= 10_000_000 * 100
    assert all(int(row["amount_yuan"]) == 0 for row in rows if row["rating"] == "D")
    assert int(rows[7]["amount_yuan"]) <= 500_000
    assert all(100_000 <= int(row["amount_yuan"]) <= 1_000_000 for row in rows if row["annual_rate"])
    total = sum(float(row["expected_profit_yuan"]) for row in rows)
    assert total == pytest.approx(profits["optimum"] / 100, abs=1)
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.count("<svg") == 4
    for name in ("amounts", "rates", "profits", "bands", "summary"):
        assert (tmp_path / "out" / f"{name}.svg").read_text().startswith("<svg")
    code, out, _ = command(*asked)
    assert code == 0
    assert "最优组合" in out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--budget", "much"], "no amount"),
        (["--rate-min", "1"], "churn table"),
        (["--lgd", "1.5"], "between 0 and 1"),
        (["--min", "2m"], "not above the most"),
        (["--budget-on", "paper"], "taken_up"),
        (["--from-database"], "one source"),
    ],
)
def test_wrong_input_is_one_sentence_and_code_2(command, files, change, said):
    code, _, err = command("portfolio", "--firms", str(files / "firms.csv"), "--churn", str(files / "churn.csv"), *change)
    assert code == 2
    assert said in " ".join(err.replace("│", " ").split())


def test_a_wrong_row_is_named(command, files, tmp_path):
    (tmp_path / "firms.csv").write_text("id,default_probability\nF1,0.1\nF2,2\n")
    code, _, err = command("portfolio", "--firms", str(tmp_path / "firms.csv"), "--churn", str(files / "churn.csv"))
    assert (code, "line 3" in " ".join(err.split())) == (2, True)
    code, _, err = command("portfolio", "--firms", str(files / "churn.csv"), "--churn", str(files / "churn.csv"))
    assert (code, "lacks the columns" in " ".join(err.split())) == (2, True)


def test_ratings_are_learnt_cuts_where_the_model_has_them_and_shares_else():
    p = np.linspace(0, 1, 123)
    by_cuts, _ = ratings(p, "vat-default-1")
    by_shares, how = ratings(p, "another-model")
    assert np.bincount(by_shares).tolist() == [27, 38, 34, 24]
    assert np.bincount(by_cuts).tolist() != [27, 38, 34, 24]
    assert "no cuts" in how.en


def test_underwrite_and_portfolio_of_a_town(small_town, files):
    at = ["--data-dir", str(small_town[0])]
    firm = next(firm for firm in json_of("enterprises", "--json", *at) if "GEN900" in firm["uscc"])
    found = json_of("underwrite", firm["uscc"], "--json", *at)
    assert found
    for one in found:
        assert one["limit_fen"] <= min(cap["amount_fen"] for cap in one["caps"])
        assert one["versions"]["report"].startswith("R")
    code = found[-1]["product_code"]
    said = greenbridge("underwrite", firm["uscc"], "--product", code, "--debt-service", "20000", "--lang", "en", *at)
    assert said.returncode == 0, said.stderr
    assert f"{code}  " in said.stdout
    assert "Caps:" in said.stdout
    missing = greenbridge("underwrite", firm["uscc"], "--need", "N000000000000", *at)
    assert missing.returncode == 2
    document = json_of("portfolio", "--from-database", "--churn", str(files / "churn.csv"), "--budget", "300万", "--json", *at)
    assert 0 < document["firms"] <= 12  # the browser tests add a firm of their own
    assert len(document["notes"]) >= 2
    assert json.dumps(document)
