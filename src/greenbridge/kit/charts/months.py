"""Months: bars and lines over up to three years."""

from greenbridge.kit.charts.definitions import Months
from greenbridge.kit.charts.ink import NO_DATA, SIZE, UNKNOWN, Sheet, cut, width_of, words
from greenbridge.kit.charts.scales import Unit, ticks
from greenbridge.kit.charts.series import Drawn, Plot, draw_bars, draw_line, draw_mark, draw_swatch, looks, runs, slot
from greenbridge.kit.text import Language

ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def drawn(chart: Months, language: Language) -> str:
    """Return the chart: hatched where unknown, zero always on the axis, the last known value said at the right edge."""
    all_series = looks(chart)
    months = len(chart.series[0].values) if chart.series else 0
    flat = [v for one in all_series for v in one.values if v is not None]
    places, marks = ticks(min(flat, default=0), max(flat, default=0), whole=chart.unit.whole)
    sheet = Sheet(chart.width, chart.height, language)
    ends = [_end_words(chart, one, language) for one in all_series]
    gaps = not flat or any(None in one.values for one in all_series)
    top = _head(sheet, chart, all_series, gaps=gaps)
    left = max(28.0, min(90.0, max(map(width_of, marks)) + 10))
    right = chart.width - max([12.0, *(min(150.0, width_of(end) + 22) for end in ends if end)])
    bottom = chart.height - 36.0
    scale = (bottom - top) / (places[-1] - places[0])
    plot = Plot(left, right, top, bottom, (right - left) / max(months, 1), round(bottom + places[0] * scale, 1), scale)
    _gaps(sheet, plot, all_series, months)
    _axes(sheet, plot, chart, months, list(zip(places, marks, strict=True)), scaled=bool(flat))
    bars = [one for one in all_series if one.series.kind == "bars"]
    for one in bars:
        draw_bars(sheet, plot, one, len(bars))
    sheet.path(f"M{left:.1f} {plot.zero:.1f}H{right:.1f}", None, "quiet")
    for one in all_series:
        if one.series.kind == "line":
            draw_line(sheet, plot, one)
    _ends(sheet, plot, all_series, ends)
    if not flat:
        sheet.note((left + right) / 2, (top + bottom) / 2 + 4, (UNKNOWN if months else NO_DATA).in_(language))
    return sheet.finished("months", chart.title, _told(chart, all_series, months, language))


def month_name(chart: Months, index: int, language: Language, *, year: bool = False) -> str:
    """Return the month `index` months after the first: `"4月"`, with its year `"2024年4月"`, `"Apr 2024"`."""
    years, month = divmod(chart.first.month - 1 + index, 12)
    if language == "en":
        return ENGLISH[month] + (f" {chart.first.year + years}" if year else "")
    return (f"{chart.first.year + years}年" if year else "") + f"{month + 1}月"


def _head(sheet: Sheet, chart: Months, all_series: list[Drawn], *, gaps: bool) -> float:
    """Write title, unit and legend; return where the plot begins."""
    room = min(130.0, (chart.width - 60) / max(1, len(all_series)) - 38)
    names = [cut(words(one.series.name, sheet.language), room) for one in all_series]
    entries: list[tuple[Drawn | None, str]] = list(zip(all_series, names, strict=True)) if len(names) > 1 else []
    if gaps:
        entries.append((None, UNKNOWN.in_(sheet.language)))
    wide = sum(22 + width_of(name) + 16 for _, name in entries) - 16
    end = sheet.heading(chart.title, chart.unit.name.in_(sheet.language))
    beside = end + 24 + wide + 8 <= chart.width
    # A few px more than estimated: letters such as R and m are wider than the average.
    x, y = (chart.width - wide - 8, 15.0) if beside else (0.0, 35.0)
    for one, name in entries:
        draw_swatch(sheet, x, y - 4, one)
        sheet.text(x + 22, y, name, "soft")
        x += 22 + width_of(name) + 16
    return 32.0 if beside or not entries else 52.0


def _axes(sheet: Sheet, plot: Plot, chart: Months, months: int, marks: list[tuple[float, str]], *, scaled: bool) -> None:
    """Draw the grid, the numbers where anything is known, and the months."""
    grid = "".join(f"M{plot.left:.1f} {plot.y(place):.1f}H{plot.right:.1f}" for place, _ in marks)
    sheet.path(grid, None, "line")
    for place, mark in marks if scaled else []:
        sheet.text(plot.left - 8, plot.y(place) + 4, cut(mark, plot.left - 8), "soft", anchor="end")
    # Every month where there is room, else the quarters; the years below, each under its first month.
    every = 1 if plot.pitch >= 34 else 3 if plot.pitch >= 12 else 12
    edges = ""
    free = 0.0
    for i in range(months):
        month = (chart.first.month - 1 + i) % 12
        if month % every == 0:
            sheet.text(plot.x(i), plot.bottom + 15, month_name(chart, i, sheet.language), "soft", anchor="middle")
        if month == 0 or i == 0:
            edge = plot.left + i * plot.pitch
            year = str(chart.first.year + (chart.first.month - 1 + i) // 12) + ("年" if sheet.language == "zh" else "")
            next_year = plot.left + (i + 12 - month) * plot.pitch
            if min(next_year, plot.right) - max(edge, free) > width_of(year) + 8:
                edges += f"M{edge:.1f} {plot.bottom:.1f}v4m0 16v13"
                sheet.text(edge + 5, plot.bottom + 31, year, "soft")
                free = edge + 5 + width_of(year)
    sheet.path(edges, None, "line")


def _gaps(sheet: Sheet, plot: Plot, all_series: list[Drawn], months: int) -> None:
    """Hatch the months nobody knows in full height, a bar's place in its own width, a line's gap along the foot."""
    if not months:
        sheet.unknown(plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top)
    unknown = [all(one.values[i] is None for one in all_series) for i in range(months)]
    for start, end in runs(unknown):
        sheet.unknown(plot.left + start * plot.pitch, plot.top, (end - start) * plot.pitch, plot.bottom - plot.top)
    bars = sum(one.series.kind == "bars" for one in all_series)
    for one in all_series:
        missing = [value is None and not unknown[i] for i, value in enumerate(one.values)]
        if one.series.kind == "line":
            for start, end in runs(missing):
                sheet.unknown(plot.left + start * plot.pitch, plot.bottom - 6, (end - start) * plot.pitch, 6)
            continue
        offset, width = slot(plot, one.rank, bars)
        for i, gap in enumerate(missing):
            if gap:
                sheet.unknown(plot.x(i) + offset, plot.top, width, plot.bottom - plot.top)


def _end_words(chart: Months, one: Drawn, language: Language) -> str:
    """Return the last known value, and its month where that is not the last of the chart."""
    if one.last is None:
        return ""
    value = chart.unit.say((one.values[one.last] or 0.0) * chart.unit.divisor)
    late = one.last < len(one.values) - 1
    return value + (f" · {month_name(chart, one.last, language)}" if late else "")


def _ends(sheet: Sheet, plot: Plot, all_series: list[Drawn], ends: list[str]) -> None:
    """Say the last values at the right edge, pushed apart to a line each."""
    told = [(plot.y(one.values[one.last] or 0.0), one, end) for one, end in zip(all_series, ends, strict=True) if one.last is not None]
    told.sort(key=lambda each: each[0])
    step = SIZE + 3
    low = plot.top + 2
    for i, (y, one, end) in enumerate(told):
        at = max(low, min(y, plot.bottom - step * (len(told) - 1 - i)))
        low = at + step
        x = plot.right + 6
        if len(told) > 1:
            draw_mark(sheet, x + 4, at, one)
            x += 13
        sheet.text(x, at + 4, cut(end, sheet.width - x))


def _told(chart: Months, all_series: list[Drawn], months: int, language: Language) -> list[str]:
    zh = language == "zh"
    if not months:
        return [NO_DATA.in_(language)]
    span = [month_name(chart, i, language, year=True) for i in (0, months - 1)]
    unit = chart.unit.name.in_(language)
    told = [f"{span[0]}至{span[1]}，单位{unit}" if zh else f"{span[0]} to {span[1]}, in {unit}"]
    return told + [_told_series(chart, one, language) for one in all_series]


def _told_series(chart: Months, one: Drawn, language: Language) -> str:
    zh, unit = language == "zh", Unit(chart.unit.name, whole=chart.unit.whole)
    name, values = words(one.series.name, language), [v for v in one.values if v is not None]
    missing = len(one.values) - len(values)
    if one.last is None:
        return f"{name}：未知" if zh else f"{name}: unknown"
    low, high, last = unit.say(min(values)), unit.say(max(values)), unit.say(values[-1])
    at = month_name(chart, one.last, language, year=True)
    gap = (f"，{missing} 个月未知" if zh else f", {missing} months unknown") if missing else ""
    return f"{name}：{at}为 {last}，最低 {low}，最高 {high}{gap}" if zh else f"{name}: {last} in {at}, lowest {low}, highest {high}{gap}"
