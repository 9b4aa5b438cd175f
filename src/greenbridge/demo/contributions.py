"""What the firms of the generated town owe each month and what they pay: taxes, social insurance, housing fund."""

from collections.abc import Iterator
from datetime import date, timedelta

from greenbridge.demo import sales
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
    month,
    plain,
    slashes,
    turns,
)
from greenbridge.facts.rules.items import TAX_GRADE
from greenbridge.kit.calendar import add_months

MONTHS = 24
BASE_YUAN = 4_812  # what a month's contributions of one person are reckoned from
RATES = {"养老保险": 0.24, "医疗保险": 0.095, "失业保险": 0.01, "工伤保险": 0.005}
STOPPED = 4  # a troubled firm leaves its last months unpaid


def grades(world: World) -> list[Row]:
    """Return the newest published tax grade of each firm that was there then."""
    year = world.today.year - 1 if world.today.month > 4 else world.today.year - 2
    return [
        {"uscc": firm.uscc, "year": year, "grade": firm.grade, "published_on": f"{year + 1}-04-25"}
        for firm in world.firms
        if firm.established < date(year + 1, 1, 1)
    ]


def paid(world: World) -> list[Row]:
    """Return the taxes declared and paid for each month: VAT from the invoices, its surcharges, quarterly income tax."""
    rng = world.rng(121)
    rows: list[Row] = []
    for firm in world.firms:
        for back, first, vat in _vat(world, firm):
            share = 0.0 if world.in_trouble(firm) and back <= STOPPED else 1.0
            day = min(add_months(first, 1) + timedelta(days=int(rng.integers(2, 9))), world.today)
            taxes = {"增值税": vat, "附加税费": round(vat * 0.06, 2)}
            if first.month % 3 == 0:
                taxes["企业所得税"] = round(3 * firm.sales(back, first) * (0.0 if firm.kind == "troubled" else 0.0025), 2)
            for kind, declared in taxes.items():
                settled = round(declared * share, 2)
                rows.append(
                    {
                        "uscc": firm.uscc,
                        "month": first,
                        "tax_kind": kind,
                        "declared": declared,
                        "paid": settled,
                        "paid_on": day if settled else None,
                    }
                )
    return rows


def _vat(world: World, firm: Firm) -> Iterator[tuple[int, date, float]]:
    """Yield (months back, month, VAT due): output less input tax; what is left over is carried to the next month."""
    known = world.once(sales.vat)
    carried = 0.0
    for back, first in world.months(firm, sales.MONTHS):
        out, into = known.get((firm.uscc, first), (0.0, 0.0))
        due = out - into - carried
        carried = max(0.0, -due)
        yield back, first, round(max(0.0, due), 2)


def arrears(world: World) -> list[Row]:
    """Return what was declared and not paid, per tax, and two old arrears that are cleared."""
    owed: dict[tuple[str, str], float] = {}
    for row in world.once(paid):
        if row["declared"] > row["paid"]:
            key = (row["uscc"], row["tax_kind"])
            owed[key] = owed.get(key, 0.0) + row["declared"] - row["paid"]
    day = add_months(world.today, 0) - timedelta(days=10)
    rows = [_arrear(uscc, kind, amount, day, None) for (uscc, kind), amount in owed.items()]
    first, last = world.troubled[0], world.troubled[-1]
    old = max(first.established, world.ago(500)) + timedelta(days=30)
    cleared = [
        _arrear(firm.uscc, "增值税", 23_000.0, old, old + timedelta(days=60)) for firm in {first.uscc: first, last.uscc: last}.values()
    ]
    return [*rows, *cleared]


def _arrear(uscc: str, kind: str, amount: float, announced: date, cleared: date | None) -> Row:
    return {"uscc": uscc, "tax_kind": kind, "amount": round(amount, 2), "announced_on": announced, "cleared_on": cleared}


def major_illegality(world: World) -> list[Row]:
    """Return the one major tax offence, of the most troubled firm, which a court has also put on its list."""
    day = world.ago(260)
    return [
        {
            "uscc": world.troubled[0].uscc,
            "document_no": f"湖税演稽罚〔{day.year}〕1号",
            "nature": "虚开增值税专用发票（生成的演示数据）",
            "amount": 186_000.0,
            "announced_on": day,
            "removed_on": None,
        }
    ]


def insurance(world: World) -> list[Row]:
    """Return what was paid per month and insurance; a troubled firm stops paying its pensions, a deregistered firm all."""
    rows: list[Row] = []
    for firm in world.firms:
        for back, first in world.months(firm, MONTHS):
            if not world.working(firm, first):
                continue
            staff = firm.staff(back)
            for name, rate in RATES.items():
                stopped = world.in_trouble(firm) and back <= STOPPED and name == "养老保险"
                amount = 0.0 if stopped else round(staff * BASE_YUAN * rate, 2)
                rows.append({"uscc": firm.uscc, "month": first, "insurance": name, "staff_count": staff, "amount": amount})
    return rows


def insurance_arrears(world: World) -> list[Row]:
    """Return what is owed at the end of last month: the pensions that troubled firms did not pay; some others owe nothing."""
    as_of = add_months(world.today, 0) - timedelta(days=1)
    rows: list[Row] = []
    for firm in world.firms:
        if not world.in_trouble(firm) and firm.number % 6:
            continue
        months = min(STOPPED, len(world.months(firm, MONTHS))) if world.in_trouble(firm) else 0
        pension = round(sum(firm.staff(back) for back in range(1, months + 1)) * BASE_YUAN * RATES["养老保险"], 2)
        none = dict.fromkeys(("unemployment", "medical", "injury"), 0.0)
        rows.append({"uscc": firm.uscc, "as_of": as_of, "pension": pension, **none, "maternity": None})
    return rows


def housing_fund(world: World) -> list[Row]:
    """Return the housing fund of three firms in four: fewer people than in the pension scheme."""
    rng = world.rng(124)
    rows: list[Row] = []
    for firm in world.firms:
        share, a_head = float(rng.uniform(0.4, 0.95)), int(rng.integers(5, 12)) * 100
        if rng.random() > 0.75 and firm.number:
            continue
        for back, first in world.months(firm, MONTHS):
            if world.working(firm, first) and not (world.in_trouble(firm) and back <= STOPPED):
                staff = max(1, int(firm.staff(back) * share))
                rows.append({"uscc": firm.uscc, "month": first, "staff_count": staff, "amount": float(staff * a_head)})
    return rows


SHEETS = (
    Sheet(TAX_GRADE, "tax_credit_grade.csv", grades, bad=(Bad("bad_choice", {"grade": "X"}),)),
    Sheet(
        "tax.paid",
        "tax_paid_gb18030.csv",
        paid,
        {"uscc": "统一社会信用代码", "month": "所属期", "tax_kind": "税种", "declared": "申报税额", "paid": "实缴税额"}
        | {"paid_on": "缴款日期"},
        {"month": compact, "declared": grouped, "paid": turns(grouped, plain), "paid_on": turns(slashes, iso, epoch)},
        {"paid_on": ("", "——", "无")},
        (WRONG_CODE, Bad("bad_date", {"month": "20241301"}), Bad("under_minimum", {"paid": "-1,250"}), REPEATED),
    ),
    Sheet(
        "tax.arrears",
        "tax_arrears.csv",
        arrears,
        {"amount": "taxunpaidnum"},
        {"amount": turns(plain, full_width), "announced_on": chinese, "cleared_on": compact},
        {"cleared_on": ("", "——")},
        (Bad("under_minimum", {"amount": "-800"}), Bad("dates_reversed", {"announced_on": "2024年6月1日", "cleared_on": "20240501"})),
    ),
    Sheet(
        "tax.major_illegality",
        "tax_major_illegality.jsonl",
        major_illegality,
        {"uscc": "统一社会信用代码"},
        {"announced_on": epoch},
        {},
        (Bad("missing_field", {"nature": "无"}),),
    ),
    Sheet(
        "social_insurance.payments",
        "social_insurance_payments.parquet",
        insurance,
        {"month": "月份", "insurance": "险种", "staff_count": "参保人数", "amount": "实缴金额"},
        {"month": epoch},
        {},
        (WRONG_CODE, Bad("bad_choice", {"insurance": "宠物保险"}), Bad("under_minimum", {"staff_count": -3}), REPEATED, REPEATED),
    ),
    Sheet(
        "social_insurance.arrears",
        "social_insurance_arrears.csv",
        insurance_arrears,
        {"as_of": "updatetime", "pension": "unpaidsocialins_so110", "unemployment": "unpaidsocialins_so210"}
        | {"medical": "unpaidsocialins_so310", "injury": "unpaidsocialins_so410", "maternity": "unpaidsocialins_so510"},
        {"as_of": epoch, "pension": grouped},
        {"maternity": ("field049", "")},
        (Bad("bad_number", {"pension": "若干"}),),
    ),
    Sheet(
        "housing_fund.payments",
        "housing_fund_payments.csv",
        housing_fund,
        {"uscc": "统一社会信用代码", "month": "月份", "staff_count": "缴存人数", "amount": "缴存金额"},
        {"month": turns(month, iso), "amount": turns(full_width, grouped, plain)},
        {},
        (WRONG_CODE, Bad("under_minimum", {"amount": "-600"}), Bad("missing_field", {"staff_count": ""})),
    ),
)
