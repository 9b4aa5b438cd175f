"""Security: an asset, its pledge to a bank, and a mortgage on its way through the land registry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from greenbridge.kit.calendar import business_date
from greenbridge.kit.text import Text
from greenbridge.needs.values import Collateral, GuaranteeMode


class AssetKind(StrEnum):
    """What is pledged."""

    INVOICE = "invoice"
    ORDER = "order"
    WAREHOUSE_RECEIPT = "warehouse_receipt"
    REAL_ESTATE = "real_estate"
    EQUIPMENT = "equipment"


class Sharing(StrEnum):
    """How several banks may hold one asset: parts of its amount, charges one after another, or one bank alone."""

    SHARES = "shares"
    RANKS = "ranks"
    WHOLE = "whole"


class PledgeState(StrEnum):
    """Where a pledge is. All but offered and active are final."""

    OFFERED = "offered"
    ACTIVE = "active"
    REFUSED = "refused"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    RELEASED = "released"
    EXPIRED = "expired"
    TRANSFERRED = "transferred"


class PledgeEvent(StrEnum):
    """What can happen to a pledge."""

    OFFER = "offer"
    ACCEPT = "accept"
    REFUSE = "refuse"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    RELEASE = "release"
    EXPIRE = "expire"
    TRANSFER = "transfer"


class RegistrationState(StrEnum):
    """Where a mortgage registration is. Final: discarded, rejected, cancelled."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REGISTERED = "registered"
    CANCELLATION_REQUESTED = "cancellation_requested"
    DISCARDED = "discarded"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class RegistrationEvent(StrEnum):
    """What can happen to a registration. Acknowledge, register, reject, refuse and cancel are the registry's word."""

    SUBMIT = "submit"
    DISCARD = "discard"
    ACKNOWLEDGE = "acknowledge"
    REGISTER = "register"
    REJECT = "reject"
    REQUEST_CANCELLATION = "request_cancellation"
    REFUSE_CANCELLATION = "refuse_cancellation"
    CANCEL = "cancel"


class OrderKind(StrEnum):
    """What the land registry is asked."""

    QUERY = "query"
    REGISTRATION = "registration"
    CANCELLATION = "cancellation"


class OrderState(StrEnum):
    """How far the talk with the registry has come: `failed` is only an application whose mortgage was given up before it was sent."""

    QUEUED = "queued"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    REJECTED = "rejected"


class Evidence(StrEnum):
    """What departments' data say of an asset that a firm states."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNKNOWN = "unknown"


KIND_NAMES: Mapping[AssetKind, Text] = {
    AssetKind.INVOICE: Text("发票（应收账款）", "Invoice (receivable)"),
    AssetKind.ORDER: Text("订单", "Order"),
    AssetKind.WAREHOUSE_RECEIPT: Text("仓单", "Warehouse receipt"),
    AssetKind.REAL_ESTATE: Text("不动产", "Real estate"),
    AssetKind.EQUIPMENT: Text("机器设备、车辆", "Equipment, vehicle"),
}
STATE_NAMES: Mapping[PledgeState, Text] = {
    PledgeState.OFFERED: Text("待银行确认", "Offered"),
    PledgeState.ACTIVE: Text("质押中", "Standing"),
    PledgeState.REFUSED: Text("已被占用，未成立", "Refused: pledged already"),
    PledgeState.DECLINED: Text("银行未接受", "Declined"),
    PledgeState.WITHDRAWN: Text("已撤回", "Withdrawn"),
    PledgeState.LAPSED: Text("超时未确认", "Lapsed"),
    PledgeState.RELEASED: Text("已解除", "Released"),
    PledgeState.EXPIRED: Text("已到期", "Expired"),
    PledgeState.TRANSFERRED: Text("已转让", "Transferred"),
}
EVENT_NAMES: Mapping[PledgeEvent, Text] = {
    PledgeEvent.OFFER: Text("提出", "Offered"),
    PledgeEvent.ACCEPT: Text("银行确认，质押成立", "Accepted: the pledge stands"),
    PledgeEvent.REFUSE: Text("核对未通过：已被占用", "Refused: pledged already"),
    PledgeEvent.DECLINE: Text("银行未接受", "Declined by the bank"),
    PledgeEvent.WITHDRAW: Text("撤回", "Withdrawn"),
    PledgeEvent.LAPSE: Text("超时未确认", "Lapsed unanswered"),
    PledgeEvent.RELEASE: Text("银行解除", "Released by the bank"),
    PledgeEvent.EXPIRE: Text("到期", "Expired"),
    PledgeEvent.TRANSFER: Text("转让给受让银行", "Transferred to another bank"),
}
REGISTRATION_NAMES: Mapping[RegistrationState, Text] = {
    RegistrationState.DRAFT: Text("草稿", "Draft"),
    RegistrationState.SUBMITTED: Text("已提交", "Submitted"),
    RegistrationState.ACCEPTED: Text("已受理", "Accepted"),
    RegistrationState.REGISTERED: Text("已登记", "Registered"),
    RegistrationState.CANCELLATION_REQUESTED: Text("申请注销中", "Cancellation requested"),
    RegistrationState.DISCARDED: Text("已作废", "Discarded"),
    RegistrationState.REJECTED: Text("不予登记", "Rejected"),
    RegistrationState.CANCELLED: Text("已注销", "Cancelled"),
}
ORDER_STATE_NAMES: Mapping[OrderState, Text] = {
    OrderState.QUEUED: Text("待发送", "To be sent"),
    OrderState.ACKNOWLEDGED: Text("登记机构已受理", "Acknowledged"),
    OrderState.ANSWERED: Text("已答复", "Answered"),
    OrderState.REJECTED: Text("不予办理", "Rejected"),
}
EVIDENCE_NAMES: Mapping[Evidence, Text] = {
    Evidence.CONFIRMED: Text("与部门数据一致", "Agrees with departments' data"),
    Evidence.CONTRADICTED: Text("与部门数据不符", "Departments' data say otherwise"),
    Evidence.UNKNOWN: Text("部门数据中未见", "Not in departments' data"),
}
SHARING_NAMES: Mapping[Sharing, Text] = {
    Sharing.SHARES: Text("可分割：各行合计不超过全额", "In parts, together at most the whole"),
    Sharing.RANKS: Text("可设后顺位：合计不超过价值", "By ranks, together at most the value"),
    Sharing.WHOLE: Text("不可分割：同一时间只能质押一次", "Not divisible: one pledge at a time"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A field by which an asset of a kind is told from others, as people type it."""

    name: str
    label: Text
    hint: Text
    required: bool = True


@dataclass(frozen=True, slots=True)
class Stated:
    """An asset as somebody states it: the fields of its kind, and its whole amount or value in fen."""

    kind: AssetKind
    fields: Mapping[str, str]
    whole_fen: int


@dataclass(frozen=True, slots=True)
class Canonical:
    """The one form of an asset, however it was typed.

    `key` says which asset it is, and no more: what could be altered to make one asset look like two (date, amount) is not in it.
    `full` is all that was stated: whoever asks about an asset must know all of it. `fields` state the same asset again.
    """

    kind: AssetKind
    key: tuple[str, ...]
    full: tuple[str, ...]
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KindPolicy:
    """How assets of a kind are pledged. `most`: pledges at one time; `ceiling`: of the whole, in [0, 1]; `advance_rate`: lent on one
    yuan of value, as information.
    """

    sharing: Sharing
    most: int
    ceiling: float
    max_days: int
    advance_rate: float
    collateral: Collateral
    mode: GuaranteeMode
    source: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How often one may ask in a day, and how long an offer waits."""

    checks_of_a_bank: int
    checks_of_an_officer: int
    checks_of_a_firm_by_a_bank: int
    offers_of_a_firm: int
    refusals_of_a_firm: int
    offer_days: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules on pledges, in force from a day on."""

    version: str
    in_force_from: date
    source: Text
    limits: Limits
    kinds: Mapping[AssetKind, KindPolicy]


@dataclass(frozen=True, slots=True)
class Held:
    """What a standing pledge takes of an asset: its amount, the whole that was stated with it, its rank."""

    amount_fen: int
    whole_fen: int
    rank: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What a firm offers: an asset, to a bank, for an amount, until a day."""

    bank_id: UUID
    stated: Stated
    amount_fen: int
    expires_on: date


@dataclass(frozen=True, slots=True)
class Pledge:
    """A pledge of an asset of a firm to a bank. `sealed`: what was stated, readable for the two only; `statement`: its commitment.

    `rank` counts from 1 by the time of acceptance. `succeeds`: the pledge of another bank that this one takes over.
    """

    id: UUID
    kind: AssetKind
    enterprise_id: UUID
    bank_id: UUID
    pledgor_uscc: str
    pledgor_name: str
    amount_fen: int
    whole_fen: int
    state: PledgeState
    evidence: Evidence
    offered_at: datetime
    offered_by: UUID
    offer_until: date
    expires_on: date
    sealed: bytes = field(repr=False)
    statement: str = field(repr=False)
    asset_id: UUID | None = None
    rank: int | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    note: str = ""
    succeeds: UUID | None = None

    @property
    def number(self) -> str:
        """Return what people say on the telephone: P260310-3FA2C1."""
        return f"P{business_date(self.offered_at):%y%m%d}-{self.id.hex[:6].upper()}"

    @property
    def share(self) -> float:
        """Return the amount over the whole, in [0, 1]."""
        return self.amount_fen / self.whole_fen


@dataclass(frozen=True, slots=True)
class Happened:
    """One event in a pledge's life, with the signed receipt that was given for it, if any."""

    at: datetime
    event: PledgeEvent
    state: PledgeState
    receipt: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class PledgeView:
    """A pledge with what its two sides may read of it. `stated` holds the fields as they were typed, in canonical form."""

    pledge: Pledge
    bank_name: str
    stated: Stated
    history: tuple[Happened, ...] = ()

    @property
    def title(self) -> str:
        """Return the asset in a few words: its number, whatever the kind calls it."""
        fields = self.stated.fields
        return next((fields[name] for name in ("number", "certificate_no", "vin", "serial") if fields.get(name)), "")

    def receipt(self, event: PledgeEvent) -> Mapping[str, Any] | None:
        """Return the receipt of an event."""
        return next((one.receipt for one in self.history if one.event is event and one.receipt), None)


@dataclass(frozen=True, slots=True)
class Lending:
    """What an asset carries, as information. Rates in [0, 1]; `products`: (code, name, most in fen) of the bank that take it."""

    whole_fen: int
    amount_fen: int
    loan_to_value: float
    advance_rate: float
    mode_rate: float | None
    carries_fen: int
    products: tuple[tuple[str, Text, int], ...]


@dataclass(frozen=True, slots=True)
class Registration:
    """A mortgage on its way into the land register and out of it."""

    id: UUID
    pledge_id: UUID
    enterprise_id: UUID
    bank_id: UUID
    certificate_no: str
    unit_no: str
    secured_fen: int
    state: RegistrationState
    drafted_at: datetime
    submitted_at: datetime | None = None
    accepted_at: datetime | None = None
    reference: str | None = None
    registry_number: str | None = None
    registry_rank: int | None = None
    registered_at: datetime | None = None
    reasons: tuple[str, ...] = ()
    ended_at: datetime | None = None
    receipts: tuple[Mapping[str, Any], ...] = ()

    @property
    def number(self) -> str:
        """Return the application's number: M260310-3FA2C1."""
        return f"M{business_date(self.drafted_at):%y%m%d}-{self.id.hex[:6].upper()}"


@dataclass(frozen=True, slots=True)
class Order:
    """One thing asked of the land registry: sent, acknowledged, answered. Sending it twice is the same as once (`id`)."""

    id: UUID
    kind: OrderKind
    state: OrderState
    enterprise_id: UUID
    bank_id: UUID
    registration_id: UUID | None
    body: Mapping[str, Any]
    made_at: datetime
    attempts: int
    due_at: datetime
    reference: str | None = None
    answer: Mapping[str, Any] | None = None
    answered_at: datetime | None = None
    last_problem: str = ""

    @property
    def number(self) -> str:
        """Return the order's number: Q260310-3FA2C1."""
        return f"Q{business_date(self.made_at):%y%m%d}-{self.id.hex[:6].upper()}"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """That the registry has an order, and under which reference."""

    reference: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """The registry's last word on an order, with the document that it signed. `granted` false: rejected for `reasons`."""

    granted: bool
    at: datetime
    number: str | None
    reasons: tuple[str, ...]
    facts: Mapping[str, Any]
    receipt: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Overview:
    """What the operator sees: counts, and nothing that is pledged."""

    states: Mapping[PledgeState, int]
    registrations: Mapping[RegistrationState, int]
    waiting: tuple[Order, ...]
    checks: tuple[tuple[str, int, int], ...]
    refusals: tuple[tuple[str, int], ...]
    key_serial: int | None
    key_made_at: datetime | None
