"""Timed work in one process of its own: each run claims its slot first, so that two schedulers do nothing twice."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import jobs as accounts
from greenbridge.answers import jobs as answers
from greenbridge.kit import database, jobs, logs
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.clock import Clock, SystemClock, make_clock
from greenbridge.needs import jobs as needs
from greenbridge.settings import Settings

Work = Callable[[AsyncSession, datetime], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Job:
    """Named work that runs once per slot of its interval."""

    name: str
    every: timedelta
    work: Work


JOBS = (
    Job("answers.expire", timedelta(minutes=5), answers.expire),
    Job("needs.expire", timedelta(minutes=15), needs.expire),
    Job("accounts.forget_expired", timedelta(hours=1), accounts.forget_expired),
)


def slot_of(now: datetime, every: timedelta) -> datetime:
    """Return the start of the slot that `now` lies in; 10:07 in slots of 5 minutes is 10:05."""
    seconds = int(every.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)


async def run(job: Job, sessions: database.Sessions, clock: Clock) -> int | None:
    """Run a job's present slot; None when another scheduler has it. A failed run is recorded and raised."""
    now = clock.now()
    slot = slot_of(now, job.every)
    async with sessions.begin() as session:
        if not await jobs.claim(session, job.name, slot, now):
            return None
    try:
        async with sessions.begin() as session:
            done = await job.work(session, now)
    except Exception as error:
        async with sessions.begin() as session:
            await jobs.finish(session, job.name, slot, clock.now(), f"failed: {error!r}"[:500])
        logs.get().exception("job failed", job=job.name, slot=slot.isoformat())
        raise
    async with sessions.begin() as session:
        await jobs.finish(session, job.name, slot, clock.now(), f"done: {done}")
    logs.get().info("job done", job=job.name, slot=slot.isoformat(), count=done)
    return done


async def serve(settings: Settings, url: str) -> None:
    """Run all jobs until cancelled."""
    engine = database.make_engine(url)
    sessions, clock = database.make_sessions(engine), make_clock(settings.today)
    # The default grace of one second would drop jobs silently.
    scheduler = AsyncIOScheduler(timezone=SHANGHAI, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})
    for job in JOBS:
        scheduler.add_job(
            run,
            IntervalTrigger(seconds=int(job.every.total_seconds())),
            args=[job, sessions, clock],
            id=job.name,
            next_run_time=SystemClock().now(),
        )
    scheduler.start()
    logs.get().info("scheduler started", jobs=[job.name for job in JOBS])
    try:
        await asyncio.Event().wait()
    finally:
        scheduler.shutdown(wait=False)
        await engine.dispose()
