"""What the water, power and gas companies of the generated town read on their meters each month: it follows the firms' sales."""

from collections.abc import Callable

from greenbridge.demo.firms import Firm, World
from greenbridge.demo.sheets import (
    REPEATED,
    WRONG_CODE,
    Bad,
    Row,
    Sheet,
    chinese,
    epoch,
    full_width,
    iso,
    month,
    plain,
    slashes,
    turns,
)
from greenbridge.facts.rules.items import ELECTRICITY
from greenbridge.kit.calendar import add_months

MONTHS = 24
UNPAID = 3  # a troubled firm leaves its last bills unpaid


def water(world: World) -> list[Row]:
    """Return the water of all firms: a cubic metre for about 400 yuan of sales, more where food is made or silk is dyed."""
    thirst = {"食品": 3.0, "丝绸": 4.0, "生态农业": 5.0}
    return _metered(world, world.firms, 131, lambda firm: thirst.get(firm.trade, 1.0) / 400, 4.9)


def gas(world: World) -> list[Row]:
    """Return the gas of the firms whose trade burns some: a cubic metre for about 150 yuan of sales."""
    burning = [firm for firm in world.firms if firm.burns_gas] or world.firms[:1]
    return _metered(world, burning, 133, lambda _: 1 / 150, 3.6)


def electricity(world: World) -> list[Row]:
    """Return the electricity of all firms: a kilowatt-hour for about 40 yuan of sales."""
    rng = world.rng(7)
    rows: list[Row] = []
    for firm in world.firms:
        base = firm.monthly_yuan / 40
        for back in range(MONTHS, 0, -1):
            first = add_months(world.today, -back)
            if first >= firm.established:
                usage = round(base * (1 + firm.growth) ** (-back / 12) * float(rng.lognormal(0, 0.1)))
                rows.append(_bill(world, firm, back, {"uscc": firm.uscc, "month": first, "usage_kwh": usage}, usage * 0.72))
    return rows


def _metered(world: World, firms: list[Firm], stream: int, a_yuan: Callable[[Firm], float], price: float) -> list[Row]:
    rng = world.rng(stream)
    rows: list[Row] = []
    for firm in firms:
        for back, first in world.months(firm, MONTHS):
            usage = round(firm.sales(back, first) * a_yuan(firm) * float(rng.lognormal(0, 0.12)))
            rows.append(_bill(world, firm, back, {"uscc": firm.uscc, "month": first, "usage_m3": usage}, usage * price))
    return rows


def _bill(world: World, firm: Firm, back: int, reading: Row, yuan: float) -> Row:
    owed = world.in_trouble(firm) and back <= UNPAID
    return {**reading, "amount": round(yuan, 2), "unpaid": round(yuan, 2) if owed else 0.0}


SHEETS = (
    Sheet(
        "utilities.water",
        "water_usage_gb18030.csv",
        water,
        {"uscc": "统一社会信用代码", "month": "月份", "usage_m3": "用水量", "amount": "应缴金额", "unpaid": "欠费金额"},
        {"month": turns(iso, slashes, chinese), "amount": turns(plain, full_width), "unpaid": plain},
        {},
        (WRONG_CODE, Bad("bad_number", {"usage_m3": "表坏"}), Bad("under_minimum", {"usage_m3": "-40"}), REPEATED),
    ),
    Sheet(
        ELECTRICITY,
        "power_electricity.csv",
        electricity,
        {},
        {"month": month, "amount": plain, "unpaid": plain},
        {},
        (Bad("under_minimum", {"usage_kwh": "-12"}), Bad("missing_field", {"month": ""}), REPEATED),
    ),
    Sheet(
        "utilities.gas",
        "gas_usage.jsonl",
        gas,
        {"month": "月份", "usage_m3": "用气量", "amount": "应缴金额", "unpaid": "欠费金额"},
        {"month": epoch},
        {},
        (WRONG_CODE, Bad("under_minimum", {"usage_m3": -7}), REPEATED),
    ),
)
