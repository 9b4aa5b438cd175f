"""Every dirty form of dates, amounts and placeholders, with its reading."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbridge.facts.rules import cells


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2018-05-03", date(2018, 5, 3)),
        ("2018/5/3", date(2018, 5, 3)),
        ("2018.5.3", date(2018, 5, 3)),
        ("20180503", date(2018, 5, 3)),
        ("20180503130640", date(2018, 5, 3)),
        ("2018年5月3日", date(2018, 5, 3)),
        ("２０１８年５月３日", date(2018, 5, 3)),
        ("二〇一七年十月二十三日", date(2017, 10, 23)),
        ("二○一五年六月十五日", date(2015, 6, 15)),
        ("二零一六年十二月三十一日", date(2016, 12, 31)),
        ("二〇一五年五月十日", date(2015, 5, 10)),
        ("1530028800000", date(2018, 6, 27)),
        ("1530028800000.0", date(2018, 6, 27)),
        (1530028800000, date(2018, 6, 27)),
        (1530028800000.0, date(2018, 6, 27)),
        (20180503130640, date(2018, 5, 3)),
        ("2018-05", date(2018, 5, 1)),
        ("2018-05-02T17:00:00Z", date(2018, 5, 3)),
        ("2018-05-03T13:06:40+08:00", date(2018, 5, 3)),
    ],
)
def test_dates(cell, day):
    assert cells.clean_dates(pd.Series([cell]))[0].date() == day


@pytest.mark.parametrize("cell", ["二〇一五年××月××日", "2020-13-45", "昨天", "二〇一六年五月无", "99", "2018-02-30"])
def test_what_is_no_date_is_missing(cell):
    assert cells.clean_dates(pd.Series([cell])).isna()[0]


def test_days_that_stand_for_none():
    days = cells.clean_dates(pd.Series(["19000101000000", "1970-01-01", "2018-05-03"]))
    assert cells.stands_for_none(days).tolist() == [True, True, False]


@given(st.dates(min_value=date(1950, 1, 1), max_value=date(2099, 12, 31)))
def test_a_day_reads_the_same_in_every_form(day):
    digits = "〇一二三四五六七八九"

    def numeral(n: int) -> str:
        tens, ones = divmod(n, 10)
        return ("" if tens == 0 else "十" if tens == 1 else digits[tens] + "十") + (digits[ones] if ones else "")

    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() - 8 * 3600
    forms = [
        day.isoformat(),
        day.strftime("%Y%m%d"),
        day.strftime("%Y%m%d") + "235959",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}/{day.month}/{day.day}",
        "".join(digits[int(c)] for c in str(day.year)) + f"年{numeral(day.month)}月{numeral(day.day)}日",
    ]
    if abs(midnight) > 10**8:  # a shorter number of milliseconds could be anything
        forms.append(str(int(midnight * 1000)))
    assert [d.date() for d in cells.clean_dates(pd.Series(forms))] == [day] * len(forms)


@pytest.mark.parametrize(
    ("cell", "amount", "currency"),
    [
        ("12000", 12_000, "CNY"),
        ("12,000.50", 12_000.5, "CNY"),
        ("１２，０００", 12_000, "CNY"),
        ("48,151.71", 48_151.71, "CNY"),
        ("1.2万元", 12_000, "CNY"),
        ("150(万元人民币)", 1_500_000, "CNY"),
        ("20万人民币", 200_000, "CNY"),
        ("500（万元）", 5_000_000, "CNY"),
        ("3000万元(人民币)", 30_000_000, "CNY"),
        ("3000(万元(人民币))", 30_000_000, "CNY"),
        ("2亿元", 200_000_000, "CNY"),
        ("50(万美元)", 500_000, "USD"),
        ("100万香港元", 1_000_000, "HKD"),
        ("30(万日元)", 300_000, "JPY"),
        ("10(万法国法郎)", 100_000, "FRF"),
        ("1000元", 1000, "CNY"),
        ("-35.5", -35.5, "CNY"),
        (12.5, 12.5, "CNY"),
    ],
)
def test_amounts_with_their_unit_and_currency(cell, amount, currency):
    amounts, currencies = cells.clean_amounts(pd.Series([cell]))
    assert amounts[0] == pytest.approx(amount)
    assert currencies[0] == currency


@pytest.mark.parametrize("cell", ["——", "无", "约三百万", "12万桶", "field049", "", None, "inf", "1e999"])
def test_what_is_no_amount_is_missing(cell):
    assert cells.clean_amounts(pd.Series([cell], dtype=object))[0].isna()[0]


def test_a_column_in_wan_counts_bare_numbers_alone():
    amounts, _ = cells.clean_amounts(pd.Series(["300", "20万元"]), 10_000)
    assert amounts.tolist() == [3_000_000, 200_000]


def test_placeholders_are_missing_and_names_are_kept():
    given = ["无", " ", "null", "——", "field049", "field", "无锡某公司", "暂无"]
    assert cells.clean_text(pd.Series(given)).isna().tolist() == [True, True, True, True, True, False, False, True]


def test_a_day_of_zeros_is_none_and_a_number_of_zeros_is_a_number():
    assert cells.has_day(pd.Series(["0000-00-00", "00000000", "0000-00-00 00:00:00", "2018-05-03"])).tolist() == [False, False, False, True]
    assert cells.clean_text(pd.Series(["00000000"]))[0] == "00000000"
