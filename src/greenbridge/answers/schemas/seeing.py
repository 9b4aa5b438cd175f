"""Wire types of open needs as a bank sees them."""

from datetime import date, datetime
from uuid import UUID

from greenbridge.answers.schemas.answers import AnswerOut, RequestOut
from greenbridge.answers.values import (
    Band,
    OpenNeed,
)
from greenbridge.catalog.values import Eligibility
from greenbridge.consents.values import WorkStep
from greenbridge.kit.wire import Closed
from greenbridge.needs.values import Collateral, GuaranteeMode, Mode, NeedStatus, Purpose


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
    """Open needs in the order of their listing; one that was opened again comes again. Ask again with `next_cursor`, also when there was
    nothing new.
    """

    items: list[OpenNeedOut]
    next_cursor: str | None
