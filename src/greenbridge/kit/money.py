"""Money is a whole number of fen, rates are whole basis points; this is how people write and read them."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000


class Fen(int):
    """An amount that a table shows in yuan; what is no `Fen` is a count."""


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text.strip().replace(",", "").replace("，", ""))
    except InvalidOperation:
        raise ValueError(text) from None
    # No amount of yuan has so many digits: `1e999` is a typing error, not a number to carry on with.
    if not value.is_finite() or value.adjusted() > 15:
        raise ValueError(text)
    return value


def fen_from_wan(text: str) -> int:
    """Return fen for an amount typed in 万元: `fen_from_wan("300") == 300_000_000`. Raises ValueError."""
    return int((_decimal(text) * FEN_PER_WAN).to_integral_value(ROUND_HALF_UP))


def bp_from_percent(text: str) -> int:
    """Return basis points for a rate typed in per cent: `bp_from_percent("4.35") == 435`. Raises ValueError."""
    return int((_decimal(text.strip().rstrip("%")) * 100).to_integral_value(ROUND_HALF_UP))


def in_wan(fen: float) -> str:
    """Return an amount in 万元 without needless zeros: `in_wan(380_000_000) == "380"`."""
    return f"{fen / FEN_PER_WAN:,.2f}".rstrip("0").rstrip(".")


def in_yuan(fen: float) -> str:
    """Return an amount in full yuan: `in_yuan(123_456) == "1,234.56"`."""
    return f"{fen / FEN_PER_YUAN:,.2f}"


def in_percent(bp: float) -> str:
    """Return a rate in per cent: `in_percent(435) == "4.35"`."""
    return f"{bp / 100:.2f}"
