"""A data set ready to train on: one column per feature, the label, and what else the card speaks of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from greenbridge.kit.text import Text
from ml import columns, firms, tables
from ml.dataset_card import CardError, DatasetCard, cell, text, words

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
LEAST_OF_A_CLASS = 4
NO_WORDS = Text("", "")


@dataclass(frozen=True, slots=True)
class Column:
    """A feature: how it is read, its monotone direction, its words. `activity` and `group` are known of the service's own alone."""

    name: str
    kind: str
    direction: int = 0
    label: Text = NO_WORDS
    unit: str = ""
    activity: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """`frame` holds features alone: float64, or texts with None for categorical ones; `y` is 1 for the card's positive label.

    `raw` has every column as it came, for splits, segments and stability; `left_out` says which columns are no features and
    why; `earlier` holds the same features of the same rows at earlier cuts, by date.
    """

    card: DatasetCard
    frame: pd.DataFrame
    y: Labels
    raw: pd.DataFrame
    columns: tuple[Column, ...]
    left_out: Mapping[str, Text]
    facts: Mapping[str, Any]
    earlier: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def only(self, names: list[str]) -> "Dataset":
        """Return the same rows with fewer features."""
        kept = tuple(c for c in self.columns if c.name in names)
        some = [c.name for c in kept]
        earlier = {cut: frame[some] for cut, frame in self.earlier.items()}
        return Dataset(self.card, self.frame[some], self.y, self.raw, kept, self.left_out, self.facts, earlier)


def load(card: DatasetCard, folder: Path | None) -> Dataset:
    """Return the data set of a card; files are looked for beside the card, then in `folder`. Raises CardError."""
    if card.get("data", "source", "files") == "greenbridge.vat":
        return _firms(card, folder)
    y, raw = _label(card, tables.read(card, folder))
    left_out = _leaks(card, raw)
    kept: dict[str, str] = {}
    frame: dict[str, Any] = {}
    for name in _names(card, raw, left_out):
        found = columns.typed(raw[name], card.get("features", "types", {}).get(name))
        if found.why_not is not None:
            left_out[name] = found.why_not
        else:
            kept[name], frame[name] = found.kind, found.cells
    if not kept:
        raise card.error("features", "leaves no column to learn from")
    facts = {"rows": len(y), "positives": int(y.sum()), "rows_without_label": int(raw.attrs["without_label"])}
    return Dataset(card, pd.DataFrame(frame, index=raw.index), y, raw, _columns(card, raw, kept), left_out, facts)


def _leaks(card: DatasetCard, raw: pd.DataFrame) -> dict[str, Text]:
    """Return the columns that are never read, with why; what the card names besides must be there too."""
    for segment in card.segments:
        if segment.column not in raw.columns:
            raise card.error("segments.column", f"names {segment.column!r}, which is no column of the data")
    found = {name: leak.reason for leak in card.leaks for name in leak.columns}
    for name in found:
        if name not in raw.columns:
            raise card.error("leaks.columns", f"names {name!r}, which is no column of the data")
    return found


def _columns(card: DatasetCard, raw: pd.DataFrame, kinds: Mapping[str, str]) -> tuple[Column, ...]:
    directions, labels = card.get("features", "directions", {}), card.get("features", "labels", {})
    for name, direction in directions.items():
        if name not in raw.columns:
            raise card.error(f"features.directions.{name}", "is no column of the data")
        if direction and kinds.get(name) == "categorical":
            raise card.error(f"features.directions.{name}", "is categorical: only numbers and dates have a direction")
    return tuple(
        Column(name, kind, int(directions.get(name, 0)), text(labels.get(name, name)), "days" if kind == "date" else "")
        for name, kind in kinds.items()
    )


def _label(card: DatasetCard, raw: pd.DataFrame) -> tuple[Labels, pd.DataFrame]:
    name = card.get("label", "column")
    if name not in raw.columns:
        raise card.error("label.column", f"names {name!r}, which is no column of the data; there are {_few(raw.columns)}")
    for key, wanted in card.get("data", "keep", {}).items():
        if key not in raw.columns:
            raise card.error(f"data.keep.{key}", "is no column of the data")
        raw = raw[raw[key].map(cell).isin(words(wanted))]
    known = raw[name].notna()
    raw = raw[known].reset_index(drop=True)
    told = raw[name].map(cell)
    y = told.isin(words(card.get("label", "positive"))).to_numpy(dtype=np.int64)
    if not y.any() or y.all():
        raise card.error("label.positive", f"fits {'no' if not y.any() else 'every'} row: {name!r} holds {_few(told.unique())}")
    if min(y.sum(), len(y) - y.sum()) < LEAST_OF_A_CLASS:
        raise card.error(
            "label", f"leaves {y.sum()} positive and {len(y) - y.sum()} negative rows: {LEAST_OF_A_CLASS} of each are the least"
        )
    raw.attrs["without_label"] = int((~known).sum())
    return y, raw


def _names(card: DatasetCard, raw: pd.DataFrame, leaks: Mapping[str, Text]) -> list[str]:
    use, never = card.get("features", "use"), card.get("features", "except", [])
    for key, names in (("use", use or []), ("except", never)):
        for name in names:
            if name not in raw.columns:
                raise card.error(f"features.{key}", f"names {name!r}, which is no column of the data; there are {_few(raw.columns)}")
    for name in use or []:
        if name in leaks:
            raise card.error("features.use", f"names {name!r}, which the card itself lists as a leak")
    outside = {
        card.get("label", "column"),
        *never,
        *leaks,
        *((card.protocol.column,) if card.protocol.kind == "column" else ()),
        tables.FILE,
    }
    return [str(name) for name in (use or raw.columns) if name not in outside]


def _few(names: Any) -> str:
    found = [str(name) for name in names]
    return ", ".join(found[:12]) + (f" and {len(found) - 12} more" if len(found) > 12 else "")


def _firms(card: DatasetCard, folder: Path | None) -> Dataset:
    """Return the labelled firms through the service's own delivery, series and feature code."""
    if folder is None:
        raise CardError(f"{card.path}: this card reads real firms: say --data DIR, or set GREENBRIDGE_REAL_DATA.")
    loaded = firms.load(folder, card.get("data", "cut"), tuple(card.get("data", "other_cuts", ())))
    chosen = firms.chosen(card)
    names = tuple(feature.name for feature in chosen)
    made = tuple(Column(f.name, "numeric", f.direction, f.label, f.unit, f.activity, f.group.value) for f in chosen)
    left_out = {name: leak.reason for leak in card.leaks for name in leak.columns}
    facts = {
        "rows": len(loaded.defaulted), "positives": int(loaded.defaulted.sum()), "accepted_invoices": loaded.invoices,
        "features_cut_at": loaded.cut.isoformat(), "months_read": loaded.months,
    }  # fmt: skip
    earlier = {cut.isoformat(): firms.table(arrays, names) for cut, arrays in loaded.earlier.items()}
    return Dataset(card, firms.table(loaded.arrays, names), loaded.defaulted, loaded.raw, made, left_out, facts, earlier)
