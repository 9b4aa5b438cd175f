"""What authorities grant the firms of the generated town, and what they punish them for."""

from datetime import date, timedelta

from greenbridge.demo.firms import REGULATOR, Firm, World
from greenbridge.demo.sheets import (
    REPEATED,
    WRONG_CODE,
    Bad,
    Row,
    Sheet,
    chinese,
    compact,
    full_width,
    iso,
    morning,
    numerals,
    slashes,
    turns,
    wan,
)
from greenbridge.facts.rules.items import PENALTIES
from greenbridge.kit.calendar import add_months

LICENCES = {
    "食品": "食品生产许可证",
    "物流": "道路运输经营许可证",
    "电梯配件": "特种设备生产许可证",
    "生态农业": "农产品质量安全备案",
    "新材料": "危险化学品经营许可证",
}


def licences(world: World) -> list[Row]:
    """Return the licences that a trade needs, and a fire-safety check of half of the firms; five years each."""
    rng = world.rng(114)
    rows: list[Row] = []
    for firm in world.firms:
        titles = [LICENCES[firm.trade]] if firm.trade in LICENCES else []
        for title in [*titles, "消防安全检查合格证"] if rng.random() < 0.5 or not rows else titles:
            granted = max(firm.established, world.ago(rng.integers(30, 1500)))
            rows.append(
                {
                    "uscc": firm.uscc,
                    "licence_no": f"演许字〔{granted.year}〕{len(rows) + 1:04d}号",
                    "title": title,
                    "authority": REGULATOR,
                    "granted_on": granted,
                    "valid_until": add_months(granted, 60),
                    "updated_at": min(world.today, granted + timedelta(days=int(rng.integers(1, 10)))),
                }
            )
    return rows


def qualifications(world: World) -> list[Row]:
    """Return certificates of firms that make things, troubled ones seldom."""
    rng = world.rng(115)
    rows: list[Row] = []
    for firm in world.firms:
        if rows and rng.random() > (0.35 if firm.makes_things and firm.kind != "troubled" else 0.08):
            continue
        granted = max(firm.established, world.ago(rng.integers(60, 1000)))
        title = str(rng.choice(["安全生产标准化", "质量管理体系认证", "环境管理体系认证", "专精特新中小企业"]))
        rows.append(
            {
                "uscc": firm.uscc,
                "certificate_no": f"演资{granted.year}{len(rows) + 1:04d}",
                "title": title,
                "grade": "三级" if title == "安全生产标准化" else None,
                "authority": "湖州市经济和信息化局（演示）",
                "granted_on": granted,
                "valid_until": add_months(granted, 36),
            }
        )
    return rows


def penalties(world: World) -> list[Row]:
    """Return fines, most of them of troubled firms, and one of the summary procedure, which counts for nothing."""
    rng = world.rng(6)
    found: list[tuple[Firm, date, str, int]] = []
    for firm in world.firms:
        if rng.random() < 0.06 + firm.trouble / 3:
            decided = max(world.ago(rng.integers(10, 700)), firm.established + timedelta(days=60))
            fact = str(rng.choice(["广告用语不规范", "未按规定公示年报", "计量器具未检定"]))
            found.append((firm, decided, fact, int(rng.integers(1, 50)) * 1000))
    found = found or [(world.troubled[0], world.ago(400), "未按规定公示年报", 12_000)]
    rows = [_penalty(number, *one) for number, one in enumerate(found, start=1)]
    summary = _penalty(len(rows) + 1, world.firms[-1], world.ago(150), "计量器具未检定", 200)
    return [*rows, {**summary, "procedure": "简易程序", "gravity": "轻微", "shown_until": None}]


def _penalty(number: int, firm: Firm, decided: date, fact: str, amount: int) -> Row:
    return {
        "uscc": firm.uscc,
        "document_no": f"湖市监演罚〔{decided.year}〕{number}号",
        "authority": REGULATOR,
        "fact": fact,
        "amount": amount,
        "procedure": "普通程序",
        "gravity": "一般" if amount < 40_000 else "严重",
        "decided_on": decided,
        "shown_until": None if number % 4 == 3 else decided + timedelta(days=1095),
        "updated_at": decided + timedelta(days=2 + number % 8),
    }


def corrected(world: World) -> list[Row]:
    """Return the first fine with another amount, as a review set it."""
    first = world.once(penalties)[0]
    return [{**first, "amount": first["amount"] // 2 + 500, "updated_at": world.ago(-30)}]


def compulsory_measures(world: World) -> list[Row]:
    """Return what was sealed at some of the fined firms."""
    rows: list[Row] = []
    for number, fined in enumerate(world.once(penalties)[::3], start=1):
        decided = fined["decided_on"] - timedelta(days=30)
        rows.append(
            {
                "uscc": fined["uscc"],
                "document_no": f"湖市监演强〔{decided.year}〕{number}号",
                "authority": REGULATOR,
                "measure": ("查封场所", "扣押财物", "先行登记保存")[number % 3],
                "decided_on": decided,
                "lifted_on": None if number % 3 == 2 else decided + timedelta(days=25),
            }
        )
    return rows


def honours(world: World) -> list[Row]:
    """Return the honours of steady and growing firms."""
    rng = world.rng(116)
    rows: list[Row] = []
    for firm in world.firms:
        if rows and rng.random() > (0.25 if firm.kind in {"steady", "growing"} else 0.02):
            continue
        granted = max(firm.established, world.ago(rng.integers(60, 1400)))
        level = str(rng.choice(["国家级", "省级", "市级", "县级"], p=[0.05, 0.25, 0.45, 0.25]))
        rows.append(
            {
                "uscc": firm.uscc,
                "title": str(rng.choice(["守合同重信用企业（演示）", "绿色工厂（演示）", "纳税先进企业（演示）"])),
                "level": level,
                "authority": f"{level[0]}级主管部门（演示）",
                "granted_on": granted,
                "valid_until": add_months(granted, 36),
            }
        )
    return rows


PENALTY_SHEET = Sheet(
    PENALTIES,
    "market_penalties_gb18030.csv",
    penalties,
    {},
    {"decided_on": compact, "amount": turns(lambda fine, _: str(fine), full_width, wan), "updated_at": morning},
    {"shown_until": ("", "——")},
    (Bad("missing_field", {"authority": "", "amount": "12000"}), Bad("under_minimum", {"amount": "-5"})),
)
SHEETS = (
    Sheet(
        "licences.licences",
        "market_licences_gb18030.csv",
        licences,
        {"uscc": "统一社会信用代码", "licence_no": "许可证编号", "title": "许可名称", "authority": "许可机关"}
        | {"granted_on": "许可日期", "valid_until": "有效期至"},
        {"granted_on": turns(chinese, iso), "valid_until": turns(slashes, compact), "updated_at": morning},
        {},
        (WRONG_CODE, Bad("dates_reversed", {"granted_on": "2024-05-06", "valid_until": "2023/5/6"})),
    ),
    Sheet(
        "licences.qualifications",
        "industry_qualifications.jsonl",
        qualifications,
        {"uscc": "统一社会信用代码"},
        {"granted_on": numerals, "valid_until": chinese},
        {"grade": ("无", "——", "")},
        (Bad("missing_field", {"certificate_no": None}), Bad("later_than_today", {"granted_on": "二〇九九年一月一日"})),
    ),
    PENALTY_SHEET,
    Sheet(
        "penalties.compulsory_measures",
        "market_compulsory_measures.csv",
        compulsory_measures,
        {},
        {"decided_on": turns(iso, compact), "lifted_on": turns(chinese, iso)},
        {"lifted_on": ("——",)},
        (Bad("missing_field", {"authority": "无"}),),
    ),
    Sheet(
        "honours.honours",
        "reform_honours.csv",
        honours,
        {"title": "荣誉名称", "level": "级别", "authority": "授予机关", "granted_on": "授予日期", "valid_until": "有效期至"},
        {"granted_on": turns(numerals, chinese, iso), "valid_until": turns(chinese, slashes)},
        {},
        (Bad("bad_choice", {"level": "宇宙级"}), REPEATED),
    ),
)
