"""Wire types of answers."""

from datetime import date, datetime
from uuid import UUID

from greenbridge.answers.values import (
    Answer,
    AnswerHappened,
    AnswerStatus,
    AnswerView,
    AskedBy,
    Band,
    BankEvent,
    Compared,
    DeadlineState,
    DeclineReason,
    Demand,
    LoanState,
    Offer,
    OpenNeed,
    Owner,
    Rating,
    RatingReason,
    Report,
    Request,
    RequestState,
    Share,
    Standing,
    Waiting,
)
from greenbridge.answers.values import Step as DueStep
from greenbridge.catalog.values import Eligibility, Repayment
from greenbridge.consents.values import WorkStep
from greenbridge.kit.wire import Closed
from greenbridge.needs.values import Collateral, GuaranteeMode, Happened, Mode, NeedStatus, Purpose


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
    `principal_fen`, `interest_fen`, `paid_on`; fall_overdue: `amount_fen`, what is overdue now; close (a revolving loan of which nothing is owed): `paid_on`; return: `reasons`;
    contact and catch_up: nothing.
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


class RatingIn(Closed):
    """A firm's judgement: 1 to 5 stars, one to four reasons."""

    stars: int
    reasons: list[RatingReason]


class RatingOut(RatingIn):
    """The judgement as kept."""

    answer_id: UUID
    rated_at: datetime

    @classmethod
    def of(cls, one: Rating) -> "RatingOut":
        """Return the wire form."""
        return cls(answer_id=one.answer_id, stars=one.stars, reasons=list(one.reasons), rated_at=one.rated_at)


class WordsIn(Closed):
    """The operator's answer to a firm."""

    text: str


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


class InstalmentOut(Closed):
    """One line of an amortisation table, in fen."""

    number: int
    due_on: date
    principal_fen: int
    interest_fen: int
    fees_fen: int
    left_fen: int


class ComparedOut(Closed):
    """An offer beside the others: `effective_annual_rate` 0.05 is 5 % a year, all in; null: there is none. `place` among those that can be
    accepted, the cheapest first; null: it is over, or one was chosen. `above_maximum`: its rate is above the most the firm would pay.

    `subsidy_fen` null: not known and not counted. `asked_share`: how much of what was asked it covers.
    """

    place: int | None
    answer_id: UUID
    bank: str
    product: str | None
    effective_annual_rate: float | None
    interest_fen: int
    fees_fen: int
    subsidy_fen: int | None
    total_fen: int
    fit: float | None
    asked_share: float
    above_maximum: bool

    @classmethod
    def of(cls, row: Compared) -> "ComparedOut":
        """Return the wire form."""
        return cls(
            place=row.place,
            answer_id=row.view.answer.id,
            bank=row.view.bank_name,
            product=row.view.product_name,
            effective_annual_rate=row.cost.effective_annual_rate,
            interest_fen=row.cost.interest_fen,
            fees_fen=row.cost.fees_fen,
            subsidy_fen=row.cost.subsidy_fen,
            total_fen=row.cost.total_fen,
            fit=row.fit,
            asked_share=row.asked_share,
            above_maximum=row.above_maximum,
        )


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


class WaitingOut(Closed):
    """What somebody owes a need; `left`: working days, below zero when late."""

    need_id: UUID
    number: str
    step: DueStep
    owner: Owner
    bank: str | None
    due_on: date
    left: int
    missed: bool

    @classmethod
    def of(cls, one: Waiting) -> "WaitingOut":
        """Return the wire form."""
        d = one.deadline
        return cls(
            need_id=d.need_id,
            number=one.number,
            step=d.step,
            owner=d.owner,
            bank=one.bank_name,
            due_on=d.due_on,
            left=one.left,
            missed=d.state is DeadlineState.MISSED,
        )


class ShareOut(Closed):
    """A share as seen, of how many, and drawn towards the place's."""

    hits: float
    n: int
    shrunk: float


class StandingOut(Closed):
    """A bank in the league; `ranked` false: too few dealings for a place."""

    place: int
    bank_code: str
    bank: str
    dealings: int
    answer_rate: ShareOut
    approval: ShareOut
    kept: ShareOut
    paid: ShareOut
    stars: ShareOut
    median_hours: float | None
    rate_over_promise_bp: float | None
    score: float
    ranked: bool

    @classmethod
    def of(cls, one: Standing) -> "StandingOut":
        """Return the wire form."""

        def share(found: Share) -> ShareOut:
            return ShareOut(hits=found.hits, n=found.n, shrunk=found.shrunk)

        return cls(
            place=one.place,
            bank_code=one.bank_code,
            bank=one.bank_name,
            dealings=one.dealings,
            answer_rate=share(one.answer_rate),
            approval=share(one.approval),
            kept=share(one.kept),
            paid=share(one.paid),
            stars=share(one.stars),
            median_hours=one.median_hours,
            rate_over_promise_bp=one.rate_over_promise_bp,
            score=one.score,
            ranked=one.ranked,
        )


class DeclineIn(Closed):
    """A decline with its reasons."""

    reasons: list[DeclineReason]
    note: str = ""


class AcceptanceIn(Closed):
    """What the firm agrees to beside the offer: that the bank watches the loan afterwards."""

    post_loan: bool = False


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


class ProductFit(Closed):
    """One of the bank's own products and its answer to the need."""

    code: str
    name: str
    eligibility: Eligibility


class EnterpriseRef(Closed):
    """Whose need it is, once the firm has agreed."""

    id: UUID
    uscc: str
    name: str


class BandOut(Closed):
    """A range: from `low` up to and with `high`; null: no upper end."""

    low: int
    high: int | None

    @classmethod
    def of(cls, band: Band) -> "BandOut":
        """Return the wire form."""
        return cls(low=band.low, high=band.high)


class AmountCount(Closed):
    """How many needs are open with such an amount; null: some, but fewer than may be told."""

    amount_fen: BandOut
    needs: int | None


class TermsOut(Closed):
    """A need's exact terms: told to a bank that holds a slot."""

    amount_fen: int
    max_annual_rate_bp: int
    term_months: int


class OpenNeedOut(Closed):
    """A need as a bank sees it, in bands; `terms` are null until the bank has claimed a slot, `enterprise` until the firm agrees."""

    need_id: UUID
    number: str
    status: NeedStatus
    amount_fen: BandOut
    max_annual_rate_bp: BandOut
    term_months: BandOut
    purpose: Purpose
    guarantee_modes: list[GuaranteeMode]
    collateral: list[Collateral]
    region_code: str
    published_at: datetime
    open_until: date
    slots_left: int
    generated: bool
    products: list[ProductFit]
    terms: TermsOut | None
    enterprise: EnterpriseRef | None
    steps: list[WorkStep]
    answer: AnswerOut | None
    mode: Mode
    window_closes_at: datetime | None
    request: RequestOut | None

    @classmethod
    def of(cls, seen: OpenNeed) -> "OpenNeedOut":
        """Return the wire form."""
        outline, draft = seen.outline, seen.draft
        return cls(
            need_id=seen.need_id,
            number=seen.number,
            status=seen.status,
            amount_fen=BandOut.of(outline.amount_fen),
            max_annual_rate_bp=BandOut.of(outline.max_annual_rate_bp),
            term_months=BandOut.of(outline.term_months),
            purpose=outline.purpose,
            guarantee_modes=list(outline.guarantee_modes),
            collateral=list(outline.collateral),
            region_code=outline.region_code,
            published_at=seen.published_at,
            open_until=seen.open_until,
            slots_left=seen.slots_left,
            generated=seen.generated,
            products=[ProductFit(code=p.code, name=p.name, eligibility=e) for p, e in seen.products],
            terms=draft
            and TermsOut(amount_fen=draft.amount_fen, max_annual_rate_bp=draft.max_annual_rate_bp, term_months=draft.term_months),
            enterprise=seen.enterprise and EnterpriseRef(id=seen.enterprise.id, uscc=seen.enterprise.uscc, name=seen.enterprise.name),
            steps=list(seen.steps),
            answer=AnswerOut.of(seen.mine) if seen.mine else None,
            mode=seen.mode,
            window_closes_at=seen.window_closes_at,
            request=RequestOut.of(seen.asked) if seen.asked else None,
        )


class FeedOut(Closed):
    """Open needs in the order of their publication. Ask again with `next_cursor`, also when there was nothing new."""

    items: list[OpenNeedOut]
    next_cursor: str | None
