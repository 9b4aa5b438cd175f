"""What the departments' records say for the five points."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date

import numpy as np

from greenbridge.facts.rules import items
from greenbridge.facts.values import Fact, Series
from greenbridge.kit.calendar import whole_months
from greenbridge.kit.text import Text
from greenbridge.needs.values import Finding, Known, Point, Verdict

PREMISES = "real_estate.ownership"
METERS = (items.ELECTRICITY, "utilities.water")
ASKED = (
    items.REGISTRATION, items.SEVERE_LIST, items.ABNORMAL_LIST, items.DISHONESTY, items.ENFORCEMENT, items.TAX_ARREARS, items.TAX_GRADE,
    PREMISES, *METERS,
)  # fmt: skip


# Which fields each point tells of: a reader to whom one of them is closed is not told the point. The pledge is the firm's own word.
READ: Mapping[Point, tuple[str, ...]] = {
    Point.OPERATION: (
        f"{items.REGISTRATION}.state", f"{items.REGISTRATION}.established", f"{items.SEVERE_LIST}.removed_on",
        f"{items.ABNORMAL_LIST}.removed_on", f"{items.VAT_INVOICES}.issue_date",
    ),
    Point.PREMISES: (f"{PREMISES}.certificate_no", f"{items.ELECTRICITY}.month", "utilities.water.month", f"{items.REGISTRATION}.address"),
    Point.REAL_NEED: (f"{items.VAT_INVOICES}.issue_date", f"{items.VAT_INVOICES}.amount_net"),
    Point.GOOD_CREDIT: (
        f"{items.DISHONESTY}.removed_on", f"{items.ENFORCEMENT}.closed_on", f"{items.TAX_ARREARS}.cleared_on", f"{items.TAX_GRADE}.grade",
    ),
    Point.LAWFUL_PURPOSE: (),
}  # fmt: skip


MONTHS: Mapping[Point, int] = {Point.OPERATION: 6, Point.REAL_NEED: 12}  # how far back it looks
CLOSED = Text("所需数据未向您的岗位开放", "What this is read from is not open to your function")


def told(findings: Sequence[Finding], closed: Callable[[Sequence[str], int], object | None]) -> tuple[Finding, ...]:
    """Return the five points as a reader may see them. `closed(fields, months)`: why fields are not open to him; None: they are."""
    return tuple(
        Finding(one.point, Verdict.UNKNOWN, (CLOSED,)) if closed(READ[one.point], MONTHS.get(one.point, 0)) is not None else one
        for one in findings
    )


def known(records: Sequence[Fact], series: Series, delivered: Collection[str], open_needs_fen: int, today: date) -> Known:
    """Return what is known of one firm (`series` of one row). A list counts 0 entries only where its department has delivered it."""

    def standing(item: str, end: str) -> int | None:
        found = sum(fact.item == item and not _over(fact.values.get(end), today) for fact in records)
        return found if found or item in delivered else None

    def has(*wanted: str) -> bool | None:
        return any(fact.item in wanted for fact in records) or (False if set(wanted) & set(delivered) else None)

    registered = next((fact.values for fact in records if fact.item == items.REGISTRATION), {})
    established = _day(registered.get("established"))
    grades = sorted((f for f in records if f.item == items.TAX_GRADE), key=lambda f: f.values.get("year") or 0)
    sales = series.monthly["sales_net"][0] if series.last_month is not None else np.array([np.nan])
    seen = bool((~np.isnan(sales)).any())
    return Known(
        state=registered.get("state"),
        age_months=whole_months(established, today) if established else None,
        severe_entries=standing(items.SEVERE_LIST, "removed_on"),
        abnormal_entries=standing(items.ABNORMAL_LIST, "removed_on"),
        owns_premises=has(PREMISES),
        metered=has(*METERS),
        address=registered.get("address"),
        silent_months=_silent(series.monthly["sales_count"][0]) if seen else None,
        sales_12m_fen=float(np.nansum(sales[-12:])) if seen else None,
        open_needs_fen=open_needs_fen,
        dishonesty_entries=standing(items.DISHONESTY, "removed_on"),
        open_enforcements=standing(items.ENFORCEMENT, "closed_on"),
        open_arrears=standing(items.TAX_ARREARS, "cleared_on"),
        tax_grade=grades[-1].values.get("grade") if grades else None,
    )


def _silent(counts: np.ndarray) -> int:
    """Return how many months at the end have no invoice: of 3, 0, 0 two."""
    written = np.flatnonzero(np.nan_to_num(counts) > 0)
    return len(counts) - 1 - int(written[-1]) if written.size else len(counts)


def _day(value: object) -> date | None:
    if isinstance(value, date):
        return value
    return date.fromisoformat(value[:10]) if isinstance(value, str) and value else None


def _over(end: object, today: date) -> bool:
    ended = _day(end)
    return ended is not None and ended <= today
