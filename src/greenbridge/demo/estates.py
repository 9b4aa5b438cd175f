"""Real estate of the generated town: who owns it, which bank holds a mortgage on it, what the courts seized."""

from dataclasses import dataclass
from datetime import date, timedelta

from greenbridge.demo import justice
from greenbridge.demo.firms import BANKS, Firm, World
from greenbridge.demo.sheets import REPEATED, WRONG_CODE, Bad, Row, Sheet, chinese, epoch, full_width, iso, plain, slashes, turns, wan
from greenbridge.kit.codes import region_name


@dataclass(frozen=True, slots=True)
class Estate:
    """One piece of real estate of a firm."""

    number: int
    firm: Firm
    area_m2: int
    registered: date

    @property
    def certificate_no(self) -> str:
        return f"浙（{self.registered.year}）演示不动产权第{self.number:07d}号"


def estates(world: World) -> list[Estate]:
    """Return the real estate of one firm in three; the most troubled firm has some too, for the courts to seize."""
    rng = world.rng(141)
    found: list[Estate] = []
    for firm in world.firms:
        owns = rng.random() < {"steady": 0.4, "growing": 0.35, "young": 0.05, "troubled": 0.2}[firm.kind]
        for _ in range(int(rng.integers(1, 3)) if owns else int(firm is world.troubled[0])):
            registered = max(firm.established, world.ago(rng.integers(200, 3500)))
            found.append(Estate(len(found) + 1, firm, int(firm.monthly_yuan / 400 * float(rng.uniform(0.8, 2))), registered))
    return found


def ownership(world: World) -> list[Row]:
    """Return the certificates; one is cancelled."""
    found = world.once(estates)
    return [
        {
            "uscc": estate.firm.uscc,
            "certificate_no": estate.certificate_no,
            "address": f"浙江省湖州市{region_name(estate.firm.region_code)}演示路{estate.number}号",
            "area_m2": estate.area_m2,
            "use": "工业" if estate.firm.makes_things else ("办公", "商服")[estate.number % 2],
            "registered_on": estate.registered,
            "cancelled_on": world.ago(120) if estate is found[-1] and len(found) > 3 else None,
        }
        for estate in found
    ]


def mortgages(world: World) -> list[Row]:
    """Return the mortgages on every other piece, some discharged: about 2,000 yuan a square metre, to a bank of the town."""
    rng = world.rng(142)
    rows: list[Row] = []
    for estate in world.once(estates)[:-1][::2] or world.once(estates):
        registered = max(estate.registered, world.ago(rng.integers(60, 1100)))
        discharged = registered + timedelta(days=400)
        rows.append(
            {
                "uscc": estate.firm.uscc,
                "mortgage_no": f"浙（{registered.year}）演示不动产证明第{estate.number:07d}号",
                "certificate_no": estate.certificate_no,
                "mortgagee": str(rng.choice(BANKS)),
                "secured": float(max(10, round(estate.area_m2 * 2_000 / 50_000) * 5) * 10_000),
                "rank": 1,
                "registered_on": registered,
                "discharged_on": discharged if rng.random() < 0.4 and discharged < world.today else None,
            }
        )
    return rows


def seizures(world: World) -> list[Row]:
    """Return what the courts seized: real estate of firms with an open enforcement."""
    open_cases = {case.firm.uscc: case for case in world.once(justice.cases) if case.kind != justice.JUDGMENT and not case.closed}
    held = [estate for estate in world.once(estates) if estate.firm.uscc in open_cases]
    days = {estate.number: max(estate.registered, open_cases[estate.firm.uscc].filed) + timedelta(days=5) for estate in held}
    if not held:  # every enforcement of a firm with real estate is closed: an old seizure, released
        held = [estate for estate in world.once(estates) if estate.firm is world.troubled[0]]
        days = {estate.number: max(estate.registered, world.ago(900)) + timedelta(days=20) for estate in held}
    return [
        {
            "uscc": estate.firm.uscc,
            "document_no": f"（{days[estate.number].year}）演0502执保{estate.number:04d}号",
            "certificate_no": estate.certificate_no,
            "authority": justice.COURT,
            "seized_on": days[estate.number],
            "released_on": None if estate.firm.uscc in open_cases else days[estate.number] + timedelta(days=90),
        }
        for estate in held
    ]


SHEETS = (
    Sheet(
        "real_estate.ownership",
        "real_estate_ownership_gb18030.csv",
        ownership,
        {"uscc": "统一社会信用代码", "certificate_no": "不动产权证号", "address": "坐落", "area_m2": "面积", "use": "用途"}
        | {"registered_on": "登记日期"},
        {"area_m2": turns(plain, full_width), "registered_on": turns(chinese, iso, slashes)},
        {"cancelled_on": ("", "——")},
        (WRONG_CODE, Bad("missing_field", {"certificate_no": "无"})),
    ),
    Sheet(
        "real_estate.mortgages",
        "real_estate_mortgages.csv",
        mortgages,
        {"uscc": "统一社会信用代码", "mortgage_no": "抵押登记号", "certificate_no": "不动产权证号", "mortgagee": "抵押权人"}
        | {"secured": "被担保债权", "rank": "顺位", "registered_on": "登记日期", "discharged_on": "注销日期"},
        {"secured": turns(wan, full_width, plain), "registered_on": turns(iso, chinese)},
        {"discharged_on": ("——", "", "无")},
        (Bad("dates_reversed", {"registered_on": "2024-06-01", "discharged_on": "2023-06-01"}), REPEATED),
    ),
    Sheet(
        "real_estate.seizures",
        "real_estate_seizures.jsonl",
        seizures,
        {},
        {"seized_on": epoch},
        {},
        (Bad("missing_field", {"certificate_no": None}),),
    ),
)
