"""A portfolio as charts and as one HTML file."""

from collections.abc import Sequence
from html import escape
from itertools import pairwise

import numpy as np

from greenbridge.kit import charts
from greenbridge.kit.text import Language, Text
from greenbridge.underwriting.rules.classes import NAMES as RATINGS
from greenbridge.underwriting.rules.portfolio import WORST, Firms, Plan
from greenbridge.underwriting.rules.strategies import NAMES, Result

MOST_POINTS = 1_500
BANDS = (0.0, 0.02, 0.04, 0.06, 0.08, 0.12, 0.20, 0.40, 1.0)
RATE = charts.Unit(Text("%", "%"), 100)
PROBABILITY = Text("违约概率", "Probability of default")


def scatters(firms: Firms, plan: Plan) -> list[charts.Scatter]:
    """Return amount and rate against probability, by rating; of many firms every k-th, in the order of their probability."""
    order = np.argsort(firms.probability, kind="stable")
    order = order[:: max(1, -(-len(order) // MOST_POINTS))]
    unit = charts.amounts([float(plan.amount_fen.max())] if len(plan.amount_fen) else [])

    def kinds(values: np.ndarray, *, lent_only: bool) -> tuple[charts.Dots, ...]:
        found = []
        for rating, letter in enumerate(RATINGS):
            some = [i for i in order if firms.rating[i] == rating and (plan.amount_fen[i] > 0 or not lent_only)]
            points = tuple((float(firms.probability[i]), float(values[i])) for i in some)
            found.append(charts.Dots(Text(f"{letter} 级", f"Rated {letter}"), points))
        return tuple(found)

    amount, rate = Text("授信额度", "Amount"), Text("年利率", "Rate")
    return [
        charts.Scatter(
            Text("额度与违约概率", "Amount against probability"),
            PROBABILITY,
            charts.PERCENT,
            amount,
            unit,
            kinds(plan.amount_fen, lent_only=False),
        ),
        charts.Scatter(
            Text("利率与违约概率（获贷企业）", "Rate against probability (firms with a loan)"),
            PROBABILITY,
            charts.PERCENT,
            rate,
            RATE,
            kinds(plan.rate_bp, lent_only=True)[:WORST],
        ),
    ]


def profit_bars(results: Sequence[Result]) -> charts.Bars:
    """Return the expected profit of each strategy."""
    rows = tuple(charts.Bar(NAMES[one.name], one.profit_fen) for one in results)
    return charts.Bars(Text("各策略的期望利润", "Expected profit by strategy"), charts.amounts([one.profit_fen for one in results]), rows)


def band_bars(firms: Firms, plan: Plan) -> charts.Bars:
    """Return what is offered by band of probability, with its share of all that is offered and the mean rate in the label."""
    total, rows = int(plan.amount_fen.sum()), []
    for low, high in pairwise(BANDS):
        inside = (firms.probability >= low) & (firms.probability < (high if high < 1 else np.inf))
        amount = plan.amount_fen[inside]
        n, lent = int(inside.sum()), int((amount > 0).sum())
        rate = f" · {float((amount * plan.rate_bp[inside]).sum() / amount.sum()) / 100:.2f} %" if amount.sum() else ""
        end = "+" if high >= 1 else f"–{high:.0%}"
        label = Text(f"{low:.0%}{end}（{lent}/{n} 家{rate}）", f"{low:.0%}{end} ({lent}/{n} firms{rate})")
        rows.append(charts.Bar(label, float(amount.sum()), float(amount.sum() / total) if total else None))
    title = Text("按违约概率分布的额度（获贷/全部，平均利率）", "Offered by probability (with a loan / all, mean rate)")
    return charts.Bars(title, charts.amounts([row.value for row in rows]), tuple(rows))


def stacked(drawings: Sequence[str], width: int = 640, gap: int = 24) -> str:
    """Return several charts below each other as one SVG on white."""
    heights = [float(drawing.split(' height="', 1)[1].split('"', 1)[0]) for drawing in drawings]
    parts, y = [], 16.0
    for drawing, height in zip(drawings, heights, strict=True):
        parts.append(drawing.replace("<svg ", f'<svg x="16" y="{y:g}" ', 1))
        y += height + gap
    wide, high = width + 32, y - gap + 16
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:g}" height="{high:g}" viewBox="0 0 {wide:g} {high:g}">'
    return f'{head}<rect width="100%" height="100%" fill="#ffffff"/>{"".join(parts)}</svg>'


def page(
    title: str,
    drawings: Sequence[str],
    tables: Sequence[tuple[str, Sequence[str], Sequence[Sequence[str]]]],
    notes: Sequence[str],
    *,
    style: str,
    language: Language,
) -> str:
    """Return one HTML file that needs nothing beside it: charts, tables (title, heads, rows) and what to know about them."""
    said = "".join(f"<p class='small soft'>{escape(note)}</p>" for note in notes)
    figures = "".join(f"<figure class='chart'>{drawing}</figure>" for drawing in drawings)
    told = "".join(
        f"<h2>{escape(name)}</h2><div class='scroll'><table class='dense'><thead><tr>"
        + "".join(f"<th{' class=number' if i else ''}>{escape(head)}</th>" for i, head in enumerate(heads))
        + "</tr></thead><tbody>"
        + "".join(
            "<tr>" + "".join(f"<td{' class=number' if i else ''}>{escape(cell)}</td>" for i, cell in enumerate(row)) + "</tr>"
            for row in rows
        )
        + "</tbody></table></div>"
        for name, heads, rows in tables
    )
    return (
        f"<!doctype html><html lang='{'en' if language == 'en' else 'zh-CN'}'><head><meta charset='utf-8'><title>{escape(title)}</title>"
        f"<style>{style}</style></head><body><main class='wrap'><h1>{escape(title)}</h1>{said}{told}{figures}</main></body></html>"
    )
