"""What a firm asks for, and the words of its life."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from greenbridge.kit.text import Text


class GuaranteeMode(StrEnum):
    """How a loan is secured."""

    CREDIT = "credit"
    MORTGAGE = "mortgage"
    PLEDGE = "pledge"
    GUARANTEE = "guarantee"
    GUARANTEE_INSURANCE = "guarantee_insurance"
    GOVERNMENT_GUARANTEE = "government_guarantee"


class Collateral(StrEnum):
    """What the firm can offer as security."""

    REAL_ESTATE = "real_estate"
    EQUIPMENT = "equipment"
    RECEIVABLES = "receivables"
    EMISSION_RIGHTS = "emission_rights"
    PHOTOVOLTAIC_REVENUE = "photovoltaic_revenue"
    INVENTORY = "inventory"
    INTELLECTUAL_PROPERTY = "intellectual_property"


class Purpose(StrEnum):
    """What the money is for."""

    WORKING_CAPITAL = "working_capital"
    FIXED_ASSETS = "fixed_assets"
    GREEN_PROJECT = "green_project"
    PHOTOVOLTAIC = "photovoltaic"
    AGRICULTURE = "agriculture"
    SUPPLY_CHAIN = "supply_chain"
    TECHNOLOGY = "technology"


GUARANTEE_MODE_NAMES = {
    GuaranteeMode.CREDIT: Text("信用", "Unsecured"),
    GuaranteeMode.MORTGAGE: Text("抵押", "Mortgage"),
    GuaranteeMode.PLEDGE: Text("质押", "Pledge"),
    GuaranteeMode.GUARANTEE: Text("保证", "Guarantee"),
    GuaranteeMode.GUARANTEE_INSURANCE: Text("保证保险", "Guarantee insurance"),
    GuaranteeMode.GOVERNMENT_GUARANTEE: Text("政府性融资担保", "Government-backed guarantee"),
}
COLLATERAL_NAMES = {
    Collateral.REAL_ESTATE: Text("不动产", "Real estate"),
    Collateral.EQUIPMENT: Text("机器设备", "Equipment"),
    Collateral.RECEIVABLES: Text("应收账款", "Receivables"),
    Collateral.EMISSION_RIGHTS: Text("排污权", "Emission rights"),
    Collateral.PHOTOVOLTAIC_REVENUE: Text("光伏收益权", "Photovoltaic revenue"),
    Collateral.INVENTORY: Text("存货", "Inventory"),
    Collateral.INTELLECTUAL_PROPERTY: Text("知识产权", "Intellectual property"),
}
PURPOSE_NAMES = {
    Purpose.WORKING_CAPITAL: Text("流动资金", "Working capital"),
    Purpose.FIXED_ASSETS: Text("固定资产", "Fixed assets"),
    Purpose.GREEN_PROJECT: Text("绿色项目", "Green project"),
    Purpose.PHOTOVOLTAIC: Text("分布式光伏", "Photovoltaics"),
    Purpose.AGRICULTURE: Text("农业生产", "Agriculture"),
    Purpose.SUPPLY_CHAIN: Text("供应链", "Supply chain"),
    Purpose.TECHNOLOGY: Text("技术研发", "Technology"),
}


class NeedStatus(StrEnum):
    """Where a need stands; from where to where it goes stands in `rules.life`. Final: closed, withdrawn, expired."""

    DRAFT = "draft"
    PUBLISHED = "published"
    IN_ANSWER = "in_answer"
    OFFER_ACCEPTED = "offer_accepted"
    PARTLY_DISBURSED = "partly_disbursed"
    DISBURSED = "disbursed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ESCALATED = "escalated"
    REOPENED = "reopened"


NEED_STATUS_NAMES = {
    NeedStatus.DRAFT: Text("草稿", "Draft"),
    NeedStatus.PUBLISHED: Text("已发布", "Published"),
    NeedStatus.IN_ANSWER: Text("银行应答中", "Banks are answering"),
    NeedStatus.OFFER_ACCEPTED: Text("已接受报价", "Offer accepted"),
    NeedStatus.PARTLY_DISBURSED: Text("部分放款", "Partly paid out"),
    NeedStatus.DISBURSED: Text("已放款", "Paid out"),
    NeedStatus.CLOSED: Text("已结清", "Repaid and closed"),
    NeedStatus.WITHDRAWN: Text("已撤回", "Withdrawn"),
    NeedStatus.EXPIRED: Text("已过期", "Expired"),
    NeedStatus.ESCALATED: Text("平台督办", "With the operator"),
    NeedStatus.REOPENED: Text("重新开放", "Reopened"),
}


class NeedEvent(StrEnum):
    """What happens to a need."""

    SAVE = "save"
    PUBLISH = "publish"
    CLAIM = "claim"
    LOSE_ANSWERS = "lose_answers"
    ACCEPT = "accept"
    FAIL = "fail"
    PAY_PART = "pay_part"
    PAY_ALL = "pay_all"
    REPAY = "repay"
    ESCALATE = "escalate"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


NEED_EVENT_NAMES = {
    NeedEvent.SAVE: Text("保存草稿", "Draft saved"),
    NeedEvent.PUBLISH: Text("发布需求", "Published"),
    NeedEvent.CLAIM: Text("银行开始应答", "A bank answers"),
    NeedEvent.LOSE_ANSWERS: Text("没有银行在应答，重新开放", "No bank is answering any more: reopened"),
    NeedEvent.ACCEPT: Text("接受报价", "Offer accepted"),
    NeedEvent.FAIL: Text("选定的银行未能办成，重新开放", "The chosen bank could not lend: reopened"),
    NeedEvent.PAY_PART: Text("部分放款", "Paid out in part"),
    NeedEvent.PAY_ALL: Text("放款完成", "Paid out in full"),
    NeedEvent.REPAY: Text("贷款结清", "Loan repaid"),
    NeedEvent.ESCALATE: Text("转平台督办", "Escalated to the operator"),
    NeedEvent.REOPEN: Text("平台重新开放", "Reopened by the operator"),
    NeedEvent.WITHDRAW: Text("撤回需求", "Withdrawn"),
    NeedEvent.EXPIRE: Text("到期结束", "Over"),
}


class NeedGuard(StrEnum):
    """What must be so before an event can happen to a need."""

    GOOD_FORM = "good_form"
    NOT_BARRED = "not_barred"
    OPEN_TODAY = "open_today"
    NO_ANSWER_LEFT = "no_answer_left"
    NOBODY_LEFT_TO_ASK = "nobody_left_to_ask"
    ALL_PAID_OUT = "all_paid_out"
    NOTHING_OWED = "nothing_owed"
    TIME_IS_OVER = "time_is_over"
    WAS_ANSWERED = "was_answered"


NEED_GUARD_NAMES = {
    NeedGuard.GOOD_FORM: Text("各项填写无误", "Every field is right"),
    NeedGuard.NOT_BARRED: Text("五项条件没有一票否决项", "None of the five points bars it"),
    NeedGuard.OPEN_TODAY: Text("需求在有效期内", "The need's time is not over"),
    NeedGuard.NO_ANSWER_LEFT: Text("没有银行仍在应答", "No bank is answering any more"),
    NeedGuard.NOBODY_LEFT_TO_ASK: Text("没有可再询问的银行", "There is no further bank to ask"),
    NeedGuard.ALL_PAID_OUT: Text("批准金额已全部放出", "All that was approved is paid out"),
    NeedGuard.NOTHING_OWED: Text("本金已全部归还", "All principal is repaid"),
    NeedGuard.TIME_IS_OVER: Text("有效期已过", "The need's time is over"),
    NeedGuard.WAS_ANSWERED: Text("企业已得到银行或平台的答复", "The firm has had an answer, of a bank or the operator"),
}


class Mode(StrEnum):
    """How banks come to a need."""

    GRAB = "grab"
    DIRECT = "direct"
    SEALED = "sealed"


MODE_NAMES = {
    Mode.GRAB: Text("公开抢单", "Open: the first banks win"),
    Mode.DIRECT: Text("定向申请", "Direct: the bank whose product I pick"),
    Mode.SEALED: Text("密封报价", "Sealed offers"),
}
MODE_HINTS = {
    Mode.GRAB: Text("先到的 3 家银行获得名额，最快", "The first three banks win a slot: fastest"),
    Mode.DIRECT: Text("由您选择产品，只询问该银行；超时转下一家", "You pick a product and its bank is asked; if it is late, the next"),
    Mode.SEALED: Text("3 个工作日内银行各自报价，到期同时揭晓", "Banks offer unseen for three working days; then all are opened"),
}


class Point(StrEnum):
    """The five conditions before a need is published."""

    OPERATION = "operation"
    PREMISES = "premises"
    REAL_NEED = "real_need"
    GOOD_CREDIT = "good_credit"
    LAWFUL_PURPOSE = "lawful_purpose"


POINT_NAMES = {
    Point.OPERATION: Text("依法持续经营", "Lawful and continuous operation"),
    Point.PREMISES: Text("有固定经营场所", "Fixed premises"),
    Point.REAL_NEED: Text("有真实融资需求", "A real need"),
    Point.GOOD_CREDIT: Text("信用状况良好", "Good credit"),
    Point.LAWFUL_PURPOSE: Text("资金用途合法", "A lawful purpose"),
}


class Verdict(StrEnum):
    """A point's answer: unknown is not failed, and says what is missing."""

    PASS = "pass"  # noqa: S105  a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One of the five points: what was found, in words. `bars`: with this a need cannot be published."""

    point: Point
    verdict: Verdict
    because: tuple[Text, ...]
    bars: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the five points are read from; None: the department has delivered nothing.

    `state`: the register's word; `age_months`; `silent_months`: months without an output invoice up to the last complete one;
    `sales_12m_fen`; lists: how many entries stand.
    """

    state: str | None = None
    age_months: int | None = None
    severe_entries: int | None = None
    abnormal_entries: int | None = None
    owns_premises: bool | None = None
    metered: bool | None = None
    address: str | None = None
    silent_months: int | None = None
    sales_12m_fen: float | None = None
    open_needs_fen: int = 0
    dishonesty_entries: int | None = None
    open_enforcements: int | None = None
    open_arrears: int | None = None
    tax_grade: str | None = None


@dataclass(frozen=True, slots=True)
class Publishing:
    """The policy of publishing: days a need is open, slots by mode, the sealed window, the limits of the five points."""

    version: str
    in_force_from: date
    source: str
    open_days: int
    slots: int
    sealed_slots: int
    sealed_working_days: int
    active_states: tuple[str, ...]
    least_age_months: int
    most_silent_months: int
    most_share_of_sales: float
    bad_tax_grades: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NeedDraft:
    """What the firm states. The rate is the most it would pay a year.

    `agrees_to_report`: whichever bank takes a slot may know who asks and read the report for its survey. `pledges_purpose`: the firm
    has pledged that the money goes where it says.
    """

    amount_fen: int
    max_annual_rate_bp: int
    term_months: int
    purpose: Purpose
    guarantee_modes: tuple[GuaranteeMode, ...]
    collateral: tuple[Collateral, ...] = ()
    first_loan: bool | None = None
    agrees_to_report: bool = False
    mode: Mode = Mode.GRAB
    pledges_purpose: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """A published need. `number` is what people say on the telephone; `slots`: how many banks may answer at once; `profile`: whose
    deadlines hold; `window_closes_at`: until then offers are sealed, and `opened_at` says that they are not any more.
    """

    id: UUID
    number: str
    enterprise_id: UUID
    draft: NeedDraft
    region_code: str
    status: NeedStatus
    published_at: datetime
    open_until: date
    slots: int = 3
    profile: str = "default"
    window_closes_at: datetime | None = None
    opened_at: datetime | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def sealed(self) -> bool:
        """Return whether offers are still closed to everybody but their banks."""
        return self.window_closes_at is not None and self.opened_at is None


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A form that was put aside: what was typed, as it was typed. It keeps its id when it is published."""

    id: UUID
    enterprise_id: UUID
    typed: Mapping[str, Any]
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Happened:
    """One step in the life of a need."""

    at: datetime
    event: NeedEvent
    source: NeedStatus | None
    target: NeedStatus
    account_id: UUID | None
    detail: Mapping[str, Any]
