"""Wire types of answers."""

from datetime import date, datetime
from uuid import UUID

from greenbridge.answers.values import Answer, AnswerStatus, AnswerView, Band, DeclineReason, Offer, OpenNeed
from greenbridge.catalog.values import Eligibility
from greenbridge.consents.values import WorkStep
from greenbridge.kit.wire import Closed
from greenbridge.needs.values import Collateral, GuaranteeMode, NeedStatus, Purpose


class OfferIn(Closed):
    """An offer: fen, basis points a year, months."""

    product_code: str
    amount_fen: int
    annual_rate_bp: int
    term_months: int
    valid_until: date
    note: str = ""

    def offer(self) -> Offer:
        """Return the value."""
        return Offer(self.product_code, self.amount_fen, self.annual_rate_bp, self.term_months, self.valid_until)


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
            ),
            reasons=list(a.reasons),
            note=a.note,
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
        )


class FeedOut(Closed):
    """Open needs in the order of their publication. Ask again with `next_cursor`, also when there was nothing new."""

    items: list[OpenNeedOut]
    next_cursor: str | None
