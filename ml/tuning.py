"""The search for parameters, inside a training part and nowhere else: Optuna's seeded TPE with a budget that depends on the size."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd

from ml import boosting
from ml.boosting import Trial
from ml.dataset import Column, Labels

# Of a longer table the search reads so many rows, drawn by class; the model itself is trained on all.
MOST_ROWS = 20_000
# Before any search: additive stumps, which cannot learn interactions that few rows do not hold; small trees; full trees, nearly
# as LightGBM comes: all rows, and a tenth of the columns hidden, so that seeds differ.
STUMPS: dict[str, Any] = {
    "num_leaves": 2, "learning_rate": 0.05, "min_data_in_leaf": 5, "lambda_l2": 1.0,
    "feature_fraction": 0.5, "bagging_fraction": 0.8, "extra_trees": False,
}  # fmt: skip
SMALL_TREES = {**STUMPS, "num_leaves": 8, "learning_rate": 0.1, "min_data_in_leaf": 20, "lambda_l2": 0.01, "feature_fraction": 0.7}
FULL_TREES = {**SMALL_TREES, "num_leaves": 31, "feature_fraction": 0.9, "bagging_fraction": 1.0}
# A class under this share is never thinned out by bagging: each of its rows is in every tree.
RARE = 0.15
MOST_KEPT = 3


@dataclass(frozen=True, slots=True)
class Found:
    """The trials that inner folds cannot tell from the best, the best first, with how many were tried."""

    kept: list[Trial]
    tried: int
    rows: Labels


def budget(n: int) -> int:
    """Return how many parameter sets are tried: a number of the size alone, never of the time taken."""
    return 5 if n < 300 else 8


def search(frame: pd.DataFrame, y: Labels, columns: tuple[Column, ...], imputation: str, seed: int, trials: int | None) -> Found:
    """Return the parameters to train with, chosen on inner folds of the given rows.

    A trial is kept beside the best one when its loss is not worse by more than chance (see `boosting.worse`). What is right for the size
    before any search, stumps under 1,000 rows and full trees above, comes first unless it is worse by more than that; on small
    sets only what is better by more than that joins it: with a hundred rows, the least of five losses is luck.
    """
    rows = _drawn(y, seed)
    part, labels = frame.iloc[rows], y[rows]
    folds = boosting.inner_folds(part, labels, columns, imputation, seed)
    n = len(labels)
    known: dict[str, Trial] = {}

    def loss(trial: optuna.Trial) -> float:
        params = _suggested(trial, n)
        if labels.mean() < RARE:
            params |= {"pos_bagging_fraction": 1.0, "neg_bagging_fraction": params["bagging_fraction"]}
        key = repr(params)
        if key not in known:
            known[key] = boosting.attempt(params, folds, labels, seed)
        return known[key].loss

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=6))
    for start in (STUMPS, SMALL_TREES, FULL_TREES) if n < boosting.SMALL else (FULL_TREES, SMALL_TREES, STUMPS):
        study.enqueue_trial({**start, **{name: min(start[name], high) for name, (_, high) in _whole(n).items()}})
    study.optimize(loss, n_trials=max(3, trials or budget(n)))
    return Found(_kept(list(known.values()), small=n < boosting.SMALL), len(known), rows)


def _kept(trials: list[Trial], *, small: bool) -> list[Trial]:
    best = min(trials, key=lambda t: t.loss)
    near = sorted((t for t in trials if not boosting.worse(t.losses, best.losses)), key=lambda t: t.loss)
    first = trials[0]
    if small:
        return [first, *(t for t in near if boosting.worse(first.losses, t.losses))][:MOST_KEPT]
    return [first, *(t for t in near if t is not first)][:MOST_KEPT] if first in near else near[:MOST_KEPT]


def _whole(n: int) -> dict[str, tuple[int, int]]:
    """Return the bounds of what depends on the size: leaves and rows a leaf."""
    return {"num_leaves": (2, int(np.clip(n // 150, 4, 63))), "min_data_in_leaf": (3, int(np.clip(n // 10, 10, 200)))}


def _suggested(trial: optuna.Trial, n: int) -> dict[str, Any]:
    whole = {name: trial.suggest_int(name, low, high, log=True) for name, (low, high) in _whole(n).items()}
    return {
        **whole,
        "learning_rate": trial.suggest_float("learning_rate", 0.04, 0.15, log=True),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.01, 20, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.3, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.6, 1.0),
        "extra_trees": trial.suggest_categorical("extra_trees", [False, True]),
    }


def _drawn(y: Labels, seed: int) -> Labels:
    if len(y) <= MOST_ROWS:
        return np.arange(len(y))
    rng = np.random.default_rng(seed)
    share = MOST_ROWS / len(y)
    picked = [rng.choice(rows, max(2, int(len(rows) * share)), replace=False) for rows in (np.flatnonzero(y == 0), np.flatnonzero(y == 1))]
    return np.sort(np.concatenate(picked))
