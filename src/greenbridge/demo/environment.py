"""What the ecology bureau of the generated town says of its firms: a colour a year, and permits to discharge."""

from datetime import date

from greenbridge.demo.firms import World
from greenbridge.demo.sheets import WRONG_CODE, Bad, Row, Sheet, chinese, compact, iso, slashes, stamp, turns
from greenbridge.kit.calendar import add_months

COLOURS = ("绿", "蓝", "黄", "红", "黑")
CHANCES = {"troubled": (0.0, 0.4, 0.35, 0.25, 0.0)}  # of the others: mostly green or blue
USUAL = (0.35, 0.58, 0.06, 0.01, 0.0)


def credit(world: World) -> list[Row]:
    """Return the newest colour of the firms that make things."""
    rng = world.rng(151)
    year = world.today.year - 1 if world.today.month > 6 else world.today.year - 2
    rows: list[Row] = []
    for firm in world.firms:
        colour = str(rng.choice(COLOURS, p=CHANCES.get(firm.kind, USUAL)))
        decided = date(year + 1, 6, 5) if firm.number % 2 else date(year + 1, 5, 28)
        if (firm.makes_things or not rows) and firm.established < decided:
            rows.append({"uscc": firm.uscc, "year": year, "colour": colour, "decided_on": decided})
    return rows


def discharge_permits(world: World) -> list[Row]:
    """Return the permits of the firms that make things: five years, key management where silk is dyed or chemicals are made."""
    rng = world.rng(152)
    rows: list[Row] = []
    for firm in world.firms:
        granted = max(firm.established, world.ago(rng.integers(60, 1500)))
        if firm.makes_things or not rows:
            key = firm.trade in {"丝绸", "新材料"}
            rows.append(
                {
                    "uscc": firm.uscc,
                    "permit_no": f"演{firm.uscc}001P",
                    "management": "重点管理" if key else str(rng.choice(["简化管理", "登记管理"])),
                    "granted_on": granted,
                    "valid_until": add_months(granted, 60),
                }
            )
    return rows


SHEETS = (
    Sheet(
        "environment.credit",
        "environment_credit.csv",
        credit,
        {"uscc": "统一社会信用代码", "year": "评价年度", "colour": "等级", "decided_on": "评定日期"},
        {"decided_on": turns(stamp, chinese)},
        {},
        (WRONG_CODE, Bad("bad_choice", {"colour": "紫"})),
    ),
    Sheet(
        "environment.discharge_permit",
        "environment_discharge_permits.jsonl",
        discharge_permits,
        {},
        {"granted_on": turns(iso, compact), "valid_until": slashes},
        {},
        (Bad("bad_choice", {"management": "自由管理"}), Bad("missing_field", {"granted_on": None})),
    ),
)
