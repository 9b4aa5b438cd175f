"""How single values are read from a firm's records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from greenbridge.facts.values import Fact
from greenbridge.kit.calendar import add_months, month_start, same_day_after, whole_months
from greenbridge.schemes.values import Value

YEAR, TWO_YEARS, FIVE_YEARS, STALE = 12, 24, 60, 4
Delivered = Mapping[str, date | None]
FEN, WAN = 100, 10_000
# One known value with the records it stands on; None: unknown.
Found = tuple[Value, Sequence[Fact]] | None
Reader = Callable[["Records"], Found]

PENALTIES, QUALIFICATIONS, REPORT = "penalties.administrative", "licences.qualifications", "annual_report.report"
ABNORMAL, SEVERE, DISHONESTY, TAX_MAJOR = (
    "annual_report.abnormal_list",
    "annual_report.severe_illegal_list",
    "courts.dishonesty",
    "tax.major_illegality",
)
REGISTER, PAID, INSURANCE, FUND = "registration.basic", "tax.paid", "social_insurance.payments", "housing_fund.payments"
UTILITIES = ("utilities.water", "utilities.electricity", "utilities.gas")


@dataclass(frozen=True)
class Records:
    """What is known of one firm on a day; `delivered`: the items of which any department data came, with the newest day they speak of."""

    facts: Sequence[Fact]
    delivered: Delivered
    as_of: date

    @cached_property
    def by_item(self) -> Mapping[str, list[Fact]]:
        """Return item -> its facts, newest first."""
        found: dict[str, list[Fact]] = {}
        for fact in sorted(self.facts, key=lambda f: f.valid_from, reverse=True):
            found.setdefault(fact.item, []).append(fact)
        return found

    def of(self, item: str) -> list[Fact]:
        """Return the facts of an item, newest first."""
        return self.by_item.get(item, [])

    def since(self, item: str, months: int) -> list[Fact]:
        """Return the facts of an item that began within so many months."""
        start = same_day_after(self.as_of, -months)
        return [fact for fact in self.of(item) if fact.valid_from > start]

    def monthly(self, item: str, months: int) -> list[Fact] | None:
        """Return a monthly item's facts of the last months that were delivered, oldest first; None where that is over STALE months ago.

        As of 2026-03-10 with data to February, twelve months are March 2025 to February 2026.
        """
        last = month_start(min(self.delivered.get(item) or self.as_of, self.as_of))
        if last < add_months(self.as_of, -STALE):
            return None
        first = add_months(last, 1 - months)
        return sorted((f for f in self.of(item) if f.valid_from >= first), key=lambda f: f.valid_from)

    def open(self, item: str, end: str) -> list[Fact]:
        """Return the facts of an item that were not ended by the day."""
        return [f for f in self.of(item) if not f.values.get(end) or date.fromisoformat(f.values[end]) > self.as_of]

    def penalties(self, months: int, *words: str, serious: bool = False) -> list[Fact]:
        """Return penalties by an authority with one of the words in its name; summary ones do not count (条例 第十一条)."""
        found = [f for f in self.since(PENALTIES, months) if f.values.get("procedure") != "summary"]
        if serious:
            found = [f for f in found if f.values.get("gravity") == "serious"]
        return [f for f in found if not words or any(w in f"{f.values.get('authority')}{f.values.get('fact') or ''}" for w in words)]


def count(pick: Callable[[Records], list[Fact]]) -> Reader:
    return lambda r: (float(len(found := pick(r))), found)


def listed(item: str, end: str) -> Reader:
    return lambda r: (bool(found := r.open(item, end)), found)


def newest(item: str, field: str, scale: float = 1) -> Reader:
    def read(r: Records) -> Found:
        fact = next((f for f in r.of(item) if f.values.get(field) is not None), None)
        if fact is None:
            return None
        value = fact.values[field]
        return (value if isinstance(value, str) else float(value) / scale, [fact])

    return read


def age(r: Records) -> Found:
    fact = next((f for f in r.of(REGISTER) if f.values.get("established")), None)
    return (float(whole_months(date.fromisoformat(fact.values["established"]), r.as_of)), [fact]) if fact else None


def active(r: Records) -> Found:
    fact = next((f for f in r.of(REGISTER) if f.values.get("state")), None)
    return (fact.values["state"] == "active", [fact]) if fact else None


def changes(r: Records) -> list[Fact]:
    return [f for f in r.since("registration.changes", YEAR) if "法定代表人" in f.values["matter"] and f.values.get("result") != "refused"]


def _reports(r: Records) -> list[Fact]:
    return sorted(r.of(REPORT), key=lambda f: float(f.values["year"]), reverse=True)


def report(field: str, scale: float = FEN) -> Reader:
    """Return a reader of the newest annual report; one that is older than two years says nothing of today."""

    def read(r: Records) -> Found:
        newest = next(iter(_reports(r)), None)
        if newest is None or newest.values.get(field) is None or newest.values["year"] < r.as_of.year - 2:
            return None
        return float(newest.values[field]) / scale, [newest]

    return read


def published(r: Records) -> Found:
    """Return whether the last report that was due (30 June of the next year) is published."""
    due = r.as_of.year - (1 if (r.as_of.month, r.as_of.day) > (6, 30) else 2)
    found = [f for f in r.of(REPORT) if f.values["year"] >= due]
    return bool(found), found


def growth(field: str, of: str) -> Reader:
    """Return a reader of (newest - year before) / `of`: revenue or assets of the year before, or revenue of the newest year."""

    def read(r: Records) -> Found:
        reports = _reports(r)
        years = {int(f.values["year"]): f for f in reports}
        newest = reports[0] if reports else None
        before = years.get(int(newest.values["year"]) - 1) if newest else None
        if newest is None or before is None or newest.values["year"] < r.as_of.year - 2:
            return None
        base = (newest if of == "revenue_fen" and field != of else before).values.get(of)
        if not base or base <= 0 or newest.values.get(field) is None or before.values.get(field) is None:
            return None
        return (newest.values[field] - before.values[field]) / base, [newest, before]

    return read


def net_assets(r: Records) -> Found:
    assets, debt = report("assets_fen")(r), report("liabilities_fen")(r)
    return (float(assets[0]) - float(debt[0]), assets[1]) if assets and debt else None


def titled(item: str, *words: str) -> Reader:
    """Return a reader of whether a valid paper has one of the words in its title; the store leaves expired ones out."""

    def read(r: Records) -> Found:
        found = [f for f in r.of(item) if any(word in str(f.values.get("title", "")).upper().replace(" ", "") for word in words)]
        return bool(found), found

    return read


def months_paid(item: str) -> Reader:
    """Return a reader of the months of the last twelve that were paid; unknown for a firm that never paid: it may have no staff here."""

    def read(r: Records) -> Found:
        months = r.monthly(item, YEAR)
        if not r.of(item) or months is None:
            return None
        paid = [f for f in months if f.values.get("amount_fen") or f.values.get("amount_fen") is None]
        return float(min(YEAR, len({f.valid_from.strftime("%Y%m") for f in paid}))), paid

    return read


def _vat_months(r: Records) -> list[tuple[Fact, float]]:
    found = [f for f in r.monthly(PAID, YEAR) or () if f.values.get("tax_kind") == "vat"]
    return [(f, float(f.values["declared_fen"])) for f in found]


def vat(measure: Callable[[list[float]], Value]) -> Reader:
    def read(r: Records) -> Found:
        months = _vat_months(r)
        return (measure([declared for _, declared in months]), [f for f, _ in months]) if months else None

    return read


def zero_run(months: list[float]) -> float:
    longest = run = 0
    for declared in months:
        run = run + 1 if declared == 0 else 0
        longest = max(longest, run)
    return float(longest)


def paid_share(r: Records) -> Found:
    found = r.monthly(PAID, YEAR)
    if not found:
        return None
    declared = sum(f.values["declared_fen"] for f in found)
    return (min(1.0, sum(f.values["paid_fen"] for f in found) / declared) if declared else 1.0), found


def arrears(r: Records) -> Found:
    found = r.open("tax.arrears", "cleared_on")
    return sum(float(f.values["amount_fen"]) for f in found) / FEN, found


def insurance_arrears(r: Records) -> Found:
    found = r.of("social_insurance.arrears")[:1]
    kinds = ("pension", "unemployment", "medical", "injury", "maternity")
    return sum(float(f.values.get(f"{kind}_fen") or 0) for f in found for kind in kinds) / FEN, found


def insured(r: Records) -> Found:
    fact = next((f for f in r.of(INSURANCE) if f.values.get("insurance") == "pension"), None)
    return (float(fact.values["staff_count"]), [fact]) if fact else None


def unpaid(r: Records) -> Found:
    bills = [f for item in UTILITIES for f in r.monthly(item, YEAR) or ()]
    owed = [f for f in bills if f.values.get("unpaid_fen")]
    return (float(len({f.valid_from.strftime("%Y%m") for f in owed})), owed) if bills else None


def electricity(r: Records) -> Found:
    months = r.monthly("utilities.electricity", TWO_YEARS) or []
    usage = [float(f.values["usage_kwh"]) for f in months]
    if len(usage) < TWO_YEARS or not sum(usage[:YEAR]):
        return None
    return sum(usage[YEAR:]) / sum(usage[:YEAR]) - 1, months[-1:]


def water_per_output(r: Records) -> Found:
    """Return cubic metres of the last twelve months for each 10,000 yuan of the newest year's revenue; unknown with a month missing."""
    months, revenue = r.monthly("utilities.water", YEAR) or [], report("revenue_fen")(r)
    if len({f.valid_from.strftime("%Y%m") for f in months}) < YEAR or revenue is None or float(revenue[0]) <= 0:
        return None
    return sum(float(f.values["usage_m3"]) for f in months) / float(revenue[0]) * WAN, [*months[-1:], *revenue[1]]


def area(r: Records) -> Found:
    found = r.of("real_estate.ownership")
    return sum(float(f.values.get("area_m2") or 0) for f in found), found


def exports(r: Records) -> Found:
    found = r.monthly("customs.trade", YEAR)
    if found is None:
        return None
    return sum(float(f.values.get("exports_fen") or 0) for f in found) / FEN, found


def loan_judgments(r: Records) -> list[Fact]:
    words = ("借款", "金融", "票据", "保证合同", "信用证")
    found = [f for f in r.since("courts.judgments", TWO_YEARS) if f.values.get("role") == "defendant"]
    return [f for f in found if any(word in str(f.values.get("cause") or "") for word in words)]


def defended(r: Records) -> list[Fact]:
    return [f for f in r.since("courts.judgments", TWO_YEARS) if f.values.get("role") == "defendant"]


def colour(r: Records) -> Found:
    found = r.of("environment.credit")[:1]
    return (str(found[0].values["colour"]) if found else "none"), found


def label(r: Records) -> Found:
    """Return the highest level of an honour that calls the firm, its product, chain or park green."""
    green = [f for f in r.of("honours.honours") if "绿色" in str(f.values.get("title", ""))]
    for level in ("national", "province", "city"):
        if found := [f for f in green if f.values.get("level") == level]:
            return level, found
    return "none", []


def severe(r: Records) -> list[Fact]:
    return r.penalties(FIVE_YEARS, "环境", "环保", serious=True)


def since_severe(r: Records) -> Found:
    found = severe(r)[:1]
    return (float(whole_months(found[0].valid_from, r.as_of)), found) if found else None


def yes(pick: Callable[[Records], list[Fact]]) -> Reader:
    return lambda r: (bool(found := pick(r)), found)
