"""Cleaned rows as versions of facts, and what was true on a day as known at an instant."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd

from greenbridge.facts.values import Fact, Item, Kind, Shape


def versions(typed: pd.DataFrame, item: Item, stated_on: pd.Series) -> pd.DataFrame:
    """Return (key, state_from, valid_from, valid_to, values as JSON text, digest) of each cleaned row.

    `stated_on` is the business day on which each row was stated: since when an undated row holds. `state_from` tells the states of
    one key apart; it is missing for records. The digest is of the content, without the day of its statement, so that equal
    statements are recognised. An undated state that is stated again unchanged begins when it was stated first.
    """
    values = _values(typed, item)
    since = pd.Series(pd.NaT, index=typed.index, dtype="datetime64[s]")
    for name in item.valid_from:
        since = since.fillna(typed[name])
    until = typed[item.valid_to] if item.valid_to else pd.Series(pd.NaT, index=typed.index, dtype="datetime64[s]")
    texts = [json.dumps(v, ensure_ascii=False, sort_keys=True) for v in values]
    own = since.dt.strftime("%Y-%m-%d").astype(object).where(since.notna(), None).tolist()
    since = since.fillna(stated_on)
    days = since.dt.strftime("%Y-%m-%d").tolist()
    ends = until.dt.strftime("%Y-%m-%d").astype(object).where(until.notna(), None).tolist()
    return pd.DataFrame(
        {
            "key": [key_of(v, item) for v in values],
            "state_from": days if item.shape is Shape.STATE else None,
            "valid_from": days,
            "valid_to": ends,
            "values": texts,
            "digest": [_digest(*parts) for parts in zip(own, ends, texts, strict=True)],
        },
        index=typed.index,
    )


def _digest(valid_from: str | None, valid_to: str | None, values: str) -> str:
    return hashlib.md5(f"{valid_from}|{valid_to}|{values}".encode(), usedforsecurity=False).hexdigest()


def key_of(values: Mapping[str, Any], item: Item) -> str:
    """Return a record's key beside its firm: its key fields, or where all are empty the item's `key_else`."""

    def parts(names: Sequence[str]) -> list[Any]:
        return [values.get(name, values.get(f"{name}_fen")) for name in names]

    found = parts(item.key)
    if item.key_else and all(part is None for part in found):
        found = parts(item.key_else)
    return "|".join("" if part is None else str(part) for part in found)


def _values(typed: pd.DataFrame, item: Item) -> list[dict[str, Any]]:
    """Return values as JSON holds them: amounts as whole fen under `<name>_fen`, dates as ISO text, whole numbers whole."""
    columns: dict[str, pd.Series] = {}
    for field in item.fields:
        if field.name == "uscc":
            continue
        column = typed[field.name]
        if field.kind is Kind.YUAN and field.foreign:
            currency = typed[f"{field.name}_currency"]
            columns[f"{field.name}_fen"] = column.where(currency == "CNY").astype("Int64").astype(object)
            columns[f"{field.name}_foreign"] = column.where(currency != "CNY").astype("Int64").astype(object)
            columns[f"{field.name}_currency"] = currency.where(currency != "CNY").astype(object)
        elif field.kind is Kind.YUAN:
            columns[f"{field.name}_fen"] = column.astype("Int64").astype(object)
        elif field.kind is Kind.DATE:
            columns[field.name] = column.dt.strftime("%Y-%m-%d").astype(object)
        else:
            columns[field.name] = column.astype(object)
    frame = pd.DataFrame(columns, index=typed.index).astype(object)
    return [
        {str(name): _whole(value) for name, value in row.items() if not _optional_currency(str(name), value)}
        for row in frame.where(frame.notna(), None).to_dict("records")
    ]


def _optional_currency(name: str, value: object) -> bool:
    """Return whether a value may be left out: another currency where there is none."""
    return value is None and name.endswith(("_foreign", "_currency"))


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def as_of(known: Iterable[Fact], shapes: Mapping[str, Shape], day: date, known_at: datetime) -> list[Fact]:
    """Return what was true on a day as known at an instant: the definition that the store's SQL follows.

    Of each record (each state of a key) the version stated last counts, whatever the order in which versions came; a withdrawn
    one counts as none; of the states that had begun, the one that began last.
    """
    newest: dict[tuple[Any, ...], Fact] = {}
    for fact in known:
        if fact.recorded_at <= known_at:
            state = fact.valid_from if shapes[fact.item] is Shape.STATE else None
            identity = (fact.uscc, fact.item, fact.key, state)
            if identity not in newest or _rank(fact) > _rank(newest[identity]):
                newest[identity] = fact
    true: dict[tuple[str, str, str], Fact] = {}
    for fact in newest.values():
        holds = not fact.withdrawn and fact.valid_from <= day and (fact.valid_to is None or fact.valid_to >= day)
        place = (fact.uscc, fact.item, fact.key)
        if holds and (place not in true or fact.valid_from > true[place].valid_from):
            true[place] = fact
    return sorted(true.values(), key=lambda fact: (fact.uscc, fact.item, -fact.valid_from.toordinal(), fact.key))


def _rank(fact: Fact) -> tuple[datetime, bool, str]:
    return (fact.stated_at, fact.withdrawn, fact.digest)
