"""The firm among its parties: who owns, runs, supplies, buys and stands surety."""

from collections import Counter

from greenbridge.kit.charts.definitions import Graph, Node, Relation
from greenbridge.kit.charts.ink import Sheet, cut, escaped, paint, width_of, words
from greenbridge.kit.charts.sectors import A_ROW, NAMES, Place, Side, middle, placed
from greenbridge.kit.text import Language, Text

HALF_HEIGHT = 21.0
FOOT = Text(
    "箭头：出资人指向被投资方，供应商指向本企业，本企业指向客户，担保人指向被担保人",
    "Arrows: owner to owned, supplier to firm, firm to customer, guarantor to guaranteed",
)
ALONE = Text("暂无已知关联方", "No known parties")
DASHES: dict[Relation, str] = {
    "supplier": ' stroke-dasharray="6 3"',
    "customer": ' stroke-dasharray="6 3"',
    "guarantor": ' stroke-dasharray="2 3"',
    "guaranteed": ' stroke-dasharray="2 3"',
}


def drawn(chart: Graph, language: Language) -> str:
    """Return the graph: arrows go from owner to owned, supplier to firm, firm to customer, guarantor to guaranteed."""
    sheet = Sheet(chart.width, chart.height, language)
    sheet.heading(chart.title)
    cx, cy = chart.width / 2, middle(chart.height)
    name = cut(words(chart.firm, language), 150)
    half = max(40.0, width_of(name) / 2 + 14)
    places = placed(chart.nodes, chart.width, chart.height)
    for side in ("above", "below", "left", "right"):
        _edges(sheet, side, [place for place in places if place.side == side], (cx, cy, half))
    for place in places:
        _node(sheet, place)
    sheet.rect(cx - half, cy - HALF_HEIGHT, half * 2, HALF_HEIGHT * 2, "brand", None, ' rx="6"')
    sheet.text(cx, cy + 4, name, "card", anchor="middle")
    foot = (FOOT if places else ALONE).in_(language)
    sheet.text(cx, chart.height - 8, cut(foot, chart.width), "soft", anchor="middle")
    return sheet.finished("graph", chart.title, _told(chart, language))


def _edges(sheet: Sheet, side: Side, places: list[Place], firm: tuple[float, float, float]) -> None:
    """Draw curves that leave the node straight and reach the firm straight, their ends spread along its border."""
    cx, cy, half = firm
    sign = -1 if side in {"above", "left"} else 1
    # Two rows need curves that dip below the nearer labels; a single row, curves that keep clear of the sides.
    steep = (0.6, 0.6) if len(places) > A_ROW else (0.25, 0.9)
    for i, place in enumerate(places):
        spread = i - (len(places) - 1) / 2
        x, y = place.x, place.y
        gap = 9 if place.node.risk else 6
        if side in {"above", "below"}:
            end_x, end_y = cx + spread * min(22.0, (half * 2 - 24) / max(1, len(places) - 1)), cy + sign * HALF_HEIGHT
            bends = [abs(y - end_y) * bend for bend in steep]
            via = f"{x:.1f} {y - sign * bends[0]:.1f} {end_x:.1f} {end_y + sign * bends[1]:.1f}"
            tip = f"M{end_x:.1f} {end_y:.1f}l-3.5 -7h7z" if side == "above" else f"M{x:.1f} {y - gap:.1f}l-3.5 -7h7z"
        else:
            # Many arrows along a short border would be a black bar: they share one.
            end_x, end_y = cx + sign * half, cy + (spread * 9 if len(places) <= 4 else 0)
            bend = abs(x - end_x) * 0.6
            via = f"{x - sign * bend:.1f} {y:.1f} {end_x + sign * bend:.1f} {end_y:.1f}"
            tip = f"M{end_x:.1f} {end_y:.1f}l-7 -3.5v7z" if side == "left" else f"M{x - gap:.1f} {y:.1f}l-7 -3.5v7z"
        curve = f"M{x:.1f} {y:.1f}C{via} {end_x:.1f} {end_y:.1f}"
        sheet.path(curve, None, "quiet", DASHES.get(place.node.relation, ""))
        sheet.path(tip, "soft")


def _node(sheet: Sheet, place: Place) -> None:
    """Draw the mark of a node and its two lines: the name, then relation, figure and risk."""
    x, y, node = place.x, place.y, place.node
    if node.risk:
        sheet.path(f"M{x:.1f} {y - 6:.1f}l7 12h-14z", "danger", "card")
        sheet.path(f"M{x:.1f} {y - 2:.1f}v4m0 1.4v1.2", None, "card", ' stroke-width="1.4"')
    else:
        person = node.relation == "person"
        sheet.path(f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", "card" if person else "brand", "brand" if person else "card")
    name = cut(words(node.name, sheet.language), place.room)
    markup = _second_line(node, place.room, sheet.language)
    if place.side == "above":
        at, first, anchor = x, y - 26, "middle"
    elif place.side == "below":
        at, first, anchor = x, y + 21, "middle"
    else:
        at, first, anchor = (x - 11, y - 3, "end") if place.side == "left" else (x + 11, y - 3, "start")
    sheet.text(at, first, name, anchor=anchor)
    sheet.raw(at, first + 15, markup, "soft", anchor=anchor)


def _second_line(node: Node, room: float, language: Language) -> str:
    """Return relation, figure and risk as markup. What does not fit goes whole, the figure first: half a number is a wrong one."""
    relation = NAMES[node.relation].in_(language)
    detail = words(node.detail, language) if node.detail else ""
    risk = cut(words(node.risk, language), room) if node.risk else ""
    for before in (f"{relation} {detail}".rstrip(), relation, detail if not risk else "", ""):
        apart = "\xa0" if before and risk else ""
        if width_of(before + apart + risk) <= room:
            break
    return f"{escaped(before + apart)}<tspan{paint('danger')}>{escaped(risk)}</tspan>" if risk else escaped(before)


def _told(chart: Graph, language: Language) -> list[str]:
    zh = language == "zh"
    firm = words(chart.firm, language)
    if not chart.nodes:
        return [firm, ALONE.in_(language)]
    seen = Counter(node.relation for node in chart.nodes)
    counts = [(NAMES[name].in_(language), seen[name]) for name in NAMES]
    told = ("、" if zh else ", ").join(f"{name} {n}" for name, n in counts if n)
    risks = [f"{words(node.name, language)}（{words(node.risk, language)}）" for node in chart.nodes if node.risk]
    if not zh:
        risks = [risk.replace("（", " (").replace("）", ")") for risk in risks]
    marked = (("有风险标记：" if zh else "marked as risky: ") + ("、" if zh else ", ").join(risks)) if risks else ""
    return [f"{firm}{'的关联方：' if zh else ': '}{told}", marked]
