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
    evidence_months: int


class Basis(StrEnum):
    """On what a green grade stands."""

    SYSTEM = "system"
    CERTIFIED = "certified"


BASIS_NAMES: Mapping[Basis, Text] = {
    Basis.SYSTEM: Text("系统评价，未经评审", "system rating, not reviewed"),
    Basis.CERTIFIED: Text("经评审认定", "certified by review"),
}


@dataclass(frozen=True, slots=True)
class GradeOfDay:
    """A firm's green grade as rules take it. `grade` None: not rated; `possible`: with every unknown point proven; `coverage` in [0, 1]."""

    grade: str | None
    possible: str | None
    coverage: float
    basis: Basis
    scheme: str
    rated_on: date


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a bank answered so far: `well` of `asked` answers ended in time with an offer or reasons; `score` is shrunk to the middle."""

    score: float
    well: int
    asked: int


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
    """Products ranked for a need at one instant, with the facts and versions that made it: any verdict follows from them.

    `counts`: how many products of each eligibility there are; of a kept run `matches` has the first places only.
    """

    need_id: UUID
    made_at: datetime
    policy_version: str
    model_version: str
    facts: Facts
    matches: tuple[Match, ...]
    counts: Mapping[Eligibility, int]
    reason: Reason = Reason.FIRST
    catalogue: str = ""
    green: GradeOfDay | None = None

    @property
    def open_count(self) -> int:
        """How many products do not fail a rule."""
        return self.counts[Eligibility.ELIGIBLE] + self.counts[Eligibility.CONDITIONAL]


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
    EVIDENCE = "evidence"
    DELIVERY = "delivery"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: a fact goes from one value to another, after so many months.

    EVIDENCE proves what a green rating does not know yet; STATE says with the need what is unknown; DELIVERY is nothing that a firm does:
    a department delivers it or not, a firm's own match reads all that came. What they will tell is not known, `after` is what it would
    have to be.
    """

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


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a bank wants to be told of for one of its products: needs that fit, those that wait for data too."""

    product_code: str
    on: bool
    conditional: bool


@dataclass(frozen=True, slots=True)
class FittingNeed:
    """An open need that a product fits, as its bank may see it in a list: no name, no term, no figure."""

    need_id: UUID
    number: str
    published_at: datetime
    open_until: date
    eligibility: Eligibility


@dataclass(frozen=True, slots=True)
class ProductReach:
    """A product of a bank, how many open needs it fits and how many wait for data, and what the bank is told of new ones."""

    product: LoanProduct
    eligible: int
    conditional: int
    told: Subscription
