"""The firm among its peers: one strip a metric."""

from greenbridge.kit.charts.definitions import Percentiles, Standing
from greenbridge.kit.charts.ink import NO_DATA, UNKNOWN, Sheet, cut, width_of, words
from greenbridge.kit.charts.scales import known, number
from greenbridge.kit.text import Language, Text

ROW = 38
TOP = 46
BETTER = {
    "high": Text("越高越好", "higher is better"),
    "low": Text("越低越好", "lower is better"),
    "neither": Text("无优劣之分", "neither is better"),
}


def drawn(chart: Percentiles, language: Language) -> str:
    """Return strips from 0 to 100 with the quartiles marked and the firm's place; hatched where unknown."""
    sheet = Sheet(chart.width, TOP + ROW * max(1, len(chart.rows)), language)
    sheet.heading(chart.title, words(chart.peers, language) if chart.peers else "")
    left, right = round(chart.width * 0.36, 1), round(chart.width * 0.8, 1)
    if not chart.rows:
        sheet.text(0, TOP + 10, NO_DATA.in_(language), "soft")
        return sheet.finished("percentiles", chart.title, [NO_DATA.in_(language)])
    for mark in (0, 25, 50, 75, 100):
        sheet.text(left + (right - left) * mark / 100, 40, str(mark), "soft", anchor="middle")
    for i, row in enumerate(chart.rows):
        _strip(sheet, row, TOP + i * ROW, left, right)
    return sheet.finished("percentiles", chart.title, [_told(row, language) for row in chart.rows])


def _strip(sheet: Sheet, row: Standing, y: float, left: float, right: float) -> None:
    room, wide = left - 20, right - left
    value = cut(words(row.value, sheet.language), room * 0.5) if row.value else ""
    sheet.text(room, y + 14, value, anchor="end")
    sheet.text(0, y + 14, cut(words(row.label, sheet.language), room - (width_of(value) + 10 if value else 0)))
    sheet.text(0, y + 29, cut(_side(row, sheet.language), room), "soft")
    place = known(row.percentile)
    if place is None:
        sheet.unknown(left, y + 8, wide, 12)
        sheet.text(right + 14, y + 18, UNKNOWN.in_(sheet.language), "soft")
        return
    x = left + wide * min(100.0, max(0.0, place)) / 100
    sheet.rect(left, y + 8, wide, 12, "tint")
    sheet.rect(left + wide / 4, y + 8, wide / 2, 12, "brand", None, ' fill-opacity="0.14"')
    marks = "".join(f"M{left + wide * quarter / 4:.1f} {y + 8:.1f}v12" for quarter in (1, 2, 3))
    sheet.path(marks, None, "quiet")
    sheet.path(f"M{x:.1f} {y + 5:.1f}l6 9l-6 9l-6 -9z", "brand", "card", ' stroke-width="1.5"')
    sheet.text(right + 14, y + 18, cut(_place(row, place, sheet.language), sheet.width - right - 14))


def _side(row: Standing, language: Language) -> str:
    return f"{BETTER[row.better].in_(language)} · n={row.n}"


def _place(row: Standing, place: float, language: Language) -> str:
    """Return the place in words: of a metric whose low side is better, place 18 beats 82 %."""
    place = min(100.0, max(0.0, place))
    if row.better == "neither":
        return f"位于 {number(place, whole=True)}%" if language == "zh" else f"at {number(place, whole=True)}%"
    beaten = number(place if row.better == "high" else 100 - place, whole=True)
    return f"优于 {beaten}% 同业" if language == "zh" else f"beats {beaten}%"


def _told(row: Standing, language: Language) -> str:
    place, label = known(row.percentile), words(row.label, language)
    value = f" {words(row.value, language)}" if row.value else ""
    said = UNKNOWN.in_(language) if place is None else _place(row, place, language)
    colon, comma = ("：", "，") if language == "zh" else (": ", ", ")
    return f"{label}{value}{colon}{said}{comma}{_side(row, language)}"
