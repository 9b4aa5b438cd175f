"""`python -m ml.benchmark CARD.toml --json` on tables of other shapes than the shipped ones: it judges them, or says in one sentence why not."""

import json

import numpy as np
import pandas as pd
import pytest

from ml import benchmark

WIDE = """
name = "wide-gb18030"
title = { zh = "宽表", en = "A wide table" }
[data]
files = ["宽表.csv"]
missing_values = ["不详"]
[label]
column = "是否违约"
positive = "是"
[protocol]
kind = "kfold"
folds = 4
repeats = 1
[features]
types = { "行业 代码" = "categorical" }
directions = { "负债率" = 1 }
[tuning]
trials = 3
"""
DATED = """
name = "dated-parquet"
[data]
files = ["loans one.parquet", "loans two.csv.gz"]
[label]
column = "bad flag"
positive = [true, "Y"]
[protocol]
kind = "time"
column = "granted on"
cut = 2019-01-01
[[leaks]]
columns = ["recovered"]
reason = "known after the default"
[[segments]]
column = "branch"
[tuning]
trials = 3
"""


def wide(n=420, columns=150):
    """Few positives, missing labels, many noise columns, Chinese names with blanks inside and around, codes, constants, a whole empty column."""
    rng = np.random.default_rng(8)
    debt, sector = rng.normal(size=n), rng.choice(["批发 零售", "制造", " 建筑 ", "服务"], n)
    bad = debt + (sector == " 建筑 ") + rng.normal(size=n) > 2.35
    frame = pd.DataFrame({f"指标{i:03d}": np.round(rng.normal(size=n), 4) for i in range(columns)})
    frame[" 负债率 "] = np.where(rng.random(n) < 0.2, "不详", [f"{100 * v:.1f} %" for v in debt])
    frame["行业"] = sector
    frame["行业 代码"] = rng.integers(10, 60, n)
    frame["省"], frame["空"], frame["只有一个"] = "浙江", None, np.where(rng.random(n) < 0.5, "x", None)
    label = np.where(bad, " 是", "否 ").astype(object)
    label[rng.random(n) < 0.1] = None
    frame["是否违约"] = label
    return frame


def dated(n=360):
    """Real dates, a nullable whole number, a category, amounts as text, infinite and bool cells; the second file spells the same otherwise."""
    rng = np.random.default_rng(9)
    when = pd.Timestamp("2016-01-01") + pd.to_timedelta(rng.integers(0, 1460, n), "D")
    rate = rng.normal(size=n)
    bad = rate + rng.normal(size=n) > 1
    return pd.DataFrame({
        "granted on": when, "rate": np.where(rng.random(n) < 0.02, np.inf, rate), "staff": pd.array(np.where(rng.random(n) < 0.3, None, 7), dtype="Int64"),
        "branch": pd.Categorical(rng.choice(["north west", "south"], n)), "amount": [f"¥{a:,.0f}" for a in rng.lognormal(11, 1, n)],
        "online": rng.random(n) < 0.5, "recovered": np.where(bad, 0.4, 0.0), "bad flag": bad,
    })  # fmt: skip


@pytest.fixture
def cards(tmp_path):
    wide().to_csv(tmp_path / "宽表.csv", index=False, encoding="gb18030", sep=";")
    (tmp_path / "wide.toml").write_text(WIDE, encoding="utf-8")
    frame = dated()
    frame[:200].to_parquet(tmp_path / "loans one.parquet")
    rest = frame[200:].assign(
        **{"bad flag": np.where(frame["bad flag"][200:], "Y", "N"), "granted on": frame["granted on"][200:].dt.strftime("%d/%m/%Y")}
    )
    rest.to_csv(tmp_path / "loans two.csv.gz", index=False, sep="|")
    (tmp_path / "dated.toml").write_text(DATED, encoding="utf-8")
    return tmp_path


def test_two_tables_of_other_shapes_are_judged_in_one_run(cards, capsys):
    assert benchmark.main([str(cards / "wide.toml"), str(cards / "dated.toml"), "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    labelled = wide()["是否违约"].notna()
    assert (first["dataset"], first["rows"]) == ("wide-gb18030", int(labelled.sum()))
    assert 8 <= first["positives"] <= 40
    assert first["features"] == 150 + 4  # constants and the empty column teach nothing; whether there is an x may
    assert (second["dataset"], second["rows"], second["splits"]) == ("dated-parquet", 360, 1)
    assert second["positives"] == int(dated()["bad flag"].sum())
    assert second["features"] == 6
    for found in (first, second):
        assert len(found["models"]) == 4
        for row in found["models"]:
            assert 0 <= row["brier"] <= 1
            assert 0.3 < row["auc_mean"] <= 1
        assert found["models"][0]["auc_mean"] > 0.65  # there is a signal to find


@pytest.mark.parametrize(
    ("card", "change", "told"),
    [
        ("wide", ('positive = "是"', 'positive = "有"'), "label.positive fits no row: '是否违约' holds"),
        ("wide", ("folds = 4", "folds = 45"), "protocol.folds is 45, but the rarer class has"),
        ("wide", ('"负债率" = 1', '"行业" = 1'), "features.directions.行业 is categorical"),
        ("wide", ('"负债率" = 1', '"指标" = 1'), "features.directions.指标 is no column of the data"),
        ("wide", ('["宽表.csv"]', '["窄表.csv"]'), "data.files names '窄表.csv', which is not in"),
        ("dated", ("cut = 2019-01-01", "cut = 2031-01-01"), "leaves fewer than two rows of a class on the test side"),
        ("dated", ('column = "granted on"', 'column = "granted"'), "protocol.column names 'granted', which is no column of the data"),
        ("dated", ('column = "branch"', 'column = "Branch"'), "segments.column names 'Branch', which is no column of the data"),
        ("dated", ("trials = 3", "trials = 0"), "tuning.trials must lie between 1 and 200, not 0"),
        ("dated", ("[tuning]\ntrials = 3", "[features]\nexcept = 5"), "features.except must be a list, not 5"),
    ],
)
def test_a_wrong_card_of_such_a_table_ends_with_2_and_one_sentence(cards, capsys, card, change, told):
    path = cards / f"{card}.toml"
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    assert benchmark.main([str(path), "--json"]) == 2
    out, err = capsys.readouterr()
    assert told in err
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


@pytest.mark.parametrize("content", [b"", b"a;b\n", b"\x00\x01\x02\xff\xfe\x00", b'"unclosed;1\n2;3\n', b"PAR1 not really"])
def test_a_file_that_is_no_table_ends_with_2_and_one_sentence(cards, capsys, content):
    (cards / "宽表.csv").write_bytes(content)
    assert benchmark.main([str(cards / "wide.toml"), "--json"]) == 2
    err = capsys.readouterr().err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


def test_no_card_at_all_is_one_sentence_too(cards, capsys):
    assert benchmark.main([str(cards / "nowhere.toml"), "--json"]) == 2
    assert "the card cannot be read" in capsys.readouterr().err
