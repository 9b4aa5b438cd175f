"""The compiled loops against LightGBM: the same bits, the same contributions, and the same answer where they do not apply."""

import subprocess
import sys

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.scoring.gateway import LightGbmModel, fingerprint, forest, kernels, layouts
from greenbridge.scoring.gateway.model import FEW
from greenbridge.settings import home
from tests.scoring import trees


def compiled(booster: lightgbm.Booster, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    read = forest.trees(booster.model_to_string())
    return kernels.margins(layouts.masks(read, x.shape[1]), x), kernels.contributions(layouts.edges(read), x)


@given(
    st.integers(1, 40),
    st.sampled_from([2, 3, 7, 31, 64]),
    st.integers(1, 12),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.2]),
    st.integers(1, 70),
)
@settings(max_examples=40, deadline=None)
def test_margins_have_the_boosters_bits_and_contributions_are_tree_shap(n_trees, leaves, n_features, seed, unknown, n):
    booster = trees.booster(n_trees, leaves, n_features, seed, n=400, unknown=unknown)
    x = trees.rows(n, n_features, seed + 7, 0.25)
    margins, contributions = compiled(booster, x)
    np.testing.assert_array_equal(margins, booster.predict(x, raw_score=True))
    expected = booster.predict(x, pred_contrib=True)
    np.testing.assert_allclose(contributions, expected[:, :-1], atol=1e-9)
    np.testing.assert_allclose(contributions.sum(axis=1) + expected[:, -1], margins, atol=1e-9)


def test_of_one_tree_the_contributions_are_shapley_values_by_their_definition():
    """By enumeration over subsets: what is not in the subset is averaged over the training rows that went either way."""
    from itertools import combinations
    from math import factorial

    n_features = 4
    booster = trees.booster(1, 8, n_features, 5, n=500, boost_from_average=False)
    (tree,) = forest.trees(booster.model_to_string())
    x = trees.rows(6, n_features, 11)

    def value(row: np.ndarray, subset: frozenset[int], node: int = 0) -> float:
        if node < 0:
            return float(tree.leaves[~node])
        feature, children = int(tree.features[node]), (int(tree.left[node]), int(tree.right[node]))
        if feature in subset:
            v = row[feature]
            left = tree.nan_left[node] if np.isnan(v) else (0.0 if abs(v) <= 1e-35 else v) <= tree.thresholds[node]
            return value(row, subset, children[0] if left else children[1])
        covers = [tree.leaf_covers[~c] if c < 0 else tree.covers[c] for c in children]
        return float(sum(w * value(row, subset, c) for w, c in zip(covers, children, strict=True)) / sum(covers))

    found = compiled(booster, x)[1]
    for i, row in enumerate(x):
        for feature in range(n_features):
            others = [f for f in range(n_features) if f != feature]
            shapley = sum(
                factorial(k) * factorial(n_features - k - 1) / factorial(n_features)
                * (value(row, frozenset(s) | {feature}) - value(row, frozenset(s)))
                for k in range(n_features)
                for s in combinations(others, k)
            )  # fmt: skip
            assert found[i, feature] == pytest.approx(shapley, abs=1e-10)


def test_paths_longer_than_the_features_and_features_met_again_are_exact():
    booster = trees.booster(20, 64, 2, 3, n=4000, min_data_in_leaf=1, learning_rate=0.5)
    x = trees.rows(300, 2, 4)
    margins, contributions = compiled(booster, x)
    np.testing.assert_array_equal(margins, booster.predict(x, raw_score=True))
    np.testing.assert_allclose(contributions, booster.predict(x, pred_contrib=True)[:, :-1], atol=1e-9)


def lacking() -> dict[str, lightgbm.Booster]:
    x = trees.rows(600, 4, 1)
    y = (np.nan_to_num(x[:, 0]) > 0).astype(int)
    base = {"objective": "binary", "verbosity": -1, "num_threads": 1}
    kinds = np.abs(np.nan_to_num(x, posinf=3, neginf=3)).astype(int)
    return {
        "categorical splits": lightgbm.train(base, lightgbm.Dataset(kinds, kinds[:, 1] % 2, categorical_feature=[1]), 5),
        "linear leaves": lightgbm.train({**base, "linear_tree": True}, lightgbm.Dataset(np.nan_to_num(x, posinf=3, neginf=-3), y), 5),
        "zero read as missing": lightgbm.train({**base, "zero_as_missing": True}, lightgbm.Dataset(x, y), 5),
        "averaged outputs": lightgbm.train(
            {**base, "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}, lightgbm.Dataset(x, y), 5
        ),
        "a tree of": trees.booster(3, 90, 4, 6, n=3000, min_data_in_leaf=1),
        "more than one output": lightgbm.train({**base, "objective": "multiclass", "num_class": 3}, lightgbm.Dataset(x, y), 3),
    }


def test_what_the_kernels_lack_is_named_and_the_booster_answers(tmp_path):
    for reason, booster in lacking().items():
        with pytest.raises(forest.UnsupportedTreesError, match=reason):
            forest.trees(booster.model_to_string())
        if reason == "more than one output":
            continue
        model = LightGbmModel(trees.folder(tmp_path, reason.replace(" ", "-"), booster))
        x = np.nan_to_num(trees.rows(FEW + 44, 4, 2), posinf=3, neginf=-3)
        loaded = lightgbm.Booster(model_str=booster.model_to_string())
        np.testing.assert_array_equal(model.margins(x), loaded.predict(x, raw_score=True))
        if reason != "linear leaves":  # LightGBM has no contributions for them
            np.testing.assert_allclose(model.contributions(x), loaded.predict(x, pred_contrib=True)[:, :-1])


def test_one_few_and_many_rows_are_scored_the_same(tmp_path):
    model = LightGbmModel(trees.folder(tmp_path, "m", trees.booster(60, 31, 10, 8)))
    x = trees.rows(2 * FEW, 10, 9)
    many = model.probabilities(x)
    np.testing.assert_array_equal(model.margins(x)[:FEW], model.margins(x[:FEW]))
    np.testing.assert_array_equal(many[:FEW], model.probabilities(x[:FEW]))
    assert [model.probability(row) for row in x[:50]] == pytest.approx(many[:50].tolist(), rel=1e-14)
    np.testing.assert_allclose(model.contributions(x)[:FEW], model.contributions(x[:FEW]), atol=1e-9)
    assert model.contributions(x[:0]).shape == (0, 10)


def test_a_library_without_the_single_call_is_asked_the_ordinary_way(tmp_path, monkeypatch):
    folder = trees.folder(tmp_path, "m", trees.booster(10, 7, 5, 8))
    with_call = LightGbmModel(folder)
    x = trees.rows(5, 5, 9)
    expected = [with_call.probability(row) for row in x], with_call.contributions(x)
    from lightgbm import basic

    monkeypatch.setattr(basic, "_LIB", object())
    without = LightGbmModel.__new__(LightGbmModel)
    without.__dict__.update({k: v for k, v in vars(with_call).items() if not k.startswith("_one")})
    assert without._one_margin is None
    assert [without._booster is not None, without._one_explained] == [True, None]
    monkeypatch.undo()
    assert [without.probability(row) for row in x] == expected[0]
    np.testing.assert_allclose(without.contributions(x), expected[1], atol=1e-9)


def test_a_worker_that_scores_one_firm_never_loads_the_compiler():
    artifacts = home() / "ml" / "artifacts"
    code = f"""
import sys, numpy as np
from pathlib import Path
import greenbridge.app
from greenbridge.scoring.gateway import load_current
assert "lightgbm" not in sys.modules
model = load_current(Path({str(artifacts)!r}))
model.predict(np.zeros((1, len(model.features))))
assert "numba" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_the_fingerprint_is_of_model_and_card(tmp_path):
    folder = trees.folder(tmp_path, "m", trees.booster(3, 4, 3, 1))
    before = fingerprint(folder)
    done = subprocess.run(
        "sha256sum card.json model.txt | sed 's/  / /' | sha256sum", shell=True, cwd=folder, capture_output=True, check=True
    )
    assert done.stdout.split()[0].decode() == before
    (folder / "card.json").write_text((folder / "card.json").read_text().replace("1.0", "1.1"))
    assert fingerprint(folder) != before
