"""Tables as files: what a spreadsheet reads back."""

import io
from datetime import date

import pandas as pd

from greenbridge.kit import sheets
from greenbridge.kit.money import Fen

HEAD, ROWS = ("期次", "日期", "金额（元）", "说明"), [[1, date(2026, 3, 10), Fen(123_456), "=1+1"], [2, None, Fen(-5), "绿"]]


def test_csv_shows_yuan_and_runs_no_formula():
    text = sheets.as_csv(HEAD, ROWS).decode("utf-8-sig")
    assert text.splitlines() == ["期次,日期,金额（元）,说明", "1,2026-03-10,1234.56,'=1+1", "2,,-0.05,绿"]


def test_xlsx_has_numbers_days_and_words():
    read = pd.read_excel(io.BytesIO(sheets.as_xlsx(HEAD, ROWS)), engine="calamine")
    assert list(read.columns) == list(HEAD)
    assert read["金额（元）"].tolist() == [1234.56, -0.05]
    assert read["日期"][0].date() == date(2026, 3, 10)
    assert read["说明"].tolist() == ["=1+1", "绿"]
