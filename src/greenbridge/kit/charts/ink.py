"""The sheet charts are drawn on: text, lines and hatching as SVG, coordinates to a tenth.

Colours stand twice: as an attribute with the colour on light paper, which is all a PDF renderer reads, and as a class that
`static/charts.css` follows into the dark. Hatching and arrows are plain paths: patterns and markers need ids, and ids of
several charts would meet in one page.
"""

import re
from functools import lru_cache
from math import ceil, floor

from greenbridge.kit.charts.definitions import Label
from greenbridge.kit.text import Language, Text

COLOURS = {
    "ink": "#1b2a2f",
    "soft": "#54646a",
    "line": "#dfe6e1",
    "quiet": "#9aa5a0",
    "card": "#ffffff",
    "brand": "#0f6b4f",
    "tint": "#e3f4ec",
    "information": "#2563a8",
    "attention": "#9a6700",
    "danger": "#b3261e",
}
FONTS = "'Noto Sans SC','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"
SIZE = 12
UNKNOWN = Text("未知", "Unknown")
NO_DATA = Text("暂无数据", "No data")

# What XML cannot carry, what breaks a line, and the signs that would turn the direction of the text after them.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]+")


def clean(text: str) -> str:
    """Return a text of one line without control characters: what is left can stand in XML once escaped."""
    return text if text.isprintable() else _UNWRITABLE.sub(" ", text)


def escaped(text: str) -> str:
    """Return a clean text with the five signs of XML written as references."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;").replace("'", "&#39;")


def words(label: Label, language: Language) -> str:
    """Return a label in one language, on one line; a plain string is the same in both."""
    return clean(label.in_(language) if isinstance(label, Text) else label)


def width_of(text: str, size: float = SIZE) -> float:
    """Return the width of a text in px, at 1 em for a Chinese and 0.55 em for an ASCII character: `width_of("a电") == 18.6`."""
    ascii_signs = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    return size * (len(text) - 0.45 * ascii_signs)


def cut(text: str, room: float, size: float = SIZE) -> str:
    """Return the text, or as much of it as fits into `room` px with an ellipsis: `cut("湖州某某有限公司", 60) == "湖州某某…"`."""
    if width_of(text, size) <= room:
        return text
    left = room - size
    for place, sign in enumerate(text):
        left -= size * (0.55 if sign.isascii() else 1.0)
        if left < 0:
            return text[:place].rstrip() + "…"
    return text


@lru_cache(maxsize=256)
def paint(fill: str | None = None, stroke: str | None = None) -> str:
    """Return the attributes of a colour: `paint("brand") == ' fill="#0f6b4f" class="c-brand"'`."""
    names = [f"c-{fill}"] if fill else []
    attributes = f' fill="{COLOURS[fill]}"' if fill else ' fill="none"'
    if stroke:
        names.append(f"s-{stroke}")
        attributes += f' stroke="{COLOURS[stroke]}"'
    return f'{attributes} class="{" ".join(names)}"' if names else attributes


@lru_cache(maxsize=256)
def hatching(x: float, y: float, width: float, height: float, gap: int = 6) -> str:
    """Return the path of the rising diagonals inside a rectangle, `gap` px apart; rectangles side by side continue each other."""
    parts = []
    # A diagonal is x + y = k; multiples of the gap make neighbours meet.
    for k in range(ceil((x + y) / gap) * gap, floor(x + width + y + height) + 1, gap):
        left = max(x, k - y - height)
        run = min(x + width, k - y) - left
        if run >= 0.1:
            parts.append(f"M{left:.1f} {k - left:.1f}l{run:.1f} {-run:.1f}")
    return "".join(parts)


class Sheet:
    """A chart being drawn. Everything is appended in order, so the same calls give the same bytes."""

    def __init__(self, width: float, height: float, language: Language) -> None:
        self.width, self.height, self.language = width, height, language
        self._parts: list[str] = []

    def text(self, x: float, y: float, text: str, colour: str = "ink", *, anchor: str = "start", size: int = SIZE) -> None:
        """Write a text with its baseline at y."""
        if text:
            self.raw(x, y, escaped(text), colour, anchor=anchor, size=size)

    def raw(self, x: float, y: float, markup: str, colour: str = "ink", *, anchor: str = "start", size: int = SIZE) -> None:
        """Write a text that is escaped already, such as one with `tspan`s."""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        scale = "" if size == SIZE else f' font-size="{size}"'
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{place}{scale}{paint(colour)}>{markup}</text>')

    def path(self, d: str, fill: str | None = None, stroke: str | None = None, more: str = "") -> None:
        """Draw a path; nothing if it is empty."""
        if d:
            self._parts.append(f'<path d="{d}"{paint(fill, stroke)}{more}/>')

    def rect(self, x: float, y: float, width: float, height: float, fill: str | None, stroke: str | None = None, more: str = "") -> None:
        self._parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"{paint(fill, stroke)}{more}/>')

    def unknown(self, x: float, y: float, width: float, height: float) -> None:
        """Hatch a rectangle: the sign of what is not known."""
        self.path(hatching(round(x, 1), round(y, 1), round(width, 1), round(height, 1)), None, "quiet", ' stroke-width="0.8"')

    def note(self, x: float, y: float, text: str, colour: str = "soft") -> None:
        """Write a text around x on a plate, where lines or hatching run below."""
        half = width_of(text) / 2 + 6
        self.rect(x - half, y - 14, half * 2, 20, "card")
        self.text(x, y, text, colour, anchor="middle")

    def heading(self, title: Text, aside: str = "", room: float | None = None) -> float:
        """Write the title and, softly after it, the unit; return where they end."""
        room = self.width if room is None else room
        name = cut(words(title, self.language), room, 14)
        end = width_of(name, 14)
        markup = escaped(name)
        if aside and end + 10 < room - 12:
            aside = cut(aside, room - end - 10)
            end += 10 + width_of(aside)
            # Within the same text: it follows the title wherever that ends in the reader's font.
            markup += f'<tspan dx="10" font-size="{SIZE}"{paint("soft")}>{escaped(aside)}</tspan>'
        if markup:
            self.raw(0, 15, markup, size=14)
        return end

    def finished(self, kind: str, title: Text, told: list[str]) -> str:
        """Return the SVG; `told` says in sentences what the chart shows."""
        stop = "。" if self.language == "zh" else ". "
        desc = escaped(stop.join(filter(None, told)) + stop.rstrip())
        tongue = "en" if self.language == "en" else "zh-CN"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}" height="{self.height:g}" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" role="img" class="chart chart-{kind}" lang="{tongue}" '
            f'font-family="{FONTS}" font-size="{SIZE}"><title>{escaped(words(title, self.language))}</title><desc>{desc}</desc>'
            f"{''.join(self._parts)}</svg>"
        )
