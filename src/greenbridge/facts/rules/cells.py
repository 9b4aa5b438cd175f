"""Reading one column of dirty cells: texts, dates, numbers, amounts. What cannot be read becomes missing; the caller says why."""

import re
import unicodedata
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from greenbridge.kit.calendar import SHANGHAI

PLACEHOLDERS = frozenset(
    {"", "-", "--", "—", "——", "———", "/", "\\", "*", "无", "空", "nan", "NaN", "None", "none", "null", "NULL", "NaT", "<NA>", "N/A", "n/a"}
    | {"暂无", "未知", "不详", "待定", "无数据"}
)
# A column's own name where its value should be, as exports of numbered fields leave it: field049.
PLACEHOLDER_PATTERN = r"field\d{3}"
MAX_YUAN = 1e12  # more is no firm's amount, and sums of it would not fit 64 bits of fen
MAX_NUMBER = 1e15

_DIGITS = {c: str(i) for i, c in enumerate("〇一二三四五六七八九")} | {"零": "0", "○": "0", "O": "0", "Ｏ": "0", "元": "1"}
_CHINESE_DATE = re.compile(r"^([〇零○OＯ一二三四五六七八九]{4})年([元一二三四五六七八九十]{1,3})月([一二三四五六七八九十〇零○]{1,4})日$")
_COMPACT_DATE = re.compile(r"^((?:1[89]|2[01]|99)\d{2})(\d{2})(\d{2})(?:\d{6})?(?:\.0)?$")
_EPOCH_MILLISECONDS = re.compile(r"^-?\d{11,14}(?:\.0+)?$")
_DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m", "%Y年%m月", "%Y/%m")
# What databases write for no day at all.
_ZERO_DAY = r"0{4}[-/.]?0{2}[-/.]?0{2}(?:[T ]?0{2}:?0{2}:?0{2})?"
# Days that stand for "none" in exports of databases without empty dates.
NO_DAYS = (date(1900, 1, 1), date(1899, 12, 30), date(1970, 1, 1))
# No department's record is older; a day before is a slip of the pen.
EARLIEST = date(1900, 1, 1)
# From here on a day means "without end": 9999-12-31, and the year 4036 of milliseconds that were counted wrong.
WITHOUT_END = date(2100, 1, 1)

_CURRENCIES = {
    "人民币": "CNY", "美元": "USD", "港元": "HKD", "港币": "HKD", "香港元": "HKD", "日元": "JPY", "欧元": "EUR", "英镑": "GBP",
    "澳大利亚元": "AUD", "澳元": "AUD", "新加坡元": "SGD", "加拿大元": "CAD", "加元": "CAD", "瑞士法郎": "CHF", "法国法郎": "FRF",
    "德国马克": "DEM", "韩元": "KRW", "新台币": "TWD", "台币": "TWD",
}  # fmt: skip
_AMOUNT = re.compile(
    r"^(?P<number>[+-]?(?:\d[\d,]*)(?:\.\d+)?(?:[eE][+-]?\d+)?)\(?(?P<scale>百万|千万|亿|万)?(?P<rest>[^\d()]*)[()]?(?P<after>[^\d()]*)\)*$"
)
_SCALES = {"": 1.0, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8}
_YUAN_WORDS = re.compile(r"[元圆整正()\s]")


def is_placeholder(text: pd.Series) -> pd.Series:
    """Return which trimmed texts stand for nothing."""
    return text.isin(PLACEHOLDERS) | text.str.fullmatch(PLACEHOLDER_PATTERN).fillna(False)


def clean_text(column: pd.Series) -> pd.Series:
    """Return trimmed text; placeholders such as 无 or field049 become missing."""
    text = column.astype("string").str.strip()
    return text.mask(is_placeholder(text))


def plain(text: pd.Series) -> pd.Series:
    """Return text in half-width characters without inner blanks: `１２ ，０００` is `12,000`."""
    return text.str.normalize("NFKC").str.replace(r"\s+", "", regex=True)


def has_day(column: pd.Series) -> pd.Series:
    """Return which cells hold something that is neither a placeholder nor a day of zeros."""
    text = clean_text(column)
    return text.notna() & ~text.str.fullmatch(_ZERO_DAY).fillna(False)


def clean_dates(column: pd.Series) -> pd.Series:
    """Return datetime64[s], midnight in Shanghai; unreadable becomes NaT.

    Reads dates, `2018-05-03`, `2018/5/3`, `2018.5.3`, `20180503`, `20180503130640`, `2018年5月3日`, `二〇一八年五月三日`, `2018-05`,
    ISO instants, and milliseconds since 1970: 1530028800000 is 2018-06-27 (midnight in Shanghai is the evening before in UTC).
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        local = column.dt.tz_convert(SHANGHAI).dt.tz_localize(None) if column.dt.tz is not None else column
        return local.astype("datetime64[s]").dt.normalize()
    if pd.api.types.is_numeric_dtype(column):
        # Whole numbers, written without exponent: 20180503, 1530028800000.
        column = column.astype("float64").map(lambda n: None if np.isnan(n) or np.isinf(n) else f"{n:.0f}")
    unique = pd.Series(column.unique())
    spelled = clean_text(unique).str.normalize("NFKC")
    text = spelled.map(_chinese_date, na_action="ignore").astype("string")
    milliseconds = text.str.fullmatch(_EPOCH_MILLISECONDS).fillna(False) & ~text.str.fullmatch(_COMPACT_DATE).fillna(False)
    text = text.str.replace(_COMPACT_DATE, r"\1-\2-\3", regex=True)
    read = pd.Series(pd.NaT, index=unique.index, dtype="datetime64[s]")
    for form in _DATE_FORMATS:
        read = read.fillna(pd.to_datetime(text, format=form, errors="coerce").astype("datetime64[s]"))
    left = read.isna() & text.notna()
    if milliseconds.any():
        instants = pd.to_datetime(pd.to_numeric(text[milliseconds]), unit="ms", utc=True, errors="coerce")
        read[milliseconds] = instants.dt.tz_convert(SHANGHAI).dt.tz_localize(None).astype("datetime64[s]")
    if (rest := left & ~milliseconds & text.str.contains("T", regex=False).fillna(False)).any():
        instants = pd.to_datetime(text[rest], format="ISO8601", errors="coerce", utc=True)
        read[rest] = instants.dt.tz_convert(SHANGHAI).dt.tz_localize(None).astype("datetime64[s]")
    return column.map(dict(zip(unique, read, strict=True))).astype("datetime64[s]").dt.normalize()


def clean_instants(column: pd.Series) -> pd.Series:
    """Return aware UTC instants; a cell without a time of day is midnight in Shanghai, one without an offset is of Shanghai."""
    unique = column.dropna().astype("string").unique()
    read = {cell: _instant(str(cell)) for cell in unique}
    days = clean_dates(column)
    days = days.mask((days < pd.Timestamp(EARLIEST)) | stands_for_none(days) | (days >= pd.Timestamp(WITHOUT_END)))
    instants = column.astype("string").map(read)
    midnights = days.dt.tz_localize(SHANGHAI).dt.tz_convert("UTC")
    return pd.to_datetime(instants, utc=True).astype("datetime64[us, UTC]").fillna(midnights.astype("datetime64[us, UTC]"))


def _instant(text: str) -> datetime | None:
    """Return an ISO instant in UTC; None for anything else (days, milliseconds)."""
    if not re.search(r"^\s*(19|20)\d{2}-\d{2}-\d{2}[T ]\d{2}:\d{2}", text):
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def stands_for_none(days: pd.Series) -> pd.Series:
    """Return which days are written where there is none: 1900-01-01, 1970-01-01."""
    return days.isin([pd.Timestamp(day) for day in NO_DAYS])


def _chinese_date(text: str) -> str:
    """Return a date in Chinese numerals as `2017-10-23`; other texts as they are. `二〇一七年十月二十三日` is `2017-10-23`."""
    found = _CHINESE_DATE.match(text)
    if not found:
        return text
    year = "".join(_DIGITS[c] for c in found[1])
    return f"{year}-{_small_number(found[2]):02d}-{_small_number(found[3]):02d}"


def _small_number(text: str) -> int:
    """Return a Chinese numeral up to 99: 十 is 10, 二十三 is 23, 三〇 is 30."""
    tens, ten, ones = text.partition("十")
    if not ten:
        return int("".join(_DIGITS[c] for c in text))
    return (int(_DIGITS[tens]) if tens else 1) * 10 + (int(_DIGITS[ones]) if ones in _DIGITS else 0)


def clean_numbers(column: pd.Series) -> pd.Series:
    """Return float64; thousands separators, full width and a percent sign's blank are read, the rest and infinite become NaN."""
    if not pd.api.types.is_numeric_dtype(column):
        text = plain(clean_text(column)).str.replace(",", "", regex=False).str.removesuffix("%")
        column = pd.to_numeric(text, errors="coerce")
    return column.astype("float64").replace([np.inf, -np.inf], np.nan)


def clean_amounts(column: pd.Series, scale: float = 1.0) -> tuple[pd.Series, pd.Series]:
    """Return (amount in whole units of its currency, currency code); what cannot be read is NaN.

    `scale` is what a bare number counts in: 10,000 for a column in 万元. A cell's own unit comes first: `150(万元人民币)` is
    1,500,000 CNY, `50万美元` 500,000 USD, `１２，０００` 12,000 CNY.
    """
    if pd.api.types.is_numeric_dtype(column):
        return clean_numbers(column) * scale, pd.Series("CNY", index=column.index, dtype="string")
    text = plain(clean_text(column))
    bare = pd.to_numeric(text.str.replace(",", "", regex=False), errors="coerce")
    amounts = (bare * scale).astype("float64").replace([np.inf, -np.inf], np.nan)
    currencies = pd.Series("CNY", index=column.index, dtype="string")
    rest = bare.isna() & text.notna()
    if rest.any():
        read = {cell: _amount(cell) for cell in text[rest].unique()}
        amounts[rest] = text[rest].map(lambda cell: read[cell][0]).astype("float64")
        currencies[rest] = text[rest].map(lambda cell: read[cell][1])
    return amounts, currencies


def _amount(cell: str) -> tuple[float, str]:
    found = _AMOUNT.match(unicodedata.normalize("NFKC", cell))
    if not found:
        return np.nan, "CNY"
    currency = _currency(found["rest"] + found["after"])
    if currency is None:
        return np.nan, "CNY"
    return float(found["number"].replace(",", "")) * _SCALES[found["scale"] or ""], currency


def _currency(words: str) -> str | None:
    """Return the currency that the words after a number name; yuan where they name none, None where they are something else."""
    for word in sorted(_CURRENCIES, key=len, reverse=True):
        if word in words:
            return _CURRENCIES[word]
    return "CNY" if not _YUAN_WORDS.sub("", words) else None


def to_fen(yuan: pd.Series) -> pd.Series:
    """Return whole fen for yuan; 0.285 yuan rounds to 29 fen (half away from zero), missing stays missing."""
    fen = (yuan * 100).round(6)  # 0.285 * 100 is 28.499999999999996 in binary
    return pd.Series(np.where(fen < 0, -np.floor(-fen + 0.5), np.floor(fen + 0.5)), index=yuan.index)
