from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbridge.facts.gateway import catalogue
from greenbridge.facts.rules import cells, cleaning, items
from tests.builders import an_invoice

TODAY = date(2026, 3, 10)


@pytest.mark.parametrize("text", ["2018-05-03", "2018/5/3", "20180503", "20180503130640", "2018年5月3日", "2018-05-03 13:06:40"])
def test_dates_in_every_common_form(text: str):
    assert cells.clean_dates(pd.Series([text]))[0].date() == date(2018, 5, 3)


def test_unreadable_dates_become_missing_and_dates_pass():
    read = cells.clean_dates(pd.Series(["2020-13-45", "无", None, "昨天"]))
    assert read.isna().all()
    assert cells.clean_dates(pd.Series([pd.Timestamp(2020, 1, 2)]))[0] == pd.Timestamp(2020, 1, 2)


@given(st.integers(-(10**11), 10**11))
def test_yuan_with_two_decimals_is_exact_in_fen(fen: int):
    assert cells.to_fen(pd.Series([fen / 100]))[0] == fen


def test_placeholders_are_missing():
    assert cells.clean_text(pd.Series(["无", " ", "null", "—", "有"])).isna().tolist() == [True, True, True, True, False]


def reasons_of(*rows):
    item = catalogue().items[items.VAT_INVOICES]
    frame = cleaning.conform(pd.DataFrame(rows), item, {}, {})
    _, reasons = cleaning.clean(frame, item, TODAY)
    return list(reasons)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"amount_gross": "113.01"}, None),  # one fen of rounding
        ({"amount_gross": "113.02"}, "gross_mismatch"),
        ({"invoice_no": " "}, "missing_field"),
        ({"issue_date": "2026-02-30"}, "bad_date"),
        ({"issue_date": "2026-03-11"}, "later_than_today"),
        ({"amount_net": "一百"}, "bad_number"),
        ({"amount_net": "inf"}, "bad_number"),
        ({"direction": "sideways"}, "bad_choice"),
        ({"status": ""}, "missing_field"),
    ],
)
def test_each_bad_row_has_its_reason(change, reason):
    assert reasons_of(an_invoice(**change)) == [reason]


def test_missing_columns_are_named():
    row = an_invoice()
    del row["tax"], row["status"]
    with pytest.raises(cleaning.MissingColumns, match="tax, status"):
        cleaning.conform(pd.DataFrame([row]), catalogue().items[items.VAT_INVOICES], {}, {})


dirt = st.sampled_from(["无", "", "x", "2026-01-15", "-3", "113.00", "valid", "9e99", None])


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(an_invoice(), dirt)), min_size=1, max_size=8))
def test_whatever_comes_each_row_is_accepted_or_has_a_known_reason(changes):
    reasons = reasons_of(*[an_invoice(**change) for change in changes])
    assert len(reasons) == len(changes)
    assert set(reasons) - {None} <= set(items.REASONS)


def test_series_are_nan_before_the_first_invoice_and_zero_in_silence():
    from greenbridge.facts.rules.series import lay_out

    amounts = (100.0,) * 9
    rows = [
        ("a", "output", date(2025, 12, 1), amounts),
        ("a", "output", date(2026, 2, 1), amounts),
        ("a", "output", date(2026, 3, 1), amounts),
    ]
    series = lay_out(["a", "b"], date(2026, 2, 1), rows, [("a", "output", 2025, (0.5, 0.9, 3.0, None))], 2025)
    net = series.monthly["sales_net"]
    assert net.shape == (2, 36)
    assert net[0, -3:].tolist() == [100.0, 0.0, 100.0]
    assert np.isnan(net[0, :-3]).all()
    assert np.isnan(net[1]).all()
    assert series.monthly["purchase_net"][0, -1] == 0
    assert series.yearly["customer_top1_share"][0].tolist()[-1] == 0.5
