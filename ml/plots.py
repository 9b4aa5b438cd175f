"""Plots of a model card, drawn on the sheets of the service's own charts."""

from collections.abc import Sequence
from typing import Any

from greenbridge.kit.charts import PERCENT, Bar, Bars, svg
from greenbridge.kit.charts.ink import Sheet
from greenbridge.kit.text import Text

SIDE, LEFT, TOP, BOTTOM = 330.0, 46.0, 34.0, 44.0
DOT = "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z"


class _Plane:
    """A sheet with both axes from 0 to a whole share, in tenths or fifths of it."""

    def __init__(self, title: Text, x_name: Text, y_name: Text, most: tuple[float, float] = (1.0, 1.0), width: float = 420.0) -> None:
        self.title, self.most = title, most
        self.wide = width - LEFT - 14
        self.tall = SIDE - TOP - BOTTOM
        self.sheet = Sheet(width, SIDE, "zh")
        self.sheet.heading(title, y_name.zh)
        for fifth in range(6):
            share = fifth / 5
            y = self.y(share * most[1])
            self.sheet.path(f"M{LEFT:.1f} {y:.1f}h{self.wide:.1f}", None, "line")
            self.sheet.text(LEFT - 8, y + 4, f"{share * most[1] * 100:.0f}%", "soft", anchor="end")
            self.sheet.text(self.x(share * most[0]), SIDE - BOTTOM + 18, f"{share * most[0] * 100:.0f}%", "soft", anchor="middle")
        self.sheet.text(LEFT + self.wide / 2, SIDE - 8, x_name.zh, "soft", anchor="middle")

    def x(self, value: float) -> float:
        return LEFT + value / self.most[0] * self.wide

    def y(self, value: float) -> float:
        return SIDE - BOTTOM - value / self.most[1] * self.tall

    def line(self, points: Sequence[tuple[float, float]], colour: str = "brand", more: str = ' stroke-width="2"') -> None:
        self.sheet.path("M" + "L".join(f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in points), None, colour, more)

    def dot(self, x: float, y: float, colour: str = "brand") -> None:
        self.sheet.path(f"M{self.x(x):.1f} {self.y(y):.1f}{DOT}", colour)


def calibration(bands: Sequence[dict[str, Any]]) -> str:
    """Return predicted against observed default with 95 % intervals; on the diagonal the model is right."""
    title = Text("校准：预测与实际违约率", "Calibration")
    most = min(1.0, max(0.1, *(b["high"] for b in bands), *(b["predicted"] for b in bands)))
    most = next(m for m in (0.1, 0.2, 0.5, 1.0) if most <= m)
    plane = _Plane(title, Text("预测违约率", "predicted"), Text("留出样本的实际违约率", "observed"), (most, most))
    plane.line([(0, 0), (most, most)], "quiet", ' stroke-dasharray="4 4"')
    for b in bands:
        plane.line([(b["predicted"], b["low"]), (b["predicted"], b["high"])], "soft", ' stroke-width="1"')
    for b in bands:
        plane.dot(b["predicted"], b["observed"])
    told = [f"预测 {b['predicted']:.1%}，实际 {b['observed']:.1%}（{b['rows']} 家）" for b in bands]
    return plane.sheet.finished("calibration", title, told)


def gains(lift: Sequence[dict[str, Any]], base: float) -> str:
    """Return the share of all bad ones found in the riskiest part; the broken lines are a perfect order and no order."""
    title = Text("提升：最高风险部分找到的违约", "Gains")
    plane = _Plane(title, Text("按概率从高到低的企业占比", "riskiest share"), Text("找到的违约占全部违约", "bad ones found"))
    plane.line([(0, 0), (1, 1)], "quiet", ' stroke-dasharray="4 4"')
    plane.line([(0, 0), (base, 1), (1, 1)], "quiet", ' stroke-dasharray="4 4"')
    plane.line([(0.0, 0.0), *((row["riskiest_share"], row["bad_share"]) for row in lift)])
    for row in lift:
        plane.dot(row["riskiest_share"], row["bad_share"])
    told = [f"最高风险的 {row['riskiest_share']:.0%} 中有 {row['bad_share']:.0%} 的违约" for row in lift]
    return plane.sheet.finished("gains", title, told)


def stability(periods: Sequence[dict[str, Any]]) -> str:
    """Return the AUC of each period as a line between 0.5 and 1, with the number of rows below."""
    title = Text("稳定性：各期 AUC", "Stability")
    sheet, width = Sheet(860, 220, "zh"), 860.0
    sheet.heading(title, "0.5 为随机，1 为完美")
    low = float(min(0.5, *(p["auc"] for p in periods)))
    step = (width - LEFT - 60) / max(len(periods) - 1, 1)

    def y(value: float) -> float:
        return 170 - (value - low) / (1 - low) * 130

    for value in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        sheet.path(f"M{LEFT:.1f} {y(value):.1f}h{width - LEFT - 14:.1f}", None, "line")
        sheet.text(LEFT - 8, y(value) + 4, f"{value:.1f}", "soft", anchor="end")
    places = [(LEFT + 30 + i * step, y(p["auc"])) for i, p in enumerate(periods)]
    if len(places) > 1:
        sheet.path("M" + "L".join(f"{x:.1f} {at:.1f}" for x, at in places), None, "brand", ' stroke-width="2"')
    for (x, at), p in zip(places, periods, strict=True):
        sheet.path(f"M{x:.1f} {at:.1f}{DOT}", "brand")
        sheet.text(x, at - 10, f"{p['auc']:.3f}" if step > 44 else f"{p['auc']:.2f}", anchor="middle")
        sheet.text(x, 192, str(p["period"]), "soft", anchor="middle")
        sheet.text(x, 208, f"n={p['rows']}" if step > 44 else str(p["rows"]), "soft", anchor="middle")
    return sheet.finished("stability", title, [f"{p['period']}: {p['auc']:.3f} (n = {p['rows']})" for p in periods])


def importance(features: Sequence[dict[str, Any]]) -> str:
    """Return the ten features that part the firms most, by their share of the gain."""
    total = sum(f["gain"] for f in features) or 1.0
    first = sorted(features, key=lambda f: -f["gain"])[:10]
    rows = tuple(Bar(Text(f["label"]["zh"], f["label"]["en"]), f["gain"] / total) for f in first)
    return svg(Bars(Text("最有分辨力的十项特征（增益占比）", "Features that tell most, by gain"), PERCENT, rows, 860))
