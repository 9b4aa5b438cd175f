"""What the generated town's market regulator has in its register: firms, their owners, changes, branches."""

from datetime import date, timedelta

from greenbridge.demo.firms import REGIONS, TRADES, Firm, World
from greenbridge.demo.sheets import REPEATED, WRONG_CODE, Bad, Row, Sheet, chinese, compact, epoch, iso, slashes, stamp, turns
from greenbridge.facts.rules.items import REGISTRATION
from greenbridge.kit.calendar import add_months
from greenbridge.kit.codes import generated_uscc, region_name

OWNERS = "甲乙丙丁"
SPLITS = ((100,), (60, 40), (70, 30), (50, 30, 20), (45, 35, 15, 5))


def capital(world: World, firm: Firm) -> tuple[int, str, date]:
    """Return the registered capital in ten thousands, its currency, and when the legal representative last changed."""
    rng = world.rng(firm.number, 1)
    changed = firm.established + timedelta(days=int(rng.integers(0, max(1, (world.today - firm.established).days))))
    return int(rng.choice([50, 100, 200, 500, 1000])), "美元" if firm.number % 17 == 5 else "元人民币", changed


def registrations(world: World) -> list[Row]:
    """Return one row a firm; one firm has left the register."""
    return [_registration(world, firm) for firm in world.firms]


def _registration(world: World, firm: Firm) -> Row:
    amount, currency, changed = capital(world, firm)
    gone = world.deregistered_on if firm is world.deregistered else None
    section, industry, _, _ = TRADES[firm.trade]
    return {
        "uscc": firm.uscc,
        "name": firm.name,
        "established": firm.established,
        "legal_form": "有限责任公司",
        "capital": f"{amount}万{currency}",
        "reg_region_code": firm.region_code,
        "address": f"浙江省湖州市{region_name(firm.region_code)}（生成的演示地址）",
        "business_scope": "（生成的演示数据）",
        "state": "注销" if gone else "存续",
        "legal_representative_changed_on": changed,
        "registration_no": f"演3305{firm.number:09d}" if firm.established < date(2015, 10, 1) else None,
        "approved_on": max(changed, gone) if gone else changed,
        "industry_section": section,
        "industry": industry,
        "staff_count": firm.staff(0),
        "deregistered_on": gone,
        "operating_until": None if firm.number % 3 else add_months(firm.established, 240),
    }


def shareholders(world: World) -> list[Row]:
    """Return one to four owners a firm: other firms of the town, or persons who have no name; shares add up to 100."""
    rng = world.rng(102)
    rows: list[Row] = []
    for firm in world.firms:
        amount, currency, _ = capital(world, firm)
        older = [other for other in world.firms if other.established < firm.established and other.kind != "troubled"]
        owner = older[int(rng.integers(len(older)))] if older and rng.random() < 0.2 else None
        for place, share in enumerate(SPLITS[int(rng.integers(len(SPLITS)))]):
            parent = owner if place == 0 else None
            paid = amount * share / 100 * (1.0 if rng.random() < 0.7 else 0.5)
            rows.append(
                {
                    "uscc": firm.uscc,
                    "investor": parent.name if parent else f"自然人股东{OWNERS[place]}（演示）",
                    "investor_kind": "企业法人" if parent else "自然人股东",
                    "investor_uscc": parent.uscc if parent else None,
                    "form": str(rng.choice(["货币", "货币", "货币", "实物", "知识产权"])),
                    "subscribed": f"{amount * share / 100:g}万{currency}",
                    "subscribed_on": firm.established + timedelta(days=3650),
                    "paid_in": f"{paid:g}万{currency}",
                    "paid_on": firm.established + timedelta(days=int(rng.integers(0, 360))),
                    "share": share,
                }
            )
    return rows


def changes(world: World) -> list[Row]:
    """Return each firm's last change of its legal representative, as its registration says, and some others."""
    rng = world.rng(103)
    rows: list[Row] = []
    for firm in world.firms:
        _, _, changed = capital(world, firm)
        age = (world.today - firm.established).days
        others = [firm.established + timedelta(days=int(day)) for day in rng.integers(1, age, int(rng.poisson(1.2)))]
        found: list[tuple[date, str, str | None, str | None]] = [(changed, "法定代表人变更", None, None)]
        for day in others:
            matter = str(rng.choice(["经营范围变更", "住所变更", "注册资本变更"]))
            found.append((day, matter, "（变更前，演示）", "（变更后，演示）"))
        for sequence, (day, matter, before, after) in enumerate(sorted(found, key=lambda one: one[0]), start=1):
            rows.append(
                {
                    "uscc": firm.uscc,
                    "changed_on": day,
                    "matter": matter,
                    "before": before,
                    "after": after,
                    "sequence": sequence,
                    "business_no": f"演{firm.number:03d}{sequence:02d}",
                    "result": "核准通过",
                    "undone": "变更",
                }
            )
    return rows


def branches(world: World) -> list[Row]:
    """Return the branches of one firm in eight, and always one."""
    rng = world.rng(104)
    rows: list[Row] = []
    for firm in world.firms:
        if firm.number > 0 and rng.random() > 0.12:
            continue
        region = str(rng.choice(REGIONS))
        opened = firm.established + timedelta(days=int(rng.integers(100, 390)))
        closed = opened + timedelta(days=int(rng.integers(5, 10)) * 100)
        rows.append(
            {
                "uscc": firm.uscc,
                "branch_name": f"{firm.name}{region_name(region)}分公司",
                "branch_uscc": generated_uscc(80_000 + firm.number, region),
                "region_code": region,
                "opened_on": opened,
                "closed_on": closed if rng.random() < 0.3 and closed < world.today else None,
            }
        )
    return rows


SHEETS = (
    Sheet(
        REGISTRATION,
        "market_registration.csv",
        registrations,
        {
            "uscc": "统一社会信用代码",
            "name": "企业名称",
            "established": "成立日期",
            "capital": "capital_raw",
            "reg_region_code": "region_code",
            "registration_no": "注册号",
            "approved_on": "核准日期",
            "industry_section": "行业门类",
            "industry": "industryco",
            "staff_count": "从业人数",
            "deregistered_on": "注销日期",
            "operating_until": "经营期限至",
        },
        {"established": lambda day, _: f"{day:%Y年%m月%d日}", "approved_on": turns(iso, compact, slashes), "operating_until": slashes},
        {"registration_no": ("无", "", "——"), "deregistered_on": ("",), "operating_until": ("", "无")},
        (
            WRONG_CODE,
            Bad("missing_field", {"name": ""}),
            Bad("dates_reversed", {"established": "2019年05月06日", "deregistered_on": "2018-05-06"}),
        ),
    ),
    Sheet(
        "registration.shareholders",
        "market_shareholders.jsonl",
        shareholders,
        {
            "uscc": "统一社会信用代码",
            "investor": "股东名称",
            "investor_kind": "股东类型",
            "form": "出资方式",
            "subscribed": "subconam",
            "subscribed_on": "subcondate",
            "paid_in": "liacconam",
            "paid_on": "accondate",
            "share": "持股比例",
        },
        {"subscribed_on": epoch, "paid_on": epoch},
        {"investor_uscc": ("", "无", "field049")},
        (WRONG_CODE, Bad("over_maximum", {"share": 130}), Bad("under_minimum", {"subscribed": "-5万元"}), REPEATED),
    ),
    Sheet(
        "registration.changes",
        "market_changes_gb18030.csv",
        changes,
        {"uscc": "统一社会信用代码", "changed_on": "变更日期", "matter": "变更事项", "sequence": "alttime", "business_no": "openo"}
        | {"result": "dataflag", "undone": "cxstatus"},
        {"changed_on": turns(stamp, stamp, chinese)},
        {"before": ("field049",), "after": ("field049", "——")},
        (WRONG_CODE, Bad("missing_field", {"matter": "无"}), Bad("bad_date", {"changed_on": "20230230130640"})),
    ),
    Sheet(
        "registration.branches",
        "market_branches.csv",
        branches,
        {},
        {"opened_on": turns(iso, chinese)},
        {"closed_on": ("——", "")},
        (Bad("missing_field", {"branch_name": ""}),),
    ),
)
