"""From a data set's columns to the matrix that trees read; what is learnt of categories is learnt on training rows alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from ml.dataset import Column

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
# Up to so many categories a tree may group them itself; of more, their share of positives and their number stand for them.
MOST_CATEGORIES = 20
# A category's share of positives is drawn to the whole's as if so many more rows of the whole were in it.
WEIGHT = 20.0
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Encoded:
    """One output column: `source` column, `how` (number, code, target, count), its monotone direction."""

    source: str
    how: str
    direction: int
    mapping: dict[str, float]
    default: float = np.nan

    @property
    def name(self) -> str:
        """Return the column's name in the model: no character that LightGBM refuses."""
        clean = "".join(c if c.isalnum() or c in "_.-" else "_" for c in self.source)
        return clean if self.how in {"number", "code"} else f"{clean}.{self.how}"


class Encoder:
    """Columns learnt from training rows. `categorical` are the places of codes in the matrix."""

    def __init__(self, frame: pd.DataFrame, y: Labels, columns: tuple[Column, ...], imputation: str, seed: int) -> None:
        self.seed = seed
        self.columns: list[Encoded] = []
        for column in columns:
            values = frame[column.name]
            if column.kind != "categorical":
                fill = {"none": np.nan, "mean": values.mean(), "median": values.median()}[imputation]
                self.columns.append(Encoded(column.name, "number", column.direction, {}, float(fill)))
                continue
            counts = values.value_counts()
            if len(counts) <= MOST_CATEGORIES:
                codes = {str(level): float(place) for place, level in enumerate(sorted(counts.index))}
                self.columns.append(Encoded(column.name, "code", 0, codes))
                continue
            shares = _shares(values, y)
            self.columns.append(Encoded(column.name, "target", 1, shares, float(y.mean())))
            self.columns.append(Encoded(column.name, "count", 0, {str(k): float(np.log1p(v)) for k, v in counts.items()}, 0.0))
        self.names = _unique([c.name for c in self.columns])
        self.directions = [c.direction for c in self.columns]
        self.categorical = [place for place, c in enumerate(self.columns) if c.how == "code"]

    def transform(self, frame: pd.DataFrame) -> Floats:
        """Return float[n, n_columns] of rows that the encoder has not learnt from; an unseen category is unknown."""
        return np.column_stack([_encode(frame[c.source], c) for c in self.columns])

    def of_training(self, frame: pd.DataFrame, y: Labels) -> Floats:
        """Return the matrix of the training rows: a row's own label is never in its category's share (5 folds)."""
        x = self.transform(frame)
        targets = [place for place, c in enumerate(self.columns) if c.how == "target"]
        folds = min(FOLDS, int(min(y.sum(), len(y) - y.sum())))
        if targets and folds > 1:
            for learn, rest in StratifiedKFold(folds, shuffle=True, random_state=self.seed).split(x, y):
                for place in targets:
                    c = self.columns[place]
                    part = Encoded(c.source, c.how, 1, _shares(frame[c.source].iloc[learn], y[learn]), float(y[learn].mean()))
                    x[rest, place] = _encode(frame[c.source].iloc[rest], part)
        return x

    def table(self) -> list[dict[str, Any]]:
        """Return how each column of the matrix is made, for the artifact."""
        return [
            {"name": c.name, "source": c.source, "how": c.how, "mapping": c.mapping, "default": None if np.isnan(c.default) else c.default}
            for c in self.columns
        ]


def _unique(names: list[str]) -> list[str]:
    """Return the names with a number behind those that came before: `a b` and `a-b` may both have become `a_b`."""
    found: list[str] = []
    for name in names:
        found.append(f"{name}.{len(found)}" if name in found else name)
    return found


def _shares(values: pd.Series, y: Labels) -> dict[str, float]:
    """Return category -> (positives + 20 x overall share) / (rows + 20): 1 positive of 1 row where 10 % are positive gives 0.14."""
    grouped = pd.Series(y, index=values.index).groupby(values)
    overall = float(y.mean())
    return {str(level): (float(part.sum()) + WEIGHT * overall) / (len(part) + WEIGHT) for level, part in grouped}


def _encode(values: pd.Series, column: Encoded) -> Floats:
    if column.how == "number":
        found = np.asarray(values, dtype=np.float64)
        return found if np.isnan(column.default) else np.asarray(np.where(np.isnan(found), column.default, found), dtype=np.float64)
    return np.asarray(values.map(column.mapping).astype("float64").fillna(column.default), dtype=np.float64)
