"""Columns of any table as features: what is a number, a date or a category, however it was written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from greenbridge.kit.text import Text
from ml.dataset_card import cell

# A column is numbers (dates) when so large a part of its known cells can be read as such.
MOST = 0.95
# Under so many different values, whole-numbered texts may be codes; numbers stay numbers all the same.
MONTHS = 12
EPOCH = pd.Timestamp("1970-01-01")
_DECORATION = re.compile(r"[\s,$€£¥￥_%]|USD|RMB|CNY|元", re.IGNORECASE)
CONSTANT = Text("各行取值相同", "The same value in every row")
IDENTIFIER = Text("几乎每行取值不同的文本（编号）", "A text that differs in nearly every row: an identifier")


@dataclass(frozen=True, slots=True)
class Typed:
    """A column read: `kind` with `cells` float64 (a date: days since 1970) or texts; `why_not` when it can teach nothing."""

    kind: str
    cells: Any
    why_not: Text | None = None


def typed(series: pd.Series[Any], declared: str | None) -> Typed:
    """Return a column as numbers, days or texts, of the declared kind or of the one it looks like."""
    known = series.dropna()
    if known.nunique() < 2 and (known.empty or known.size == series.size):
        return Typed("numeric", None, CONSTANT)
    kind = declared or guess(series)
    if kind == "numeric":
        return Typed(kind, numbers(series))
    if kind == "date":
        return Typed(kind, days(series))
    texts = series.map(lambda v: None if pd.isna(v) else cell(v)).astype(object)
    texts = texts.where(texts.notna(), None)
    if declared is None and known.size > 50 and texts.nunique() > 0.9 * known.size:
        return Typed(kind, None, IDENTIFIER)
    return Typed(kind, texts)


def guess(series: pd.Series[Any]) -> str:
    """Return numeric, date or categorical: what nearly all known cells can be read as."""
    if pd.api.types.is_datetime64_any_dtype(series):
        return "date"
    if pd.api.types.is_bool_dtype(series) or pd.api.types.is_numeric_dtype(series):
        return "numeric"
    known = series.dropna()
    sample = known if known.size <= 5000 else known.sample(5000, random_state=0)
    if numbers(sample).notna().mean() >= MOST:
        return "numeric"
    dated = sample.astype(str).str.contains(r"\d[-/. ](?:\d|[A-Za-z]{3})|\d{4}年")
    return "date" if dated.mean() >= MOST and days(sample).notna().mean() >= MOST else "categorical"


def numbers(series: pd.Series[Any]) -> pd.Series[float]:
    """Return numbers of cells: "$60,000.00 " is 60000, "12 %" is 12, "(500)" is -500; NaN where none can be read."""
    if pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
        return series.astype("float64").replace([np.inf, -np.inf], np.nan)
    told = series.astype("string").str.replace(_DECORATION, "", regex=True)
    told = told.str.replace(r"^\((.*)\)$", r"-\1", regex=True)
    return pd.to_numeric(told, errors="coerce").astype("float64").replace([np.inf, -np.inf], np.nan)


def days(series: pd.Series[Any]) -> pd.Series[float]:
    """Return days since 1970 of dates in any usual form; numbers stay as they are. 1970-01-03 is 2.0."""
    if pd.api.types.is_numeric_dtype(series):
        return series.astype("float64")
    when = series if pd.api.types.is_datetime64_any_dtype(series) else _parsed(series)
    if getattr(when.dt, "tz", None) is not None:
        when = when.dt.tz_convert("UTC").dt.tz_localize(None)
    return (when - EPOCH) / pd.Timedelta(days=1)


def _parsed(series: pd.Series[Any]) -> pd.Series[Any]:
    """Return dates; a two-digit year beyond 2050 is of the century before. The day comes first where some month could not be one."""
    told = series.astype("string").str.strip().str.replace(r"年|月", "-", regex=True).str.replace("日", "")
    first, second = (pd.to_numeric(told.str.extract(r"^(\d{1,2})[-/.](\d{1,2})[-/.]")[place], errors="coerce") for place in (0, 1))
    day_first = bool((first > MONTHS).any() and not (second > MONTHS).any())
    when = pd.to_datetime(told, errors="coerce", format="mixed", dayfirst=day_first)
    return when.where(~(when.dt.year > 2050), when - pd.DateOffset(years=100))
