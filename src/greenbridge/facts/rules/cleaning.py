"""Cleaning a delivered table, column by column, with a reason for each row that is set aside."""

import re
from collections.abc import Callable, Mapping
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from greenbridge.facts.values import Field, Item, Kind
from greenbridge.kit.calendar import SHANGHAI

Reasons = NDArray[np.object_]
PLACEHOLDERS = frozenset({"", "-", "--", "—", "/", "无", "nan", "NaN", "None", "null", "NULL", "暂无"})
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{6})?$")
_DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y-%m-%d %H:%M:%S", "%Y-%m")


MAX_YUAN = 1e12  # more is no firm's amount, and sums of it would not fit 64 bits of fen
MAX_NUMBER = 1e15


class MissingColumns(ValueError):
    """The table lacks columns that the item requires; the message names them."""


class RepeatedColumns(ValueError):
    """Two columns of the table mean the same; the message names them."""


def conform(frame: pd.DataFrame, item: Item, constants: Mapping[str, str], renames: Mapping[str, str]) -> pd.DataFrame:
    """Return the item's columns, in its order, as delivered; raises MissingColumns."""
    spelled = {name: f.name for f in item.fields for name in f.names}
    frame = frame.rename(columns={**spelled, **renames})
    if repeated := sorted({str(name) for name in frame.columns[frame.columns.duplicated()]}):
        raise RepeatedColumns(", ".join(repeated))
    for name, value in constants.items():
        frame[name] = value
    missing = [f.name for f in item.fields if f.required and f.name not in frame.columns]
    if missing:
        raise MissingColumns(", ".join(missing))
    frame = frame.reindex(columns=[f.name for f in item.fields])
    for field in item.fields:
        if str(frame[field.name].dtype) == "object":  # a list or an object where a word should be is read as its text
            frame[field.name] = frame[field.name].map(lambda value: str(value) if isinstance(value, (list, dict)) else value)
    return frame


def clean_text(column: pd.Series) -> pd.Series:
    """Return trimmed text; placeholders such as 无 become missing."""
    text = column.astype("string").str.strip()
    return text.mask(text.isin(PLACEHOLDERS))


def clean_dates(column: pd.Series) -> pd.Series:
    """Return datetime64[s]; unreadable becomes NaT. Reads dates, `2018-05-03`, `2018/5/3`, `20180503`, `2018年5月3日`, `2018-05`."""
    if pd.api.types.is_datetime64_any_dtype(column):
        local = column.dt.tz_convert(SHANGHAI).dt.tz_localize(None) if column.dt.tz is not None else column
        return local.astype("datetime64[s]").dt.normalize()
    unique = pd.Series(column.unique())
    text = clean_text(unique).str.replace(_COMPACT_DATE, r"\1-\2-\3", regex=True)
    read = pd.Series(pd.NaT, index=unique.index, dtype="datetime64[s]")
    for form in _DATE_FORMATS:
        read = read.fillna(pd.to_datetime(text, format=form, errors="coerce").astype("datetime64[s]"))
    return column.map(dict(zip(unique, read, strict=True))).astype("datetime64[s]").dt.normalize()


def clean_numbers(column: pd.Series) -> pd.Series:
    """Return float64; thousands separators are dropped, unreadable and infinite become NaN."""
    if not pd.api.types.is_numeric_dtype(column):
        column = pd.to_numeric(clean_text(column).str.replace(r"[,，]", "", regex=True), errors="coerce")
    return column.astype("float64").replace([np.inf, -np.inf], np.nan)


def to_fen(yuan: pd.Series) -> pd.Series:
    """Return whole fen for yuan; 0.285 yuan rounds to 29 fen (half away from zero), missing stays missing."""
    fen = (yuan * 100).round(6)  # 0.285 * 100 is 28.499999999999996 in binary
    return pd.Series(np.where(fen < 0, -np.floor(-fen + 0.5), np.floor(fen + 0.5)), index=yuan.index)


_READERS: dict[Kind, tuple[Callable[[pd.Series], pd.Series], str]] = {
    Kind.TEXT: (clean_text, "missing_field"),
    Kind.CHOICE: (clean_text, "bad_choice"),
    Kind.DATE: (clean_dates, "bad_date"),
    Kind.NUMBER: (clean_numbers, "bad_number"),
    Kind.YUAN: (clean_numbers, "bad_number"),
}


def clean(frame: pd.DataFrame, item: Item, is_code: Callable[[str], bool], today: date) -> tuple[pd.DataFrame, Reasons]:
    """Return (typed columns, reason per row or None): amounts in fen, dates as datetime64.

    The first reason found in the order of the item's fields is kept. A date after `today` is refused except for the end
    of validity, which may lie ahead.
    """
    reasons: Reasons = np.full(len(frame), None, dtype=object)
    typed: dict[str, pd.Series] = {}

    def refuse(bad: pd.Series, reason: str) -> None:
        reasons[bad.to_numpy(dtype=bool) & (reasons == None)] = reason  # noqa: E711  elementwise

    for field in item.fields:
        raw = frame[field.name]
        read, reason = _READERS[field.kind]
        value = read(raw)
        if field.kind in {Kind.YUAN, Kind.NUMBER}:
            value = value.mask(value.abs() > (MAX_YUAN if field.kind is Kind.YUAN else MAX_NUMBER))
        if field.name == "uscc":
            value = value.str.upper().str.replace(r"[\s-]", "", regex=True)  # as the code's own standard writes it
        if field.kind in {Kind.TEXT, Kind.CHOICE}:
            refuse(value.str.contains("\x00", regex=False).fillna(False), "bad_text")
        given = clean_text(raw).notna() if field.kind is not Kind.TEXT else value.notna()
        if field.required:
            refuse(~given, "missing_field")
        refuse(given & value.isna(), reason)
        _check(field, item, value, today, refuse)
        typed[field.name] = to_fen(value) if field.kind is Kind.YUAN else value
    codes = typed["uscc"]
    good = {code for code in codes.dropna().unique() if is_code(str(code))}
    refuse(~codes.isin(good), "bad_code")
    return pd.DataFrame(typed), reasons


def _check(field: Field, item: Item, value: pd.Series, today: date, refuse: Callable[[pd.Series, str], None]) -> None:
    if field.kind is Kind.CHOICE:
        refuse(value.notna() & ~value.isin(field.choices), "bad_choice")
    if field.kind is Kind.DATE and field.name != item.valid_to:
        refuse(value > pd.Timestamp(today), "later_than_today")
    if field.minimum is not None:
        refuse(value < field.minimum, "under_minimum")


def refuse_repeats(typed: pd.DataFrame, item: Item, reasons: Reasons) -> None:
    """Mark, in place, each accepted row that equals an earlier accepted one in the item's key (and the firm)."""
    good = reasons == None  # noqa: E711  elementwise
    repeated = typed.loc[good].duplicated(subset=["uscc", *item.key]).to_numpy()
    reasons[np.flatnonzero(good)[repeated]] = "duplicate_row"


def refuse_wrong_gross(typed: pd.DataFrame, reasons: Reasons) -> None:
    """Mark, in place, each accepted invoice whose net plus tax differs from gross by more than 1 fen (rounding)."""
    difference = (typed["amount_net"] + typed["tax"] - typed["amount_gross"]).abs().to_numpy()
    reasons[(reasons == None) & (difference > 1)] = "gross_mismatch"  # noqa: E711  elementwise
