"""The firms of the generated town, and what every department knows about them: how much they sell, whom they employ."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import numpy as np

from greenbridge.kit.calendar import add_months
from greenbridge.kit.codes import generated_uscc, region_name

T = TypeVar("T")
REGIONS = ("330502", "330503", "330521", "330522", "330523")
WORDS = (
    "绿源",
    "苕溪",
    "天目",
    "莫干",
    "湖丰",
    "竹海",
    "锦川",
    "云帆",
    "瑞禾",
    "恒泽",
    "启明",
    "南太湖",
    "安吉白",
    "弁山",
    "百间楼",
    "菰城",
)
# Trade: (section of GB/T 4754-2017, its class, whether it burns gas, whether it makes things)
TRADES: dict[str, tuple[str, str, bool, bool]] = {
    "丝绸": ("C", "1742", False, True),
    "竹制品": ("C", "2041", False, True),
    "电梯配件": ("C", "3435", False, True),
    "童装": ("C", "1819", False, True),
    "生态农业": ("A", "0141", False, False),
    "机械": ("C", "3499", True, True),
    "新材料": ("C", "2659", True, True),
    "食品": ("C", "1499", True, True),
    "环保科技": ("N", "7721", False, False),
    "照明": ("C", "3872", True, True),
    "物流": ("G", "5431", False, False),
    "木业": ("C", "2034", False, True),
}
# (share of firms, monthly sales in yuan, growth a year, void share, months of silence at the end, grade weights A B M C D, trouble)
KINDS = (
    ("steady", 0.45, 420_000, 0.06, 0.02, (0.35, 0.45, 0.05, 0.15, 0.0), 0.02),
    ("growing", 0.25, 650_000, 0.28, 0.03, (0.45, 0.4, 0.1, 0.05, 0.0), 0.02),
    ("young", 0.15, 180_000, 0.35, 0.06, (0.0, 0.35, 0.6, 0.05, 0.0), 0.05),
    ("troubled", 0.15, 150_000, -0.35, 0.2, (0.0, 0.2, 0.05, 0.5, 0.25), 0.5),
)
BANKS = ("绿桥湖畔银行", "苕溪商业银行", "莫干农村商业银行", "长兴村镇银行", "南浔水乡银行", "国丰银行")  # of products/banks.toml
REGULATOR = "湖州市市场监督管理局（演示）"
YUAN_A_HEAD = 500_000  # yearly sales per employee


@dataclass(frozen=True, slots=True)
class Firm:
    """One generated firm."""

    number: int
    uscc: str
    name: str
    region_code: str
    kind: str
    established: date
    monthly_yuan: float
    growth: float
    void_share: float
    trouble: float
    grade: str
    trade: str

    def sales(self, back: int, month: date) -> float:
        """Return what the firm sells, in yuan, in `month`, which lies `back` months before today."""
        season = 1 + 0.2 * float(np.sin(month.month / 12 * 2 * np.pi))
        return float(self.monthly_yuan * (1 + self.growth) ** (-back / 12) * season)

    def staff(self, back: int) -> int:
        """Return how many people the firm employed `back` months before today: at least 3, half as fast as its sales."""
        return max(3, round(self.monthly_yuan * 12 / YUAN_A_HEAD * float((1 + self.growth) ** (-back / 24))))

    @property
    def makes_things(self) -> bool:
        return TRADES[self.trade][3]

    @property
    def burns_gas(self) -> bool:
        return TRADES[self.trade][2]


class World:
    """`count` firms as of `today`, and one random stream for each thing that is drawn."""

    def __init__(self, *, seed: int, count: int, today: date) -> None:
        self.seed, self.today = seed, today
        rng = np.random.default_rng(seed)
        self.firms = [_firm(rng, number, today) for number in range(count)]
        found = [firm for firm in self.firms if firm.kind == "troubled"]
        # Worst grade first; the last firm where a small town has none in trouble.
        self.troubled = sorted(found, key=lambda firm: (firm.grade != "D", firm.number)) or self.firms[-1:]
        self._in_trouble = {firm.uscc for firm in self.troubled}
        # It left the register and still invoices: for a check of one department's data with another's.
        self.deregistered = next((firm for firm in self.firms if firm.kind == "steady" and firm.number >= 4), None)
        self._made: dict[Callable[..., Any], Any] = {}

    def rng(self, *stream: int) -> np.random.Generator:
        """Return the random stream of that number: one a thing, so that a new thing leaves the others as they are."""
        return np.random.default_rng((self.seed, *stream))

    def once(self, make: Callable[["World"], T]) -> T:
        """Return what `make` makes of this world, made at its first use: several departments tell of one event."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    def ago(self, days: int | np.integer[Any]) -> date:
        """Return the day `days` before today."""
        return self.today - timedelta(days=int(days))

    def months(self, firm: Firm, count: int) -> list[tuple[int, date]]:
        """Return (months back, first day) of the last `count` whole months in which the firm was there, oldest first."""
        months = [(back, add_months(self.today, -back)) for back in range(count, 0, -1)]
        return [(back, first) for back, first in months if first >= firm.established]

    def in_trouble(self, firm: Firm) -> bool:
        return firm.uscc in self._in_trouble

    @property
    def deregistered_on(self) -> date:
        return self.ago(200)

    def working(self, firm: Firm, month: date) -> bool:
        """Return whether the firm is still registered in `month`."""
        return firm is not self.deregistered or month < self.deregistered_on


def _firm(rng: np.random.Generator, number: int, today: date) -> Firm:
    name, _, yuan, growth, void, grades, trouble = KINDS[rng.choice(len(KINDS), p=[kind[1] for kind in KINDS])]
    region = str(rng.choice(REGIONS))
    age_days = int(rng.integers(400, 900) if name == "young" else rng.integers(1100, 7000))
    word, trade = str(rng.choice(WORDS)), str(rng.choice(tuple(TRADES)))
    return Firm(
        number,
        generated_uscc(90_000 + number, region),
        f"{region_name(region)}{word}{trade}有限公司（{number + 1:03d}）",
        region,
        name,
        today - timedelta(days=age_days),
        float(yuan * rng.lognormal(0, 0.5)),
        growth + float(rng.normal(0, 0.05)),
        void,
        trouble,
        str(rng.choice(list("ABMCD"), p=grades)),
        trade,
    )
