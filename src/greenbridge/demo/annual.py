"""What the generated town's firms publish once a year, the lists of those who did not, and for whom they stand surety."""

from datetime import date, timedelta

from greenbridge.demo.firms import BANKS, REGULATOR, Firm, World
from greenbridge.demo.sheets import (
    REPEATED,
    WRONG_CODE,
    Bad,
    Row,
    Sheet,
    chinese,
    compact,
    epoch,
    grouped,
    iso,
    morning,
    plain,
    slashes,
    turns,
    wan,
)

NO_REPORT = "未依照规定的期限公示年度报告"


def abnormal_list(world: World) -> list[Row]:
    """Return who was put on the abnormal list: half of the troubled firms, few others, which left it again."""
    rng = world.rng(111)
    rows: list[Row] = []
    for firm in world.firms:
        bad = world.in_trouble(firm)
        if rng.random() > (0.6 if bad else 0.04) and firm is not world.troubled[0]:
            continue
        listed = date(world.today.year - 2, 7, int(rng.integers(5, 25)))
        if listed < firm.established:
            continue
        removed = None if bad and rng.random() < 0.7 else listed + timedelta(days=int(rng.integers(40, 200)))
        unreachable = rng.random() < 0.4
        rows.append(
            {
                "uscc": firm.uscc,
                "reason": "通过登记的住所或者经营场所无法联系" if unreachable else NO_REPORT,
                "authority": REGULATOR,
                "listed_on": listed,
                "removed_on": removed,
                "removal_reason": "已补报并公示" if removed else None,
                "updated_at": listed + timedelta(days=int(rng.integers(1, 6))),
            }
        )
    return rows


def severe_list(world: World) -> list[Row]:
    """Return the one firm that is on the severe list."""
    day = world.ago(300)
    reason = "因重大违法被列入（生成的演示数据）"
    return [{"uscc": world.troubled[0].uscc, "reason": reason, "authority": REGULATOR, "listed_on": day, "removed_on": None}]


def annual_reports(world: World) -> list[Row]:
    """Return the reports of the last four years that are published by today; who is listed for having sent none, sent none."""
    rng = world.rng(112)
    silent = {(row["uscc"], row["listed_on"].year - 1) for row in world.once(abnormal_list) if row["reason"] == NO_REPORT}
    rows: list[Row] = []
    for firm in world.firms:
        for year in range(world.today.year - 4, world.today.year):
            published = date(year + 1, int(rng.integers(1, 7)), int(rng.integers(1, 28)))
            worth, debt, margin = (float(rng.uniform(*ends)) for ends in ((0.6, 1.1), (0.3, 0.6), (0.02, 0.09)))
            if firm.established.year <= year and published <= world.today and (firm.uscc, year) not in silent:
                rows.append(_annual_report(world, firm, year, published, (worth, debt, margin)))
    return rows


def _annual_report(world: World, firm: Firm, year: int, published: date, shares: tuple[float, float, float]) -> Row:
    first = max(1, firm.established.month + 1 if firm.established.year == year else 1)
    months = [date(year, month, 1) for month in range(first, 13)]
    back = (world.today.year - year) * 12 + world.today.month
    sales = round(sum(firm.sales(back - month.month, month) for month in months), -2)
    worth, debt, margin = shares
    profit = -0.08 if firm.kind == "troubled" else margin
    return {
        "uscc": firm.uscc,
        "year": year,
        "staff_count": firm.staff(back - 12),
        "assets": round(sales * worth, -2),
        "liabilities": round(sales * worth * (debt + (0.35 if firm.kind == "troubled" else 0)), -2),
        "revenue": sales,
        "profit": round(sales * profit, -2),
        "tax": round(sales * 0.04, -2),
        "published_on": published,
    }


def guarantees(world: World) -> list[Row]:
    """Return guarantees between firms of the town: each troubled firm has one who stands for it, and so have some others."""
    rng = world.rng(113)
    rows: list[Row] = []
    for debtor in world.firms:
        if not world.in_trouble(debtor) and rng.random() > 0.12:
            continue
        others = [firm for firm in world.firms if firm is not debtor and firm.kind != "troubled"] or world.firms
        giver = others[int(rng.integers(len(others)))]
        start = max(world.ago(rng.integers(60, 900)), giver.established)
        rows.append(
            {
                "uscc": giver.uscc,
                "creditor": str(rng.choice(BANKS)),
                "debtor": debtor.name,
                "debt_kind": "合同",
                "debt": float(max(10, round(debtor.monthly_yuan * float(rng.uniform(0.5, 2)) / 50_000) * 5) * 10_000),
                "debt_from": start,
                "debt_to": start + timedelta(days=int(rng.choice([365, 730, 1095]))),
                "guarantee": str(rng.choice(["连带保证", "连带保证", "一般保证"])),
                "period": "期限",
                "scope": "主债权及利息（演示）",
                "published": "是",
            }
        )
    return rows


SHEETS = (
    Sheet(
        "annual_report.report",
        "market_annual_reports.parquet",
        annual_reports,
        {},
        {"published_on": epoch, **dict.fromkeys(("assets", "liabilities", "revenue", "profit", "tax"), plain)},
        {},
        (WRONG_CODE, Bad("bad_number", {"revenue": "约三百万"}), Bad("under_minimum", {"year": 1013}), REPEATED),
    ),
    Sheet(
        "annual_report.abnormal_list",
        "market_abnormal_list.csv",
        abnormal_list,
        {"uscc": "统一社会信用代码"},
        {"listed_on": turns(iso, chinese), "removed_on": turns(slashes, compact), "updated_at": morning},
        {"removed_on": ("", "——"), "removal_reason": ("无", "field049")},
        (Bad("dates_reversed", {"listed_on": "2024-05-01", "removed_on": "20240401"}),),
    ),
    Sheet(
        "annual_report.severe_illegal_list",
        "market_severe_illegal_list.csv",
        severe_list,
        {},
        {"listed_on": chinese},
        {"removed_on": ("——",)},
        (Bad("missing_field", {"reason": "——"}),),
    ),
    Sheet(
        "annual_report.guarantees_given",
        "market_guarantees_given.csv",
        guarantees,
        {"debt_kind": "priclaseckind", "debt": "priclasecam", "debt_from": "pefperfrom", "debt_to": "pefperto"}
        | {"guarantee": "gatype", "period": "guaranperiod", "scope": "rage", "published": "iftopub"},
        {"debt": turns(wan, plain, grouped), "debt_from": compact, "debt_to": compact},
        {},
        (Bad("missing_field", {"debt": ""}), Bad("dates_reversed", {"debt_from": "20250301", "debt_to": "20240301"})),
    ),
)
