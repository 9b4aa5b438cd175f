"""Wire types of underwriting."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from greenbridge.kit.wire import Closed
from greenbridge.needs.values import GuaranteeMode
from greenbridge.underwriting.values import Advice, Choice, Decision, OverrideReason, Terms


class Words(Closed):
    """A text in both languages."""

    zh: str
    en: str


class InputOut(Closed):
    """A figure that a cap was made of; null: unknown."""

    label: Words
    value: Words | None


class CapOut(Closed):
    """One bound on the limit; `known` false: its figure is missing, and `text` says what it does then."""

    key: str
    label: Words
    amount_fen: int
    known: bool
    text: Words
    inputs: list[InputOut]


class LprOut(Closed):
    """The loan prime rate under a price."""

    tenor: str
    annual_rate_bp: int
    quoted_on: date


class ComponentOut(Closed):
    """One part of a price; a discount is negative."""

    key: str
    label: Words
    bp: int
    text: Words


class PriceOut(Closed):
    """A price: the components sum to `cost_bp`; `annual_rate_bp` is rounded and within the bounds."""

    annual_rate_bp: int
    lpr: LprOut
    spread_bp: int
    cost_bp: int
    low_bp: int
    high_bp: int
    components: list[ComponentOut]


class ConditionOut(Closed):
    """What has to be done before money flows, and why."""

    key: str
    text: Words
    reason: Words


class ProductVersion(Closed):
    """A product in one version."""

    code: str
    version: int


class VersionsOut(Closed):
    """What a proposal was made from."""

    report: str
    as_of: date
    known_at: datetime
    model: str
    policy: str
    product: ProductVersion


class ProposalOut(Closed):
    """Limit, price, term and conditions for a need and one of the bank's products; price null: unknown."""

    proposal_id: str
    need_id: UUID
    enterprise_id: UUID
    versions: VersionsOut
    product_code: str
    advice: Advice
    advice_text: Words
    reasons: list[Words]
    guarantee_mode: GuaranteeMode
    default_probability_as_priced: float | None
    default_probability_text: Words
    limit_fen: int
    binding: str
    caps: list[CapOut]
    price: PriceOut | None
    term_months: int
    term_text: Words
    conditions: list[ConditionOut]


class DecisionIn(Closed):
    """A decision on a proposal. With `amount_fen` the terms are the officer's own and need reasons and a note; 0: not to lend."""

    proposal_id: str = Field(max_length=120)
    amount_fen: int | None = Field(default=None, ge=0, le=10**13)
    annual_rate_bp: int | None = Field(default=None, ge=0, le=10_000)
    term_months: int | None = Field(default=None, ge=0, le=600)
    reasons: list[OverrideReason] = Field(default=[], max_length=7)
    note: str = Field(default="", max_length=1_000)
    debt_service_fen: int | None = Field(default=None, ge=0, le=10**13)

    def override(self) -> Terms | None:
        """Return the officer's own terms, None where the proposal is taken as it is."""
        if self.amount_fen is None:
            return None
        return Terms(self.amount_fen, self.annual_rate_bp, self.term_months) if self.amount_fen else Terms(0, None, None)


class DecisionOut(Closed):
    """A decision as kept, with the proposal and every version; null for officers other than the one who decided."""

    id: UUID
    need_id: UUID
    decided_at: datetime
    choice: Choice
    reasons: list[OverrideReason]
    note: str
    amount_fen: int
    annual_rate_bp: int | None
    term_months: int | None
    report_number: str
    proposal: dict[str, Any] | None

    @classmethod
    def of(cls, d: Decision) -> "DecisionOut":
        """Return the wire form."""
        return cls(
            id=d.id,
            need_id=d.need_id,
            decided_at=d.decided_at,
            choice=d.choice,
            reasons=list(d.reasons),
            note=d.note,
            amount_fen=d.terms.amount_fen,
            annual_rate_bp=d.terms.annual_rate_bp,
            term_months=d.terms.term_months,
            report_number=d.report_number,
            proposal=dict(d.made) if d.made else None,
        )
