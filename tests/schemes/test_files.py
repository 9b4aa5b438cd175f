"""Scheme files: those that ship, their schema, what a wrong one is told, and one of a city that the code has never seen."""

import json
import tomllib
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from greenbridge.facts.gateway import catalogue
from greenbridge.kit.errors import Invalid, NotFound
from greenbridge.schemes import gateway, service
from greenbridge.schemes.rules import inputs, wire
from greenbridge.schemes.schemas import SchemeFile
from greenbridge.schemes.values import InputKind, Known, Status
from greenbridge.settings import Settings, home

FOLDER = home() / "src" / "greenbridge" / "schemes" / "catalogue"
SCHEMA = home() / "docs" / "schema" / "scheme-1.0.schema.json"
FILES = sorted(path for path in FOLDER.glob("*.toml") if path.name != "inputs.toml")
TODAY = date(2026, 3, 10)

# A city of the tests' own: nothing in the code names it.
HARBOUR = """
format = "1.0"
code = "harbour-craft"
version = "2026"
zh = "港城手工业信用"
en = "Harbour town's crafts"
status = "official"
status_words = { zh = "测试方案", en = "a test's scheme" }
issuer = { zh = "港城", en = "Harbour town" }
source = "港信〔2026〕1 号"
effective_from = 2026-01-01
total = 50
base = 10
subject = { zh = "手工业户", en = "craft" }
unknown = { not_rated_under = 0.2, caps = [{ under = 0.9, grade = "silver" }] }
dimension = [{ code = "X", zh = "经营", en = "Trade", max = 40, source = "港信〔2026〕1 号 第二条" }]
indicator = [
  { code = "X1", zh = "利润率", en = "Margin", dimension = "X", max = 25, input = "ratio(profit_yuan, revenue_yuan)", unit = "share", linear = [[0, 0], [0.2, 25]] },
  { code = "X2", zh = "纳税", en = "Tax", dimension = "X", max = 15, input = "tax_grade", table = { A = 15, B = 10, M = 5 } },
]
business_class = [{ code = "craft", zh = "手工业", en = "Crafts" }]
veto = [{ code = "listed", zh = "失信", en = "Dishonest", when = "dishonesty_listed", grade = "iron", period = { zh = "移出前", en = "until removed" }, source = "第五条" }]
grade = [
  { code = "gold", zh = "金", en = "Gold", at_least = 40, words = { zh = "优", en = "best" }, tone = "good" },
  { code = "silver", zh = "银", en = "Silver", at_least = 25, words = { zh = "良", en = "good" }, tone = "fair" },
  { code = "iron", zh = "铁", en = "Iron", at_least = 0, words = { zh = "差", en = "bad" }, tone = "bad" },
]
cases = [{ name = "half a margin", inputs = { profit_yuan = 10, revenue_yuan = 100, tax_grade = "B", dishonesty_listed = false }, grade = "silver", total = 32.5, points = { X1 = 12.5 } }]
"""


@pytest.mark.parametrize("checked", service.check(gateway.shipped()), ids=lambda c: f"{c.scheme.code}: {c.case.name}")
def test_a_scheme_keeps_the_promise_of_its_case(checked):
    assert checked.problems == []


def test_what_ships_is_what_was_asked_for():
    found = {one.scheme.code: one.scheme for one in gateway.shipped()}
    shape = {code: (len(s.dimensions), len(s.indicators), len(s.bonus), len(s.vetoes)) for code, s in found.items()}
    assert shape["green-enterprise"] == (4, 24, 0, 5)
    assert shape["green-project"][:2] == (4, 24)
    assert shape["public-credit-zj-2020"][0] == 5
    assert found["public-credit-zj-2020"].total == 1000
    assert found["public-credit-zj-2020"].watch_under == 800
    assert [d.max for d in found["public-credit-zj-2020"].dimensions][:3] == [80, 195, 90]
    assert [g.code for g in found["environment-five-colours"].grades] == ["green", "blue", "yellow", "red", "black"]
    assert shape["market-credit"][:2] == (7, 82)
    assert [g.code for g in found["market-credit"].grades] == ["AAA", "AA", "A", "B", "C", "D"]
    assert shape["street-merchant"] == (4, 21, 6, 3)
    assert shape["sme-cixi"][0] == 5
    assert found["sme-cixi"].grades[0].at_least == 70
    assert [g.code for g in found["tax-credit"].grades] == ["A", "B", "M", "C", "D"]
    assert {c.code for c in found["green-enterprise"].classes} == {"industry", "agriculture", "services", "construction", "trade"}
    assert [d.max for d in found["green-enterprise"].dimensions] == [35, 30, 20, 15]
    assert [sum(i.dimension == d.code for i in found["green-project"].indicators) for d in found["green-project"].dimensions] == [
        6,
        7,
        5,
        6,
    ]


def test_what_is_not_official_says_so():
    for one in gateway.shipped():
        scheme = one.scheme
        assert scheme.status is not Status.OFFICIAL
        assert ("重构" in scheme.status_words.zh) or ("改编" in scheme.status_words.zh)
        assert wire.scheme_head(scheme)["status_words"]["zh"] == scheme.status_words.zh
    credit = next(one.scheme for one in gateway.shipped() if one.scheme.code == "public-credit-zj-2020")
    official = {line.code for line in credit.indicators if line.status is Status.OFFICIAL}
    assert official == {line.code for line in credit.indicators if line.dimension in {"basic", "finance", "governance"}}


def test_the_published_schema_is_that_of_the_code_and_fits_every_file():
    published = json.loads(SCHEMA.read_text())
    assert published == SchemeFile.model_json_schema()
    for path in FILES:
        jsonschema.validate(json.loads(json.dumps(tomllib.loads(path.read_text()), default=str)), published)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**json.loads(json.dumps(tomllib.loads(HARBOUR), default=str)), "colour": "red"}, published)


def test_every_named_value_of_facts_has_a_reader_and_the_other_way_round():
    known = gateway.vocabulary()
    assert {name for name, n in known.items() if n.items and not n.given_by} == set(inputs.READERS)
    assert {item for n in known.values() for item in n.items} <= set(catalogue().items)
    asked = {name for one in gateway.shipped() for name in one.scheme.names}
    assert len(asked - set(known)) == 0
    for n in known.values():
        assert (n.kind is InputKind.WORD) == bool(n.words), n.name
        assert n.giver.zh, n.name


def test_a_scheme_of_another_city_is_a_file(tmp_path: Path):
    (tmp_path / "harbour.toml").write_text(HARBOUR)
    settings = Settings.from_environment({"GREENBRIDGE_SCHEMES_DIR": str(tmp_path)}, data_dir=tmp_path / "data")
    book = service.book(settings.schemes_dir)
    assert [s.code for s in book.listed(TODAY)] == sorted([*(one.scheme.code for one in gateway.shipped()), "harbour-craft"])
    assert [c.problems for c in service.check(book.loaded) if c.scheme.code == "harbour-craft"] == [[]]
    scheme = book.find("harbour-craft", TODAY)
    rating = service.rate(scheme, {"profit_yuan": Known(30.0), "revenue_yuan": Known(100.0), "dishonesty_listed": Known(False)})
    assert (rating.points, rating.coverage, rating.grade) == (35, 0.625, "silver")
    assert rating.indicators[1].points is None
    assert wire.rating_json(rating, gateway.vocabulary())["next_grade"]["code"] == "gold"
    with pytest.raises(NotFound):
        book.find("harbour-craft", date(2025, 12, 31))


def test_the_version_in_force_on_the_day_counts(tmp_path: Path):
    later = HARBOUR.replace('version = "2026"', 'version = "2027"').replace("effective_from = 2026-01-01", "effective_from = 2027-01-01")
    (tmp_path / "a.toml").write_text(HARBOUR)
    (tmp_path / "b.toml").write_text(later)
    book = service.book(tmp_path)
    assert book.find("harbour-craft", date(2026, 12, 31)).version == "2026"
    assert book.find("harbour-craft", date(2027, 1, 1)).version == "2027"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("ratio(profit_yuan, revenue_yuan)", "ratio(luck, revenue_yuan)", "line 18, X1: unknown name 'luck'"),
        ('input = "tax_grade"', 'input = "tax_garde"', "line 19, X2: unknown name 'tax_garde' in 'tax_garde'; allowed: abnormal_listed,"),
        ("M = 5", "N = 5", "tax_grade has no word ['N']; known: A, B, M, C, D"),
        ('when = "dishonesty_listed"', 'when = "__import__"', "unknown name '__import__'"),
        ('when = "dishonesty_listed"', 'when = "os.system(1)"', "line 22: 'os.system(1)' is not allowed"),
        ('when = "dishonesty_listed"', 'when = "tax_grade == 3"', "tax_grade has no word 3.0"),
        ('when = "dishonesty_listed"', 'when = "revenue_yuan"', "is a number, and a yes_no is needed"),
        ('input = "tax_grade", table', 'input = "revenue_yuan", table', "is a number, and a word is needed"),
        ("total = 50", "total = 60", "points of class craft make 50, not 60"),
        ("max = 40, source", "max = 41, source", "its indicators make 40 points, not 41"),
        ("[0.2, 25]]", "[0.2, 24]]", "its curve reaches 24 points, not 25"),
        ("[[0, 0], [0.2, 25]]", "[[0.2, 25], [0, 0]]", "its limits are not in order"),
        ('dimension = "X", max = 15', 'dimension = "Y", max = 15', "there is no dimension 'Y'"),
        ('grade = "iron", period', 'grade = "gold", period', "a veto leads to the lowest grade"),
        ('grade = "silver" }]', 'grade = "tin" }]', "there is no grade 'tin'"),
        ("at_least = 0,", "at_least = 5,", "the last one by points begins at 0"),
        ("base = 10", 'base = 10\ncolour = "red"', "colour: Extra inputs are not permitted"),
        ("table = {", "yes = 3, table = {", "needs exactly one of"),
        ('source = "港信〔2026〕1 号"\n', "", "source: Field required"),
        ("total = 50", "total = ", "it is not TOML"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_where_and_what(old: str, new: str, told: str):
    assert HARBOUR.count(old) >= 1
    with pytest.raises(Invalid) as refused:
        gateway.load_text("harbour.toml", HARBOUR.replace(old, new, 1))
    assert told in str(refused.value)
    assert "harbour.toml" in refused.value.detail.zh


def test_a_case_that_does_not_hold_is_told():
    wrong = HARBOUR.replace("total = 32.5", "total = 33").replace('grade = "silver", total', 'grade = "gold", total')
    (checked,) = service.check([gateway.load_text("harbour.toml", wrong)])
    assert checked.problems == ["grade gold expected, got silver", "total 33 expected, got 32.5"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("luck = 3,", "unknown inputs ['luck']"),
        ("high_tech = true,", "does not ask for ['high_tech']"),
        ("firm_age_months = true,", "wrong kind ['firm_age_months']"),
    ],
)
def test_a_case_with_wrong_inputs_is_told(given: str, told: str):
    (checked,) = service.check([gateway.load_text("harbour.toml", HARBOUR.replace("inputs = {", f"inputs = {{ {given}"))])
    assert told in checked.problems[0]


def test_pledged_values_are_marked_and_checked():
    known = service.pledged("green_revenue_share", "0.6", TODAY)
    assert known.value == 0.6
    assert known.evidence[0].pledged
    assert service.pledged("green_purpose", "是", TODAY).value is True
    assert service.pledged("tax_grade", "A", TODAY).value == "A"
    for name, text in (("luck", "1"), ("tax_grade", "Z"), ("green_purpose", "maybe"), ("green_revenue_share", "nan")):
        with pytest.raises(Invalid):
            service.pledged(name, text, TODAY)
