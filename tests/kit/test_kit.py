from datetime import UTC, date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbridge.kit import calendar, codes, money
from greenbridge.kit.clock import BusinessClock
from greenbridge.kit.errors import Invalid, Problem


def test_published_social_credit_code_example_takes_3():
    assert codes.valid_uscc("91350100M000100Y43") == "91350100M000100Y43"


@pytest.mark.parametrize("wrong", ["91350100M000100Y44", "91350100M000100Y4", "9135010OM000100Y43", "I1350100M000100Y43", ""])
def test_wrong_codes_are_refused_beside_their_field(wrong: str):
    with pytest.raises(Invalid) as caught:
        codes.valid_uscc(wrong)
    assert [f.field for f in caught.value.fields] == ["uscc"]


@given(st.integers(0, 99_999), st.sampled_from(["330502", "330500", "110000"]))
def test_generated_codes_are_valid_marked_and_of_their_region(number: int, region: str):
    code = codes.generated_uscc(number, region)
    assert codes.is_uscc(code)
    assert codes.is_generated_uscc(code)
    assert codes.region_of(code) == region


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=18, max_size=18), st.integers(0, 16))
def test_one_changed_character_of_a_valid_code_is_noticed(text: str, place: int):
    code = codes.generated_uscc(int.from_bytes(text.encode()[:2]) % 99_999, "330502")
    other = text[place]
    if other != code[place]:
        assert not codes.is_uscc(code[:place] + other + code[place + 1 :])


def test_regions_cover_their_parts():
    assert codes.covers(("330000",), "330502")
    assert codes.covers(("330500",), "330502")
    assert not codes.covers(("330521",), "330502")
    assert codes.region_name("330502") == "吴兴区"
    assert codes.region_name("330999") == "330999"


@given(st.integers(-(10**13), 10**13))
def test_money_typed_in_wan_comes_back(fen: int):
    assert money.fen_from_wan(f"{fen / 1_000_000:.6f}") == pytest.approx(fen, abs=1)


@pytest.mark.parametrize("text", ["", "abc", "1e999", "nan", "12元"])
def test_unreadable_money_raises(text: str):
    with pytest.raises(ValueError):
        money.fen_from_wan(text)


def test_working_days_know_spring_festival_and_refuse_unknown_years():
    assert calendar.add_working_days(date(2026, 2, 13), 1) == date(2026, 2, 14)  # a shifted working Saturday
    assert calendar.add_working_days(date(2026, 9, 30), 1) == date(2026, 10, 8)
    with pytest.raises(Problem, match="2090"):
        calendar.add_working_days(date(2090, 1, 1), 1)


def test_last_complete_month_needs_the_whole_month_delivered():
    assert calendar.last_complete_month(date(2020, 3, 1), date(2020, 2, 21)) == date(2020, 1, 1)
    assert calendar.last_complete_month(date(2020, 3, 1), date(2020, 2, 29)) == date(2020, 2, 1)
    assert calendar.last_complete_month(date(2020, 2, 10), date(2020, 6, 1)) == date(2020, 1, 1)
    assert calendar.last_complete_month(date(2020, 3, 1), None) is None


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(0, 600))
def test_whole_months_undo_added_months(start: date, months: int):
    first = start.replace(day=1)
    assert calendar.whole_months(first, calendar.add_months(first, months)) == months


def test_business_clock_stays_on_its_day():
    now = BusinessClock(date(2020, 3, 1)).now()
    assert now.tzinfo is UTC
    assert calendar.business_date(now) == date(2020, 3, 1)
    assert now.astimezone(calendar.SHANGHAI).date() == date(2020, 3, 1)
