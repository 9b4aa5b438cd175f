"""How often somebody may call within a minute: counted in the database, so that all workers of an installation count together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from greenbridge.kit import database
from greenbridge.kit.columns import instant
from greenbridge.kit.errors import Problem
from greenbridge.kit.text import Text

WINDOW_SECONDS = 60


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
    insert into rate_window as w (key, started_at, used) values (%(key)s, %(start)s, 1)
    on conflict (key) do update set
        used = case when w.started_at = excluded.started_at then w.used + 1 else 1 end, started_at = excluded.started_at
    returning used
"""


async def count(session: AsyncSession, name: str, caller: str, quota: int, now: datetime) -> Limit:
    """Count one call of a caller and return what is left; `used` is above `quota` when it was one too many."""
    second = int(now.timestamp())
    start = datetime.fromtimestamp(second - second % WINDOW_SECONDS, tz=now.tzinfo)
    ((used,),) = await database.rows(session, _COUNT, {"key": f"{name}:{caller}", "start": start})
    return Limit(name, quota, used, WINDOW_SECONDS - second % WINDOW_SECONDS)


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
