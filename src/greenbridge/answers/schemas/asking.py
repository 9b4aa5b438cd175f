"""Wire types of what banks, firms and the operator say."""

from datetime import date

from greenbridge.answers.values import (
    BankEvent,
    DeclineReason,
    Demand,
    Offer,
    RatingReason,
    Report,
)
from greenbridge.catalog.values import Repayment
from greenbridge.kit.wire import Closed


class OfferIn(Closed):
    """An offer: fen, basis points a year, months."""

    product_code: str
    amount_fen: int
    annual_rate_bp: int
    term_months: int
    valid_until: date
    repayment: Repayment | None = None
    upfront_fee_fen: int = 0
    guarantee_yearly_bp: int = 0
    note: str = ""

    def offer(self) -> Offer:
        """Return the value; the product's yearly fee is added by the service."""
        terms = (self.product_code, self.amount_fen, self.annual_rate_bp, self.term_months, self.valid_until, self.repayment)
        return Offer(*terms, upfront_fee_fen=self.upfront_fee_fen, guarantee_yearly_bp=self.guarantee_yearly_bp)


class StepIn(Closed):
    """What a bank reports of its answer: `event`, and what that event needs. Amounts in fen, rates in basis points a year.

    demand: `demands`; approve: `amount_fen`, `annual_rate_bp`; sign: `contract_number`; pay_out: `amount_fen`, `paid_on`; repay:
    `principal_fen`, `interest_fen`, `paid_on`; fall_overdue: `amount_fen`, what is overdue now; close (a revolving loan of which nothing
    is owed): `paid_on`; return: `reasons`; contact and catch_up: nothing.
    """

    event: BankEvent
    demands: list[Demand] = []
    reasons: list[DeclineReason] = []
    amount_fen: int = 0
    annual_rate_bp: int = 0
    contract_number: str = ""
    principal_fen: int = 0
    interest_fen: int = 0
    paid_on: date | None = None
    note: str = ""

    def report(self) -> Report:
        """Return the value."""
        said = {name: getattr(self, name) for name in type(self).model_fields if name not in {"demands", "reasons"}}
        return Report(**said, demands=tuple(self.demands), reasons=tuple(self.reasons))


class RequestIn(Closed):
    """Which product a firm asks for."""

    product_code: str


class ReasonsIn(Closed):
    """Why a bank refuses what it was asked."""

    reasons: list[DeclineReason]


class RatingIn(Closed):
    """A firm's judgement: 1 to 5 stars, one to four reasons."""

    stars: int
    reasons: list[RatingReason]


class WordsIn(Closed):
    """The operator's answer to a firm."""

    text: str


class DeclineIn(Closed):
    """A decline with its reasons."""

    reasons: list[DeclineReason]
    note: str = ""


class AcceptanceIn(Closed):
    """What the firm agrees to beside the offer: that the bank watches the loan afterwards."""

    post_loan: bool = False
