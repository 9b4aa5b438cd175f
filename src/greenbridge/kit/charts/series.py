"""How a series of months looks: bars by how full they are, lines by dash and marker."""

from dataclasses import dataclass

from greenbridge.kit.charts.definitions import Months, Series
from greenbridge.kit.charts.ink import Sheet
from greenbridge.kit.charts.scales import known_in

COLOURS = ("brand", "information", "attention", "soft")
# Bars differ by how full they are, lines by dash and marker: colour never stands alone.
BARS = ((None, ""), ("tint", ""), (None, ' fill-opacity="0.45"'), ("card", ' stroke-width="1.5"'))
DASHES = ("", ' stroke-dasharray="6 3"', ' stroke-dasharray="2 3"', ' stroke-dasharray="9 3 2 3"')
MARKERS = ("m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z", "m-3 -3h6v6h-6z", "m0 -4l4 7h-8z", "m0 -4l4 4l-4 4l-4 -4z")


@dataclass(frozen=True, slots=True)
class Plot:
    """Where months and values lie on the sheet: `zero` is the y of nothing, `scale` px a unit."""

    left: float
    right: float
    top: float
    bottom: float
    pitch: float
    zero: float
    scale: float

    def x(self, month: int) -> float:
        """Return the middle of a month."""
        return self.left + (month + 0.5) * self.pitch

    def y(self, value: float) -> float:
        return self.zero - value * self.scale


@dataclass(frozen=True, slots=True)
class Drawn:
    """A series in the unit of the axis with its look; `rank` counts among the series of its kind, `last` is the last known month."""

    series: Series
    values: list[float | None]
    colour: str
    rank: int
    last: int | None


def looks(chart: Months) -> list[Drawn]:
    """Return the series of a chart in the unit of its axis."""
    ranks = {"bars": 0, "line": 0}
    divisor = chart.unit.divisor
    drawn = []
    for colour, series in zip(COLOURS, chart.series, strict=False):
        values = known_in(series.values, divisor)
        last = next((i for i in range(len(values) - 1, -1, -1) if values[i] is not None), None)
        drawn.append(Drawn(series, values, colour, ranks[series.kind], last))
        ranks[series.kind] += 1
    return drawn


def runs(flags: list[bool]) -> list[tuple[int, int]]:
    """Return where runs of True begin and end: `[True, True, False, True] -> [(0, 2), (3, 4)]`."""
    if True not in flags:
        return []
    edges = [i for i, (before, now) in enumerate(zip([False, *flags], [*flags, False], strict=True)) if before != now]
    return list(zip(edges[::2], edges[1::2], strict=True))


def slot(plot: Plot, rank: int, bars: int) -> tuple[float, float]:
    """Return offset from the middle of the month and width of a bar."""
    width = min(36.0, plot.pitch * 0.72 / bars)
    return (rank - bars / 2) * width, max(0.5, width - (1 if bars > 1 and width > 4 else 0))


def draw_bars(sheet: Sheet, plot: Plot, one: Drawn, bars: int) -> None:
    """Draw one path of bars: relative steps keep each height true to a tenth."""
    offset, width = slot(plot, one.rank, bars)
    fill, more = BARS[one.rank]
    start, pitch, scale = plot.x(0) + offset, plot.pitch, -plot.scale
    zero, across = f"{plot.zero:.1f}", f"h{width:.1f}V{plot.zero:.1f}z"
    d = "".join(f"M{start + i * pitch:.1f} {zero}v{value * scale:.1f}{across}" for i, value in enumerate(one.values) if value is not None)
    sheet.path(d, fill or one.colour, one.colour if fill else None, more)


def draw_line(sheet: Sheet, plot: Plot, one: Drawn) -> None:
    """Draw a line, broken where unknown."""
    d, dots = "", ""
    first, pitch, zero, scale = plot.x(0), plot.pitch, plot.zero, plot.scale
    for start, end in runs([value is not None for value in one.values]):
        places = [f"{first + i * pitch:.1f} {zero - value * scale:.1f}" for i in range(start, end) if (value := one.values[i]) is not None]
        d += "M" + "L".join(places) if len(places) > 1 else ""
        # The ends of what is known carry a marker: a single month between two gaps would not be seen otherwise.
        dots += "".join(f"M{place}{MARKERS[one.rank]}" for place in dict.fromkeys((places[0], places[-1])))
    sheet.path(d, None, one.colour, f' stroke-width="2" stroke-linejoin="round"{DASHES[one.rank]}')
    sheet.path(dots, one.colour)


def draw_swatch(sheet: Sheet, x: float, y: float, one: Drawn | None) -> None:
    if one is None:
        sheet.unknown(x, y - 5, 16, 10)
    elif one.series.kind == "bars":
        fill, more = BARS[one.rank]
        sheet.rect(x + 1, y - 5, 14, 10, fill or one.colour, one.colour if fill else None, more)
    else:
        sheet.path(f"M{x:.1f} {y:.1f}h16", None, one.colour, f' stroke-width="2"{DASHES[one.rank]}')
        sheet.path(f"M{x + 8:.1f} {y:.1f}{MARKERS[one.rank]}", one.colour)


def draw_mark(sheet: Sheet, x: float, y: float, one: Drawn) -> None:
    if one.series.kind == "line":
        sheet.path(f"M{x:.1f} {y:.1f}{MARKERS[one.rank]}", one.colour)
    else:
        fill, more = BARS[one.rank]
        sheet.rect(x - 4, y - 4, 8, 8, fill or one.colour, one.colour if fill else None, more)
