"""What every kind of load shares: the item, the table in its columns, the count of what became of the rows."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from greenbridge.facts.gateway import catalogue
from greenbridge.facts.rules import cleaning
from greenbridge.facts.values import Delivery, Item
from greenbridge.kit.calendar import month_end
from greenbridge.kit.errors import Invalid


def item_named(code: str) -> Item:
    """Return the item; raises Invalid that lists the known ones."""
    known = catalogue().items
    if code not in known:
        listed = ", ".join(sorted(known))
        raise Invalid.at("unknown-item", "item", f"没有数据项 {code}；可用：{listed}。", f"There is no item {code}; known: {listed}.")
    return known[code]


@dataclass(slots=True)
class Tally:
    """What a delivery's rows came to, counted while they are read."""

    delivered: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    filled_cells: int = 0
    cells: int = 0
    newest_day: date | None = None
    late_rows: int | None = None

    def set_aside(self, found: list[tuple[int, str]]) -> None:
        """Count rows that were set aside."""
        self.reasons.update(reason for _, reason in found)

    def saw(self, day: date | None) -> None:
        """Note a day that an accepted row speaks of."""
        if day is not None and (self.newest_day is None or day > self.newest_day):
            self.newest_day = day


def conformed(raw: pd.DataFrame, item: Item, delivery: Delivery) -> pd.DataFrame:
    """Return the item's columns as delivered; raises Invalid for a table that lacks or repeats columns."""
    try:
        return cleaning.conform(raw, item, delivery.constants, delivery.renames)
    except cleaning.MissingColumns as missing:
        raise Invalid.at("missing-columns", "file", f"文件缺少列：{missing}。", f"The file lacks columns: {missing}.") from None
    except cleaning.RepeatedColumns as repeated:
        raise Invalid.at("repeated-columns", "file", f"文件中列重复：{repeated}。", f"Columns come twice: {repeated}.") from None


def raw_record(raw: pd.DataFrame, position: int) -> dict[str, Any]:
    """Return one delivered row with its columns' names; missing cells are None."""
    row = raw.iloc[position].astype(object)
    return {str(name): value for name, value in row.where(row.notna(), None).to_dict().items()}


def own_day(item: Item, valid_from: date) -> date:
    """Return the day that a record speaks of: the last one of a month's."""
    return month_end(valid_from) if item.valid_from == ("month",) else valid_from
