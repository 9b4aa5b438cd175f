"""How banks deal: ratings by firms, the league table and who is suspected."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from greenbridge.kit.text import Text


class RatingReason(StrEnum):
    """Why a firm is or is not content with a bank."""

    QUICK = "quick"
    CLEAR = "clear"
    AS_PROMISED = "as_promised"
    FAIR_PRICE = "fair_price"
    SLOW = "slow"
    UNCLEAR = "unclear"
    RATE_RAISED = "rate_raised"
    LESS_THAN_OFFERED = "less_than_offered"
    EXTRA_FEES = "extra_fees"
    TIED_SALES = "tied_sales"


RATING_REASON_NAMES = {
    RatingReason.QUICK: Text("办理快", "Quick"),
    RatingReason.CLEAR: Text("说明清楚", "Clear"),
    RatingReason.AS_PROMISED: Text("与报价一致", "As offered"),
    RatingReason.FAIR_PRICE: Text("价格合理", "Fair price"),
    RatingReason.SLOW: Text("办理慢", "Slow"),
    RatingReason.UNCLEAR: Text("说明不清", "Unclear"),
    RatingReason.RATE_RAISED: Text("利率高于报价", "Rate above the offer"),
    RatingReason.LESS_THAN_OFFERED: Text("金额少于报价", "Less than offered"),
    RatingReason.EXTRA_FEES: Text("另收费用", "Fees on top"),
    RatingReason.TIED_SALES: Text("搭售其他产品", "Other products were pushed"),
}


@dataclass(frozen=True, slots=True)
class Rating:
    """A firm's judgement of the bank that answered it: 1 to 5 stars and its reasons."""

    answer_id: UUID
    bank_id: UUID
    stars: int
    reasons: tuple[RatingReason, ...]
    rated_at: datetime


@dataclass(frozen=True, slots=True)
class Dealing:
    """One bank's dealing with one need, as the league counts it. `asked`: it was asked, not only free to come.

    `waited_hours`: from the ask, or the claim, to the first offer, decline or return; None where none came. `avoidable`: it took a slot of
    its own will and gave it back for a reason that it could know before. `lending`: the firm has chosen it and the time to lend is not
    over; `released`: it was late, and the firm or the operator let it go.
    """

    bank_code: str
    bank_name: str
    asked: bool
    claimed: bool
    offered: bool
    declined: bool
    avoidable: bool
    waited_hours: float | None
    open: bool
    lending: bool
    chosen: bool
    approved: bool
    lapsed: bool
    approved_fen: int
    disbursed_fen: int
    offered_rate_bp: int | None
    approved_rate_bp: int | None
    stars: int | None
    product_code: str | None
    no_capacity: bool
    on: date
    released: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """A share of `n`, as seen and drawn towards the place's (`shrunk`), which counts as if it were some cases more."""

    hits: float
    n: int
    shrunk: float

    @property
    def seen(self) -> float | None:
        """Return the share as seen; None of nothing."""
        return self.hits / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Standing:
    """A bank in the league. Rates against promise in basis points: what was approved above what was offered."""

    place: int
    bank_code: str
    bank_name: str
    dealings: int
    answer_rate: Share
    approval: Share
    kept: Share
    paid: Share
    median_hours: float | None
    rate_over_promise_bp: float | None
    stars: Share
    score: float
    ranked: bool


@dataclass(frozen=True, slots=True)
class Suspect:
    """A product that is shown and never lends, or a bank that lets firms wait."""

    bank_code: str
    bank_name: str
    product_code: str | None
    n: int
    because: Text


@dataclass(frozen=True, slots=True)
class LeaguePolicy:
    """How the league is made: prior strength, weights (they sum to 1), from how many dealings a bank has a place, when it is suspect."""

    version: str
    source: str
    prior: float
    least: int
    weights: Mapping[str, float]
    full_hours: float
    ghost_least: int
    slow_hours: float
    slow_share: float
