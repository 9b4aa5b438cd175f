"""Answers and offers."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from greenbridge.catalog.values import Eligibility, LoanProduct
from greenbridge.consents.values import WorkStep
from greenbridge.kit.text import Text
from greenbridge.needs.values import Collateral, GuaranteeMode, NeedDraft, NeedStatus, Purpose


class AnswerStatus(StrEnum):
    """Where an answer stands. Final: chosen, not_chosen, declined, expired."""

    CLAIMED = "claimed"
    OFFERED = "offered"
    CHOSEN = "chosen"
    NOT_CHOSEN = "not_chosen"
    DECLINED = "declined"
    EXPIRED = "expired"


ANSWER_STATUS_NAMES = {
    AnswerStatus.CLAIMED: Text("已受理", "Claimed"),
    AnswerStatus.OFFERED: Text("已报价", "Offered"),
    AnswerStatus.CHOSEN: Text("已接受", "Accepted"),
    AnswerStatus.NOT_CHOSEN: Text("未被选中", "Not chosen"),
    AnswerStatus.DECLINED: Text("已谢绝", "Declined"),
    AnswerStatus.EXPIRED: Text("已超时", "Expired"),
}


class DeclineReason(StrEnum):
    """Why a bank declines: specific and true, never `score too low`."""

    RULE_NOT_MET = "rule_not_met"
    DEFAULT_RISK = "default_risk"
    UNSTABLE_REVENUE = "unstable_revenue"
    VOID_INVOICES = "void_invoices"
    CUSTOMER_CONCENTRATION = "customer_concentration"
    AMOUNT_TOO_HIGH = "amount_too_high"
    SECURITY_INSUFFICIENT = "security_insufficient"
    LITIGATION = "litigation"
    OUTSIDE_REGION = "outside_region"
    PRICE_BELOW_COST = "price_below_cost"
    NO_CAPACITY = "no_capacity"


DECLINE_REASON_NAMES = {
    DeclineReason.RULE_NOT_MET: Text("不满足产品准入条件（见逐条结果）", "A product rule is not met (see each rule)"),
    DeclineReason.DEFAULT_RISK: Text("违约概率高于产品上限（见理由）", "Probability of default above the product's limit (see reasons)"),
    DeclineReason.UNSTABLE_REVENUE: Text("开票收入下降或波动较大", "Invoiced revenue falls or swings"),
    DeclineReason.VOID_INVOICES: Text("作废发票占比较高", "A high share of void invoices"),
    DeclineReason.CUSTOMER_CONCENTRATION: Text("客户过于集中", "Too few customers carry the revenue"),
    DeclineReason.AMOUNT_TOO_HIGH: Text("申请金额与收入或税额不匹配", "The amount does not fit revenue or tax"),
    DeclineReason.SECURITY_INSUFFICIENT: Text("担保或押品不足", "Security is not enough"),
    DeclineReason.LITIGATION: Text("存在未结诉讼或执行案件", "Open litigation or enforcement"),
    DeclineReason.OUTSIDE_REGION: Text("所在地区无服务网点", "No branch serves the region"),
    DeclineReason.PRICE_BELOW_COST: Text("期望利率低于资金成本", "The rate asked is below cost"),
    DeclineReason.NO_CAPACITY: Text("该产品本期额度已用完", "The product's money of this period is used up"),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a bank offers, good until the end of `valid_until`."""

    product_code: str
    amount_fen: int
    annual_rate_bp: int
    term_months: int
    valid_until: date


@dataclass(frozen=True, slots=True)
class Answer:
    """One bank's answer to one need; `slot` counts from 1. `act_by` is the day by which the bank must offer or decline;
    `agreed_at` when the firm let this bank know who asks.
    """

    id: UUID
    need_id: UUID
    bank_id: UUID
    officer_id: UUID
    slot: int
    status: AnswerStatus
    claimed_at: datetime
    act_by: date
    offer: Offer | None
    reasons: tuple[DeclineReason, ...]
    note: str
    agreed_at: datetime | None


@dataclass(frozen=True, slots=True)
class NamedEnterprise:
    """Whose need it is: told to a bank once the firm has agreed."""

    id: UUID
    uscc: str
    name: str


@dataclass(frozen=True, slots=True)
class Band:
    """A range that a figure lies in: from `low` up to and with `high`; None: no upper end."""

    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Outline:
    """A need in bands: what a bank that has not claimed it may see of its terms. The district only where others hide it."""

    amount_fen: Band
    max_annual_rate_bp: Band
    term_months: Band
    purpose: Purpose
    guarantee_modes: tuple[GuaranteeMode, ...]
    collateral: tuple[Collateral, ...]
    region_code: str


@dataclass(frozen=True, slots=True)
class OpenNeed:
    """A need as a bank sees it. Until the firm agrees: no name, no code, no figure of the firm; until the bank has claimed a slot,
    no exact terms (`draft`) either.

    `products` are the bank's own with their answer, best first; an officer without one may not claim. `generated` marks
    demonstration data; `steps` are the work steps at which the bank may read the report.
    """

    need_id: UUID
    number: str
    status: NeedStatus
    published_at: datetime
    open_until: date
    outline: Outline
    draft: NeedDraft | None
    slots_left: int
    mine: Answer | None
    products: tuple[tuple[LoanProduct, Eligibility], ...]
    enterprise: NamedEnterprise | None
    generated: bool
    steps: tuple[WorkStep, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer as the firm sees it: with the bank's name and whether the bank may read the report."""

    answer: Answer
    bank_name: str
    named: bool
    product_name: str | None


@dataclass(frozen=True, slots=True)
class AnswerFeedback:
    """How one answer came out, for those who learn from it. State and reasons are words: states that come later need no change here.

    `since`: when it came to this state; None where that is not kept.
    """

    enterprise_id: UUID
    status: str
    reasons: tuple[str, ...]
    claimed_at: datetime
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Loan:
    """An answer that the firm accepted: whom the bank lends to."""

    answer_id: UUID
    need_id: UUID
    number: str
    enterprise_id: UUID
    amount_fen: int
