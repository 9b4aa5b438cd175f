"""The only reader of the clock. Instants are aware UTC, business dates are Asia/Shanghai."""

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
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
    """A clock that runs on from 09:00 Shanghai of a chosen business date: replays and demonstrations."""

    today: date
    started: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """Return 09:00 of the business date plus the time since the start."""
        morning = datetime(self.today.year, self.today.month, self.today.day, 9, tzinfo=SHANGHAI)
        return morning.astimezone(UTC) + timedelta(seconds=time.monotonic() - self.started)


def make_clock(today: date | None) -> Clock:
    """Return the machine's clock, or one that starts on `today`."""
    return SystemClock() if today is None else BusinessClock(today)
