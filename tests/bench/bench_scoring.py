"""Scoring against LightGBM's own calls, one thread each, for the shipped model and for one of 300 trees with 31 leaves over 60 features
with unknown values: one probability, bulk, contributions. Equal answers first; ratios inside rounds.

    python -m pytest tests/bench/bench_scoring.py -s
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest
from woodelf import WoodelfExplainer

from greenbridge.scoring.gateway import LightGbmModel, load_current
from greenbridge.scoring.rules import features
from greenbridge.settings import home
from tests.bench.interleave import interleave
from tests.bench.record import record
from tests.builders import a_series
from tests.scoring import trees

SLACK = 0.8  # the gates stand above their goals for the noise of a shared machine
ONE, BULK, REASONS = 1.8, 3.0, 5.0
CALLS = 500  # of one measurement of one row
FIRMS = 100_000


@pytest.fixture(scope="module", params=["shipped", "large"])
def served(request, tmp_path_factory) -> Iterator[tuple[str, LightGbmModel, lightgbm.Booster, np.ndarray]]:
    """(name, model, its booster, rows): a generated model has the first features' names and extra ones, which serving never reads."""
    folder = tmp_path_factory.mktemp("models")
    if request.param == "shipped":
        model = load_current(home() / "ml" / "artifacts")
    else:
        model = LightGbmModel(trees.folder(folder, "large", trees.booster(300, 31, 60, 1, n=20_000)))
    booster = lightgbm.Booster(model_str=(model.folder / "model.txt").read_text())
    yield request.param, model, booster, np.ascontiguousarray(trees.rows(20_000, len(model.features), 3))


def told(name: str, what: str, goal: float, timings: dict) -> None:
    for candidate, timing in timings.items():
        print(f"  {name:8} {what:14} {candidate:26} {timing.median_seconds * 1e6:12.1f} us  x{1 / timing.ratio:6.2f} of LightGBM"
              f" ({1 / timing.highest_ratio:.2f}-{1 / timing.lowest_ratio:.2f}; goal {goal})")  # fmt: skip


def each(call: Callable[[np.ndarray], object], rows: list[np.ndarray]) -> Callable[[], None]:
    """Return a round over rows that differ: one row again and again would teach the machine its branches."""

    def run() -> None:
        for row in rows:
            call(row)

    return run


def test_one_probability(served):
    name, model, booster, x = served
    assert [model.probability(row) for row in x[:200]] == pytest.approx(model.probabilities(x)[:200].tolist(), rel=1e-14)
    assert [model._one_margin.margin(row) for row in x[:200]] == booster.predict(x[:200], raw_score=True).tolist()
    rows, matrices = list(x[:CALLS]), [x[i : i + 1] for i in range(CALLS)]
    found = interleave(
        {
            "Booster.predict, ndarray": each(lambda m: booster.predict(m, num_threads=1), matrices),
            "ours, calibrated": each(model.probability, rows),
        },
        reference="Booster.predict, ndarray",
        rounds=7,
    )
    told(name, f"{CALLS} x one", ONE, found)
    record(f"one probability, {name} model", "Booster.predict on an ndarray", 1 / found["ours, calibrated"].ratio, ONE)
    assert 1 / found["ours, calibrated"].ratio >= ONE * SLACK


def test_bulk(served):
    name, model, booster, x = served
    np.testing.assert_array_equal(model.margins(x), booster.predict(x, raw_score=True, num_threads=1))
    found = interleave(
        {
            "Booster.predict, raw": lambda: booster.predict(x, raw_score=True, num_threads=1),
            "ours, the same bits": lambda: model.margins(x),
            "ours, calibrated": lambda: model.probabilities(x),
        },
        reference="Booster.predict, raw",
        rounds=7,
    )
    told(name, f"{len(x)} rows", BULK, found)
    record(f"bulk probabilities, {name} model", "Booster.predict", 1 / found["ours, the same bits"].ratio, BULK)
    assert 1 / found["ours, the same bits"].ratio >= BULK * SLACK


def test_reasons(served):
    name, model, booster, x = served
    x = x[:5000] if name == "shipped" else x[:1500]
    expected = booster.predict(x, pred_contrib=True, num_threads=1)[:, :-1]
    ours = model.contributions(x)
    frame = pd.DataFrame(x, columns=booster.feature_name())
    explainer = WoodelfExplainer(booster)
    theirs = explainer.shap_values(frame, verbose=False)
    print(
        f"  {name:8} largest difference to pred_contrib: ours {np.abs(ours - expected).max():.1e}, woodelf {np.abs(theirs - expected).max():.1e}"
    )
    assert np.abs(ours - expected).max() <= 1e-5
    found = interleave(
        {
            "pred_contrib": lambda: booster.predict(x, pred_contrib=True, num_threads=1),
            "ours": lambda: model.contributions(x),
            "woodelf": lambda: explainer.shap_values(frame, verbose=False),
        },
        reference="pred_contrib",
        rounds=5,
    )
    told(name, f"{len(x)} reasons", REASONS, found)
    record(f"bulk reasons, {name} model", "pred_contrib", 1 / found["ours"].ratio, REASONS)
    record(f"bulk reasons, {name} model", "woodelf", found["woodelf"].ratio / found["ours"].ratio, None)
    assert 1 / found["ours"].ratio >= REASONS * SLACK


def test_reasons_of_one(served):
    """Without the compiler, which a web worker does not load: LightGBM's own single-row call."""
    name, model, booster, x = served
    matrices = [x[i : i + 1] for i in range(CALLS if name == "shipped" else 50)]
    for one in matrices[:20]:
        np.testing.assert_allclose(model.contributions(one), booster.predict(one, pred_contrib=True)[:, :-1], atol=1e-12)
    found = interleave(
        {
            "pred_contrib, one row": each(lambda m: booster.predict(m, pred_contrib=True, num_threads=1), matrices),
            "ours": each(model.contributions, matrices),
        },
        reference="pred_contrib, one row",
    )
    told(name, f"{len(matrices)} x one", 1.0, found)
    record(f"reasons of one firm, {name} model", "pred_contrib", 1 / found["ours"].ratio, 1)
    assert 1 / found["ours"].ratio >= SLACK


def test_a_hundred_thousand_firms():
    """From series to probabilities: what the nightly run does beside reading. No ratio: a figure for the operator's guide."""
    from greenbridge.scoring import service

    model = load_current(home() / "ml" / "artifacts")
    series = a_series(2_000, 5)
    service.score_many(series, model)
    began = time.perf_counter()
    for _ in range(FIRMS // 2_000):
        scores = service.score_many(series, model)
    seconds = time.perf_counter() - began
    x = features.compute({**series.monthly, **series.yearly}, model.features)
    began = time.perf_counter()
    for _ in range(FIRMS // 2_000):
        model.contributions(x)
    explained = time.perf_counter() - began
    print("  " + json.dumps({"firms": FIRMS, "features_and_probabilities_s": round(seconds, 2), "reasons_s": round(explained, 2)}))
    np.testing.assert_array_equal(scores.probabilities, np.where(scores.known_shares >= 0.5, model.probabilities(x), np.nan))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    raise SystemExit(pytest.main([str(Path(__file__)), "-s", "-q"]))
