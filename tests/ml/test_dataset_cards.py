"""Cards and tables: what is read, and what is refused in one sentence with exit code 2."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml import benchmark, columns, dataset, evaluate, train
from ml.dataset_card import read
from tests.ml.generated_table import CARD, a_card, generated

SHIPPED = sorted(benchmark.CARDS.glob("*.toml"))
GOOD = CARD.format(file="generated.csv")


@pytest.fixture
def generated_card(tmp_path):
    return a_card(tmp_path)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_every_shipped_card_is_valid(path):
    card = read(path)
    assert card.name == path.stem


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('name = "generated-small"', "name = 5"), "line 2: name must be a text, not 5"),
        (("[label]", "[lable]"), "lable is no part of a card (did you mean 'label'?)"),
        (
            ('column = "outcome"', 'column = "outcom"'),
            "line 6: label.column names 'outcom', which is no column of the data; there are loan, amount",
        ),
        (('positive = "bad"', 'positive = "worse"'), "label.positive fits no row: 'outcome' holds"),
        (('kind = "kfold"', 'kind = "loo"'), "protocol.kind must be one of kfold, holdout, column, files, time, not 'loo'"),
        (("folds = 3", "folds = 1"), "line 10: protocol.folds must lie between 2 and 50, not 1"),
        (("folds = 3", "folds = true"), "protocol.folds must be a whole number, not True"),
        (("folds = 3", "fold = 3"), "protocol.fold is not known (did you mean 'folds'?)"),
        (("repeats = 1", 'column = "year"'), "protocol.column does not belong to the protocol 'kfold'"),
        (('files = ["generated.csv"]', 'files = ["nowhere.csv"]'), "line 4: data.files names 'nowhere.csv', which is not in"),
        (('files = ["generated.csv"]', "files = []"), "data.files must name at least one"),
        (('code = "categorical"', 'code = "ordinal"'), "features.types.code must be one of numeric, categorical, date, not 'ordinal'"),
        (("debt = 1", "debt = 2"), "features.directions.debt must be 1 (riskier when larger), -1 (safer) or 0"),
        (("debt = 1", "dept = 1"), "features.directions.dept is no column of the data"),
        (("debt = 1", "sector = 1"), "features.directions.sector is categorical: only numbers and dates have a direction"),
        (('columns = ["written_off"]', 'columns = ["writen_off"]'), "leaks.columns names 'writen_off', which is no column of the data"),
        (('reason = "known afterwards"', ""), "leaks[0].reason is missing"),
        (
            ("[features]", '[features]\nuse = ["debt", "written_off"]'),
            "features.use names 'written_off', which the card itself lists as a leak",
        ),
        (('column = "sector"', 'column = "region"'), "segments.column names 'region', which is no column of the data"),
        (("[data]", "[data"), "the card is not TOML"),
    ],
)
def test_a_wrong_card_is_refused_in_one_sentence(generated_card, capsys, change, told):
    assert change[0] in GOOD
    generated_card.write_text(GOOD.replace(*change), encoding="utf-8")
    code = train.main([str(generated_card), "--out", str(generated_card.parent / "out")])
    assert code == 2
    problem = capsys.readouterr().err.strip().splitlines()[-1]
    assert told in problem
    assert not (generated_card.parent / "out").exists()


def test_folds_that_the_rarer_class_cannot_fill_are_refused(generated_card, capsys):
    frame = generated()
    few = pd.concat([frame[frame.outcome == "good"], frame[frame.outcome == "bad"].head(5)])
    few.to_csv(generated_card.parent / "generated.csv", index=False)
    generated_card.write_text(GOOD.replace("folds = 3", "folds = 8"), encoding="utf-8")
    assert benchmark.main([str(generated_card)]) == 2
    assert "protocol.folds is 8, but the rarer class has 5 rows only" in capsys.readouterr().err


def test_a_file_that_is_no_table_is_refused(generated_card, capsys):
    (generated_card.parent / "broken.parquet").write_bytes(b"not a table")
    generated_card.write_text(GOOD.replace("generated.csv", "broken.parquet"), encoding="utf-8")
    assert train.main([str(generated_card)]) == 2
    assert "cannot be read as parquet" in capsys.readouterr().err


def test_a_missing_card_is_refused(tmp_path, capsys):
    assert train.main([str(tmp_path / "none.toml")]) == 2
    assert "the card cannot be read" in capsys.readouterr().err


def test_columns_are_read_however_they_were_written():
    money = pd.Series(["$60,000.00 ", "(500)", "1,234", "12 %", None, "n"])
    np.testing.assert_array_equal(columns.numbers(money), [60000, -500, 1234, 12, np.nan, np.nan])
    assert columns.guess(money[:4]) == "numeric"
    days = columns.days(pd.Series(["1970-01-03", "3-Jan-70", "1970年1月3日", "1970/01/03"]))
    assert days.tolist() == [2.0] * 4
    assert columns.days(pd.Series(["28-Feb-97", "01-Jul-68"])).tolist() == [9920.0, -549.0]
    assert columns.days(pd.Series(["13/02/1997", "14/02/1997"])).tolist() == [9905.0, 9906.0]
    assert columns.guess(pd.Series(["2/28/1997", "10/12/2004"])) == "date"
    assert columns.guess(pd.Series(["Y", "N", "T"])) == "categorical"
    assert columns.guess(pd.Series(pd.to_datetime(["2020-01-01"]))) == "date"


@pytest.mark.parametrize(
    ("separator", "encoding", "packed"), [(",", "utf-8", False), (";", "utf-8-sig", False), ("\t", "gb18030", False), ("|", "utf-8", True)]
)
def test_files_are_read_in_any_usual_form(generated_card, separator, encoding, packed):
    frame = generated().replace({"sector": {"trade": "批发零售", "industry": "制造业", "services": "服务业"}})
    text = frame.to_csv(index=False, sep=separator).encode(encoding)
    name = "table.csv.gz" if packed else "table.csv"
    (generated_card.parent / name).write_bytes(gzip.compress(text) if packed else text)
    generated_card.write_text(GOOD.replace("generated.csv", name), encoding="utf-8")
    data = dataset.load(read(generated_card), None)
    assert {c.name: c.kind for c in data.columns} == {
        "amount": "numeric", "debt": "numeric", "sector": "categorical", "code": "categorical", "approved": "date", "year": "numeric"
    }  # fmt: skip
    assert set(data.frame["sector"].dropna()) == {"批发零售", "制造业", "服务业"}
    assert len(data.y) == 240


@pytest.mark.parametrize(
    ("protocol", "train_rows"),
    [
        ('kind = "column"\ncolumn = "year"\ntest = [2018, 2019]', lambda f: f.year < 2018),
        ('kind = "time"\ncolumn = "year"\ncut = 2019', lambda f: f.year < 2019),
        ('kind = "time"\ncolumn = "approved"\ncut = 2018-06-01', lambda f: pd.to_datetime(f.approved, dayfirst=True) < "2018-06-01"),
    ],
)
def test_a_split_that_the_data_names_is_kept(generated_card, protocol, train_rows):
    generated_card.write_text(GOOD.replace('kind = "kfold"\nfolds = 3\nrepeats = 1', protocol), encoding="utf-8")
    data = dataset.load(read(generated_card), None)
    ((fit_rows, test_rows),) = evaluate.splits_of(data)
    expected = train_rows(generated()).to_numpy()
    assert set(fit_rows) == set(np.flatnonzero(expected))
    assert set(fit_rows) | set(test_rows) == set(range(240))


def test_training_and_test_files_may_be_apart(generated_card):
    frame = generated()
    for name, part in (("a.csv", frame[:160]), ("b.csv", frame[160:])):
        part.to_csv(generated_card.parent / name, index=False)
    text = GOOD.replace('["generated.csv"]', '["a.csv", "b.csv"]').replace(
        'kind = "kfold"\nfolds = 3\nrepeats = 1', 'kind = "files"\ntest = "b.csv"'
    )
    generated_card.write_text(text, encoding="utf-8")
    data = dataset.load(read(generated_card), None)
    ((fit_rows, test_rows),) = evaluate.splits_of(data)
    assert (fit_rows.max(), test_rows.min()) == (159, 160)
    assert "__file__" not in data.frame


def test_a_card_of_firms_needs_its_folder(capsys, monkeypatch):
    monkeypatch.delenv("GREENBRIDGE_REAL_DATA", raising=False)
    path = Path(benchmark.CARDS / "cumcm-default.toml")
    assert benchmark.main([str(path)]) == 2
    assert "say --data DIR" in capsys.readouterr().err
    assert benchmark.main([str(path), "--data", str(path.parent)]) == 2
