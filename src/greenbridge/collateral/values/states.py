"""Kinds, states and events of pledges and registrations, and the words for them."""

from collections.abc import Mapping
from enum import StrEnum

from greenbridge.kit.text import Text


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
