"""States, events and guards of answers, loans and requests, and the words for them."""

from enum import StrEnum

from greenbridge.kit.text import Text


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
    CLOSE = "close"
    RETURN = "return"


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
