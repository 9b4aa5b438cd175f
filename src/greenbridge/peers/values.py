"""Metrics, a firm's industry and size, groups of firms, a firm's place in one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenbridge.kit.text import Text

Floats = NDArray[np.float64]
# A metric of a group is kept only when so many firms have a value: fewer could be told apart.
K = 10


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a firm that is compared. `direction`: +1 higher is better, -1 lower is better, 0 neither.

    Units: fen, share, ratio (may exceed 1), count, kwh_per_10k (kWh for each 10,000 yuan of net sales).
    """

    key: str
    label: Text
    unit: str
    direction: int


# Keys that name a feature of scoring are that feature, unchanged.
METRICS: tuple[Metric, ...] = (
    Metric("sales_12m", Text("近 12 个月销售额", "Net sales, 12 months"), "fen", 1),
    Metric("sales_growth_12m", Text("销售额同比增长", "Sales growth on the 12 months before"), "share", 1),
    Metric("sales_variation", Text("月销售额波动系数", "Variation of monthly sales, 24 months"), "ratio", -1),
    Metric("sales_active_share", Text("近 24 个月有销售月份占比", "Months with sales, of 24"), "share", 1),
    Metric("purchase_to_sales", Text("采购与销售之比", "Purchases to sales, 12 months"), "ratio", 0),
    Metric("tax_burden", Text("增值税税负", "VAT burden: output less input tax, of net sales"), "share", 0),
    Metric("void_share", Text("近 12 个月作废金额占比", "Void share by amount, 12 months"), "share", -1),
    Metric("customer_top1_share", Text("第一大客户占比", "Largest customer's share, newest whole year"), "share", -1),
    Metric("staff_count", Text("社保参保人数", "Insured staff, newest month"), "count", 0),
    Metric("electricity_per_10k", Text("万元销售额用电量", "Electricity per 10,000 yuan of sales"), "kwh_per_10k", -1),
)


class Size(StrEnum):
    """The four sizes of the national statistics, largest first."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"
    MICRO = "micro"


SIZE_NAMES = {
    Size.LARGE: Text("大型企业", "large firms"),
    Size.MEDIUM: Text("中型企业", "medium firms"),
    Size.SMALL: Text("小型企业", "small firms"),
    Size.MICRO: Text("微型企业", "micro firms"),
}
INDICATOR_NAMES = {
    "staff": Text("从业人员", "staff"),
    "revenue_fen": Text("营业收入", "revenue"),
    "assets_fen": Text("资产总额", "total assets"),
}


@dataclass(frozen=True, slots=True)
class Industry:
    """Where a firm belongs in GB/T 4754-2017: section letter and 2 to 4 digits. `derived`: told from its name and scope."""

    section: str
    code: str
    derived: bool

    @property
    def division(self) -> str:
        """The two digits."""
        return self.code[:2]


@dataclass(frozen=True, slots=True)
class SizeClass:
    """The lower limits of large, medium and small for industries whose code begins with one of `codes`; indicators in persons and fen."""

    label: Text
    codes: tuple[str, ...]
    limits: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class SizePolicy:
    """An edition of the size limits, in force from a day."""

    version: str
    in_force_from: date
    source: str
    classes: tuple[SizeClass, ...]


@dataclass(frozen=True, slots=True)
class Sizing:
    """A firm's size; None where the policy has no limits for its industry, or no indicator is known. `missing`: those unknown."""

    size: Size | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of n firms, in one order.

    `arrays`: series by name, float[n, months] or float[n, years], as in facts.values.Series. `insured` and `electricity`: readings,
    float[rows, 3] of (firm's place, month number, value). `registrations`, `annual_reports`: the newest values, None where there are none.
    """

    last_month: date | None
    arrays: Mapping[str, Floats]
    insured: Floats
    electricity: Floats
    registrations: Sequence[Mapping[str, Any] | None]
    annual_reports: Sequence[Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Profile:
    """A firm as it is compared: metric -> value, None where unknown. `trading`: not gone from the register."""

    industry: Industry | None
    sizing: Sizing
    values: Mapping[str, float | None]
    trading: bool


class GroupKind(StrEnum):
    """How narrow a group is, narrowest first."""

    DIVISION_SIZE = "division_size"
    DIVISION = "division"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Quantiles:
    """The 0th to 100th percentile (101 values, 6 significant digits) of the `n` firms that have a value."""

    n: int
    grid: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PeerGroup:
    """Firms of a division and size, of a division, or all; `code` and `size` are None where the kind has none."""

    kind: GroupKind
    code: str | None
    size: Size | None
    n: int
    metrics: Mapping[str, Quantiles]


@dataclass(frozen=True, slots=True)
class MadeGroup:
    """A group as it was measured for a day, at an instant."""

    as_of: date
    made_at: datetime
    group: PeerGroup


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a measurement did: firms that had a value, groups that were large enough to keep."""

    as_of: date
    made_at: datetime
    firms: int
    groups: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A firm's place among its peers (itself included): percentile 0 to 100 of `n`, the group in words, when it was measured."""

    metric: Metric
    value: float
    percentile: int
    n: int
    kind: GroupKind
    group: Text
    as_of: date
    made_at: datetime
