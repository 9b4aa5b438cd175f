"""How often somebody may call within a minute: counted in the database, so that all workers of an installation count together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from greenbridge.kit import database
from greenbridge.kit.columns import instant
from greenbridge.kit.errors import Problem
from greenbridge.kit.text import Text

WINDOW_SECONDS = 60
SAVED_EVERY, UNSAVED, FAR = timedelta(seconds=1), 20, 10
MOST_KEPT = 10_000  # callers that a worker remembers


class RateWindowRow(SQLModel, table=True):
    """Calls of one caller in the minute that began at `started_at`; the table is UNLOGGED."""

    __tablename__ = "rate_window"
    key: str = Field(primary_key=True)
    started_at: datetime = instant()
    used: int


@dataclass(frozen=True, slots=True)
class Limit:
    """What is left of a minute. `reset` in seconds."""

    name: str
    quota: int
    used: int
    reset: int

    @property
    def headers(self) -> Mapping[str, str]:
        """RateLimit and RateLimit-Policy as draft-ietf-httpapi-ratelimit-headers-10 writes them (structured fields)."""
        left = max(self.quota - self.used, 0)
        return {
            "ratelimit-policy": f'"{self.name}";q={self.quota};w={WINDOW_SECONDS}',
            "ratelimit": f'"{self.name}";r={left};t={self.reset}',
        }


class TooMany(Problem):
    """So many calls in this minute."""

    status = 429
    title = Text("请求过于频繁", "Too many requests")


_COUNT = """
    insert into rate_window as w (key, started_at, used) values (%(key)s, %(start)s, %(calls)s)
    on conflict (key) do update set
        used = case when w.started_at = excluded.started_at then w.used + %(calls)s else %(calls)s end, started_at = excluded.started_at
    returning used
"""


@dataclass(slots=True)
class _Window:
    """What one worker knows of a caller's minute: `used` by all as of `saved_at`, and its own calls that are not saved yet."""

    start: datetime
    used: int
    saved_at: datetime | None
    unsaved: int = 0


class Calls:
    """Counts calls for one worker. Of many calls a second the first is written and the rest together with the next: as long as the
    quota is far, another worker may know of `UNSAVED` calls fewer; near it each one is written.
    """

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    async def count(self, sessions: database.Sessions, name: str, caller: str, quota: int, now: datetime) -> Limit:
        """Count one call of a caller and return what is left; `used` is above `quota` when it was one too many."""
        second = int(now.timestamp())
        start = datetime.fromtimestamp(second - second % WINDOW_SECONDS, tz=now.tzinfo)
        key = f"{name}:{caller}"
        window = self._windows.get(key)
        if window is None or window.start != start:
            if len(self._windows) >= MOST_KEPT:
                self._windows.clear()
            window = self._windows[key] = _Window(start, 0, None)
        if self._waits(window, quota, now):
            window.unsaved += 1
            used = window.used + window.unsaved
        else:
            calls = 1 + window.unsaved
            # Before the statement is waited for: callers beside this one must not count and write the same calls again.
            window.used, window.unsaved, window.saved_at = window.used + calls, 0, now
            async with sessions.begin() as session:
                ((used,),) = await database.rows(session, _COUNT, {"key": key, "start": start, "calls": calls})
            window.used = max(window.used, used)
        return Limit(name, quota, used, WINDOW_SECONDS - second % WINDOW_SECONDS)

    def _waits(self, window: _Window, quota: int, now: datetime) -> bool:
        soon = window.saved_at is not None and now - window.saved_at < SAVED_EVERY and window.unsaved < UNSAVED
        return soon and window.used + UNSAVED * FAR < quota


def must_be_within(limit: Limit) -> None:
    """Raise TooMany when the call was one too many."""
    if limit.used > limit.quota:
        problem = TooMany(
            "too-many-requests",
            f"每分钟最多 {limit.quota} 次请求；请在 {limit.reset} 秒后重试。",
            f"At most {limit.quota} requests a minute; try again in {limit.reset} seconds.",
        )
        problem.headers = {"retry-after": str(limit.reset)}
        raise problem


async def forget(session: AsyncSession, before: datetime) -> int:
    """Remove counts of minutes long gone; return how many."""
    found = await database.rows(session, "delete from rate_window where started_at < %(before)s returning key", {"before": before})
    return len(found)
