"""Bands of default probability as a flight of steps, the firm's marked."""

from greenbridge.kit.charts.definitions import Ladder
from greenbridge.kit.charts.ink import Sheet, cut, width_of, words
from greenbridge.kit.charts.scales import PERCENT, known
from greenbridge.kit.text import Language, Text

FOOT = 98.0
UNRATED = Text("未评级", "Not rated")


def drawn(chart: Ladder, language: Language) -> str:
    """Return the bands, safest first and lowest, each with its grade and upper bound; hatched where the firm is not rated."""
    sheet = Sheet(chart.width, 134, language)
    sheet.heading(chart.title)
    n = max(len(chart.bands), 1)
    wide, at = chart.width / n, chart.at if chart.at is not None and 1 <= chart.at <= len(chart.bands) else None
    for i, band in enumerate(chart.bands):
        x, rise = i * wide, 10 + 34 * (i / max(n - 1, 1))
        here = at == i + 1
        if at is None:
            sheet.unknown(x + 1, FOOT - rise, wide - 2, rise)
        else:
            sheet.rect(x + 1, FOOT - rise, wide - 2, rise, "brand" if here else "line")
        middle, room = x + wide / 2, wide - 4
        sheet.text(middle, FOOT + 16, cut(words(band.grade, language), room), "ink" if here else "soft", anchor="middle")
        sheet.text(middle, FOOT + 32, cut(_bound(chart, i, language), room), "soft", anchor="middle")
        if here:
            _flag(sheet, middle, FOOT - rise, _place(chart, i + 1, language))
    if at is None:
        sheet.note(chart.width / 2, FOOT - 18, UNRATED.in_(language))
    return sheet.finished("ladder", chart.title, [_told(chart, at, language)])


def _bound(chart: Ladder, i: int, language: Language) -> str:
    """Return what a band ends before: a bound belongs to the band above it. The last one, which ends at certainty, says where it begins."""
    upper = min(1.0, known(chart.bands[i].upper) or 0.0)
    if i and upper == 1:
        return f"≥{PERCENT.said(known(chart.bands[i - 1].upper) or 0.0, language)}"
    return f"<{PERCENT.said(upper, language)}"


def _flag(sheet: Sheet, x: float, y: float, said: str) -> None:
    """Point at the firm's band from above, the words kept on the sheet."""
    said = cut(said, sheet.width)
    half = width_of(said) / 2
    sheet.path(f"M{x:.1f} {y - 4:.1f}l-5 -7h10z", "brand")
    sheet.text(min(max(x, half), sheet.width - half), y - 17, said, anchor="middle")


def _place(chart: Ladder, at: int, language: Language) -> str:
    grade = words(chart.bands[at - 1].grade, language)
    probability = known(chart.probability)
    said = f"第 {at} 级 · {grade}" if language == "zh" else f"Band {at} · {grade}"
    if probability is None:
        return said
    return f"{said} · {'违约概率' if language == 'zh' else 'default probability'} {PERCENT.said(probability, language)}"


def _told(chart: Ladder, at: int | None, language: Language) -> str:
    n = len(chart.bands)
    if at is None:
        return f"{UNRATED.in_(language)}（共 {n} 级）" if language == "zh" else f"{UNRATED.in_(language)} ({n} bands)"
    place = _place(chart, at, language)
    return f"{place}；共 {n} 级，第 1 级违约概率最低" if language == "zh" else f"{place}; {n} bands, band 1 is the safest"
