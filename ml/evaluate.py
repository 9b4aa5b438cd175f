"""Splits of a card's protocol, and models judged on the same splits: what is reported is of rows that no model had seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedShuffleSplit

from ml import columns as column_rules
from ml import measures, tables
from ml.dataset import Column, Dataset, Floats, Labels
from ml.dataset_card import cell

Split = tuple[Labels, Labels]
METRICS = ("auc", "ks", "brier", "log_loss")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model fitted to the training rows of a split: probabilities for other rows."""

    predict: Callable[[pd.DataFrame], Floats]


Fit = Callable[[pd.DataFrame, Labels, tuple[Column, ...], str, int], Any]


@dataclass(frozen=True, slots=True)
class Model:
    """A model to judge: how it is fitted, and how the unknown is filled in for it."""

    name: str
    fit: Fit
    imputation: str


@dataclass(slots=True)
class Outcome:
    """What a model reached: `metrics` float[n_splits, 4] in the order of METRICS; held-out probabilities of each split."""

    name: str
    metrics: NDArray[np.float64]
    held_out: list[Floats] = field(default_factory=list)
    earlier: dict[str, list[Floats]] = field(default_factory=dict)

    def mean(self, metric: str) -> float:
        """Return a metric's mean over the splits."""
        return float(self.metrics[:, METRICS.index(metric)].mean())

    def std(self, metric: str) -> float:
        """Return a metric's standard deviation over the splits; 0 for a single one."""
        return float(self.metrics[:, METRICS.index(metric)].std())


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All models on the same splits; the first one is ours."""

    dataset: Dataset
    splits: list[Split]
    outcomes: Mapping[str, Outcome]

    @property
    def ours(self) -> Outcome:
        """Return the first model's outcome."""
        return next(iter(self.outcomes.values()))

    def held_out(self, outcome: Outcome) -> tuple[Labels, Floats]:
        """Return (rows, mean held-out probability of each): a row that was held out more than once counts once."""
        return _mean_by_row(self.splits, outcome.held_out, len(self.dataset.y))

    def held_out_earlier(self, outcome: Outcome, cut: str) -> tuple[Labels, Floats]:
        """Return the same for features of an earlier cut, by the same fitted models."""
        return _mean_by_row(self.splits, outcome.earlier[cut], len(self.dataset.y))

    def against(self, other: Outcome) -> dict[str, float]:
        """Return ours less the other's AUC, split by split: mean, spread, and a 95 % interval of the mean.

        The interval is that of Nadeau and Bengio (2003), because training parts of the splits overlap.
        """
        difference = self.ours.metrics[:, 0] - other.metrics[:, 0]
        n = len(difference)
        ratio = float(np.mean([len(test) / len(train) for train, test in self.splits]))
        error = float(np.sqrt((1 / n + ratio) * difference.var(ddof=1))) if n > 1 else float("nan")
        mean = float(difference.mean())
        return {"mean": mean, "std": float(difference.std()), "low": mean - 1.96 * error, "high": mean + 1.96 * error,
                "better_in": float((difference > 0).mean())}  # fmt: skip


def _mean_by_row(splits: list[Split], parts: list[Floats], n: int) -> tuple[Labels, Floats]:
    total, times = np.zeros(n), np.zeros(n)
    for (_, test), probability in zip(splits, parts, strict=True):
        total[test] += probability
        times[test] += 1
    rows = np.flatnonzero(times)
    return rows, total[rows] / times[rows]


def splits_of(dataset: Dataset) -> list[Split]:
    """Return the (training rows, held-out rows) of the card's protocol. Raises CardError where the data cannot be split so."""
    protocol, card, y = dataset.card.protocol, dataset.card, dataset.y
    rarer = int(min(y.sum(), len(y) - y.sum()))
    match protocol.kind:
        case "kfold":
            if rarer < protocol.folds:
                raise card.error("protocol.folds", f"is {protocol.folds}, but the rarer class has {rarer} rows only")
            splitter = RepeatedStratifiedKFold(n_splits=protocol.folds, n_repeats=protocol.repeats, random_state=protocol.seed)
            return list(splitter.split(y, y))
        case "holdout":
            if round(rarer * protocol.test_share) < 1 or round(rarer * (1 - protocol.test_share)) < 2:
                raise card.error(
                    "protocol.test_share", f"is {protocol.test_share}, which leaves a side without the rarer class ({rarer} rows)"
                )
            shuffled = StratifiedShuffleSplit(protocol.repeats, test_size=protocol.test_share, random_state=protocol.seed)
            return list(shuffled.split(y, y))
        case _:
            return [_fixed(dataset)]


def _fixed(dataset: Dataset) -> Split:
    """Return the one split that the data itself names."""
    protocol, card = dataset.card.protocol, dataset.card
    name = tables.FILE if protocol.kind == "files" else protocol.column
    if name not in dataset.raw.columns:
        raise card.error("protocol.column", f"names {name!r}, which is no column of the data")
    told = dataset.raw[name]
    if protocol.kind == "time":
        when, cut = (_moment(told), _moment(pd.Series([protocol.cut])).iloc[0])
        train, test = (when < cut).to_numpy(), (when >= cut).to_numpy()
    else:
        values = told.map(cell)
        test = values.isin(protocol.test).to_numpy()
        train = values.isin(protocol.train).to_numpy() if protocol.train else ~test
    if (train & test).any():
        raise card.error("protocol.train", "shares values with protocol.test")
    for side, rows in (("training", train), ("test", test)):
        if min(dataset.y[rows].sum(), (1 - dataset.y[rows]).sum()) < 2:
            raise card.error(
                f"protocol.{'test' if side == 'test' else 'kind'}", f"leaves fewer than two rows of a class on the {side} side"
            )
    return np.flatnonzero(train), np.flatnonzero(test)


def _moment(series: "pd.Series[Any]") -> "pd.Series[float]":
    plain = column_rules.numbers(series)
    return plain if plain.notna().mean() >= column_rules.MOST else column_rules.days(series)


def run(dataset: Dataset, models: list[Model], say: Callable[[str], None]) -> Evaluation:
    """Fit and judge the models on every split of the card's protocol."""
    splits, y, frame = splits_of(dataset), dataset.y, dataset.frame
    outcomes = {model.name: Outcome(model.name, np.zeros((len(splits), len(METRICS)))) for model in models}
    for number, (train, test) in enumerate(splits):
        for model in models:
            outcome = outcomes[model.name]
            fitted = model.fit(frame.iloc[train], y[train], dataset.columns, model.imputation, dataset.card.protocol.seed)
            probability = fitted.predict(frame.iloc[test])
            outcome.held_out.append(probability)
            outcome.metrics[number] = [measures.METRICS[metric](y[test], probability) for metric in METRICS]
            if model is models[0]:
                for cut, earlier in dataset.earlier.items():
                    outcome.earlier.setdefault(cut, []).append(fitted.predict(earlier.iloc[test]))
        told = "  ".join(f"{name} {outcomes[name].metrics[: number + 1, 0].mean():.4f}" for name in outcomes)
        say(f"  {dataset.card.name}: split {number + 1} of {len(splits)}; mean AUC so far: {told}")
    return Evaluation(dataset, splits, outcomes)
