"""The only reader of the clock. Instants are aware UTC, business dates are Asia/Shanghai."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from greenbridge.kit.calendar import SHANGHAI


class Clock(Protocol):
    """Tells the instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class BusinessClock:
    """A clock that stays on a chosen business date: replays and demonstrations. All processes of a machine agree."""

    today: date

    def now(self) -> datetime:
        """Return the machine's time of day in Shanghai, on the business date."""
        time_of_day = datetime.now(SHANGHAI).time()
        return datetime.combine(self.today, time_of_day, SHANGHAI).astimezone(UTC)


def make_clock(today: date | None) -> Clock:
    """Return the machine's clock, or one that stays on `today`."""
    return SystemClock() if today is None else BusinessClock(today)
