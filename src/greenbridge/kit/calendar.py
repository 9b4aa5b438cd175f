"""Working days and months of the mainland calendar."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

from greenbridge.kit.errors import Problem

SHANGHAI = ZoneInfo("Asia/Shanghai")


def business_date(instant: datetime) -> date:
    """Return the date in Shanghai at an aware instant: 2026-02-13T16:30Z is 2026-02-14."""
    return instant.astimezone(SHANGHAI).date()


def day_start(day: date) -> datetime:
    """Return the instant at which a day begins in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


def add_working_days(start: date, days: int) -> date:
    """Return the day `days` working days after `start`, holidays and shifted weekends considered.

    2026-02-13 (Friday) plus 1 is 2026-02-14, a shifted working Saturday before Spring Festival.
    Raises Problem for a year whose holidays the calendar does not know: it is not guessed.
    """
    day = start
    try:
        while days > 0:
            day += timedelta(days=1)
            days -= chinese_calendar.is_workday(day)
    except NotImplementedError:
        raise Problem(
            "unknown-calendar-year",
            f"{day.year} 年的节假日安排未知，请更新日历包。",
            f"The holidays of {day.year} are not known.",
        ) from None
    return day


def month_start(day: date) -> date:
    """Return the first day of the month of `day`."""
    return day.replace(day=1)


def add_months(day: date, months: int) -> date:
    """Return the first day of the month `months` after (before, if negative) that of `day`."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def month_end(day: date) -> date:
    """Return the last day of the month of `day`."""
    return add_months(day, 1) - timedelta(days=1)


def whole_months(start: date, end: date) -> int:
    """Return the whole months between two days; 2018-02-15 to 2020-03-01 is 24."""
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def last_complete_month(as_of: date, covered_to: date | None) -> date | None:
    """Return the first day of the last month that is over by `as_of` and delivered in full; None if nothing came.

    As of 2020-03-01 with data to 2020-02-21, the last complete month is 2020-01.
    """
    if covered_to is None:
        return None
    horizon = min(as_of, covered_to)
    return month_start(horizon) if horizon == month_end(horizon) else add_months(horizon, -1)


def same_day_after(day: date, months: int) -> date:
    """Return the same day of the month `months` later, or that month's last day: 2020-02-29 plus 60 months is 2025-02-28."""
    first = add_months(day, months)
    return min(first.replace(day=1) + timedelta(days=day.day - 1), month_end(first))


def working_days_between(start: date, end: date) -> int:
    """Return the working days after `start` up to and with `end`; 0 when `end` is not later. Raises Problem for an unknown year."""
    try:
        return sum(chinese_calendar.is_workday(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))
    except NotImplementedError:
        raise Problem(
            "unknown-calendar-year",
            f"{start.year} 至 {end.year} 年的节假日安排未知，请更新日历包。",
            f"The holidays of {start.year} to {end.year} are not known.",
        ) from None


def working_day_before(day: date, days: int) -> date:
    """Return the last day from which more than `days` working days have passed until `day`: 2026-03-10 (Tuesday) less 1 is 2026-03-08.

    What happened until then and arrives on `day` took longer. Raises Problem for an unknown year.
    """
    earlier, passed = day, 0
    while passed <= days:
        passed += working_days_between(earlier - timedelta(days=1), earlier)
        earlier -= timedelta(days=1)
    return earlier
