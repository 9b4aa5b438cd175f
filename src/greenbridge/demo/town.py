"""A generated town: firms and what its departments deliver about them. Seeded; the same seed gives the same bytes."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from greenbridge.facts.rules import items
from greenbridge.facts.values import Delivery
from greenbridge.kit.calendar import add_months, month_end
from greenbridge.kit.codes import generated_uscc, region_name

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
TRADES = (
    "丝绸",
    "竹制品",
    "电梯配件",
    "童装",
    "生态农业",
    "机械",
    "新材料",
    "食品",
    "环保科技",
    "照明",
    "物流",
    "木业",
)
# (share of firms, monthly sales in yuan, growth a year, void share, months of silence at the end, grade weights A B M C D, trouble)
KINDS = (
    ("steady", 0.45, 420_000, 0.06, 0.02, (0.35, 0.45, 0.05, 0.15, 0.0), 0.02),
    ("growing", 0.25, 650_000, 0.28, 0.03, (0.45, 0.4, 0.1, 0.05, 0.0), 0.02),
    ("young", 0.15, 180_000, 0.35, 0.06, (0.0, 0.35, 0.6, 0.05, 0.0), 0.05),
    ("troubled", 0.15, 150_000, -0.35, 0.2, (0.0, 0.2, 0.05, 0.5, 0.25), 0.5),
)
MONTHS = 36


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


class Town:
    """`count` firms as of `today`."""

    def __init__(self, *, seed: int, count: int, today: date) -> None:
        self.seed, self.today = seed, today
        rng = np.random.default_rng(seed)
        self.firms = [self._firm(rng, number) for number in range(count)]

    def _firm(self, rng: np.random.Generator, number: int) -> Firm:
        name, _, yuan, growth, void, grades, trouble = KINDS[rng.choice(len(KINDS), p=[kind[1] for kind in KINDS])]
        region = str(rng.choice(REGIONS))
        age_days = int(rng.integers(400, 900) if name == "young" else rng.integers(1100, 7000))
        title = f"{region_name(region)}{rng.choice(WORDS)}{rng.choice(TRADES)}有限公司"
        return Firm(
            number,
            generated_uscc(90_000 + number, region),
            f"{title}（{number + 1:03d}）",
            region,
            name,
            self.today - timedelta(days=age_days),
            float(yuan * rng.lognormal(0, 0.5)),
            growth + float(rng.normal(0, 0.05)),
            void,
            trouble,
            str(rng.choice(list("ABMCD"), p=grades)),
        )

    def deliveries(self) -> Iterator[Delivery]:
        """Yield what the departments deliver, each in a format of its own, with some bad rows as real ones have."""
        yield self._csv(items.REGISTRATION, "market_registration.csv", pd.DataFrame([self._registration(f) for f in self.firms]))
        yield self._parquet(items.VAT_INVOICES, "tax_vat_invoices.parquet", self._invoices())
        yield self._csv(items.TAX_GRADE, "tax_credit_grade.csv", self._grades())
        yield self._lines(items.COURT_CASES, "court_cases.jsonl", self._cases())
        yield self._csv(items.PENALTIES, "market_penalties_gb18030.csv", self._penalties(), encoding="gb18030")
        yield self._csv(items.ELECTRICITY, "power_electricity.csv", self._electricity())

    def _csv(self, item: str, name: str, frame: pd.DataFrame, encoding: str = "utf-8") -> Delivery:
        return Delivery(item, name, frame.to_csv(index=False).encode(encoding), generated=True)

    def _parquet(self, item: str, name: str, frame: pd.DataFrame) -> Delivery:
        sink = io.BytesIO()
        frame.to_parquet(sink, index=False)
        return Delivery(item, name, sink.getvalue(), generated=True)

    def _lines(self, item: str, name: str, rows: list[dict[str, object]]) -> Delivery:
        content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        return Delivery(item, name, content.encode(), generated=True)

    def _registration(self, firm: Firm) -> dict[str, object]:
        rng = np.random.default_rng((self.seed, firm.number, 1))
        changed = firm.established + timedelta(days=int(rng.integers(0, max(1, (self.today - firm.established).days))))
        return {
            "统一社会信用代码": firm.uscc,
            "企业名称": firm.name,
            "成立日期": firm.established.strftime("%Y年%m月%d日"),
            "legal_form": "有限责任公司",
            "capital_raw": f"{int(rng.choice([50, 100, 200, 500, 1000]))}万元人民币",
            "region_code": firm.region_code,
            "address": f"浙江省湖州市{region_name(firm.region_code)}（生成的演示地址）",
            "business_scope": "（生成的演示数据）",
            "state": "存续",
            "legal_representative_changed_on": changed.isoformat(),
        }

    def _invoices(self) -> pd.DataFrame:
        frames = [self._firm_invoices(firm, direction) for firm in self.firms for direction in ("output", "input")]
        frame = pd.concat(frames, ignore_index=True)
        rng = np.random.default_rng((self.seed, 2))
        spoiled = rng.choice(len(frame), size=max(4, len(frame) // 1000), replace=False)
        quarter = len(spoiled) // 4
        frame.loc[spoiled[:quarter], "issue_date"] = "2020-13-45"
        frame.loc[spoiled[quarter : 2 * quarter], "amount_gross"] = "12.00"
        frame.loc[spoiled[2 * quarter : 3 * quarter], "uscc"] = "91330500GEN000000A"
        return pd.concat([frame, frame.loc[spoiled[3 * quarter :]]], ignore_index=True)

    def _firm_invoices(self, firm: Firm, direction: str) -> pd.DataFrame:
        rng = np.random.default_rng((self.seed, firm.number, 3 + (direction == "input")))
        factor = 1.0 if direction == "output" else float(rng.uniform(0.55, 0.85))
        partners = int(rng.integers(4, 40) if firm.kind != "troubled" else rng.integers(2, 8))
        weights = 1 / np.arange(1, partners + 1) ** float(rng.uniform(0.3, 1.2))
        rows = []
        for back in range(MONTHS, 0, -1):
            first = add_months(self.today, -back)
            if first < firm.established or (firm.trouble > 0.3 and back <= 3 and rng.random() < 0.6):
                continue
            level = firm.monthly_yuan * factor * (1 + firm.growth) ** (-back / 12) * (1 + 0.2 * np.sin(first.month / 12 * 2 * np.pi))
            count = max(1, int(rng.poisson(9)))
            net = np.round(level / count * rng.lognormal(0, 0.6, count), 2)
            net = np.where(rng.random(count) < 0.015, -net, net)
            rows.append(
                pd.DataFrame(
                    {
                        "issue_date": [(first + timedelta(days=int(d))).isoformat() for d in rng.integers(0, month_end(first).day, count)],
                        "counterparty_id": [
                            f"{'K' if direction == 'output' else 'G'}{firm.number:03d}{p:02d}"
                            for p in rng.choice(partners, count, p=weights / weights.sum())
                        ],
                        "net": net,
                        "status": np.where(rng.random(count) < firm.void_share, "void", "valid"),
                    }
                )
            )
        if not rows:
            return pd.DataFrame()
        frame = pd.concat(rows, ignore_index=True)
        tax = (frame["net"] * 0.13).round(2)
        start = int(rng.integers(10_000_000, 60_000_000))
        return pd.DataFrame(
            {
                "uscc": firm.uscc,
                "direction": direction,
                "invoice_no": [f"{start + i:08d}" for i in range(len(frame))],
                "issue_date": frame["issue_date"],
                "counterparty_id": frame["counterparty_id"],
                "amount_net": frame["net"].map("{:.2f}".format),
                "tax": tax.map("{:.2f}".format),
                "amount_gross": (frame["net"] + tax).map("{:.2f}".format),
                "status": frame["status"],
            }
        )

    def _grades(self) -> pd.DataFrame:
        year = self.today.year - 1 if self.today.month > 4 else self.today.year - 2
        rows = [
            {"uscc": f.uscc, "year": year, "grade": f.grade, "published_on": f"{year + 1}-04-25"}
            for f in self.firms
            if f.established < date(year + 1, 1, 1)
        ]
        return pd.DataFrame([*rows, {"uscc": self.firms[0].uscc, "year": year, "grade": "X", "published_on": f"{year + 1}-04-25"}])

    def _cases(self) -> list[dict[str, object]]:
        rng = np.random.default_rng((self.seed, 5))
        rows: list[dict[str, object]] = []
        for firm in self.firms:
            for _ in range(int(rng.poisson(2.0 * firm.trouble))):
                decided = self.today - timedelta(days=int(rng.integers(20, 900)))
                kind = str(rng.choice(["judgment", "enforcement", "dishonesty"], p=[0.6, 0.3, 0.1]))
                rows.append(
                    {
                        "uscc": firm.uscc,
                        "case_no": f"（{decided.year}）演05民初{len(rows) + 1:04d}号",
                        "kind": kind,
                        "role": "defendant" if kind != "judgment" else str(rng.choice(["plaintiff", "defendant"], p=[0.3, 0.7])),
                        "cause": str(rng.choice(["买卖合同纠纷", "借款合同纠纷", "劳动争议"])),
                        "amount": f"{rng.integers(2, 200) * 10_000:,}",
                        "decided_on": decided.strftime("%Y/%m/%d"),
                        "closed_on": None if rng.random() < 0.4 else (decided + timedelta(days=15)).isoformat(),
                    }
                )
        rows.append({"uscc": self.firms[0].uscc, "case_no": "无", "kind": "judgment", "role": "defendant", "decided_on": "待定"})
        return rows

    def _penalties(self) -> pd.DataFrame:
        rng = np.random.default_rng((self.seed, 6))
        rows: list[dict[str, object]] = []
        for firm in self.firms:
            if rng.random() < 0.06 + firm.trouble / 3:
                decided = self.today - timedelta(days=int(rng.integers(10, 700)))
                rows.append(
                    {
                        "uscc": firm.uscc,
                        "document_no": f"湖市监演罚〔{decided.year}〕{len(rows) + 1}号",
                        "authority": "湖州市市场监督管理局（演示）",
                        "fact": str(rng.choice(["广告用语不规范", "未按规定公示年报", "计量器具未检定"])),
                        "amount": str(int(rng.integers(1, 50)) * 1000),
                        "decided_on": decided.strftime("%Y%m%d"),
                        "shown_until": (decided + timedelta(days=1095)).isoformat(),
                    }
                )
        rows.append(
            {
                "uscc": self.firms[0].uscc,
                "document_no": "湖市监演罚〔无〕号",
                "authority": "",
                "decided_on": "",
                "amount": "-5",
            }
        )
        return pd.DataFrame(rows)

    def _electricity(self) -> pd.DataFrame:
        rng = np.random.default_rng((self.seed, 7))
        rows: list[dict[str, object]] = []
        for firm in self.firms:
            base = firm.monthly_yuan / 40
            for back in range(24, 0, -1):
                month = add_months(self.today, -back)
                if month >= firm.established:
                    kwh = base * (1 + firm.growth) ** (-back / 12) * rng.lognormal(0, 0.1)
                    rows.append({"uscc": firm.uscc, "month": month.strftime("%Y-%m"), "usage_kwh": f"{kwh:.0f}"})
        rows.append({"uscc": self.firms[0].uscc, "month": rows[0]["month"] if rows else "2020-01", "usage_kwh": "-12"})
        return pd.DataFrame(rows)
