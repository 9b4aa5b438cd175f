"""Wire types of needs."""

from datetime import date, datetime
from uuid import UUID

from greenbridge.kit.wire import Closed
from greenbridge.needs.values import Collateral, GuaranteeMode, Need, NeedDraft, NeedStatus, Purpose


class NewNeed(Closed):
    """A need as stated: fen, basis points, months."""

    amount_fen: int
    max_annual_rate_bp: int
    term_months: int
    purpose: Purpose
    guarantee_modes: list[GuaranteeMode]
    collateral: list[Collateral] = []
    first_loan: bool | None = None
    agrees_to_report: bool = False

    def draft(self) -> NeedDraft:
        """Return the value."""
        return NeedDraft(
            self.amount_fen,
            self.max_annual_rate_bp,
            self.term_months,
            self.purpose,
            tuple(dict.fromkeys(self.guarantee_modes)),
            tuple(dict.fromkeys(self.collateral)),
            self.first_loan,
            self.agrees_to_report,
        )


class NeedOut(NewNeed):
    """A need as its firm sees it."""

    id: UUID
    number: str
    enterprise_id: UUID
    region_code: str
    status: NeedStatus
    published_at: datetime
    open_until: date

    @classmethod
    def of(cls, need: Need) -> "NeedOut":
        """Return the wire form."""
        d = need.draft
        return cls(
            id=need.id,
            number=need.number,
            enterprise_id=need.enterprise_id,
            region_code=need.region_code,
            status=need.status,
            published_at=need.published_at,
            open_until=need.open_until,
            amount_fen=d.amount_fen,
            max_annual_rate_bp=d.max_annual_rate_bp,
            term_months=d.term_months,
            purpose=d.purpose,
            guarantee_modes=list(d.guarantee_modes),
            collateral=list(d.collateral),
            first_loan=d.first_loan,
            agrees_to_report=d.agrees_to_report,
        )
