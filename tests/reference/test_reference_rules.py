from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbridge.kit import codes
from greenbridge.reference import gateway, service
from greenbridge.reference.rules import lookup, rows, shipped
from greenbridge.reference.rules.accuracy import LABELS, wilson
from greenbridge.reference.rules.industry import Matcher
from greenbridge.reference.values import REASONS, Entry, Kind, Line, Sheet

DAY = date(2026, 1, 1)


def sheet(columns: str, *lines: str) -> Sheet:
    cells = [Line(number, tuple(line.split(","))) for number, line in enumerate(lines, 2)]
    return Sheet("a.csv", "0" * 64, tuple(columns.split(",")), tuple(cells))


def test_shipped_lists_are_whole_and_dated():
    industries = gateway.shipped(Kind.INDUSTRIES)
    assert [e.code for e in industries if e.extra["level"] == 1] == list("ABCDEFGHIJKLMNOPQRST")
    assert [e.code for e in industries if e.extra["level"] == 2] == [f"{n:02d}" for n in range(1, 98)]
    assert all(e.source and e.extra["en"] for e in industries)
    catalogue = gateway.shipped(Kind.GREEN_CATALOGUE)
    assert sum(e.parent is None for e in catalogue) == 6
    assert {e.parent for e in catalogue if e.parent} == {"1", "2", "3", "4", "5", "6"}
    quotes = gateway.shipped(Kind.LPR)
    days = sorted({e.valid_from for e in quotes})
    assert days[0] == date(2019, 8, 20)
    assert {(d.year, d.month) for d in days} == {(2019 + m // 12, m % 12 + 1) for m in range(7, 7 + len(days))}  # one a month, none missing
    assert all(200 < e.extra["annual_rate_bp"] < 500 for e in quotes)


@pytest.mark.parametrize(
    ("code", "on", "name", "noted"),
    [
        ("330621", date(2010, 1, 1), "绍兴县", True),
        ("330621", date(2026, 1, 1), "绍兴县", True),
        ("330502", date(2026, 1, 1), "吴兴区", False),
        ("330502", date(1990, 1, 1), "吴兴区", False),
        ("610203", None, "印台区", False),
    ],
)
def test_a_region_has_its_name_of_the_day_and_says_when_it_was_last(code, on, name, noted):
    found = codes.region(code, on)
    assert found.name == name == codes.region_name(code, on)
    assert (found.note is not None) == noted
    if noted:
        assert found.last_revision == "201312"
        assert "2013-12" in found.note.zh


def test_the_region_of_a_credit_code_may_be_abolished_since():
    old = codes.region_of_code(codes.generated_uscc(1, "330621"))
    assert (old.name, old.last_revision) == ("绍兴县", "201312")
    assert codes.region_of_code(codes.generated_uscc(1, "339999")) is None
    assert codes.region_history("33x502") == ()


def test_renamed_regions_have_one_entry_per_name():
    history = codes.region_history("230712")
    assert len({r.name for r in history}) == len(history)
    assert all(earlier.last_revision < later.first_revision for earlier, later in pairwise(history))


@given(st.integers(0, 999_999), st.dates(date(1990, 1, 1), date(2030, 1, 1)))
def test_any_digits_give_a_region_or_none(number, on):
    code = f"{number:06d}"
    found = codes.region(code, on)
    assert codes.region_name(code, on) == (found.name if found else code)


def test_regions_of_every_width_become_six_digits_with_parents():
    found, refused = rows.read(Kind.REGIONS, sheet("code,name", "33,浙江省", "3305,湖州市", "330502,吴兴区"), DAY)
    assert [(e.code, e.parent, e.valid_from) for e in found] == [
        ("330000", None, DAY), ("330500", "330000", DAY), ("330502", "330500", DAY)
    ]  # fmt: skip
    assert refused == []


def test_a_history_says_when_a_region_began_and_ended():
    history = sheet("code,name,first_revision,last_revision,level", "330621,绍兴县,198312,201112,3", "330603,柯桥区,201312,201904,3")
    found, refused = rows.read(Kind.REGIONS, history, DAY)
    assert [(e.valid_from, e.valid_to) for e in found] == [(date(1983, 12, 1), date(2013, 11, 30)), (date(2013, 12, 1), None)]
    assert refused == []
    assert lookup.as_region(found[0]).last_revision == "201112"


@pytest.mark.parametrize(
    ("kind", "columns", "line", "reason"),
    [
        (Kind.REGIONS, "code,name", "3305", "wrong_columns"),
        (Kind.REGIONS, "code,name", "33050,湖州市", "bad_code"),
        (Kind.REGIONS, "code,name", "３３,浙江省", "bad_code"),
        (Kind.REGIONS, "code,name", "3305,", "missing_name"),
        (Kind.REGIONS, "code,name,first_revision,last_revision", "330502,吴兴区,200313,201904", "bad_date"),
        (Kind.REGIONS, "code,name,first_revision,last_revision", "330502,吴兴区,201904,200312", "bad_period"),
        (Kind.INDUSTRIES, "code,name,level,parent,section", "171,棉纺织,3,18,C", "bad_parent"),
        (Kind.INDUSTRIES, "code,name,level,parent,section", "17,纺织业,3,C,C", "bad_code"),
        (Kind.INDUSTRIES, "code,name,level,parent,section", "17,纺织业,5,C,C", "bad_code"),
        (Kind.INDUSTRIES, "code,name,level,parent,section", "17,纺织业,2,Z,Z", "bad_parent"),
        (Kind.GREEN_CATALOGUE, "level2,level3_code,level3_name", "1.10甲,1.1.1,节能锅炉制造", "bad_parent"),
        (Kind.BANKS, "cnaps_no,bank_name", "10210009999,中国工商银行", "bad_code"),
        (Kind.LPR, "quote_date,lpr_1y_pct,lpr_5y_pct", "2019-02-30,4.25,4.85", "bad_date"),
        (Kind.LPR, "quote_date,lpr_1y_pct,lpr_5y_pct", "2019-08-20,4.255,4.85", "bad_number"),
        (Kind.LPR, "quote_date,lpr_1y_pct,lpr_5y_pct", "2019-08-20,425,4.85", "bad_number"),
        (Kind.LPR, "quote_date,lpr_1y_pct,lpr_5y_pct", "2019-08-20,NaN,4.85", "bad_number"),
    ],
)
def test_a_bad_row_is_refused_with_line_and_reason(kind, columns, line, reason):
    found, refused = rows.read(kind, sheet(columns, line), DAY)
    assert found == []
    assert [(r.line, r.reason) for r in refused] == [(2, reason)]
    assert reason in REASONS


def test_good_rows_go_on_and_a_repeated_code_is_refused():
    found, refused = rows.read(
        Kind.BANKS, sheet("cnaps_no,bank_name", "102100099996,甲", "1,乙", "102100099996,丙", "103100000026,丁"), DAY
    )
    assert [e.name for e in found] == ["甲", "丁"]
    assert [(r.line, r.reason) for r in refused] == [(3, "bad_code"), (4, "repeated_code")]


@given(st.integers(0, 9_999))
def test_rates_become_whole_basis_points(bp):
    assert rows.basis_points(f"{bp / 100:.2f}") == bp


entries = st.builds(
    Entry, st.just(Kind.BANKS), st.sampled_from(["1", "2"]), st.sampled_from(["甲", "乙"]), st.dates(date(2020, 1, 1), date(2020, 3, 1))
)
unique = st.lists(entries, unique_by=lambda e: (e.code, e.valid_from))


@given(unique, unique, st.booleans())
def test_the_same_list_again_changes_nothing(kept, given_, dated):
    added, changed, unchanged = lookup.changes(kept, given_, dated=dated)
    assert len(added) + len(changed) + unchanged == len(given_)
    after = lookup.merged(kept, [*added, *changed])
    if dated:
        assert lookup.changes(after, given_, dated=dated)[:2] == ([], [])


def test_an_undated_list_a_month_later_says_nothing_new_but_a_new_name_does():
    kept = [Entry(Kind.BANKS, "1", "甲", DAY, source="one")]
    later = DAY + timedelta(days=30)
    assert lookup.changes(kept, [Entry(Kind.BANKS, "1", "甲", later, source="two")], dated=False) == ([], [], 1)
    renamed = Entry(Kind.BANKS, "1", "乙", later)
    assert lookup.changes(kept, [renamed], dated=False) == ([renamed], [], 0)
    same_day = replace(renamed, valid_from=DAY)
    assert lookup.changes(kept, [same_day], dated=False) == ([], [same_day], 0)


@given(unique, st.dates(date(2019, 12, 1), date(2020, 4, 1)))
def test_what_is_in_force_had_begun_and_nothing_newer_had(kept, on):
    for found in lookup.all_in_force(kept, on):
        assert found.valid_from <= on
        assert not [e for e in kept if e.code == found.code and found.valid_from < e.valid_from <= on]


@pytest.mark.parametrize(
    ("name", "scope", "division"),
    [
        ("湖州某某纺织有限公司", None, "17"),
        ("湖州某某纺织机械有限公司", "纺织机械、纺织品制造", "35"),
        ("杭州某某化工贸易有限公司", None, "51"),
        ("宁波某某进出口有限公司", "货物进出口、技术进出口；塑料制品销售", "51"),
        ("德清某某木业有限公司", "木地板制造", "20"),
        ("安吉某某椅业有限公司", None, "21"),
        ("长兴某某蓄电池有限公司", None, "38"),
        ("某某化妆品有限公司", "化妆品的批发、零售。", "51"),
        ("某某实业有限公司", "水泥制品生产、销售", "30"),
        ("某某科技有限公司", "技术开发、技术服务；计算机软硬件销售", "75"),
        ("某某大药房", None, "52"),
        ("湖州银行股份有限公司", None, "66"),
        ("某某幼儿园", None, "83"),
        ("（湖州）某某 电机 有限公司", None, "38"),
    ],
)
def test_a_name_and_a_scope_tell_the_division(name, scope, division):
    found = service.classify(name, scope)
    assert found.division == division
    assert found.section == service.shipped_industry(division).parent
    assert 0 < found.confidence <= 1
    assert found.evidence


def test_nothing_is_guessed_from_nothing():
    assert service.classify("某某实业有限公司") is None
    assert service.classify("", "") is None


@given(st.text("纺织机械贸易销售制造；、，服务ab（）", max_size=30), st.none() | st.text("纺织机械贸易销售制造；、，服务。：", max_size=60))
def test_any_text_is_read_alike_twice(name, scope):
    first = service.classify(name, scope)
    assert first == service.classify(name, scope)
    assert first is None or 0 < first.confidence <= 1


def test_the_longest_word_at_a_place_counts():
    found = Matcher({"纺织": "17", "纺织机械": "35", "机械": "34"})
    assert list(found("纺织机械与纺织")) == [("纺织机械", "35", 4), ("纺织", "17", 7)]


def test_a_word_of_two_divisions_or_of_none_is_an_error():
    industries = gateway.shipped(Kind.INDUSTRIES)
    clauses = {"boilerplate": "", "made": "", "sold": "", "strong": ""}
    with pytest.raises(ValueError, match="17 and of 18"):
        shipped.industry_words({"clauses": clauses, "divisions": {"17": {"words": "布"}, "18": {"words": "布"}}}, industries)
    with pytest.raises(ValueError, match="99"):
        shipped.industry_words({"clauses": clauses, "divisions": {"99": {"words": "布"}}}, industries)


def test_wilson_interval_agrees_with_the_textbook():
    found = wilson(8, 10)
    assert (round(found.low, 3), round(found.high, 3)) == (0.490, 0.943)
    assert (wilson(0, 0).low, wilson(0, 0).high, wilson(0, 0).share) == (0, 1, 0)


def test_labels_name_divisions_that_exist():
    assert all(service.shipped_industry(division) for divisions in LABELS.values() for division in divisions)
