"""Cleaning a delivered table by its item: typed columns, and a reason for each row that is set aside."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from greenbridge.facts.rules import cells
from greenbridge.facts.values import Field, Item, Kind, QualityRule

Reasons = NDArray[np.object_]
# What any table may carry beside its item's fields.
UPDATED_AT, RECORD_STATE, FIRM_NAME, REGISTRATION_NO, REGION = (
    "updated_at",
    "record_state",
    "firm_name",
    "registration_no",
    "firm_region_code",
)
RESERVED = (UPDATED_AT, RECORD_STATE, FIRM_NAME, REGISTRATION_NO, REGION)
_RESERVED_NAMES = {"更新时间": UPDATED_AT, "记录状态": RECORD_STATE, "单位名称": FIRM_NAME, "旧注册号": REGISTRATION_NO, "单位区划": REGION}
WITHDRAWN = frozenset({"withdrawn", "撤回", "撤销", "作废", "deleted"})


class MissingColumns(ValueError):
    """The table lacks columns that the item requires; the message names them."""


class RepeatedColumns(ValueError):
    """Two columns of the table mean the same; the message names them."""


def conform(frame: pd.DataFrame, item: Item, constants: Mapping[str, str], renames: Mapping[str, str]) -> pd.DataFrame:
    """Return the item's columns and the reserved ones, as delivered; raises MissingColumns, RepeatedColumns.

    A table must name its firms in one way at least: by code, by name, or by an old registration number.
    """
    frame = frame.rename(columns=spellings(item, renames))
    if repeated := sorted({str(name) for name in frame.columns[frame.columns.duplicated()]}):
        raise RepeatedColumns(", ".join(repeated))
    for name, value in constants.items():
        frame[name] = value
    missing = [f.name for f in item.fields if f.required and f.name not in frame.columns]
    if "uscc" in missing and {FIRM_NAME, REGISTRATION_NO} & set(frame.columns):
        missing.remove("uscc")
    if missing:
        raise MissingColumns(", ".join(missing))
    frame = frame.reindex(columns=[*(f.name for f in item.fields), *(n for n in RESERVED if n not in {f.name for f in item.fields})])
    for name in frame.columns:
        if str(frame[name].dtype) == "object":  # a list or an object where a word should be is read as its text
            plain = [str(value) if isinstance(value, (list, dict)) else value for value in frame[name]]
            frame[name] = pd.Series(plain, index=frame.index, dtype=object)  # told, or whole numbers beside a None become floats
    return frame


def spellings(item: Item, renames: Mapping[str, str]) -> dict[str, str]:
    """Return delivered column -> field: what the delivery renames, then the spellings that the catalogue knows.

    A spelling gives way to a rename of another column to the same field.
    """
    taken = set(renames.values())
    spelled = {name: f.name for f in item.fields for name in f.names if f.name not in taken}
    reserved = {name: field for name, field in _RESERVED_NAMES.items() if field not in taken}
    return {**reserved, **spelled, **renames}


def clean(frame: pd.DataFrame, item: Item, today: date, scales: Mapping[str, float] | None = None) -> tuple[pd.DataFrame, Reasons]:
    """Return (typed columns, reason per row or None): amounts in fen (other currencies in hundredths), dates as datetime64.

    The first reason found in the order of the item's fields is kept. A date after `today` is refused except where the field may
    lie ahead. `scales` says what bare numbers of a column count in (10,000 for 万元). The firm's code is not looked at here.
    """
    reasons: Reasons = np.full(len(frame), None, dtype=object)
    typed: dict[str, pd.Series] = {}

    def refuse(bad: pd.Series, reason: str) -> None:
        reasons[bad.to_numpy(dtype=bool) & (reasons == None)] = reason  # noqa: E711  elementwise

    for field in item.fields:
        if field.name == "uscc":
            continue
        raw = frame[field.name]
        given = cells.has_day(raw) if field.kind is Kind.DATE else cells.clean_text(raw).notna()
        value, bad = _read(field, raw, given, today, (scales or {}).get(field.name, 1.0), typed)
        if field.required:
            refuse(~given, "missing_field")
        for reason, rows in bad.items():
            refuse(rows, reason)
        if field.required and field.kind is Kind.DATE:
            refuse(value.isna(), "missing_field")  # a day that stands for none
        if field.minimum is not None:
            refuse(raw_units(field, value) < field.minimum, "under_minimum")
        if field.maximum is not None:
            refuse(raw_units(field, value) > field.maximum, "over_maximum")
        typed[field.name] = value
    result = pd.DataFrame(typed, index=frame.index)
    for rule in item.rules:
        refuse(_broken(rule, result), rule.reason)
    return result, reasons


def raw_units(field: Field, value: pd.Series) -> pd.Series:
    """Return a cleaned column in the units of its limits: yuan for fen."""
    return value / 100 if field.kind is Kind.YUAN else value


def _read(
    field: Field, raw: pd.Series, given: pd.Series, today: date, scale: float, typed: dict[str, pd.Series]
) -> tuple[pd.Series, dict[str, pd.Series]]:
    """Return (value, reason -> bad rows) of one column; a foreign amount puts its currency beside it into `typed`."""
    if field.kind is Kind.DATE:
        value = cells.clean_dates(raw)
        if field.name == "month":  # 2025-01-31 is January as 2025-01 is
            value = value.dt.to_period("M").dt.to_timestamp().astype("datetime64[s]")
        value = value.mask(value < pd.Timestamp(cells.EARLIEST))
        unreadable = given & value.isna()
        far = value >= pd.Timestamp(cells.WITHOUT_END)
        value = value.mask(cells.stands_for_none(value))
        late = value > pd.Timestamp(today)
        return (value.mask(far), {"bad_date": unreadable}) if field.ahead else (value, {"bad_date": unreadable, "later_than_today": late})
    if field.kind is Kind.NUMBER:
        value = cells.clean_numbers(raw)
        value = value.mask(value.abs() > cells.MAX_NUMBER)
        return value, {"bad_number": given & value.isna()}
    if field.kind is Kind.YUAN:
        value, currency = cells.clean_amounts(raw, scale)
        value = cells.to_fen(value.mask(value.abs() > cells.MAX_YUAN))
        bad = {"bad_number": given & value.isna()}
        if field.foreign:
            typed[f"{field.name}_currency"] = currency.mask(value.isna())
        else:
            bad["foreign_currency"] = value.notna() & (currency != "CNY")
        return value, bad
    text = cells.clean_text(raw)
    nul = {"bad_text": text.str.contains("\x00", regex=False).fillna(False)}
    if field.kind is Kind.TEXT:
        return text, nul
    spelled = {cells_name: value for value, names in field.choices.items() for cells_name in (value, *names)}
    chosen = cells.plain(text).map(spelled).astype("string")
    return chosen, {**nul, "bad_choice": text.notna() & chosen.isna()}


def _broken(rule: QualityRule, typed: pd.DataFrame) -> pd.Series:
    if rule.kind == "order":
        return typed[rule.earlier] > typed[rule.later]
    total = typed[list(rule.parts)].sum(axis=1, skipna=False)
    return (total - typed[rule.total]).abs() > rule.tolerance


def withdrawn(frame: pd.DataFrame) -> pd.Series:
    """Return which rows take an earlier statement back."""
    return cells.clean_text(frame[RECORD_STATE]).isin(WITHDRAWN)


def filled(frame: pd.DataFrame, item: Item) -> int:
    """Return how many cells of the item's fields hold something that is no placeholder."""
    return int(sum(cells.clean_text(frame[field.name]).notna().sum() for field in item.fields))
