"""What the API says of green ratings."""

from datetime import date
from typing import Any

from greenbridge.kit.wire import Closed


class StandingOut(Closed):
    """A firm's standing: the certified grade where there is one, else where its case stands. Nulls until then."""

    state: str
    grade: str | None
    points: float | None
    coverage: float | None
    certificate_number: str | None
    valid_from: date | None
    valid_to: date | None
    catalogue_version: str | None
    scheme: str | None
    scheme_version: str | None
    scheme_status: str | None


class GreenOut(Closed):
    """A firm's green rating: its standing (null: none), and the rating that its page shows with 24 `indicators`."""

    standing: StandingOut | None
    rating: dict[str, Any]


class ForecastOut(Closed):
    """What a loan would bring under a grade. Amounts in fen, rates in basis points; `verified`: whether the share is confirmed."""

    grade: str
    principal_fen: int
    days: int
    base_rate_bp: int
    share_bp: int
    verified: bool
    amount_fen: int
    policy: str
