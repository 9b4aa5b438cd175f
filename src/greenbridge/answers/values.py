"""Answers and offers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from greenbridge.catalog.values import Eligibility, LoanProduct, Repayment
from greenbridge.consents.values import WorkStep
from greenbridge.kit.text import Text
from greenbridge.needs.values import Collateral, GuaranteeMode, Mode, NeedDraft, NeedStatus, Purpose


class AnswerStatus(StrEnum):
    """Where an answer stands; how it goes on stands in `rules.life`. Final: closed, not_chosen, declined, returned, expired."""

    CLAIMED = "claimed"
    SURVEYING = "surveying"
    ACTION_REQUIRED = "action_required"
    OFFERED = "offered"
    CHOSEN = "chosen"
    APPROVED = "approved"
    SIGNED = "signed"
    DISBURSED = "disbursed"
    CLOSED = "closed"
    NOT_CHOSEN = "not_chosen"
    DECLINED = "declined"
    RETURNED = "returned"
    EXPIRED = "expired"


ANSWER_STATUS_NAMES = {
    AnswerStatus.CLAIMED: Text("已受理", "Claimed"),
    AnswerStatus.SURVEYING: Text("尽调中", "Surveying"),
    AnswerStatus.ACTION_REQUIRED: Text("待企业补充", "Waiting for the firm"),
    AnswerStatus.OFFERED: Text("已报价", "Offered"),
    AnswerStatus.CHOSEN: Text("已接受", "Accepted"),
    AnswerStatus.APPROVED: Text("已审批", "Approved"),
    AnswerStatus.SIGNED: Text("已签约", "Signed"),
    AnswerStatus.DISBURSED: Text("已放款", "Paid out"),
    AnswerStatus.CLOSED: Text("已结清", "Repaid and closed"),
    AnswerStatus.NOT_CHOSEN: Text("未被选中", "Not chosen"),
    AnswerStatus.DECLINED: Text("已谢绝", "Declined"),
    AnswerStatus.RETURNED: Text("已退回", "Returned"),
    AnswerStatus.EXPIRED: Text("已超时", "Expired"),
}


class AnswerEvent(StrEnum):
    """What happens to an answer."""

    CLAIM = "claim"
    CONTACT = "contact"
    DEMAND = "demand"
    SUPPLY = "supply"
    OFFER = "offer"
    CHOOSE = "choose"
    PASS_OVER = "pass_over"  # noqa: S105  an event, not a password
    APPROVE = "approve"
    SIGN = "sign"
    PAY_OUT = "pay_out"
    CLOSE = "close"
    DECLINE = "decline"
    RETURN = "return"
    EXPIRE = "expire"


ANSWER_EVENT_NAMES = {
    AnswerEvent.CLAIM: Text("受理需求", "Need claimed"),
    AnswerEvent.CONTACT: Text("联系企业，开始尽调", "Firm contacted, survey begun"),
    AnswerEvent.DEMAND: Text("请企业补充材料", "Asks the firm for papers"),
    AnswerEvent.SUPPLY: Text("企业已补充", "The firm has handed in"),
    AnswerEvent.OFFER: Text("提出报价", "Offer made"),
    AnswerEvent.CHOOSE: Text("企业接受报价", "Offer accepted by the firm"),
    AnswerEvent.PASS_OVER: Text("未被选中", "Not chosen"),
    AnswerEvent.APPROVE: Text("审批通过", "Approved"),
    AnswerEvent.SIGN: Text("签订合同", "Contract signed"),
    AnswerEvent.PAY_OUT: Text("放款", "Paid out"),
    AnswerEvent.CLOSE: Text("贷款结清", "Repaid and closed"),
    AnswerEvent.DECLINE: Text("谢绝", "Declined"),
    AnswerEvent.RETURN: Text("退回", "Returned"),
    AnswerEvent.EXPIRE: Text("超时", "Expired"),
}


class AnswerGuard(StrEnum):
    """What must be so before an event can happen to an answer."""

    NEED_OPEN = "need_open"
    SLOT_FREE = "slot_free"
    PRODUCT_FITS = "product_fits"
    BANK_IS_NEW = "bank_is_new"
    IN_TIME = "in_time"
    TERMS_FIT = "terms_fit"
    OFFER_STANDS = "offer_stands"
    WINDOW_OVER = "window_over"
    REASONS_GIVEN = "reasons_given"
    WITHIN_OFFER = "within_offer"
    HAS_CONTRACT = "has_contract"
    WITHIN_APPROVAL = "within_approval"
    NOTHING_OWED = "nothing_owed"
    PAST_DUE = "past_due"


ANSWER_GUARD_NAMES = {
    AnswerGuard.NEED_OPEN: Text("需求仍开放", "The need is open"),
    AnswerGuard.SLOT_FREE: Text("有空余名额", "A slot is free"),
    AnswerGuard.PRODUCT_FITS: Text("本行有适合的产品", "The bank lists a product that fits"),
    AnswerGuard.BANK_IS_NEW: Text("本行此前没有应答过", "The bank has not answered before"),
    AnswerGuard.IN_TIME: Text("在答复期限内", "The bank's time is not over"),
    AnswerGuard.TERMS_FIT: Text("报价在产品范围内", "The terms lie inside the product's frame"),
    AnswerGuard.OFFER_STANDS: Text("报价在有效期内", "The offer is still good"),
    AnswerGuard.WINDOW_OVER: Text("密封报价已揭晓", "The sealed window is over"),
    AnswerGuard.REASONS_GIVEN: Text("已说明 1 至 4 项理由", "One to four reasons are given"),
    AnswerGuard.WITHIN_OFFER: Text("批准金额不高于报价", "No more is approved than was offered"),
    AnswerGuard.HAS_CONTRACT: Text("已填写合同编号", "The contract has a number"),
    AnswerGuard.WITHIN_APPROVAL: Text("累计放款不超过批准金额", "No more is paid out than was approved"),
    AnswerGuard.NOTHING_OWED: Text("本金已全部归还", "All principal is repaid"),
    AnswerGuard.PAST_DUE: Text("期限已过", "Its time is over"),
}


class BankEvent(StrEnum):
    """What a bank reports of an answer or its loan, beside an offer and a decline."""

    CONTACT = "contact"
    DEMAND = "demand"
    APPROVE = "approve"
    SIGN = "sign"
    PAY_OUT = "pay_out"
    REPAY = "repay"
    FALL_OVERDUE = "fall_overdue"
    CATCH_UP = "catch_up"
    RETURN = "return"


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


class LoanState(StrEnum):
    """How a loan is being repaid. Final: repaid, repaid_early."""

    PERFORMING = "performing"
    OVERDUE = "overdue"
    REPAID = "repaid"
    REPAID_EARLY = "repaid_early"


LOAN_STATE_NAMES = {
    LoanState.PERFORMING: Text("正常还款", "Performing"),
    LoanState.OVERDUE: Text("已逾期", "Overdue"),
    LoanState.REPAID: Text("到期结清", "Repaid"),
    LoanState.REPAID_EARLY: Text("提前结清", "Repaid early"),
}


class LoanEvent(StrEnum):
    """What a bank reports of a loan."""

    START = "start"
    FALL_OVERDUE = "fall_overdue"
    CATCH_UP = "catch_up"
    REPAY = "repay"
    REPAY_EARLY = "repay_early"


LOAN_EVENT_NAMES = {
    LoanEvent.START: Text("开始还款", "Repayment begins"),
    LoanEvent.FALL_OVERDUE: Text("发生逾期", "Fell overdue"),
    LoanEvent.CATCH_UP: Text("补足逾期", "Caught up"),
    LoanEvent.REPAY: Text("到期结清", "Repaid at its end"),
    LoanEvent.REPAY_EARLY: Text("提前结清", "Repaid early"),
}


class LoanGuard(StrEnum):
    """What must be so before a loan's state changes."""

    PAID_OUT = "paid_out"
    NOTHING_OWED = "nothing_owed"


LOAN_GUARD_NAMES = {
    LoanGuard.PAID_OUT: Text("已有放款", "Something was paid out"),
    LoanGuard.NOTHING_OWED: Text("本金已全部归还", "All principal is repaid"),
}


class RequestState(StrEnum):
    """What became of asking one bank. Final: all but waiting."""

    WAITING = "waiting"
    TAKEN = "taken"
    REFUSED = "refused"
    LAPSED = "lapsed"
    VOID = "void"


REQUEST_STATE_NAMES = {
    RequestState.WAITING: Text("待受理", "Waiting"),
    RequestState.TAKEN: Text("已受理", "Taken"),
    RequestState.REFUSED: Text("已谢绝", "Refused"),
    RequestState.LAPSED: Text("超时未受理", "Lapsed"),
    RequestState.VOID: Text("已失效", "Void"),
}


class RequestEvent(StrEnum):
    """What happens to a request."""

    ASK = "ask"
    TAKE = "take"
    REFUSE = "refuse"
    LAPSE = "lapse"
    CANCEL = "cancel"


REQUEST_EVENT_NAMES = {
    RequestEvent.ASK: Text("询问银行", "Bank asked"),
    RequestEvent.TAKE: Text("受理", "Taken"),
    RequestEvent.REFUSE: Text("谢绝", "Refused"),
    RequestEvent.LAPSE: Text("超时", "Lapsed"),
    RequestEvent.CANCEL: Text("需求已结束", "The need is over"),
}


class Demand(StrEnum):
    """What a bank asks the firm to hand in during its survey."""

    FINANCIAL_STATEMENTS = "financial_statements"
    ACCOUNT_STATEMENTS = "account_statements"
    SALES_CONTRACTS = "sales_contracts"
    COLLATERAL_PAPERS = "collateral_papers"
    PROJECT_PAPERS = "project_papers"
    SITE_VISIT = "site_visit"


DEMAND_NAMES = {
    Demand.FINANCIAL_STATEMENTS: Text("财务报表", "Financial statements"),
    Demand.ACCOUNT_STATEMENTS: Text("账户流水", "Account statements"),
    Demand.SALES_CONTRACTS: Text("购销合同", "Sales contracts"),
    Demand.COLLATERAL_PAPERS: Text("押品权属材料", "Papers of the collateral"),
    Demand.PROJECT_PAPERS: Text("项目材料", "Papers of the project"),
    Demand.SITE_VISIT: Text("约定上门走访", "A visit to the premises"),
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
    DOCUMENTS_MISSING = "documents_missing"
    REGISTRATION_FAILED = "registration_failed"
    FIRM_UNREACHABLE = "firm_unreachable"
    FIRM_GAVE_UP = "firm_gave_up"


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
    DeclineReason.DOCUMENTS_MISSING: Text("企业未按期补充材料", "The firm did not hand in what was asked"),
    DeclineReason.REGISTRATION_FAILED: Text("抵质押登记未能办成", "The security could not be registered"),
    DeclineReason.FIRM_UNREACHABLE: Text("多次联系不上企业", "The firm could not be reached"),
    DeclineReason.FIRM_GAVE_UP: Text("企业放弃贷款", "The firm gave the loan up"),
}


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


class Step(StrEnum):
    """What has a deadline, and whose."""

    ACCEPT = "accept"
    CONTACT = "contact"
    OFFER = "offer"
    SUPPLY = "supply"
    LEND = "lend"
    OPERATE = "operate"


STEP_NAMES = {
    Step.ACCEPT: Text("受理", "Accept"),
    Step.CONTACT: Text("联系企业", "Contact the firm"),
    Step.OFFER: Text("报价或谢绝", "Offer or decline"),
    Step.SUPPLY: Text("企业补充材料", "The firm hands in papers"),
    Step.LEND: Text("放款", "Pay out"),
    Step.OPERATE: Text("平台答复", "The operator answers"),
}


class Owner(StrEnum):
    """Who must act."""

    BANK = "bank"
    BANKS = "banks"
    FIRM = "firm"
    OPERATOR = "operator"


class DeadlineState(StrEnum):
    """What became of a deadline. Missed ones of lending and of the operator stay on the board until they are done."""

    RUNNING = "running"
    MET = "met"
    MISSED = "missed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Profile:
    """How many working days each step may take, and how many banks the platform asks before the operator must act."""

    name: str
    version: str
    title: Text
    source: str
    days: Mapping[Step, int]
    most_asked: int


@dataclass(frozen=True, slots=True)
class Deadline:
    """One step that somebody owes a need. `remind_on`: when half its working days have passed."""

    id: UUID
    need_id: UUID
    step: Step
    owner: Owner
    bank_id: UUID | None
    answer_id: UUID | None
    request_id: UUID | None
    started_on: date
    remind_on: date
    due_on: date
    state: DeadlineState
    reminded_at: datetime | None
    closed_at: datetime | None


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
class Waiting:
    """A deadline as the operator's board and a bank's work list show it. `left`: working days, below zero when late."""

    deadline: Deadline
    number: str
    bank_name: str | None
    left: int
    need_status: NeedStatus


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


@dataclass(frozen=True, slots=True)
class Flow:
    """Money on a day as the firm sees it: what it gets is positive, what it pays negative. In fen."""

    on: date
    fen: int


@dataclass(frozen=True, slots=True)
class Instalment:
    """One line of an amortisation table, in fen."""

    number: int
    due_on: date
    principal_fen: int
    interest_fen: int
    fees_fen: int
    left_fen: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What an offer costs, all in. `effective_annual_rate`: 0.05 is 5 % a year, compounded; None where there is no such rate.

    `subsidy_fen` None: not known, and not counted.
    """

    effective_annual_rate: float | None
    interest_fen: int
    fees_fen: int
    subsidy_fen: int | None
    total_fen: int
    instalments: tuple[Instalment, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """An offer beside the others. `place` counts from 1 by all-in cost; `fit` in [0, 1] is the product's fit to the need."""

    view: AnswerView
    cost: Cost
    place: int
    fit: float | None
    asked_share: float


class RatingReason(StrEnum):
    """Why a firm is or is not content with a bank."""

    QUICK = "quick"
    CLEAR = "clear"
    AS_PROMISED = "as_promised"
    FAIR_PRICE = "fair_price"
    SLOW = "slow"
    UNCLEAR = "unclear"
    RATE_RAISED = "rate_raised"
    LESS_THAN_OFFERED = "less_than_offered"
    EXTRA_FEES = "extra_fees"
    TIED_SALES = "tied_sales"


RATING_REASON_NAMES = {
    RatingReason.QUICK: Text("办理快", "Quick"),
    RatingReason.CLEAR: Text("说明清楚", "Clear"),
    RatingReason.AS_PROMISED: Text("与报价一致", "As offered"),
    RatingReason.FAIR_PRICE: Text("价格合理", "Fair price"),
    RatingReason.SLOW: Text("办理慢", "Slow"),
    RatingReason.UNCLEAR: Text("说明不清", "Unclear"),
    RatingReason.RATE_RAISED: Text("利率高于报价", "Rate above the offer"),
    RatingReason.LESS_THAN_OFFERED: Text("金额少于报价", "Less than offered"),
    RatingReason.EXTRA_FEES: Text("另收费用", "Fees on top"),
    RatingReason.TIED_SALES: Text("搭售其他产品", "Other products were pushed"),
}


@dataclass(frozen=True, slots=True)
class Rating:
    """A firm's judgement of the bank that answered it: 1 to 5 stars and its reasons."""

    answer_id: UUID
    bank_id: UUID
    stars: int
    reasons: tuple[RatingReason, ...]
    rated_at: datetime


@dataclass(frozen=True, slots=True)
class Dealing:
    """One bank's dealing with one need, as the league counts it. `asked`: it was asked, not only free to come.

    `waited_hours`: from the ask, or the claim, to the first offer or decline; None where none came. `avoidable`: it took a slot of its own
    will and gave it back for a reason that it could know before. `lending`: the firm has chosen it and the time to lend is not over.
    """

    bank_code: str
    bank_name: str
    asked: bool
    claimed: bool
    offered: bool
    declined: bool
    avoidable: bool
    waited_hours: float | None
    open: bool
    lending: bool
    chosen: bool
    approved: bool
    lapsed: bool
    approved_fen: int
    disbursed_fen: int
    offered_rate_bp: int | None
    approved_rate_bp: int | None
    stars: int | None
    product_code: str | None
    no_capacity: bool
    on: date


@dataclass(frozen=True, slots=True)
class Share:
    """A share of `n`, as seen and drawn towards the place's (`shrunk`), which counts as if it were some cases more."""

    hits: float
    n: int
    shrunk: float

    @property
    def seen(self) -> float | None:
        """Return the share as seen; None of nothing."""
        return self.hits / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Standing:
    """A bank in the league. Rates against promise in basis points: what was approved above what was offered."""

    place: int
    bank_code: str
    bank_name: str
    dealings: int
    answer_rate: Share
    approval: Share
    kept: Share
    paid: Share
    median_hours: float | None
    rate_over_promise_bp: float | None
    stars: Share
    score: float
    ranked: bool


@dataclass(frozen=True, slots=True)
class Suspect:
    """A product that is shown and never lends, or a bank that lets firms wait."""

    bank_code: str
    bank_name: str
    product_code: str | None
    n: int
    because: Text


@dataclass(frozen=True, slots=True)
class LeaguePolicy:
    """How the league is made: prior strength, weights (they sum to 1), from how many dealings a bank has a place, when it is suspect."""

    version: str
    source: str
    prior: float
    least: int
    weights: Mapping[str, float]
    full_hours: float
    ghost_least: int
    slow_hours: float
    slow_share: float
