"""`python -m ml.train` on a generated table: what it writes, that it writes it again to the byte, and that it learns."""

import hashlib
import json

import lightgbm
import numpy as np
import pandas as pd
import pytest

from greenbridge.scoring.rules.calibration import calibrate
from ml import benchmark, boosting, champion, dataset, evaluate, scorecard, train, tuning
from ml.dataset import Column
from ml.dataset_card import read
from ml.encoding import Encoder
from tests.ml.generated_table import a_card, generated

FILES = ["SHA256SUMS", "card.html", "card.json", "model.txt", "scorecard.json"]


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    assert train.main([str(a_card(folder)), "--out", str(folder / "one")]) == 0
    return folder


def test_the_artifact_is_whole_and_its_hashes_are_true(artifact):
    folder = artifact / "one" / "generated-small"
    assert sorted(path.name for path in folder.iterdir()) == FILES
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        told, name = line.split("  ")
        assert told == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    card = json.loads((folder / "card.json").read_text())
    assert card["model_sha256"] == card["files"]["model.txt"] == hashlib.sha256((folder / "model.txt").read_bytes()).hexdigest()
    assert card["metrics"]["ours: LightGBM, constrained, tuned, calibrated"]["auc_mean"] > 0.7  # the table's own signal
    assert {name: words["en"] for name, words in card["left_out"].items()} == {
        "written_off": "known afterwards", "loan": "A text that differs in nearly every row: an identifier", "country": "The same value in every row"
    }  # fmt: skip
    assert [p["period"] for p in card["stability"]["periods"]] == ["2015", "2016", "2017", "2018", "2019"]
    assert card["segments"][0]["gaps"]["approved"] is not None
    page = (folder / "card.html").read_text()
    assert page.count("<svg") == 4 and "http" not in page.replace("http://www.w3.org/2000/svg", "")  # nothing is fetched


def test_the_same_seed_gives_the_same_bytes(artifact):
    assert train.main([str(artifact / "card.toml"), "--out", str(artifact / "two")]) == 0
    for name in FILES:
        one, two = ((artifact / out / "generated-small" / name).read_bytes() for out in ("one", "two"))
        assert one == two, name


def test_the_written_model_and_card_give_the_probabilities_of_the_trained_one(artifact):
    card = read(artifact / "card.toml")
    data = dataset.load(card, None)
    model, _ = train.fit(data)
    told = json.loads((artifact / "one" / "generated-small" / "card.json").read_text())
    booster = lightgbm.Booster(model_file=str(artifact / "one" / "generated-small" / "model.txt"))
    margin = np.asarray(booster.predict(model.encoder.transform(data.frame), raw_score=True))
    np.testing.assert_array_equal(calibrate(told["calibration"], margin), model.predict(data.frame))


def test_a_merged_booster_is_the_mean_of_its_members():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(300, 6)), rng.integers(0, 2, 300)
    x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 5] = rng.integers(0, 5, 300)
    members = []
    for seed, (leaves, rounds) in enumerate(((2, 30), (7, 20), (4, 11))):
        params = {**boosting.FIXED, "num_leaves": leaves, "bagging_fraction": 0.7, "seed": seed, "learning_rate": 0.1}
        data = lightgbm.Dataset(x, y, categorical_feature=[5], params=boosting.FIXED)
        members.append(lightgbm.train(params, data, num_boost_round=rounds))
    merged = boosting.merged(members)
    mean = np.mean([np.asarray(m.predict(x, raw_score=True)) for m in members], axis=0)
    np.testing.assert_allclose(np.asarray(merged.predict(x, raw_score=True)), mean, rtol=0, atol=1e-12)
    contributions = np.mean([np.asarray(m.predict(x, pred_contrib=True)) for m in members], axis=0)
    np.testing.assert_allclose(np.asarray(merged.predict(x, pred_contrib=True)), contributions, rtol=0, atol=1e-9)
    assert merged.num_trees() == 61
    again = lightgbm.Booster(model_str=merged.model_to_string())
    np.testing.assert_array_equal(again.predict(x), merged.predict(x))


def test_directions_hold_wherever_they_are_set(artifact):
    data = dataset.load(read(artifact / "card.toml"), None)
    model, challenger = train.fit(data)
    for name, direction in (("debt", 1), ("amount", -1)):
        worse = data.frame.copy()
        worse[name] = worse[name] + direction * worse[name].abs() * 0.5 + direction
        for one in (model, challenger):
            assert (one.predict(worse) >= one.predict(data.frame) - 1e-12).all(), name


def test_no_label_of_a_held_out_row_is_ever_in_an_encoding():
    """A category's share of positives must not know the row's own label: on noise, training rows would seem to be told apart."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"id": rng.integers(0, 300, 600).astype(str)})
    y = rng.integers(0, 2, 600)
    encoder = Encoder(frame, y, (Column("id", "categorical"),), "none", 1)
    from ml.measures import auc

    assert auc(y, encoder.of_training(frame, y)[:, 0]) < 0.6
    assert auc(y, encoder.transform(frame)[:, 0]) > 0.75  # what leaking would look like


def test_fits_see_the_training_rows_of_their_split_alone(artifact):
    data = dataset.load(read(artifact / "card.toml"), None)
    seen = []

    def spy(frame, y, columns, imputation, seed):
        seen.append(set(frame.index))
        return scorecard.fit(frame, y, columns, imputation, seed)

    found = evaluate.run(data, [evaluate.Model("spy", spy, "none")], lambda _: None)
    assert len(found.splits) == len(seen) == 3
    for (train_rows, test_rows), rows in zip(found.splits, seen, strict=True):
        assert rows == set(train_rows) and not rows & set(test_rows)
    rows, probability = found.held_out(found.ours)
    assert len(rows) == len(data.y) and ((probability > 0) & (probability < 1)).all()


def test_a_scorecard_adds_up_and_doubles_the_odds_every_20_points(artifact):
    data = dataset.load(read(artifact / "card.toml"), None)
    _, challenger = train.fit(data)
    points, p = challenger.points(data.frame), challenger.predict(data.frame)
    odds = (1 - p) / p
    np.testing.assert_allclose(points, 600 + 20 / np.log(2) * np.log(odds / 50), atol=1e-6)
    table = challenger.table()
    x = challenger.encoder.transform(data.frame)
    told = np.zeros(len(x))
    for bins, column in zip(challenger.bins, table["columns"], strict=True):
        told += np.array([b["points"] for b in column["bins"]])[bins.of(x[:, bins.place])]
        rows = sum(b["rows"] for b in column["bins"])
        assert rows == len(x)
    assert np.abs(told - points).max() <= len(table["columns"]) / 2 + 1e-6  # rounding of each column
    assert all(c < 0 for c in challenger.coefficients)


@pytest.mark.parametrize("n", [24, 40])
def test_a_tiny_table_trains(n):
    frame = generated(n, 11)
    y = (frame["outcome"] == "bad").to_numpy(dtype=int)
    some = pd.DataFrame({"debt": frame["debt"]})
    model = champion.fit(some, y, (Column("debt", "numeric", 1),), "none", 1)
    assert ((model.predict(some) >= 0) & (model.predict(some) <= 1)).all()


def test_the_benchmark_prints_the_figures_of_the_card_and_paired_differences(artifact, capsys):
    assert benchmark.main([str(artifact / "card.toml"), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    card = json.loads((artifact / "one" / "generated-small" / "card.json").read_text())
    assert (found["dataset"], found["protocol"], found["splits"]) == ("generated-small", "3 stratified folds x 1, seed 7", 3)
    for row in found["models"]:
        kept = card["metrics"][row["model"]]
        assert {key: row[key] for key in ("auc_mean", "auc_std", "ks", "brier", "log_loss")}.items() <= kept.items()
    ours, *others = found["models"]
    assert ours["model"] == benchmark.OURS and "ours_minus_this" not in ours
    for other in others:
        paired = other["ours_minus_this"]
        assert paired["mean"] == pytest.approx(ours["auc_mean"] - other["auc_mean"], abs=2e-4)
        assert paired["low"] < paired["mean"] < paired["high"]


def test_on_a_small_set_only_what_beats_the_stumps_by_more_than_chance_joins_them():
    rng = np.random.default_rng(4)
    first = boosting.Trial({"num_leaves": 2}, 200, np.zeros(90), rng.random(90))
    luck = boosting.Trial({"num_leaves": 4}, 50, np.zeros(90), first.losses - 0.01 + 0.3 * rng.normal(size=90))
    better = boosting.Trial({"num_leaves": 8}, 50, np.zeros(90), first.losses - 0.1)
    assert tuning._kept([first, luck], small=True) == [first]
    assert tuning._kept([first, luck, better], small=True) == [first, better]
    assert tuning._kept([first, better], small=False) == [better]  # many rows: what is worse by more than chance goes, also the first
