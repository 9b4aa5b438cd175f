"""An answer with its offer and contract, what banks see of needs, and what happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from greenbridge.answers.values.states import AnswerEvent, AnswerStatus, BankEvent, DeclineReason, Demand, LoanState, RequestState
from greenbridge.catalog.values import Eligibility, LoanProduct, Repayment
from greenbridge.consents.values import WorkStep
from greenbridge.needs.values import Collateral, GuaranteeMode, Mode, NeedDraft, NeedStatus, Purpose


@dataclass(frozen=True, slots=True)
class Report:
    """What a bank reports: an event with what that event needs."""

    event: BankEvent
    demands: tuple["Demand", ...] = ()
    reasons: tuple["DeclineReason", ...] = ()
    amount_fen: int = 0
    annual_rate_bp: int = 0
    contract_number: str = ""
    principal_fen: int = 0
    interest_fen: int = 0
    paid_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a bank offers, good until the end of `valid_until`.

    `repayment` None: the product's first way. `upfront_fee_fen` is paid with the money; yearly parts are basis points of what is owed:
    the product's fee and the premium of a guarantee.
    """

    product_code: str
    amount_fen: int
    annual_rate_bp: int
    term_months: int
    valid_until: date
    repayment: Repayment | None = None
    upfront_fee_fen: int = 0
    yearly_fee_bp: int = 0
    guarantee_yearly_bp: int = 0


@dataclass(frozen=True, slots=True)
class Contract:
    """What came of an accepted offer: what was approved and at what rate, the contract's number, what was paid out and paid back."""

    approved_fen: int | None = None
    approved_rate_bp: int | None = None
    number: str | None = None
    disbursed_fen: int = 0
    first_paid_on: date | None = None
    repaid_fen: int = 0
    state: LoanState | None = None
    overdue_fen: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One bank's answer to one need; `slot` counts from 1. `act_by` is the day by which the next step is due;
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
    demands: tuple[Demand, ...] = ()
    contract: Contract = Contract()


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
    mode: Mode = Mode.GRAB
    window_closes_at: datetime | None = None
    asked: "Request | None" = None
    sealed: bool = False


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


class AskedBy(StrEnum):
    """Who asked a bank."""

    FIRM = "firm"
    PLATFORM = "platform"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Request:
    """A bank is asked to take a need: by the firm, which picked its product, or by the platform, because nobody came."""

    id: UUID
    need_id: UUID
    bank_id: UUID
    product_code: str
    asked_by: AskedBy
    asked_at: datetime
    due_on: date
    state: RequestState
    reasons: tuple[DeclineReason, ...]


@dataclass(frozen=True, slots=True)
class AnswerHappened:
    """One step in the life of an answer; `bank_name` where its reader may know it."""

    at: datetime
    answer_id: UUID
    event: AnswerEvent
    source: AnswerStatus | None
    target: AnswerStatus
    detail: Mapping[str, Any]
    bank_name: str | None = None
