"""What a firm asks for."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
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
    """Where a need stands. Final: withdrawn, expired, closed."""

    PUBLISHED = "published"
    IN_ANSWER = "in_answer"
    OFFER_ACCEPTED = "offer_accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CLOSED = "closed"


NEED_STATUS_NAMES = {
    NeedStatus.PUBLISHED: Text("已发布", "Published"),
    NeedStatus.IN_ANSWER: Text("银行应答中", "Banks are answering"),
    NeedStatus.OFFER_ACCEPTED: Text("已接受报价", "Offer accepted"),
    NeedStatus.WITHDRAWN: Text("已撤回", "Withdrawn"),
    NeedStatus.EXPIRED: Text("已过期", "Expired"),
    NeedStatus.CLOSED: Text("已办结", "Closed"),
}


@dataclass(frozen=True, slots=True)
class NeedDraft:
    """What the firm states. The rate is the most it would pay a year.

    `agrees_to_report`: whichever bank takes a slot may know who asks and read the report for its survey.
    """

    amount_fen: int
    max_annual_rate_bp: int
    term_months: int
    purpose: Purpose
    guarantee_modes: tuple[GuaranteeMode, ...]
    collateral: tuple[Collateral, ...] = ()
    first_loan: bool | None = None
    agrees_to_report: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """A published need. `number` is what people say on the telephone."""

    id: UUID
    number: str
    enterprise_id: UUID
    draft: NeedDraft
    region_code: str
    status: NeedStatus
    published_at: datetime
    open_until: date
