"""The fold and its laws, over every scheme that ships."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.schemes import gateway
from greenbridge.schemes.rules import checking, curves, expressions, words
from greenbridge.schemes.rules.expressions import WrongExpression, parse
from greenbridge.schemes.rules.rating import rate
from greenbridge.schemes.values import (
    NOT_RATED,
    Better,
    Curve,
    CurveKind,
    InputKind,
    InputName,
    Known,
    Rating,
    Scheme,
)

SCHEMES = [one.scheme for one in gateway.shipped()]
VOCABULARY = gateway.vocabulary()
by_scheme = pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.code)
LAWS = settings(max_examples=60, deadline=None)


def numbers(name: InputName) -> st.SearchStrategy[float]:
    if name.unit in {"share", "ratio"}:
        return st.sampled_from([-0.5, 0.0, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0]) | st.floats(-0.5, 1.2)
    if name.unit == "count":
        return st.integers(0, 6).map(float)
    if name.unit == "months":
        return st.integers(0, 40).map(float)
    top = {"yuan": 2e7, "percentile": 100, "points": 1000, "stars": 5, "m2": 3000}.get(name.unit, 60)
    return st.floats(0, top)


def known(name: str) -> st.SearchStrategy[Any]:
    n = VOCABULARY[name]
    if n.kind is InputKind.YES_NO:
        return st.booleans()
    return st.sampled_from(list(n.words)) if n.kind is InputKind.WORD else numbers(n)


@st.composite
def whole(draw: st.DrawFn, scheme: Scheme) -> dict[str, Known]:
    """Everything that a scheme asks for; half of the time nearly all of it good, so that the better grades are met too."""
    best = next(case for case in scheme.cases)
    found = {name: Known(draw(known(name))) for name in scheme.names}
    if draw(st.booleans()):
        kept = draw(st.sets(st.sampled_from(scheme.names), max_size=4))
        found |= {name: Known(value) for name, value in best.inputs.items() if name not in kept}
    return found


def a_class(scheme: Scheme) -> st.SearchStrategy[str]:
    return st.sampled_from([c.code for c in scheme.classes])


def rank(rating: Rating) -> int:
    return rating.scheme.rank(rating.grade)


@by_scheme
def test_points_sum_to_dimensions_and_to_the_total(scheme: Scheme):
    @LAWS
    @given(st.data())
    def law(data: st.DataObject):
        inputs = data.draw(whole(scheme))
        left = data.draw(st.sets(st.sampled_from(scheme.names)))
        r = rate(scheme, {n: v for n, v in inputs.items() if n not in left}, data.draw(a_class(scheme)))
        earned = [i.points for i in (*r.indicators, *r.bonus) if i.points is not None]
        assert math.isclose(scheme.base + math.fsum(earned), r.points, abs_tol=1e-6)
        assert math.isclose(sum(d.points for d in r.dimensions), math.fsum(i.points or 0 for i in r.indicators), abs_tol=1e-6)
        assert math.isclose(scheme.base + sum(d.max for d in r.dimensions), scheme.total, abs_tol=1e-6)
        for i in (*r.indicators, *r.bonus):
            assert (i.points is None) == (i.known_max == 0)
            assert i.points is None or 0 <= i.points <= i.known_max <= i.max
        assert 0 <= r.coverage <= 1
        assert r.points <= r.possible + 1e-9

    law()


@by_scheme
def test_removing_evidence_never_raises_and_adding_it_never_lowers(scheme: Scheme):
    """The same law read both ways: of two states of knowledge the larger has no fewer points, no less coverage, no worse grade."""

    @LAWS
    @given(st.data())
    def law(data: st.DataObject):
        more, kind = data.draw(whole(scheme)), data.draw(a_class(scheme))
        # Nearly everything known half of the time: that is where grades stand, and where one fact more or less moves them.
        most = 4 if data.draw(st.booleans()) else None
        left = data.draw(st.sets(st.sampled_from(scheme.names), max_size=most))
        gone = left | data.draw(st.sets(st.sampled_from(scheme.names), max_size=3))
        middle, fewer = ({n: v for n, v in more.items() if n not in without} for without in (left, gone))
        for less, plus in ((fewer, middle), (middle, more)):
            a, b = rate(scheme, less, kind), rate(scheme, plus, kind)
            assert a.points <= b.points
            assert a.coverage <= b.coverage
            assert rank(b) <= rank(a)
            assert b.possible <= a.possible + 1e-6
            for one, other in zip(a.indicators, b.indicators, strict=True):
                assert one.points is None or (other.points is not None and one.points <= other.points)

    law()


@by_scheme
def test_the_grade_of_full_knowledge_lies_between_the_grade_and_the_possible_one(scheme: Scheme):
    @LAWS
    @given(st.data())
    def law(data: st.DataObject):
        inputs, kind = data.draw(whole(scheme)), data.draw(a_class(scheme))
        left = data.draw(st.sets(st.sampled_from(scheme.names)))
        some, full = rate(scheme, {n: v for n, v in inputs.items() if n not in left}, kind), rate(scheme, inputs, kind)
        if full.grade != NOT_RATED:
            assert scheme.rank(some.possible_grade) <= rank(full) <= rank(some)

    law()


def better(name: InputName, value: Any) -> st.SearchStrategy[Any]:
    match name.better:
        case Better.YES | Better.NO:
            return st.just(name.better is Better.YES)
        case Better.FIRST:
            listed = list(name.words)
            return st.sampled_from(listed[: listed.index(value) + 1])
        case Better.MORE:
            return st.floats(0, 1e6).map(lambda more: value + more)
        case _:
            return st.floats(0, 1e6).map(lambda less: value - less)


@by_scheme
def test_a_better_fact_never_lowers(scheme: Scheme):
    """The vocabulary says which way each value is better; names that are neither (assets, revenue, a colour that bars) are left out."""
    directed = [n for n in scheme.names if VOCABULARY[n].better is not Better.NONE]

    @LAWS
    @given(st.data())
    def law(data: st.DataObject):
        inputs, kind = data.draw(whole(scheme)), data.draw(a_class(scheme))
        name = data.draw(st.sampled_from(directed))
        improved = {**inputs, name: Known(data.draw(better(VOCABULARY[name], inputs[name].value)))}
        before, after = rate(scheme, inputs, kind), rate(scheme, improved, kind)
        assert before.points <= after.points
        assert rank(after) <= rank(before)

    law()


def test_the_laws_meet_every_grade():
    """A law over bad firms alone would say little: the cases of each scheme reach its best grade, its worst and no grade."""
    for scheme in SCHEMES:
        met = {case.grade for case in scheme.cases}
        assert scheme.grades[0].code in met, scheme.code
        assert {NOT_RATED, scheme.grades[-1].code} & met, scheme.code


def test_scoring_over_known_points_would_break_the_law():
    """Why the grade stands on the sum: the share of known points rises when a poor indicator becomes unknown."""
    scheme = next(s for s in SCHEMES if s.code == "green-enterprise")
    inputs = {n: Known(v) for n, v in {**scheme.cases[0].inputs, "carbon_efficiency_grade": "5", "tax_grade": "D"}.items()}
    hidden = {n: v for n, v in inputs.items() if n not in {"carbon_efficiency_grade", "tax_grade"}}
    told, untold = rate(scheme, inputs), rate(scheme, hidden)
    assert told.scaled is not None
    assert untold.scaled is not None
    assert untold.scaled > told.scaled
    assert untold.points == told.points
    assert (told.grade, untold.grade) == ("deep", "deep")


def test_points_to_the_next_grade_are_enough():
    """With just so many points more, and no bar, the next grade stands."""
    scheme = next(s for s in SCHEMES if s.code == "tax-credit")
    inputs = {n: Known(v) for n, v in {**scheme.cases[1].inputs, "tax_arrears_yuan": 20_000}.items()}
    r = rate(scheme, inputs)
    assert (r.grade, r.points, r.next_grade.grade.code, r.next_grade.points) == ("B", 75, "A", 15)
    assert r.next_grade.bars == ()
    better_now = rate(scheme, {**inputs, "tax_arrears_yuan": Known(0), "tax_penalties_24m": Known(0)})
    assert (better_now.grade, better_now.points) == ("A", 90)


def test_a_gate_is_named_where_it_bars_the_next_grade():
    scheme = next(s for s in SCHEMES if s.code == "green-enterprise")
    inputs = {n: Known(v) for n, v in {**scheme.cases[0].inputs, "green_revenue_share": 0.3, "green_investment_share": 0.0}.items()}
    r = rate(scheme, inputs)
    assert (r.grade, r.grade_by_points, r.next_grade.grade.code, r.next_grade.points) == ("mid", "deep", "deep", 0)
    assert [bar.words.zh for bar in r.next_grade.bars] == ["绿色业务须达到 24 分，现为 23 分"]


def test_the_best_grade_has_no_next_one():
    for scheme in SCHEMES:
        r = rate(scheme, {n: Known(v) for n, v in scheme.cases[0].inputs.items()})
        assert r.grade == scheme.grades[0].code
        assert r.next_grade is None


def test_the_watch_line_accuses_nobody_of_what_is_unknown():
    scheme = next(s for s in SCHEMES if s.code == "public-credit-zj-2020")
    assert not rate(scheme, {}).watched
    assert rate(scheme, {"dishonesty_listed": Known(True), "severe_listed": Known(True)}).watched
    assert not rate(scheme, {"dishonesty_listed": Known(True)}).watched


def test_not_a_number_is_unknown():
    scheme = next(s for s in SCHEMES if s.code == "green-enterprise")
    assert rate(scheme, {"green_revenue_share": Known(math.nan)}).indicators[0].points is None


# Curves


@pytest.mark.parametrize(("value", "points"), [(-1.0, 0), (0.05, 0), (0.175, 4), (0.30, 8), (0.40, 11), (0.50, 14), (9.0, 14)])
def test_linear_is_straight_between_its_knots_and_flat_outside(value: float, points: float):
    curve = Curve(CurveKind.LINEAR, knots=((0.05, 0.0), (0.30, 8.0), (0.50, 14.0)))
    assert curves.points(curve, value, 14) == points


def test_bands_each_and_tables():
    up = Curve(CurveKind.BANDS, knots=((0.15, 4.0), (0.05, 2.0)))
    assert [curves.points(up, x, 4) for x in (0.2, 0.15, 0.1, 0.01)] == [4, 4, 2, 0]
    down = Curve(CurveKind.BANDS, knots=((0.0, 10.0), (50_000.0, 5.0)), at_most=True)
    assert [curves.points(down, x, 10) for x in (0, 1, 50_000, 50_001)] == [10, 5, 5, 0]
    each = Curve(CurveKind.EACH, start=4, step=-2)
    assert [curves.points(each, x, 4) for x in (0, 1, 2, 3)] == [4, 2, 0, 0]
    table = Curve(CurveKind.TABLE, table={"green": 6.0, "red": 0.0})
    assert [curves.points(table, x, 6) for x in ("green", "red", "none")] == [6, 0, None]


# Formulas


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("ratio(a, b)", {"a": 1.0, "b": 4.0}, 0.25),
        ("ratio(a, b)", {"a": 1.0, "b": 0.0}, None),
        ("max(0, a - b)", {"a": 1.0, "b": 4.0}, 0.0),
        ("min(a, b) * 2 + 1", {"a": 1.0, "b": 4.0}, 3.0),
        ("-a / 2", {"a": 3.0}, -1.5),
        ("a > 0 and b", {"a": 0.0}, False),
        ("a > 0 and b", {"a": 1.0}, None),
        ("a > 0 or b", {"a": 1.0}, True),
        ("not (b and a >= 12)", {"b": False}, True),
        ('w in ("red", "black")', {"w": "red"}, True),
        ('w not in ("red", "black")', {"w": "blue"}, True),
        ('w == "red"', {}, None),
        ("a + b", {"a": 1.0}, None),
    ],
)
def test_formulas(text: str, given: dict[str, Any], expected: object):
    assert expressions.evaluate(parse(text), given) == expected


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "a.b", "a[0]", "lambda: 1", "(a for a in b)", "a if b else c", "a ** 9", "max(a)", "1 < a < 3", "a in b",
     "a in ()", "", "f'{a}'", "b'x'", "None", "pow(a, 2)", "max(a, key=b)", "a; b", "(" * 200 + "a" + ")" * 200, "a+" * 300 + "a"],
)  # fmt: skip
def test_nothing_else_is_a_formula(text: str):
    with pytest.raises(WrongExpression):
        parse(text)


@given(st.text(max_size=60))
def test_any_text_is_a_formula_or_is_refused(text: str):
    try:
        found = parse(text)
    except WrongExpression:
        return
    assert set(found.names) <= set(text.replace("(", " ").split()) or found.names


@by_scheme
def test_every_line_says_in_words_how_it_scores_and_what_full_points_need(scheme: Scheme):
    for line in (*scheme.indicators, *scheme.bonus):
        assert line.source
        assert line.evidence.zh
        for part in line.parts:
            zh, en = words.curve(part, VOCABULARY, "zh"), words.curve(part, VOCABULARY, "en")
            assert "分" in zh
            assert not any(
                "\u4e00" <= c <= "\u9fff" for c in en + words.full(part, VOCABULARY).en + words.expression(part.input, VOCABULARY, "en")
            )
            assert words.full(part, VOCABULARY).zh


def full_value(part: Any) -> Any:
    """The value that the words promise full points for, found by trying the limits of the curve."""
    c = part.curve
    if c.kind is CurveKind.TABLE:
        return next(word for word, label in VOCABULARY[part.input.names[0]].words.items() if label.zh == words.full(part, VOCABULARY).zh)
    if c.kind is CurveKind.YES_NO:
        return words.full(part, VOCABULARY).en == "yes"
    tried = [0.0, *(x for x, _ in c.knots)]
    return next(
        x for x in tried if words.full(part, VOCABULARY).en.removeprefix("≤ ").removeprefix("≥ ") == words.value(x, part.unit, "en")
    )


@by_scheme
def test_the_value_that_is_said_to_have_full_points_has_them(scheme: Scheme):
    for line in (*scheme.indicators, *scheme.bonus):
        for part in line.parts:
            assert curves.points(part.curve, full_value(part), part.max) == part.max, line.code


def test_a_scheme_of_another_total_is_refused():
    scheme = SCHEMES[0]
    assert checking.problems(scheme, VOCABULARY) == []
    assert checking.problems(replace(scheme, total=scheme.total + 1), VOCABULARY)


@pytest.mark.parametrize(
    ("formula", "given", "bounds"),
    [
        ("max(a, b)", {"a": 1.0}, (1.0, None)),
        ("max(a, b)", {"a": 1.0, "b": 3.0}, (3.0, 3.0)),
        ("min(a, b)", {"a": 1.0}, (None, 1.0)),
        ("max(min(a, b), c)", {"a": 1.0, "c": 0.5}, (0.5, 1.0)),
        ("max(min(a, b), min(a, c))", {"a": 1.0}, (None, 1.0)),
        ("a + b", {"a": 1.0}, (None, None)),
        ("max(a, b)", {}, (None, None)),
    ],
)
def test_a_known_part_bounds_a_maximum_and_a_minimum(formula: str, given: dict[str, Any], bounds: object):
    assert expressions.bounds(expressions.parse(formula), given) == bounds


def test_only_a_curve_that_goes_one_way_is_settled_by_a_bound():
    def slope(kind: CurveKind, *knots: tuple[float, float], **more: Any) -> int:
        return curves.slope(Curve(kind, knots=knots, **more))

    assert slope(CurveKind.LINEAR, (0, 0), (1, 3)) == 1
    assert slope(CurveKind.LINEAR, (-0.15, 4), (0, 0)) == -1
    assert slope(CurveKind.LINEAR, (0, 0), (0.5, 3), (1, 1)) == 0
    assert (slope(CurveKind.BANDS, (3, 2), (1, 1)), slope(CurveKind.BANDS, (1, 2), (3, 1), at_most=True)) == (1, -1)
    assert (slope(CurveKind.YES_NO, (1, 2), (0, 0)), slope(CurveKind.YES_NO, (1, 0), (0, 2))) == (1, -1)
    assert (slope(CurveKind.EACH, step=-1.5, start=3), slope(CurveKind.TABLE, table={"a": 1})) == (-1, 0)
