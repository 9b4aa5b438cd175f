"""Wire types of needs."""

from datetime import date, datetime
from uuid import UUID

from greenbridge.kit.wire import Closed
from greenbridge.needs.values import (
    Collateral,
    Finding,
    GuaranteeMode,
    KeptDraft,
    Mode,
    Need,
    NeedDraft,
    NeedStatus,
    Point,
    Purpose,
    Verdict,
)


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
    mode: Mode = Mode.GRAB
    pledges_purpose: bool = False

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
            self.mode,
            self.pledges_purpose,
        )


class FindingOut(Closed):
    """One of the five points; `because` in the order of the languages zh, en."""

    point: Point
    verdict: Verdict
    because: list[tuple[str, str]]
    bars: bool

    @classmethod
    def of(cls, found: Finding) -> "FindingOut":
        """Return the wire form."""
        because = [(text.zh, text.en) for text in found.because]
        return cls(point=found.point, verdict=found.verdict, because=because, bars=found.bars)


class NeedOut(NewNeed):
    """A need as its firm sees it."""

    id: UUID
    number: str
    enterprise_id: UUID
    region_code: str
    status: NeedStatus
    published_at: datetime
    open_until: date
    slots: int
    profile: str
    window_closes_at: datetime | None
    opened_at: datetime | None
    findings: list[FindingOut]

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
            mode=d.mode,
            pledges_purpose=d.pledges_purpose,
            slots=need.slots,
            profile=need.profile,
            window_closes_at=need.window_closes_at,
            opened_at=need.opened_at,
            findings=[FindingOut.of(found) for found in need.findings],
        )


class DraftIn(Closed):
    """A form put aside: what was typed, as it was typed."""

    typed: dict[str, str | list[str]]


class DraftOut(DraftIn):
    """A kept form."""

    id: UUID
    saved_at: datetime

    @classmethod
    def of(cls, kept: KeptDraft) -> "DraftOut":
        """Return the wire form."""
        return cls(id=kept.id, typed=dict(kept.typed), saved_at=kept.saved_at)
