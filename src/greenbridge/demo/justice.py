"""What the courts know about the generated town: one dispute runs from the hearing to the list of dishonest debtors."""

from dataclasses import dataclass
from datetime import date, timedelta

from greenbridge.demo.firms import Firm, World
from greenbridge.demo.sheets import (
    REPEATED,
    WRONG_CODE,
    Bad,
    Row,
    Sheet,
    chinese,
    compact,
    epoch,
    full_width,
    grouped,
    iso,
    morning,
    numerals,
    slashes,
    stamp,
    turns,
    wan,
)

COURT = "湖州市演示区人民法院"
JUDGMENT, ENFORCEMENT, DISHONESTY = "judgment", "enforcement", "dishonesty"


@dataclass(frozen=True, slots=True)
class Case:
    """One dispute about a firm and how far it went. `happened` is the day of its last step."""

    number: int
    firm: Firm
    kind: str
    role: str
    cause: str
    yuan: int
    happened: date
    closed: date | None

    @property
    def judged(self) -> date:
        """The day of the judgment: enforcement follows it by four months, the list by another two."""
        return self.happened - timedelta(days={JUDGMENT: 0, ENFORCEMENT: 120, DISHONESTY: 180}[self.kind])

    @property
    def filed(self) -> date:
        return self.happened - timedelta(days=60 if self.kind == DISHONESTY else 0)

    @property
    def judgment_no(self) -> str:
        return f"（{self.judged.year}）演05民初{self.number:04d}号"

    @property
    def enforcement_no(self) -> str:
        return f"（{self.filed.year}）演0502执{self.number:04d}号"


def cases(world: World) -> list[Case]:
    """Return the disputes of all firms; the most troubled firm has one of each kind."""
    rng = world.rng(5)
    found: list[Case] = []
    for firm in world.firms:
        for _ in range(int(rng.poisson(2.0 * firm.trouble))):
            happened = max(world.ago(rng.integers(20, 900)), firm.established + timedelta(days=200))
            kind = str(rng.choice([JUDGMENT, ENFORCEMENT, DISHONESTY], p=[0.6, 0.3, 0.1]))
            role = "被告" if kind != JUDGMENT else str(rng.choice(["原告", "被告"], p=[0.3, 0.7]))
            cause = str(rng.choice(["买卖合同纠纷", "借款合同纠纷", "劳动争议"]))
            yuan = int(rng.integers(2, 200)) * 10_000
            closed = None if rng.random() < 0.4 else happened + timedelta(days=15)
            found.append(Case(len(found) + 1, firm, kind, role, cause, yuan, happened, closed))
    worst = world.troubled[0]
    for kind in sorted({JUDGMENT, ENFORCEMENT, DISHONESTY} - {case.kind for case in found if case.firm is worst}):
        days = {JUDGMENT: 80, ENFORCEMENT: 240, DISHONESTY: 70}[kind]
        number = 9000 + days
        found.append(Case(number, worst, kind, "被告", "借款合同纠纷", 10_000 * days, world.ago(days), None))
    # Most troubled firms were enforced within the last year: what a score of a year ago should have seen coming.
    later = world.rng(195)
    for firm in world.troubled[1:]:
        if later.random() < 0.9 and (world.today - firm.established).days > 700:
            number, yuan = 8000 + firm.number, int(later.integers(10, 120)) * 10_000
            found.append(Case(number, firm, ENFORCEMENT, "被告", "买卖合同纠纷", yuan, world.ago(later.integers(15, 340)), None))
    return sorted(found, key=lambda case: case.number)


def judgments(world: World) -> list[Row]:
    """Return the judgment of every dispute: as defendant before any enforcement."""
    return [
        {
            "uscc": case.firm.uscc,
            "case_no": case.judgment_no,
            "document": "民事判决书",
            "court": COURT,
            "role": case.role,
            "cause": case.cause if case.number % 5 else None,
            "amount": case.yuan,
            "decided_on": case.judged,
            "updated_at": case.judged + timedelta(days=1 + case.number % 9),
        }
        for case in world.once(cases)
    ]


def withdrawn(world: World) -> list[Row]:
    """Return the last judgment that led to no enforcement as withdrawn: the appeal court quashed it."""
    ended = [case.judgment_no for case in world.once(cases) if case.kind == JUDGMENT]
    row = next(row for row in world.once(judgments) if row["case_no"] == ended[-1])
    return [{**row, "updated_at": world.ago(-30), "record_state": "withdrawn"}]


def hearings(world: World) -> list[Row]:
    """Return the announcement of every hearing, 45 days before the judgment, and of some served judgments."""
    rows: list[Row] = []
    for case in world.once(cases):
        sued = "0" if case.role == "原告" else "1"
        kinds = [("开庭公告", -45), *([("裁判文书送达公告", 10)] if case.number % 4 == 0 else [])]
        rows += [
            {
                "uscc": case.firm.uscc,
                "announced_on": case.judged + timedelta(days=days),
                "announcement": kind,
                "appellant": "0" if sued == "1" else "1",
                "defendant": sued,
            }
            for kind, days in kinds
        ]
    return rows


def enforcement(world: World) -> list[Row]:
    """Return the enforcements, those of later listed debtors included."""
    return [
        {
            "uscc": case.firm.uscc,
            "case_no": case.enforcement_no,
            "court": COURT,
            "amount": case.yuan,
            "filed_on": case.filed,
            "closed_on": case.closed,
            "updated_at": case.filed + timedelta(days=2 + case.number % 6),
        }
        for case in world.once(cases)
        if case.kind != JUDGMENT
    ]


def dishonesty(world: World) -> list[Row]:
    """Return the dishonest judgment debtors; each has an enforcement of the same number."""
    return [
        {
            "uscc": case.firm.uscc,
            "case_no": case.enforcement_no,
            "court": COURT,
            "conduct": "有履行能力而拒不履行生效法律文书确定义务",
            "performance": "已履行" if case.closed else "全部未履行",
            "listed_on": case.happened,
            "removed_on": case.closed,
            "updated_at": case.happened + timedelta(days=1 + case.number % 3),
        }
        for case in world.once(cases)
        if case.kind == DISHONESTY
    ]


def consumption_limits(world: World) -> list[Row]:
    """Return the limits: of listed debtors, and of those whose enforcement is open."""
    return [
        {
            "uscc": case.firm.uscc,
            "case_no": case.enforcement_no,
            "court": COURT,
            "issued_on": case.filed + timedelta(days=15),
            "lifted_on": case.closed,
        }
        for case in world.once(cases)
        if case.kind == DISHONESTY or (case.kind == ENFORCEMENT and not case.closed)
    ]


def bankruptcy(world: World) -> list[Row]:
    """Return the one firm that a court reorganises."""
    day = world.ago(100)
    number = f"（{day.year}）演05破申0001号"
    return [{"uscc": world.troubled[-1].uscc, "case_no": number, "court": COURT, "stage": "重整", "announced_on": day, "closed_on": None}]


JUDGMENT_SHEET = Sheet(
    "courts.judgments",
    "court_judgments.jsonl",
    judgments,
    {"uscc": "统一社会信用代码", "case_no": "案号", "document": "casetype", "court": "法院", "role": "诉讼地位"}
    | {"cause": "案由", "amount": "标的额", "decided_on": "裁判日期"},
    {"amount": turns(grouped, wan, full_width), "decided_on": turns(slashes, numerals, stamp), "updated_at": morning},
    {"cause": ("无", "field049")},
    (Bad("missing_field", {"decided_on": "待定"}), Bad("bad_choice", {"role": "旁听"})),
)
SHEETS = (
    JUDGMENT_SHEET,
    Sheet(
        "courts.hearings",
        "court_hearings.jsonl",
        hearings,
        {"announced_on": "declaredate", "announcement": "declarestyle"},
        {"announced_on": epoch},
        {},
        (Bad("missing_field", {"announced_on": None}), REPEATED),
    ),
    Sheet(
        "courts.enforcement",
        "court_enforcement.csv",
        enforcement,
        {"uscc": "统一社会信用代码", "case_no": "案号", "court": "执行法院", "amount": "enforce_amount", "filed_on": "record_date"}
        | {"closed_on": "结案日期"},
        {"amount": turns(grouped, wan), "filed_on": turns(stamp, chinese, epoch), "closed_on": iso, "updated_at": morning},
        {"closed_on": ("", "无", "——")},
        (WRONG_CODE, Bad("dates_reversed", {"filed_on": "20240506130640", "closed_on": "2024-03-01"})),
    ),
    Sheet(
        "courts.dishonesty",
        "court_dishonesty_gb18030.csv",
        dishonesty,
        {"case_no": "案号", "court": "执行法院", "conduct": "失信行为", "performance": "履行情况", "listed_on": "发布日期"}
        | {"removed_on": "移出日期"},
        {"listed_on": turns(chinese, compact), "updated_at": morning},
        {"removed_on": ("——", "")},
        (Bad("missing_field", {"case_no": "无"}),),
    ),
    Sheet(
        "courts.consumption_limits",
        "court_consumption_limits.jsonl",
        consumption_limits,
        {},
        {"issued_on": epoch},
        {},
        (Bad("missing_field", {"case_no": ""}),),
    ),
    Sheet("courts.bankruptcy", "court_bankruptcy.csv", bankruptcy, {}, {"announced_on": numerals}, {"closed_on": ("——",)}, (WRONG_CODE,)),
)
