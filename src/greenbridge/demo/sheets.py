"""How a department writes what it knows: headers, spellings, placeholders, bad rows, and the form of its file."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import pandas as pd

from greenbridge.demo.firms import World
from greenbridge.facts.values import Delivery
from greenbridge.kit.calendar import SHANGHAI

Row = dict[str, Any]
Style = Callable[[Any, int], object]  # (value, number of the row) -> what is written
BAD_CODE = "91330500GEN000000A"
_DIGITS = "〇一二三四五六七八九"
_FULL_WIDTH = str.maketrans("0123456789,.", "０１２３４５６７８９，．")


def iso(value: date, _: int = 0) -> str:
    """Return 2018-05-03."""
    return value.isoformat()


def compact(value: date, _: int = 0) -> str:
    """Return 20180503."""
    return f"{value:%Y%m%d}"


def stamp(value: date, _: int = 0) -> str:
    """Return 20180503130640."""
    return f"{value:%Y%m%d}130640"


def slashes(value: date, _: int = 0) -> str:
    """Return 2018/5/3."""
    return f"{value.year}/{value.month}/{value.day}"


def chinese(value: date, _: int = 0) -> str:
    """Return 2018年5月3日."""
    return f"{value.year}年{value.month}月{value.day}日"


def numerals(value: date, _: int = 0) -> str:
    """Return 二〇一七年十月二十三日."""
    year = "".join(_DIGITS[int(digit)] for digit in str(value.year))
    return f"{year}年{_counted(value.month)}月{_counted(value.day)}日"


def _counted(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "") + (_DIGITS[ones] if ones else "")


def epoch(value: date, _: int = 0) -> int:
    """Return the milliseconds since 1970 at midnight in Shanghai."""
    return round(datetime.combine(value, time(), SHANGHAI).timestamp() * 1000)


def month(value: date, _: int = 0) -> str:
    """Return 2018-05."""
    return f"{value:%Y-%m}"


def morning(value: date, _: int = 0) -> str:
    """Return 2018-05-03 09:30:00."""
    return f"{value.isoformat()} 09:30:00"


def wan(value: float, _: int = 0) -> str:
    """Return 12万元 for 120,000 yuan."""
    return f"{value / 10_000:.6f}".rstrip("0").rstrip(".") + "万元"


def grouped(value: float, _: int = 0) -> str:
    """Return 12,000."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def full_width(value: float, _: int = 0) -> str:
    """Return １２，０００."""
    return grouped(value).translate(_FULL_WIDTH)


def plain(value: float, _: int = 0) -> str:
    """Return 12000.00."""
    return f"{value:.2f}"


def turns(*styles: Style) -> Style:
    """Return a style that takes the given ones in turn, row by row: a column that several clerks have written."""
    return lambda value, number: styles[number % len(styles)](value, number)


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that is meant to be refused: a good one with some cells as a careless clerk writes them. Without cells, a repetition."""

    reason: str
    cells: Mapping[str, object] = field(default_factory=dict)


WRONG_CODE = Bad("bad_code", {"uscc": BAD_CODE})
REPEATED = Bad("duplicate_row")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One item as its department delivers it. The ending of `file` says its form; headers, styles and blanks go by field name."""

    item: str
    file: str
    rows: Callable[[World], list[Row]]
    headers: Mapping[str, str] = field(default_factory=dict)
    styles: Mapping[str, Style] = field(default_factory=dict)
    blanks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bad: tuple[Bad, ...] = (WRONG_CODE,)

    def delivery(self, world: World) -> Delivery:
        """Return the delivery of the first round: the good rows, then the bad ones."""
        good = [self._written(row, number) for number, row in enumerate(world.once(self.rows))]
        bad = [{**good[(17 * number + 3) % len(good)], **self._headed(one.cells)} for number, one in enumerate(self.bad)]
        return delivered(self.item, self.file, [*good, *bad], noon(world.today))

    def restated(self, rows: list[Row], file: str, stated_at: datetime) -> Delivery:
        """Return a later delivery of some rows in the same spelling."""
        return delivered(self.item, file, [self._written(row, number) for number, row in enumerate(rows)], stated_at)

    def _written(self, row: Row, number: int) -> Row:
        return self._headed({name: self._cell(name, value, number) for name, value in row.items()})

    def _cell(self, name: str, value: Any, number: int) -> object:
        if value is None:
            blanks = self.blanks.get(name)
            return blanks[number % len(blanks)] if blanks else None
        style = self.styles.get(name) or (iso if isinstance(value, date) else None)
        if style:
            return style(value, number)
        return round(value, 2) if isinstance(value, float) else value

    def _headed(self, cells: Mapping[str, object]) -> Row:
        return {self.headers.get(name, name): value for name, value in cells.items()}


def noon(day: date) -> datetime:
    """Return noon in Shanghai of that day, in UTC."""
    return datetime.combine(day, time(12), SHANGHAI).astimezone(UTC)


def delivered(item: str, file: str, rows: list[Row] | pd.DataFrame, stated_at: datetime) -> Delivery:
    """Return a delivery in the form that the file's ending names: .jsonl, .parquet, _gb18030.csv or .csv (UTF-8)."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    if file.endswith(".jsonl"):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows] if isinstance(rows, list) else []
        content = "\n".join(lines).encode()
    elif file.endswith(".parquet"):
        sink = io.BytesIO()
        frame.to_parquet(sink, index=False)
        content = sink.getvalue()
    else:
        content = frame.to_csv(index=False).encode("gb18030" if file.endswith("_gb18030.csv") else "utf-8")
    return Delivery(item, file, content, generated=True, stated_at=stated_at)
