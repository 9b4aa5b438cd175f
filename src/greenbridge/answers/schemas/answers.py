"""Wire types of an answer with its offer and contract, of requests, ratings and what happened."""

from datetime import date, datetime
from uuid import UUID

from greenbridge.answers.schemas.asking import RatingIn
from greenbridge.answers.values import (
    Answer,
    AnswerHappened,
    AnswerStatus,
    AnswerView,
    AskedBy,
    DeclineReason,
    Demand,
    LoanState,
    Rating,
    Request,
    RequestState,
)
from greenbridge.catalog.values import Repayment
from greenbridge.kit.wire import Closed
from greenbridge.needs.values import Happened


class RequestOut(Closed):
    """A bank that was asked; `bank` is told to the firm only."""

    id: UUID
    need_id: UUID
    product_code: str
    asked_by: AskedBy
    asked_at: datetime
    due_on: date
    state: RequestState
    reasons: list[DeclineReason]
    bank: str | None = None

    @classmethod
    def of(cls, one: Request, bank: str | None = None) -> "RequestOut":
        """Return the wire form."""
        return cls(
            id=one.id,
            need_id=one.need_id,
            product_code=one.product_code,
            asked_by=one.asked_by,
            asked_at=one.asked_at,
            due_on=one.due_on,
            state=one.state,
            reasons=list(one.reasons),
            bank=bank,
        )


class RatingOut(RatingIn):
    """The judgement as kept."""

    answer_id: UUID
    rated_at: datetime

    @classmethod
    def of(cls, one: Rating) -> "RatingOut":
        """Return the wire form."""
        return cls(answer_id=one.answer_id, stars=one.stars, reasons=list(one.reasons), rated_at=one.rated_at)


class ContractOut(Closed):
    """What came of an accepted offer."""

    approved_fen: int | None
    approved_rate_bp: int | None
    contract_number: str | None
    disbursed_fen: int
    first_paid_on: date | None
    repaid_fen: int
    state: LoanState | None
    overdue_fen: int


class HappenedOut(Closed):
    """One step in the life of a need or of an answer to it (`bank` is null for the need's own)."""

    at: datetime
    event: str
    source: str | None
    target: str
    bank: str | None

    @classmethod
    def of(cls, one: Happened | AnswerHappened) -> "HappenedOut":
        """Return the wire form."""
        bank = one.bank_name if isinstance(one, AnswerHappened) else None
        source = one.source.value if one.source else None
        return cls(at=one.at, event=one.event.value, source=source, target=one.target.value, bank=bank)


class OfferOut(Closed):
    """An offer as made."""

    product_code: str
    amount_fen: int
    annual_rate_bp: int
    term_months: int
    valid_until: date
    repayment: Repayment | None
    upfront_fee_fen: int
    yearly_fee_bp: int
    guarantee_yearly_bp: int


class AnswerOut(Closed):
    """An answer; `bank` and `may_read_report` are told to the firm only."""

    id: UUID
    need_id: UUID
    slot: int
    status: AnswerStatus
    claimed_at: datetime
    act_by: date
    offer: OfferOut | None
    reasons: list[DeclineReason]
    note: str
    demands: list[Demand]
    contract: ContractOut
    bank: str | None = None
    may_read_report: bool | None = None

    @classmethod
    def of(cls, a: Answer, view: AnswerView | None = None) -> "AnswerOut":
        """Return the wire form."""
        o = a.offer
        return cls(
            id=a.id,
            need_id=a.need_id,
            slot=a.slot,
            status=a.status,
            claimed_at=a.claimed_at,
            act_by=a.act_by,
            offer=o
            and OfferOut(
                product_code=o.product_code,
                amount_fen=o.amount_fen,
                annual_rate_bp=o.annual_rate_bp,
                term_months=o.term_months,
                valid_until=o.valid_until,
                repayment=o.repayment,
                upfront_fee_fen=o.upfront_fee_fen,
                yearly_fee_bp=o.yearly_fee_bp,
                guarantee_yearly_bp=o.guarantee_yearly_bp,
            ),
            reasons=list(a.reasons),
            note=a.note,
            demands=list(a.demands),
            contract=ContractOut(
                approved_fen=a.contract.approved_fen,
                approved_rate_bp=a.contract.approved_rate_bp,
                contract_number=a.contract.number,
                disbursed_fen=a.contract.disbursed_fen,
                first_paid_on=a.contract.first_paid_on,
                repaid_fen=a.contract.repaid_fen,
                state=a.contract.state,
                overdue_fen=a.contract.overdue_fen,
            ),
            bank=view.bank_name if view else None,
            may_read_report=view.named if view else None,
        )
