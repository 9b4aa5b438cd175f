"""What the firms of the generated town thought of and sold abroad: patents, trademarks, high-tech status, customs."""

from datetime import timedelta

from greenbridge.demo.firms import World
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
    numerals,
    slashes,
    turns,
    wan,
)
from greenbridge.kit.calendar import add_months

MONTHS = 24


def patents(world: World) -> list[Row]:
    """Return the patents of firms that make things or serve the environment; the green trades' are green."""
    rng = world.rng(144)
    rows: list[Row] = []
    for firm in world.firms:
        chance = {"growing": 3.0, "steady": 1.0, "young": 0.4, "troubled": 0.2}[firm.kind]
        count = int(rng.poisson(chance)) if firm.makes_things or firm.trade == "环保科技" else 0
        for _ in range(count if rows or count or firm.number else 1):
            applied = max(firm.established, world.ago(rng.integers(100, 2500)))
            granted = applied + timedelta(days=int(rng.integers(200, 700)))
            rows.append(
                {
                    "uscc": firm.uscc,
                    "patent_no": f"ZL演{applied.year}{len(rows) + 1:07d}.X",
                    "title": f"一种{firm.trade}装置（演示）",
                    "kind": str(rng.choice(["发明", "实用新型", "外观设计"], p=[0.25, 0.6, 0.15])),
                    "green": "是" if firm.trade in {"环保科技", "竹制品", "照明", "新材料"} and rng.random() < 0.5 else "否",
                    "applied_on": applied,
                    "granted_on": granted if granted < world.today else None,
                    "lapsed_on": add_months(applied, 120),
                }
            )
    return rows


def trademarks(world: World) -> list[Row]:
    """Return the trademarks of two firms in five; ten years each."""
    rng = world.rng(145)
    rows: list[Row] = []
    for firm in world.firms:
        if rows and rng.random() > 0.4:
            continue
        registered = max(firm.established, world.ago(rng.integers(90, 3000)))
        rows.append(
            {
                "uscc": firm.uscc,
                "trademark_no": f"演{len(rows) + 1:08d}",
                "title": f"{firm.trade}演示图形",
                "nice_class": int(rng.integers(1, 46)),
                "registered_on": registered,
                "expires_on": add_months(registered, 120),
            }
        )
    return rows


def high_tech(world: World) -> list[Row]:
    """Return the high-tech status of firms with at least three patents: three years each."""
    rng = world.rng(146)
    owners = [str(row["uscc"]) for row in world.once(patents)]
    firms = [firm for firm in world.firms if owners.count(firm.uscc) >= 3]
    days = [(firm, max(firm.established, world.ago(rng.integers(100, 1000)))) for firm in firms or world.firms[:1]]
    return [
        {
            "uscc": firm.uscc,
            "certificate_no": f"GR演{day.year}33{firm.number:06d}",
            "granted_on": day,
            "valid_until": add_months(day, 36),
        }
        for firm, day in days
    ]


def _exporters(world: World) -> dict[str, float]:
    """Return the share of its sales that each exporter sells abroad: one in four of the firms that make things."""
    rng = world.rng(147)
    drawn = [(firm, float(rng.random()), float(rng.uniform(0.1, 0.5))) for firm in world.firms]
    found = {firm.uscc: share for firm, chance, share in drawn if firm.makes_things and chance < 0.25}
    return found or {world.firms[0].uscc: 0.2}


def trade(world: World) -> list[Row]:
    """Return what exporters sent abroad each month and what they brought in for it."""
    rng, shares = world.rng(148), world.once(_exporters)
    return [
        {
            "uscc": firm.uscc,
            "month": first,
            "imports": float(round(firm.sales(back, first) * shares[firm.uscc] * 0.2 * float(rng.lognormal(0, 0.4)), -2)),
            "exports": float(round(firm.sales(back, first) * shares[firm.uscc] * float(rng.lognormal(0, 0.2)), -2)),
        }
        for firm in world.firms
        if firm.uscc in shares
        for back, first in world.months(firm, MONTHS)
    ]


def customs_credit(world: World) -> list[Row]:
    """Return the customs grade of exporters: advanced for those that sell most abroad, dishonest for the most troubled."""
    rng, shares = world.rng(149), world.once(_exporters)
    rows: list[Row] = []
    for firm in world.firms:
        if firm.uscc in shares:
            grade = "高级认证企业" if shares[firm.uscc] > 0.35 else "备案企业"
            decided = max(firm.established, world.ago(rng.integers(100, 1200)))
            rows.append({"uscc": firm.uscc, "grade": "失信企业" if firm is world.troubled[0] else grade, "decided_on": decided})
    return rows


SHEETS = (
    Sheet(
        "intellectual_property.patents",
        "ip_patents.jsonl",
        patents,
        {"uscc": "统一社会信用代码", "patent_no": "专利号", "title": "专利名称", "kind": "专利类型", "green": "绿色专利"}
        | {"applied_on": "申请日", "granted_on": "授权日", "lapsed_on": "失效日"},
        {"applied_on": epoch, "lapsed_on": iso, "granted_on": turns(iso, numerals)},
        {"granted_on": ("", "无")},
        (WRONG_CODE, Bad("bad_choice", {"kind": "偏方"}), REPEATED),
    ),
    Sheet(
        "intellectual_property.trademarks",
        "ip_trademarks.csv",
        trademarks,
        {},
        {"registered_on": turns(iso, chinese), "expires_on": slashes},
        {},
        (Bad("over_maximum", {"nice_class": 99}), Bad("missing_field", {"registered_on": ""})),
    ),
    Sheet(
        "intellectual_property.high_tech",
        "science_high_tech.csv",
        high_tech,
        {"uscc": "统一社会信用代码"},
        {"granted_on": numerals, "valid_until": compact},
        {},
        (WRONG_CODE,),
    ),
    Sheet(
        "customs.trade",
        "customs_trade.csv",
        trade,
        {"month": "月份", "imports": "进口额", "exports": "出口额"},
        {"month": turns(compact, iso), "imports": turns(grouped, wan), "exports": turns(wan, grouped)},
        {},
        (WRONG_CODE, Bad("bad_number", {"exports": "见附件"}), Bad("bad_date", {"month": "20250231"}), REPEATED),
    ),
    Sheet(
        "customs.credit",
        "customs_credit_gb18030.csv",
        customs_credit,
        {"uscc": "统一社会信用代码", "grade": "等级", "decided_on": "认定日期"},
        {"decided_on": turns(chinese, slashes)},
        {},
        (Bad("bad_choice", {"grade": "特级"}),),
    ),
)
