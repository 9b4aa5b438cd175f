"""One run per job and time slot, also with two schedulers."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import instant


class JobRun(SQLModel, table=True):
    __tablename__ = "job_run"
    name: str = Field(primary_key=True)
    slot: datetime = Field(primary_key=True, sa_type=instant().sa_type)
    started_at: datetime = instant()
    finished_at: datetime | None = instant(nullable=True)
    outcome: str | None = None


async def claim(session: AsyncSession, name: str, slot: datetime, now: datetime, *, again: bool = False) -> bool:
    """Return whether this caller may run the slot; only one may. With `again`, a slot whose run failed may be claimed anew."""
    anew = "update set started_at = :now, finished_at = null, outcome = null where job_run.outcome like 'failed%'" if again else "nothing"
    claimed = await session.execute(
        text(f"""
        insert into job_run (name, slot, started_at) values (:name, :slot, :now) on conflict (name, slot) do {anew} returning name
        """),  # noqa: S608  one of two constants
        {"name": name, "slot": slot, "now": now},
    )
    return claimed.first() is not None


async def finish(session: AsyncSession, name: str, slot: datetime, now: datetime, outcome: str) -> None:
    """Record how a run ended."""
    await session.execute(
        text("update job_run set finished_at = :now, outcome = :outcome where name = :name and slot = :slot"),
        {"name": name, "slot": slot, "now": now, "outcome": outcome},
    )


async def latest(session: AsyncSession, limit: int = 20) -> list[JobRun]:
    """Return the newest runs."""
    rows = await session.execute(
        text("select name, slot, started_at, finished_at, outcome from job_run order by started_at desc limit :n"),
        {"n": limit},
    )
    return [JobRun(name=r[0], slot=r[1], started_at=r[2], finished_at=r[3], outcome=r[4]) for r in rows]
