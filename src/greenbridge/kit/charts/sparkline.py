"""A line without axes, for the cell of a table."""

from greenbridge.kit.charts.definitions import Sparkline
from greenbridge.kit.charts.ink import NO_DATA, UNKNOWN, Sheet
from greenbridge.kit.charts.scales import known
from greenbridge.kit.text import Language

EDGE = 3.0


def drawn(chart: Sparkline, language: Language) -> str:
    """Return the line, broken and hatched where unknown, with its last known value marked. Zero is not on the scale."""
    sheet = Sheet(chart.width, chart.height, language)
    values = [known(value) for value in chart.values]
    told = [value for value in values if value is not None]
    low, span = min(told, default=0.0), (max(told, default=0.0) - min(told, default=0.0)) or 0.0
    pitch = (chart.width - 2 * EDGE) / max(len(values) - 1, 1)
    middle = chart.height / 2
    d, lone, pen, last = "", "", "M", ""
    for i, value in enumerate(values):
        if value is None:
            left = max(0.0, EDGE + (i - 0.5) * pitch)
            sheet.unknown(left, 2, min(chart.width - left, pitch), chart.height - 4)
            pen = "M"
            continue
        y = middle if not span else chart.height - EDGE - (value - low) / span * (chart.height - 2 * EDGE)
        last = f"{EDGE + i * pitch:.1f} {y:.1f}"
        d += pen + last
        alone = pen == "M" and (i + 1 == len(values) or values[i + 1] is None)
        lone += f"M{last}h0.1" if alone else ""
        pen = "L"
    if not values:
        sheet.unknown(0, 2, chart.width, chart.height - 4)
    sheet.path(d, None, "brand", ' stroke-width="1.5" stroke-linejoin="round"')
    sheet.path(lone, None, "brand", ' stroke-width="3" stroke-linecap="round"')
    if last:
        sheet.path(f"M{last}m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0z", "brand")
    return sheet.finished("sparkline", chart.title, _told(chart, values, told, language))


def _told(chart: Sparkline, values: list[float | None], told: list[float], language: Language) -> list[str]:
    if not told:
        return [(UNKNOWN if values else NO_DATA).in_(language)]
    last, low, high = (chart.unit.said(value, language) for value in (told[-1], min(told), max(told)))
    missing = len(values) - len(told)
    if language == "zh":
        return [f"最近 {last}，最低 {low}，最高 {high}" + (f"，{missing} 期未知" if missing else "")]
    return [f"latest {last}, lowest {low}, highest {high}" + (f", {missing} unknown" if missing else "")]
