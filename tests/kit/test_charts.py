"""Charts: well-formed for any definition, the same bytes twice, words on the sheet, bars true to their values."""

import re
from datetime import date
from itertools import pairwise
from math import isfinite
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.kit import charts
from greenbridge.kit.charts import definitions, ink, scales, sectors
from greenbridge.kit.charts.svg import svg
from greenbridge.kit.text import Text
from greenbridge.settings import home

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    '<script>alert(1)</script>&"',
    "'><svg onload=x>",
    "]]>",
    "\x00\x08\ud800\u202egnp.exe",
    "湖州" * 60,
    "W" * 200,
    "",
    "a\nb\tc",
    "—·≤",
]
numbers = st.one_of(
    st.none(),
    st.integers(-(10**14), 10**14),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0, -0.0, 1e300, -1e300, 10**400]),
)
shares = st.one_of(st.none(), st.floats(-0.5, 1.5))
plain = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30))
texts = st.builds(Text, plain, plain)
labels = st.one_of(plain, texts)
units = st.one_of(st.just(charts.PERCENT), st.builds(scales.Unit, texts, st.sampled_from([1.0, 100.0, 1e6, 1e10]), st.booleans()))
languages = st.sampled_from(["zh", "en"])
days = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@st.composite
def months(draw):
    n = draw(st.sampled_from([0, 1, 2, 12, 13, 36]))
    values = st.lists(numbers, min_size=n, max_size=n).map(tuple)
    series = st.builds(charts.Series, labels, values, st.sampled_from(["bars", "line"]))
    return charts.Months(draw(texts), draw(units), draw(days), tuple(draw(st.lists(series, max_size=4))))


def rows(of, most):
    return st.lists(of, max_size=most).map(tuple)


finite = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1e300, float("nan"), float("inf")]))
ANY = st.one_of(
    st.builds(
        charts.Scatter,
        texts,
        texts,
        units,
        texts,
        units,
        rows(st.builds(charts.Dots, labels, rows(st.tuples(numbers, numbers), 20)), 4),
    ),
    months(),
    st.builds(charts.Bars, texts, units, rows(st.builds(charts.Bar, labels, numbers, shares), 13)),
    st.builds(charts.Stacked, texts, rows(st.builds(charts.Part, labels, numbers), 11), numbers, units),
    st.builds(
        charts.Percentiles,
        texts,
        rows(
            st.builds(
                charts.Standing,
                labels,
                numbers,
                st.integers(0, 10**9),
                st.sampled_from(["high", "low", "neither"]),
                st.one_of(st.none(), labels),
            ),
            6,
        ),
        st.one_of(st.none(), texts),
    ),
    st.builds(charts.Waterfall, texts, units, finite, rows(st.builds(charts.Step, labels, finite), 14), finite),
    st.builds(
        charts.Graph,
        texts,
        labels,
        rows(
            st.builds(
                charts.Node, st.sampled_from(list(sectors.NAMES)), labels, st.one_of(st.none(), labels), st.one_of(st.none(), labels)
            ),
            60,
        ),
    ),
    st.builds(charts.Sparkline, texts, units, rows(numbers, 40)),
    st.builds(
        charts.Ladder, texts, rows(st.builds(charts.Band, labels, st.floats(0, 1)), 10), st.one_of(st.none(), st.integers(-1, 11)), numbers
    ),
)


def written(drawn: str) -> list[tuple[float, float, float, float]]:
    """Left, right, top and bottom of each text, by the estimate of its width."""
    boxes = []
    for text in ET.fromstring(drawn).iter(f"{SVG}text"):
        x, y, size = float(text.get("x")), float(text.get("y")), float(text.get("font-size", 12))
        wide = ink.width_of(text.text or "", size)
        for span in text:
            wide += float(span.get("dx", 0)) + ink.width_of(span.text or "", float(span.get("font-size", size)))
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[text.get("text-anchor", "start")]
        boxes.append((left, left + wide, y - size * 0.85, y + size * 0.2))
    return boxes


@settings(max_examples=150, deadline=None)
@given(ANY, languages)
def test_any_definition_becomes_one_well_formed_picture(chart, language):
    drawn = svg(chart, language)
    assert drawn == svg(chart, language)
    root = ET.fromstring(drawn)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {"svg", "title", "desc", "text", "tspan", "path", "rect"}
    assert "dominant-baseline" not in drawn
    for element in root.iter():
        assert not re.search(r"nan|inf|e[+-]?\d", " ".join(element.get(name, "") for name in ("d", "x", "y", "width", "height")))
        assert not [name for name in element.attrib if name.startswith("on")]
        if element.tag == f"{SVG}rect":
            assert float(element.get("width")) >= 0
            assert float(element.get("height")) >= 0


@settings(max_examples=150, deadline=None)
@given(ANY, languages)
def test_every_word_stands_on_the_sheet(chart, language):
    drawn = svg(chart, language)
    width, height = map(float, ET.fromstring(drawn).get("viewBox").split()[2:])
    for left, right, top, bottom in written(drawn):
        assert left >= -0.6, drawn
        assert right <= width + 0.6, drawn
        assert top >= 0
        assert bottom <= height


@given(st.lists(st.one_of(st.none(), st.integers(-(10**12), 10**12)), min_size=1, max_size=36))
def test_the_height_of_a_bar_is_proportional_to_its_value(values):
    chart = charts.Months(Text("", ""), charts.amounts(values), date(2024, 3, 1), (charts.Series("", tuple(values)),))
    drawn = svg(chart)
    known = [v for v in values if v is not None]
    heights = [-float(h) for h in re.findall(r"M[\d.]+ [\d.]+v(-?[\d.]+)h[\d.]+V[\d.]+z", drawn)]
    assert len(heights) == len(known)
    if not any(known):
        return
    most = max(known, key=abs)
    tallest = heights[known.index(most)]
    for value, height in zip(known, heights, strict=True):
        assert height == pytest.approx(value * tallest / most, abs=0.1001)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=10))
def test_the_width_of_a_row_is_proportional_to_its_value(values):
    drawn = svg(charts.Bars(Text("", ""), charts.count("件", "cases"), tuple(charts.Bar("甲", v) for v in values)))
    widths = [float(r.get("width")) for r in ET.fromstring(drawn).iter(f"{SVG}rect")]
    for value, width in zip(values, widths, strict=True):
        assert width == pytest.approx(value * max(widths) / max(values), abs=0.1001)


@given(st.lists(st.sampled_from(list(sectors.NAMES)), max_size=80), plain)
def test_labels_of_a_graph_never_touch_and_nobody_is_lost(relations, name):
    nodes = tuple(charts.Node(r, f"{name}{i}", "1,203 万元", "失信被执行" if i % 5 == 0 else None) for i, r in enumerate(relations))
    places = sectors.placed(nodes, 640, 420)
    assert len(places) <= sectors.MOST_NODES
    hidden = sum(int(n.group(1)) for p in places if isinstance(p.node.name, Text) and (n := re.match(r"还有 (\d+) ", p.node.name.zh)))
    folded = sum(isinstance(p.node.name, Text) for p in places)
    assert len(places) - folded + hidden == len(nodes)
    boxes = written(svg(charts.Graph(Text("图", "Graph"), "某公司", nodes)))
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart = one[1] <= other[0] + 0.5 or other[1] <= one[0] + 0.5 or one[3] <= other[2] + 0.5 or other[3] <= one[2] + 0.5
            assert apart, (one, other)


def test_who_carries_a_risk_is_left_out_last():
    nodes = tuple(charts.Node("supplier", f"供应商{i}", risk="被执行" if i == 29 else None) for i in range(30))
    shown = [p.node for p in sectors.placed(nodes, 640, 420)]
    assert any(node.name == "供应商29" for node in shown)
    assert shown[-1].name == Text(f"还有 {30 - len(shown) + 1} 家", f"{30 - len(shown) + 1} more")


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12), st.booleans())
def test_three_to_five_even_ticks_cover_all_values_and_zero(a, b, whole):
    low, high = min(a, b, 0.0), max(a, b, 0.0)
    places, names = scales.ticks(a, b, whole=whole) if a <= b else scales.ticks(b, a, whole=whole)
    assert 3 <= len(places) <= 5
    slack = 1e-6 * (high - low) + 1e-8
    assert places[0] <= low + slack
    assert places[-1] >= high - slack
    assert 0 in places
    step = places[1] - places[0]
    assert all(later - earlier == pytest.approx(step) for earlier, later in pairwise(places))
    assert len(set(names)) == len(names)
    assert all(isfinite(place) for place in places)
    if whole:
        assert all(place == int(place) for place in places)


def test_ticks_are_round():
    assert scales.ticks(0, 382)[1] == ["0", "100", "200", "300", "400"]
    assert scales.ticks(-0.12, 0.15)[1] == ["−0.2", "−0.1", "0.0", "0.1", "0.2"]
    assert scales.ticks(0, 1, whole=True)[1] == ["0", "1", "2"]
    assert scales.ticks(0, 0.9)[1] == ["0.00", "0.25", "0.50", "0.75", "1.00"]


@pytest.mark.parametrize(
    ("most", "zh"), [(None, "万元"), (0, "万元"), (999_999, "元"), (1_000_000, "万元"), (9_999_999_999, "万元"), (-10_000_000_000, "亿元")]
)
def test_one_unit_for_a_whole_axis_of_amounts(most, zh):
    assert charts.amounts([most, None]).name.zh == zh


@pytest.mark.parametrize(
    ("value", "said"),
    [(1234.4, "1,234"), (617.5, "617.5"), (12.34, "12.3"), (0.004, "<0.01"), (-0.004, ">−0.01"), (-3, "−3"), (0, "0"), (1e15, "1.00e+15")],
)
def test_numbers_are_written_to_be_read(value, said):
    assert scales.number(value) == said


def test_a_name_is_cut_at_its_room():
    assert ink.cut("湖州某某有限公司", 60) == "湖州某某…"
    assert ink.cut("湖州", 24) == "湖州"
    assert ink.width_of("a电") == pytest.approx(18.6)


def test_unknown_months_are_hatched_and_never_a_bar_of_zero():
    def chart(value):
        return charts.Months(
            Text("销售额", "Sales"), charts.count("件", "items"), date(2025, 1, 1), (charts.Series("销售额", (3.0, value, 5.0)),)
        )

    unknown, zero = svg(chart(None)), svg(chart(0.0))
    assert "v-0.0h" in zero
    assert "v-0.0h" not in unknown
    assert "1 个月未知" in unknown
    assert unknown.count(ink.COLOURS["quiet"]) > zero.count(ink.COLOURS["quiet"])
    assert "2025年1月至2025年3月" in unknown
    assert "Jan 2025 to Mar 2025" in svg(chart(None), "en")


def test_parts_that_do_not_explain_the_whole_leave_it_unknown():
    drawn = svg(charts.Stacked(Text("股东", "Shareholders"), (charts.Part("张三", 0.51), charts.Part("李四", 0.2))))
    assert "张三：51%；李四：20%；未知：29%" in drawn


def test_steps_that_miss_the_result_are_completed_by_one_of_its_own():
    drawn = svg(charts.Waterfall(Text("评分", "Score"), charts.POINTS, 600, (charts.Step("增长", 20),), 610))
    assert "其余因素 −10" in drawn
    assert "其余因素" not in svg(charts.Waterfall(Text("评分", "Score"), charts.POINTS, 600, (charts.Step("增长", 10),), 610))


def test_of_a_metric_whose_low_side_is_better_the_complement_is_beaten():
    row = charts.Standing(Text("波动", "Volatility"), 18, 132, "low")
    drawn = svg(charts.Percentiles(Text("同业", "Peers"), (row, charts.Standing("电耗", None, 97))))
    assert "优于 82% 同业" in drawn
    assert "n=132" in drawn
    assert ">未知<" in drawn


def test_series_of_unequal_length_too_many_and_sheets_too_small_are_refused():
    def chart(*lengths):
        return charts.Months(Text("", ""), charts.POINTS, date(2025, 1, 1), tuple(charts.Series("", (None,) * n) for n in lengths))

    for wrong in [(3, 4), (37,), (1,) * 5]:
        with pytest.raises(ValueError):
            chart(*wrong)
    with pytest.raises(ValueError):
        charts.Graph(Text("", ""), "某公司", (), height=419)
    with pytest.raises(ValueError):
        charts.Months(Text("", ""), charts.POINTS, date(2025, 1, 1), (), width=100)
    assert definitions.MOST_MONTHS == 36


def test_the_style_sheet_knows_every_colour_on_paper_and_in_the_dark():
    sheet = (home() / "src" / "greenbridge" / "static" / "charts.css").read_text()
    for name, value in ink.COLOURS.items():
        assert sheet.count(f"--chart-{name}:") == 2
        assert f"--chart-{name}: {value.replace('#ffffff', '#fff')};" in sheet
        assert f".c-{name} {{" in sheet
        assert f".s-{name} {{" in sheet


def test_a_point_of_a_scatter_stands_where_its_values_are():
    percent, yuan = charts.PERCENT, charts.Unit(Text("元", "yuan"))
    dots = charts.Dots("A", ((0.0, 0.0), (0.5, 100.0), (1.0, 50.0), (None, 5.0)))
    drawn = svg(charts.Scatter(Text("图", "Chart"), Text("率", "share"), percent, Text("额", "amount"), yuan, (dots,)), "en")
    path = next(d for d in re.findall(r'<path d="([^"]+)"', drawn) if d.count("a3 3") > 2)
    (x0, y0), (x1, y1), (x2, y2) = [tuple(map(float, place.split())) for place in re.findall(r"M([\d.]+ [\d.]+)", path)]
    assert (x2 - x0) == pytest.approx(2 * (x1 - x0), abs=0.2)
    assert (y0 - y1) == pytest.approx(2 * (y0 - y2), abs=0.2)
    assert "A: 3 points" in drawn
    assert "1 without both values" in drawn
    with pytest.raises(ValueError, match="at most 4"):
        charts.Scatter(Text("", ""), Text("", ""), percent, Text("", ""), yuan, (dots,) * 5)


def test_numbers_too_small_for_a_scale_are_nothing():
    drawn = svg(charts.Bars(Text("图", "Chart"), charts.PERCENT, (charts.Bar("a", None), charts.Bar("b", 2.2e-311))))
    assert not re.search(r'"[^"]*(inf|nan)', drawn)
    assert scales.known(2.2e-311) == 0.0


def test_the_steps_of_a_ladder_end_before_their_bounds_and_the_last_begins_at_one():
    """A probability of exactly 5 % belongs to the band above (scoring.rules.bands): the first step is under 1 %, the last from 5 % on."""
    bands = tuple(charts.Band(Text(name, name), upper) for name, upper in (("R1", 0.01), ("R2", 0.05), ("R3", 1.0)))
    drawing = charts.svg(charts.Ladder(Text("等级", "Band"), bands, 3, 0.05), "zh")
    for said in ("&lt;1%", "&lt;5%", "≥5%"):
        assert said in drawing
    assert "≤" not in drawing and "&gt;" not in drawing
