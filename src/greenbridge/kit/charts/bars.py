"""Horizontal bars: a ranking, and one bar made of parts."""

from greenbridge.kit.charts.definitions import Bar, Bars, Stacked
from greenbridge.kit.charts.ink import NO_DATA, UNKNOWN, Sheet, cut, escaped, paint, width_of, words
from greenbridge.kit.charts.scales import PERCENT, known, number
from greenbridge.kit.text import Language

MOST_ROWS = 10
ROW = 26
# One hue from full to faint, in the order of the parts. The digit on a part turns dark where the part is faint, and the
# shades leave out the middle, where neither digit would have contrast enough, on paper or in the dark.
SHADES = (1.0, 0.85, 0.5, 0.38, 0.28, 0.2, 0.13, 0.08)


def drawn(chart: Bars, language: Language) -> str:
    """Return a ranking: names at the left, values with their unit at the end of the bars, hatched where unknown."""
    rows = chart.rows[:MOST_ROWS]
    left_out = len(chart.rows) - len(rows)
    sheet = Sheet(chart.width, 30 + ROW * max(1, len(rows)) + (22 if left_out else 0), language)
    sheet.heading(chart.title, chart.unit.name.in_(language))
    names = [cut(words(row.label, language), chart.width * 0.34) for row in rows]
    ends = [cut(_end(chart, row, language), chart.width * 0.28) for row in rows]
    values = [known(row.value) for row in rows]
    left = max(map(width_of, names), default=0) + 12
    right = chart.width - max(map(width_of, ends), default=0) - 10
    low, high = min([0.0, *(v for v in values if v is not None)]), max([0.0, *(v for v in values if v is not None)])
    scale = (right - left) / ((high - low) or 1.0)
    zero = round(left - low * scale, 1)
    for i, (name, end, value) in enumerate(zip(names, ends, values, strict=True)):
        y = 30 + i * ROW
        sheet.text(left - 12, y + 17, name, anchor="end")
        if value is None:
            sheet.unknown(zero, y + 6, right - zero, 14)
        elif value:
            sheet.rect(min(zero, zero + value * scale), y + 6, abs(value) * scale, 14, "brand" if value > 0 else "danger")
        sheet.text(max(zero, zero + (value or 0.0) * scale) + 8 if value is not None else right + 8, y + 17, end)
    if rows:
        sheet.path(f"M{zero:.1f} 30V{30 + ROW * len(rows)}", None, "quiet")
    else:
        sheet.text(0, 47, NO_DATA.in_(language), "soft")
    if left_out:
        more = f"另有 {left_out} 项未列出" if language == "zh" else f"{left_out} more not shown"
        sheet.text(left, 30 + ROW * len(rows) + 16, more, "soft")
    return sheet.finished("bars", chart.title, _told(chart, rows, left_out, language))


def _end(chart: Bars, row: Bar, language: Language) -> str:
    value, share = known(row.value), known(row.share)
    if value is None:
        return UNKNOWN.in_(language)
    return chart.unit.said(value, language) + ("" if share is None else f" · {PERCENT.said(share, language)}")


def _told(chart: Bars, rows: tuple[Bar, ...], left_out: int, language: Language) -> list[str]:
    if not rows:
        return [NO_DATA.in_(language)]
    colon, comma = ("：", "；") if language == "zh" else (": ", "; ")
    told = [comma.join(f"{words(row.label, language)}{colon}{_end(chart, row, language)}" for row in rows)]
    return told + ([f"另有 {left_out} 项未列出" if language == "zh" else f"{left_out} more not shown"] if left_out else [])


def composed(chart: Stacked, language: Language) -> str:
    """Return one bar of parts in the order given, numbered as in the list below it; the rest of the whole is hatched."""
    shares, whole = _shares(chart)
    names = [words(part.label, language) for part in chart.parts[: len(SHADES)]]
    if len(chart.parts) > len(SHADES):
        # The last shade gathers what has no shade of its own.
        rest = shares[len(SHADES) - 1 :]
        gathered = [share for share in rest if share is not None]
        shares = [*shares[: len(SHADES) - 1], sum(gathered) if gathered else None]
        names[-1] = f"其他 {len(rest)} 项" if language == "zh" else f"{len(rest)} others"
    unexplained = max(0.0, 1 - sum(share or 0.0 for share in shares))
    said = ["" if share is None else PERCENT.said(share, language) for share in shares]
    entries = [(name, value or UNKNOWN.in_(language)) for name, value in zip(names, said, strict=True)]
    if unexplained > 0.0005:
        entries.append((UNKNOWN.in_(language), PERCENT.said(unexplained, language)))
    places, height = _flow(entries, chart.width)
    sheet = Sheet(chart.width, 66 + height, language)
    whole_words = chart.unit.said(whole, language) if chart.unit != PERCENT and whole else ""
    sheet.heading(chart.title, whole_words)
    x = 0.0
    for i, share in enumerate(shares):
        wide = (share or 0.0) * chart.width
        if wide:
            _part(sheet, x, wide, i)
        x += wide
    if unexplained > 0.0005:
        sheet.unknown(x, 28, chart.width - x, 26)
    for i, ((name, value), (at, y, room)) in enumerate(zip(entries, places, strict=True)):
        _key(sheet, at, 66 + y, i if i < len(shares) else None)
        # One text: the share follows the name wherever the name ends in the reader's font.
        sheet.raw(at + 22, 66 + y + 12, f'{escaped(cut(name, room))}<tspan dx="6"{paint("soft")}>{escaped(value)}</tspan>')
    colon, comma = ("：", "；") if language == "zh" else (": ", "; ")
    return sheet.finished("stacked", chart.title, [comma.join(f"{name}{colon}{value}" for name, value in entries) or NO_DATA.in_(language)])


def _shares(chart: Stacked) -> tuple[list[float | None], float]:
    """Return each part's share of the whole in [0, 1] and the whole; parts that exceed the whole are the whole themselves."""
    values = [None if (v := known(part.value)) is None else max(0.0, v) for part in chart.parts]
    total = sum(v for v in values if v is not None)
    whole = max(total, known(chart.whole) or 0.0)
    return [None if v is None else v / whole if whole else 0.0 for v in values], whole


def _flow(entries: list[tuple[str, str]], width: float) -> tuple[list[tuple[float, float, float]], float]:
    """Return x, y and the room of the name for each entry, set in lines like words, and the height of all."""
    places: list[tuple[float, float, float]] = []
    x, y = 0.0, 0.0
    for name, value in entries:
        room = min(width_of(name), 200.0)
        wide = 22 + room + 6 + width_of(value)
        if x and x + wide > width:
            x, y = 0.0, y + 22
        places.append((x, y, room))
        x += wide + 22
    return places, y + 20 if entries else 0.0


def _part(sheet: Sheet, x: float, wide: float, i: int) -> None:
    # A hair of paper between neighbours, unless the part itself is not wider.
    sheet.rect(x, 28, max(0.1, wide - 1.5), 26, "brand", None, f' fill-opacity="{SHADES[i]}"')
    if wide >= 16:
        sheet.text(x + (wide - 1.5) / 2, 45, number(i + 1), "card" if SHADES[i] > 0.5 else "ink", anchor="middle")


def _key(sheet: Sheet, x: float, y: float, i: int | None) -> None:
    if i is None:
        sheet.unknown(x, y, 16, 16)
        return
    sheet.rect(x, y, 16, 16, "brand", None, f' fill-opacity="{SHADES[i]}"')
    sheet.text(x + 8, y + 12, number(i + 1), "card" if SHADES[i] > 0.5 else "ink", anchor="middle")
