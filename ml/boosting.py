"""LightGBM inside the training part: inner folds, early stopping, several boosters averaged into one file."""

import re
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from sklearn.model_selection import RepeatedStratifiedKFold

from ml.calibrating import platt
from ml.dataset import Column, Floats, Labels
from ml.encoding import Encoder

# One thread and row-wise histograms: the same seed gives the same bytes.
FIXED: dict[str, Any] = {
    "objective": "binary", "bagging_freq": 1, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1,
    "feature_pre_filter": False,
}  # fmt: skip
STEP = 10
SMALL = 1000


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


def inner_folds(frame: pd.DataFrame, y: Labels, columns: tuple[Column, ...], imputation: str, seed: int) -> list[Fold]:
    """Return stratified inner folds: five, twice, for small sets; three for thousands of rows; never more than rows of the rarer class.

    Categories are encoded anew in each, so that no held-out label is in them.
    """
    small = len(y) < SMALL
    number = min(5 if small else 3, int(min(y.sum(), len(y) - y.sum())))
    found = []
    for learn, rest in RepeatedStratifiedKFold(n_splits=number, n_repeats=2 if small else 1, random_state=seed).split(frame, y):
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
    """Train on all inner folds in step and choose the rounds by early stopping on the held-out rows.

    The loss is taken after a Platt calibration of the margins: over-confidence, which calibration heals, does not hide rank.
    Training stops where the loss is worse than the best one by more than chance, or has
    not fallen for long. With few rows the least of many noisy losses is luck: LightGBM's own rounds (100 at a rate of 0.1) stay
    unless they are worse by more than chance. With many rows the middle of what it cannot tell apart is taken.
    """
    rate = params["learning_rate"]
    most, patience = (400 if len(y) < SMALL else int(60 / rate)), int(10 / rate)
    boosters = [lightgbm.Booster(parameters(params, fold.directions, seed), fold.train) for fold in folds]
    times = sum(len(fold.rows) for fold in folds) / len(y)
    margin = np.zeros(len(y))
    path: list[tuple[Floats, Floats]] = []
    best = 0
    for rounds in range(STEP, most + 1, STEP):
        for booster, fold in zip(boosters, folds, strict=True):
            for _ in range(STEP):
                booster.update()
            last = booster.predict(fold.x, raw_score=True, start_iteration=rounds - STEP, num_iteration=STEP)
            margin[fold.rows] += np.asarray(last) / times
        path.append((margin.copy(), platt(margin, y).losses(margin, y)))
        if path[-1][1].mean() < path[best][1].mean():
            best = len(path) - 1
        away = (len(path) - 1 - best) * STEP
        if away >= patience or (away >= patience / 4 and worse(path[-1][1], path[best][1])):
            break
    near = [place for place, (_, losses) in enumerate(path) if not worse(losses, path[best][1])]
    own = round(10 / rate / STEP) - 1
    chosen = min(max(own, near[0]), near[-1]) if len(y) < SMALL else (near[0] + near[-1]) // 2
    return Trial(params, (chosen + 1) * STEP, *path[chosen])


def worse(losses: Floats, best: Floats) -> bool:
    """Return whether losses of rows exceed others by more than chance: one standard error of their paired difference, two on small sets.

    Several parameter sets and forty numbers of rounds are compared: at one error, every second search on a hundred rows would
    find something better that is not.
    """
    difference = losses - best
    errors = 2 if len(losses) < SMALL else 1
    return bool(difference.mean() > errors * difference.std() / np.sqrt(len(difference)))


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
