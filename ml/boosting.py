"""LightGBM inside the training part: inner folds, early stopping, several boosters averaged into one file."""

import re
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from ml.calibrating import platt
from ml.dataset import Column, Floats, Labels
from ml.encoding import Encoder

# One thread and row-wise histograms: the same seed gives the same bytes.
FIXED: dict[str, Any] = {
    "objective": "binary", "bagging_freq": 1, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1,
    "feature_pre_filter": False,
}  # fmt: skip
STEP = 10


@dataclass(frozen=True, slots=True)
class Fold:
    """An inner fold: a binned training part, the held-out rows and their matrix."""

    train: lightgbm.Dataset
    rows: Labels
    x: Floats
    directions: list[int]


@dataclass(frozen=True, slots=True)
class Trial:
    """What parameters reached on inner folds: rounds by early stopping, held-out margins, calibrated log-loss of each row."""

    params: dict[str, Any]
    rounds: int
    margin: Floats
    losses: Floats

    @property
    def loss(self) -> float:
        """Return the mean loss."""
        return float(self.losses.mean())


def folds_for(n: int, rarer: int) -> int:
    """Return the number of inner folds: five for small sets, three for thousands of rows, never more than rows of the rarer class."""
    return min(5 if n < 2000 else 3, rarer)


def inner_folds(frame: pd.DataFrame, y: Labels, columns: tuple[Column, ...], imputation: str, seed: int) -> list[Fold]:
    """Return stratified inner folds; categories are encoded anew in each, so that no held-out label is in them."""
    found = []
    splitter = StratifiedKFold(folds_for(len(y), int(min(y.sum(), len(y) - y.sum()))), shuffle=True, random_state=seed)
    for learn, rest in splitter.split(frame, y):
        part = frame.iloc[learn]
        encoder = Encoder(part, y[learn], columns, imputation, seed)
        train = binned(encoder, encoder.of_training(part, y[learn]), y[learn])
        found.append(Fold(train, rest, encoder.transform(frame.iloc[rest]), encoder.directions))
    return found


def binned(encoder: Encoder, x: Floats, y: Labels) -> lightgbm.Dataset:
    """Return a LightGBM data set of an encoded matrix."""
    params = {**FIXED, "max_bin": 255, "min_data_in_bin": 3}
    return lightgbm.Dataset(
        x, y, feature_name=encoder.names, categorical_feature=encoder.categorical or "auto", params=params, free_raw_data=True
    )


def parameters(params: dict[str, Any], directions: list[int], seed: int) -> dict[str, Any]:
    """Return what LightGBM is given; constraints only where some column has a direction."""
    constraints = {"monotone_constraints": directions, "monotone_constraints_method": "basic"} if any(directions) else {}
    return {**FIXED, **params, **constraints, "max_bin": 255, "min_data_in_bin": 3, "seed": seed}


def attempt(params: dict[str, Any], folds: list[Fold], y: Labels, seed: int) -> Trial:
    """Train on all inner folds in step; stop where the calibrated log-loss of all held-out rows has not fallen for a while.

    The loss is taken after a Platt calibration of the margins: over-confidence, which calibration heals, does not hide rank.
    """
    rate = params["learning_rate"]
    most, patience = (400 if len(y) < 1000 else int(60 / rate)), max(50, int(5 / rate))
    boosters = [lightgbm.Booster(parameters(params, fold.directions, seed), fold.train) for fold in folds]
    margin = np.zeros(len(y))
    best = Trial(params, 0, margin, np.full(len(y), np.inf))
    for rounds in range(STEP, most + 1, STEP):
        for booster, fold in zip(boosters, folds, strict=True):
            for _ in range(STEP):
                booster.update()
            last = booster.predict(fold.x, raw_score=True, start_iteration=rounds - STEP, num_iteration=STEP)
            margin[fold.rows] += np.asarray(last)
        losses = platt(margin, y).losses(margin, y)
        if losses.mean() < best.loss:
            best = Trial(params, rounds, margin.copy(), losses)
        elif rounds - best.rounds >= patience:
            break
    return best


def averaged(trials: list[Trial], boosters: int, encoder: Encoder, x: Floats, y: Labels, seed: int) -> lightgbm.Booster:
    """Return one booster whose margin is the mean of `boosters` ones, trained on all rows with the trials in turn, a seed each."""
    members = []
    for number in range(boosters):
        trial = trials[number % len(trials)]
        params = parameters(trial.params, encoder.directions, seed + number)
        members.append(lightgbm.train(params, binned(encoder, x, y), num_boost_round=trial.rounds))
    return merged(members)


_TREE = re.compile(r"^Tree=\d+\n", re.MULTILINE)
_SCALED = re.compile(r"^(leaf_value|internal_value|shrinkage)=(.*)$", re.MULTILINE)


def merged(boosters: list[lightgbm.Booster]) -> lightgbm.Booster:
    """Return a booster whose margin is the mean of the given ones': their trees under each other, leaf values divided by their number."""
    if len(boosters) == 1:
        return boosters[0]
    share = 1 / len(boosters)

    def scaled(match: re.Match[str]) -> str:
        return f"{match[1]}={' '.join(repr(float(value) * share) for value in match[2].split())}"

    trees: list[str] = []
    for booster in boosters:
        body = booster.model_to_string().partition("\nend of trees")[0]
        trees += [_SCALED.sub(scaled, tree.rstrip("\n")) for tree in _TREE.split(body)[1:]]
    numbered = [f"Tree={number}\n{tree}\n\n\n" for number, tree in enumerate(trees)]
    head, _, rest = boosters[0].model_to_string().partition("\ntree_sizes=")
    tail = rest.partition("\nend of trees")[2]
    sizes = " ".join(str(len(tree.encode())) for tree in numbered)
    text = f"{head}\ntree_sizes={sizes}\n\n{''.join(numbered)}end of trees{tail}"
    # Read and written once more: importances and order are then LightGBM's own.
    return lightgbm.Booster(model_str=lightgbm.Booster(model_str=text).model_to_string())
