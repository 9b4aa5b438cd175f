"""How figures are said in proposals."""

from greenbridge.kit.money import in_percent, in_wan
from greenbridge.kit.text import Text

UNKNOWN = Text("未知", "unknown")


def amount(fen: float) -> Text:
    """Return an amount: `amount(30_000_000)` is 30 万元."""
    return Text(f"{in_wan(fen)} 万元", f"{in_wan(fen)} x10k yuan")


def share(value: float) -> Text:
    """Return a share: `share(0.0163)` is 1.6 %."""
    said = f"{value:.1%}".replace("%", " %")
    return Text(said, said)


def rate(bp: float) -> Text:
    """Return a rate a year: `rate(445)` is 4.45 %."""
    return Text(f"{in_percent(bp)} %", f"{in_percent(bp)} %")


def times(value: float) -> Text:
    """Return a multiple: `times(8)` is 8 倍."""
    return Text(f"{value:g} 倍", f"{value:g} times")


def basis_points(bp: int) -> Text:
    """Return signed basis points: `basis_points(-110)` is −110 个基点."""
    sign = "−" if bp < 0 else "+"
    return Text(f"{sign} {abs(bp)} 个基点", f"{sign} {abs(bp)} bp")
