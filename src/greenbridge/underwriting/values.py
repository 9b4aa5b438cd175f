"""Policies, proposals, decisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from greenbridge.kit.text import Text
from greenbridge.needs.values import GuaranteeMode


@dataclass(frozen=True, slots=True)
class Security:
    """What a policy says of a way to secure a loan: share lost at default, most that is lent, weight for capital.

    `advance_rate`: what is lent on one yuan of the security's value; None where nothing is valued.
    """

    loss_given_default: float
    max_amount_fen: int
    risk_weight: float
    advance_rate: float | None


@dataclass(frozen=True, slots=True)
class Place:
    """What a back-test of the place measured: the month of a ripe vintage, its mean probability, the share of it that defaulted."""

    vintage: date
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Policy:
    """An edition of the underwriting policy. Amounts in fen, rates in basis points a year, the rest shares of 1 or times.

    `probability_caps`: (upper end of the probability, most that is lent), the safest first; above the last nothing is lent.
    `sources`: table of the file -> where its numbers come from.
    """

    version: str
    effective_from: date
    tax_multiples: Mapping[str, float]
    tax_multiple_unknown: float
    sales_share: float
    other_costs_share: float
    coverage: float
    least_months: int
    evidence_floor_fen: int
    valid_days: int
    probability_caps: tuple[tuple[float, int], ...]
    place: Place | None
    security: Mapping[GuaranteeMode, Security]
    funds_spread_bp: int
    operating_bp: int
    capital_ratio: float
    capital_return_bp: int
    ceiling_bp: int
    rate_step_bp: int
    limit_step_fen: int
    green_discounts_bp: Mapping[str, int]
    purpose_months: Mapping[str, int]
    vetoes: tuple[str, ...]
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Month:
    """One month of invoices, net of VAT, in fen."""

    sales_fen: int
    purchases_fen: int


@dataclass(frozen=True, slots=True)
class Flag:
    """A red flag of the report."""

    key: str
    severe: bool
    text: Text


@dataclass(frozen=True, slots=True)
class OpenFlag:
    """A red flag of which nobody can say whether it is raised: its records are withheld from the reader, or were not delivered."""

    key: str
    label: Text
    withheld: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a credit report, as its reader may see it, says for a proposal. None: unknown, or withheld from this reader.

    `months`: the last twelve months of which both directions are known, oldest first; `green_grade`: of the certificate, else of the
    rating; `debt_service_fen`: what the firm pays on other loans a month, told by whoever asks; `withheld`: the figures
    that the reader may not see.
    """

    default_probability: float | None = None
    sales_12m_fen: int | None = None
    vat_12m_fen: int | None = None
    tax_grade: str | None = None
    months: tuple[Month, ...] = ()
    green_grade: str | None = None
    debt_service_fen: int | None = None
    flags: tuple[Flag, ...] = ()
    open_flags: tuple[OpenFlag, ...] = ()
    withheld: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """A figure that a cap was computed with, in words; `value` None: unknown."""

    label: Text
    value: Text | None


@dataclass(frozen=True, slots=True)
class Cap:
    """One bound on the limit. `known` False: its figure is missing, and `text` says what it does then."""

    key: str
    label: Text
    amount_fen: int
    known: bool
    inputs: tuple[Input, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The loan prime rate that a price stands on: `tenor` 1Y or 5Y, quoted on a day."""

    tenor: str
    annual_rate_bp: int
    quoted_on: date


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a price, in basis points a year; a discount is negative."""

    key: str
    label: Text
    bp: int
    text: Text


@dataclass(frozen=True, slots=True)
class Price:
    """A price built up. The components sum to `cost_bp`, what the loan must earn; `rate_bp` is what is asked: rounded, and within
    [`low_bp`, `high_bp`] of product and law.
    """

    benchmark: Benchmark
    components: tuple[Component, ...]
    cost_bp: int
    low_bp: int
    high_bp: int
    rate_bp: int

    @property
    def spread_bp(self) -> int:
        """Return the rate less the loan prime rate."""
        return self.rate_bp - self.benchmark.annual_rate_bp


@dataclass(frozen=True, slots=True)
class Tenor:
    """The term, and which bound it comes from."""

    months: int
    bounds: tuple[tuple[Text, int], ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to be done before money flows, and why."""

    key: str
    text: Text
    reason: Text


class Advice(StrEnum):
    """What a proposal comes to. The officer decides."""

    LEND = "lend"
    WITH_CONDITIONS = "with_conditions"
    REFER = "refer"
    NOT_ADVISED = "not_advised"


ADVICE_NAMES = {
    Advice.LEND: Text("建议授信", "Lend"),
    Advice.WITH_CONDITIONS: Text("附条件授信", "Lend on conditions"),
    Advice.REFER: Text("须人工测算", "A person must work it out"),
    Advice.NOT_ADVISED: Text("不建议授信", "Not advised"),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """Limit, price, tenor and conditions for one need and product. `limit_fen` 0: nothing is proposed; `price` None: unknown.

    `probability`: of default as priced; `binding`: the key of the cap that set the limit.
    """

    product_code: str
    product_version: int
    policy_version: str
    mode: GuaranteeMode
    probability: float | None
    probability_text: Text
    caps: tuple[Cap, ...]
    binding: str
    limit_fen: int
    price: Price | None
    tenor: Tenor
    conditions: tuple[Condition, ...]
    advice: Advice
    reasons: tuple[Text, ...]


class Choice(StrEnum):
    """What the officer did with a proposal."""

    ACCEPTED = "accepted"
    OVERRIDDEN = "overridden"


class OverrideReason(StrEnum):
    """Why an officer departs from a proposal."""

    EVIDENCE_SEEN = "evidence_seen"
    SECURITY_DIFFERS = "security_differs"
    RISK_NOT_IN_DATA = "risk_not_in_data"
    OUTLOOK = "outlook"
    RELATIONSHIP = "relationship"
    COMPETITION = "competition"
    BANK_POLICY = "bank_policy"


OVERRIDE_REASON_NAMES = {
    OverrideReason.EVIDENCE_SEEN: Text("查验了平台没有的材料", "Saw evidence that the platform has not"),
    OverrideReason.SECURITY_DIFFERS: Text("担保或押品与建议不同", "The security differs"),
    OverrideReason.RISK_NOT_IN_DATA: Text("存在数据未反映的风险", "A risk that the data does not show"),
    OverrideReason.OUTLOOK: Text("订单或行业前景不同", "Orders or the industry's outlook differ"),
    OverrideReason.RELATIONSHIP: Text("往来记录支持", "The bank's own record with the firm"),
    OverrideReason.COMPETITION: Text("同业竞争定价", "Other banks' prices"),
    OverrideReason.BANK_POLICY: Text("本行政策规定", "The bank's own policy"),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What an officer decides on; amount 0 with no rate and no term: not to lend."""

    amount_fen: int
    annual_rate_bp: int | None
    term_months: int | None


@dataclass(frozen=True, slots=True)
class Made:
    """A proposal with what it was made from: the report as its reader saw it, and so every fact, model and product version."""

    need_id: UUID
    enterprise_id: UUID
    report_number: str
    as_of: date
    known_at: datetime
    model_version: str
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Decision:
    """An officer's decision on a proposal, as kept. `made`: the proposal on the wire with all versions; None for other officers."""

    id: UUID
    need_id: UUID
    enterprise_id: UUID
    bank_id: UUID
    decided_by: UUID
    decided_at: datetime
    choice: Choice
    reasons: tuple[OverrideReason, ...]
    note: str
    terms: Terms
    report_number: str
    made: Mapping[str, Any] | None
