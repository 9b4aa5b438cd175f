"""Points over two axes: one kind differs from the next by marker as well as by colour."""

from greenbridge.kit.charts.definitions import Dots, Scatter
from greenbridge.kit.charts.ink import NO_DATA, Sheet, cut, width_of, words
from greenbridge.kit.charts.scales import Unit, known, ticks
from greenbridge.kit.charts.series import COLOURS, MARKERS
from greenbridge.kit.text import Language, Text

TOP, FOOT = 52.0, 40.0
Points = list[tuple[float, float]]


def drawn(chart: Scatter, language: Language) -> str:
    """Return the points with a grid, both axes from zero on, a legend above."""
    kinds = [_known(dots, chart) for dots in chart.kinds]
    flat = [point for points in kinds for point in points]
    across, across_said = _ticks([x for x, _ in flat], chart.across_unit)
    up, up_said = _ticks([y for _, y in flat], chart.up_unit)
    sheet = Sheet(chart.width, chart.height, language)
    sheet.heading(chart.title)
    _legend(sheet, chart)
    left = max(28.0, min(90.0, max(map(width_of, up_said)) + 10))
    right, bottom = chart.width - 16.0, chart.height - FOOT
    sx, sy = (right - left) / (across[-1] - across[0]), (bottom - TOP) / (up[-1] - up[0])

    def place(x: float, y: float) -> str:
        return f"{left + (x - across[0]) * sx:.1f} {bottom - (y - up[0]) * sy:.1f}"

    sheet.path("".join(f"M{left:.1f} {bottom - (y - up[0]) * sy:.1f}H{right:.1f}" for y in up), None, "line")
    for y, said in zip(up, up_said, strict=True):
        sheet.text(left - 8, bottom - (y - up[0]) * sy + 4, cut(said, left - 8), "soft", anchor="end")
    for x, said in zip(across, across_said, strict=True):
        half = width_of(said) / 2
        sheet.text(min(max(left + (x - across[0]) * sx, half), chart.width - half), bottom + 16, said, "soft", anchor="middle")
    sheet.text(right, bottom + 33, cut(_named(chart.across, chart.across_unit, language), right - left), "soft", anchor="end")
    for points, colour, marker in zip(kinds, COLOURS, MARKERS, strict=False):
        sheet.path("".join(f"M{place(x, y)}{marker}" for x, y in points), colour, None, ' fill-opacity="0.6"')
    if not flat:
        sheet.note((left + right) / 2, (TOP + bottom) / 2, NO_DATA.in_(language))
    return sheet.finished("scatter", chart.title, _told(chart, kinds, language))


def _known(dots: Dots, chart: Scatter) -> Points:
    """Return the points that have both values, in the units of the axes."""
    pairs = [(known(x), known(y)) for x, y in dots.points]
    return [(x / chart.across_unit.divisor, y / chart.up_unit.divisor) for x, y in pairs if x is not None and y is not None]


def _ticks(values: list[float], unit: Unit) -> tuple[list[float], list[str]]:
    return ticks(min(values, default=0.0), max(values, default=0.0), whole=unit.whole)


def _named(name: Text, unit: Unit, language: Language) -> str:
    said, of = words(name, language), unit.name.in_(language)
    return f"{said}（{of}）" if language == "zh" else f"{said} ({of})"


def _legend(sheet: Sheet, chart: Scatter) -> None:
    """Write what goes up and, beside it, the kinds with their markers."""
    up = cut(_named(chart.up, chart.up_unit, sheet.language), chart.width * 0.4)
    sheet.text(0, 36, up, "soft")
    x = width_of(up) + 24
    for dots, colour, marker in zip(chart.kinds, COLOURS, MARKERS, strict=False):
        name = cut(words(dots.name, sheet.language), 110)
        if x + 16 + width_of(name) > chart.width:
            return
        sheet.path(f"M{x + 4:.1f} 32.0{marker}", colour)
        sheet.text(x + 14, 36, name, "soft")
        x += 14 + width_of(name) + 18


def _told(chart: Scatter, kinds: list[Points], language: Language) -> list[str]:
    told = []
    for dots, points in zip(chart.kinds, kinds, strict=True):
        name, n, without = words(dots.name, language), len(points), len(dots.points) - len(points)
        said = f"{name}：{n} 个点" if language == "zh" else f"{name}: {n} points"
        if without:
            said += f"，{without} 个数值不全" if language == "zh" else f", {without} without both values"
        told.append(said)
    return told or [NO_DATA.in_(language)]
