"""Which parties of a graph are shown and where: owners above, what is owned below, what comes in left, what goes out right."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from greenbridge.kit.charts.definitions import Node, Relation
from greenbridge.kit.text import Text

Side = Literal["above", "below", "left", "right"]
SIDES: dict[Side, tuple[Relation, ...]] = {
    "above": ("shareholder", "person"),
    "below": ("investment", "branch"),
    "left": ("supplier", "guarantor"),
    "right": ("customer", "guaranteed"),
}
NAMES: dict[Relation, Text] = {
    "shareholder": Text("股东", "Shareholder"),
    "person": Text("关键人员", "Key person"),
    "investment": Text("投资", "Investment"),
    "branch": Text("分支", "Branch"),
    "supplier": Text("供应商", "Supplier"),
    "guarantor": Text("担保方", "Guarantor"),
    "customer": Text("客户", "Customer"),
    "guaranteed": Text("被担保方", "Guaranteed"),
}
MOST_NODES = 24
A_ROW = 4
# Four further out and three nearer, in the gaps between them.
MOST_ACROSS = 7
FAR, NEAR = 141.0, 89.0
LINE = 31.0
# How far down the sides begin below no row, one row, two rows.
CLEAR = (62.0, 116.0, 152.0)


@dataclass(frozen=True, slots=True)
class Place:
    """A node on the sheet; `room` is the width its words may take."""

    side: Side
    node: Node
    x: float
    y: float
    room: float


def placed(nodes: tuple[Node, ...], width: float, height: float) -> list[Place]:
    """Return every node that is shown with its place. No two labels of one side touch: each has its own line or column."""
    by_relation: dict[Relation, list[Node]] = {name: [] for name in NAMES}
    for node in nodes:
        by_relation[node.relation].append(node)
    rows: dict[Side, int] = {}
    caps: dict[Side, int] = {}
    for side in ("above", "below"):
        total = sum(len(by_relation[name]) for name in SIDES[side])
        rows[side] = min(2, -(-total // A_ROW))
        caps[side] = MOST_ACROSS
    top, bottom = _band(rows, height)
    caps["left"] = caps["right"] = int((bottom - top) // LINE) + 1
    shown = _shown(by_relation, caps)
    places: list[Place] = []
    for side, relations in SIDES.items():
        group = [node for name in relations for node in shown[name]]
        if side in {"above", "below"}:
            places += _across(side, group, width, height)
        else:
            places += _down(side, group, (top, bottom), width)
    return places


def middle(height: float) -> float:
    """Return the y of the firm; the heading takes more than the foot."""
    return height / 2 + 5


def _band(rows: dict[Side, int], height: float) -> tuple[float, float]:
    """Return from where to where the sides may reach, clear of the rows above and below."""
    above = CLEAR[rows["above"]]
    below = CLEAR[rows["below"]]
    return above, 2 * middle(height) - below


def _across(side: Side, group: list[Node], width: float, height: float) -> list[Place]:
    """Spread nodes over the width; of more than four, some stand nearer, in the gaps between those further out."""
    centre = middle(height)
    far = len(group) if len(group) <= A_ROW else len(group) // 2 + 1
    pitch = width / max(1, far)
    gaps = {0, far - 2} if len(group) - far < far - 1 else set(range(far - 1))
    spots: list[tuple[float, float, float]] = []
    for i in range(far):
        spots.append((pitch * (i + 0.5), FAR, min(150.0, pitch - 14)))
        if far < len(group) and i in gaps:
            # Drawn a little towards the firm, so that the edges from further out pass beside and below the words.
            spots.append((pitch * (i + 1) + (width / 2 - pitch * (i + 1)) * 0.19, NEAR, 92.0 if far == A_ROW else 118.0))
    ways = ((x, centre - away if side == "above" else centre + away, room) for x, away, room in spots)
    return [Place(side, node, round(x, 1), round(y, 1), room) for node, (x, y, room) in zip(group, ways, strict=True)]


def _down(side: Side, group: list[Node], band: tuple[float, float], width: float) -> list[Place]:
    """Spread nodes down a gentle arc at the left or right edge."""
    top, bottom = band
    middle_y, pitch = (top + bottom) / 2, min(52.0, (bottom - top) / max(1, len(group) - 1))
    places = []
    for i, node in enumerate(group):
        y = middle_y + (i - (len(group) - 1) / 2) * pitch
        inset = 166 + 36 * ((y - middle_y) / 180) ** 2
        x = inset if side == "left" else width - inset
        places.append(Place(side, node, round(x, 1), round(y, 1), inset - 14))
    return places


def _shown(by_relation: dict[Relation, list[Node]], caps: dict[Side, int]) -> dict[Relation, list[Node]]:
    """Return the nodes to draw: the largest groups give way first, and the last of such a group counts the rest."""
    sizes = {name: len(nodes) for name, nodes in by_relation.items()}
    limits: list[tuple[Iterable[Relation], int]] = [(relations, caps[side]) for side, relations in SIDES.items()]
    for relations, most in [*limits, (tuple(sizes), MOST_NODES)]:
        for _ in range(sum(sizes[name] for name in relations) - most):
            sizes[max(relations, key=sizes.__getitem__)] -= 1
    return {name: _folded(nodes, sizes[name]) for name, nodes in by_relation.items()}


def _folded(nodes: list[Node], size: int) -> list[Node]:
    if len(nodes) <= size:
        return nodes
    # Whoever carries a risk stays in sight as long as anybody does.
    first = sorted(range(len(nodes)), key=lambda i: (nodes[i].risk is None, i))[: size - 1]
    hidden = len(nodes) - len(first)
    risky = max(0, sum(node.risk is not None for node in nodes) - len(first))
    people = nodes[0].relation == "person"
    more = Text(f"还有 {hidden} {'人' if people else '家'}", f"{hidden} more")
    risk = Text(f"{risky} {'人' if people else '家'}有风险", f"{risky} at risk") if risky else None
    return [nodes[i] for i in sorted(first)] + [Node(nodes[0].relation, more, risk=risk)]
