"""A product's fit to a need, plans, exposure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from greenbridge.catalog.values import Eligibility, LoanProduct, Value
from greenbridge.kit.text import Text

Facts = Mapping[str, Value | None]
PARTS: Mapping[str, Text] = {
    "region": Text("区域", "Region"),
    "rule": Text("规则", "Rules"),
    "risk": Text("风险", "Risk"),
    "price": Text("价格", "Price"),
    "speed": Text("速度", "Speed"),
    "capacity": Text("额度余量", "Capacity"),
    "green": Text("绿色优惠", "Green terms"),
    "behaviour": Text("应答表现", "Past answers"),
}


@dataclass(frozen=True, slots=True)
class Fit:
    """The three fits and what else counts, each in [0, 1], shown apart; `total` is their weighted sum, the bars that add up."""

    region: float
    rule: float
    risk: float
    price: float
    speed: float
    capacity: float
    green: float
    behaviour: float
    total: float


@dataclass(frozen=True, slots=True)
class Policy:
    """How products are ranked. `weights` sum to 1; `near`: points of an authority's nearness."""

    version: str
    in_force_from: date
    weights: Mapping[str, float]
    near: Mapping[str, float]
    deciding_share: float
    comfort_share: float
    full_room: float
    full_room_days: float
    appetite_share: float
    cover_share: float
    grade_share: float
    funding_bp: float
    loss_given_default: Mapping[str, float]
    grade_points: Mapping[str, float]
    full_saving: float
    slowest_working_days: float
    capacity_times: float
    epsilon: float
    places: int
    arrears_months: int
    removal_months: int
    longest_wait_months: int
    most_steps: int


@dataclass(frozen=True, slots=True)
class Match:
    """One product for one need: `rank` counts from 1; `merit_rank` is the place by fit alone, before near-equals took turns."""

    rank: int
    product: LoanProduct
    eligibility: Eligibility
    fit: Fit
    merit_rank: int = 0


class Reason(StrEnum):
    """Why a run was made."""

    FIRST = "first"
    PRODUCT = "product"
    FACT = "fact"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class MatchRun:
    """All products ranked for a need at one instant, with the facts and versions that made it: any verdict follows from them."""

    need_id: UUID
    made_at: datetime
    policy_version: str
    model_version: str
    facts: Facts
    matches: tuple[Match, ...]
    reason: Reason = Reason.FIRST
    catalogue: str = ""


class StepKind(StrEnum):
    """What a firm can do."""

    AMOUNT = "amount"
    TERM = "term"
    RATE = "rate"
    GUARANTEE = "guarantee"
    COLLATERAL = "collateral"
    WAIT = "wait"
    PAY_ARREARS = "pay_arrears"
    LEAVE_LIST = "leave_list"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: a fact goes from one value to another, after so many months."""

    kind: StepKind
    fact: str
    before: Value | None
    after: Value
    months: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The least steps that open products, re-run on the engine. `opened` become eligible, or conditional where data is missing;
    `lost` were open and are not any more; rates are the lowest yearly ones, None where nothing is open.
    """

    steps: tuple[Step, ...]
    months: int
    opened: tuple[str, ...]
    conditional: tuple[str, ...]
    lost: tuple[str, ...]
    rate_before_bp: int | None
    rate_after_bp: int | None


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a product has had: times shown, attention (1 at the first place, falling), and the attention that its merit deserved."""

    product_code: str
    bank_code: str
    shown: int
    attention: float
    deserved: float

    @property
    def balance(self) -> float:
        """Attention beyond what merit deserved."""
        return self.attention - self.deserved


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a draft product would reach, in counts that tell of nobody: None is fewer than ten."""

    firms: int | None
    eligible: int | None
    conditional: int | None
    refused: int | None
    refusals: tuple[tuple[str, int | None], ...]
    overlaps: tuple[tuple[str, int | None], ...]
    other_banks: int | None
    left_today: int
