"""Timed work in one process of its own: each run claims its slot first, so that two schedulers do nothing twice."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import jobs as accounts
from greenbridge.answers import jobs as answers
from greenbridge.clients import jobs as clients
from greenbridge.collateral import jobs as collateral
from greenbridge.collateral.gateway import HttpRegistry
from greenbridge.consents import jobs as consents
from greenbridge.disputes import jobs as disputes
from greenbridge.facts import jobs as facts
from greenbridge.facts.gateway import Feed, HttpGateway
from greenbridge.facts.gateway.sources import load_feeds
from greenbridge.facts.service import item_named
from greenbridge.green import jobs as green
from greenbridge.green.service import seal_of
from greenbridge.kit import database, idempotency, jobs, limits, logs
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.clock import Clock, SystemClock, make_clock
from greenbridge.kit.errors import Invalid
from greenbridge.kit.exchange import Key
from greenbridge.kit.keys import kept_key
from greenbridge.matching import jobs as matching
from greenbridge.monitoring import jobs as monitoring
from greenbridge.peers import jobs as peers
from greenbridge.schemes import jobs as scheme_jobs
from greenbridge.schemes import service as schemes
from greenbridge.settings import Settings

Work = Callable[[database.Sessions, Clock], Awaitable[int]]
# How often a department is asked again whose pull failed, or a night is gone over again in which a case failed; what came through waits
# for its next slot.
AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Job:
    """Named work that runs once per slot of `every`; a slot whose run failed is tried again `again` later."""

    name: str
    every: timedelta
    work: Work
    again: timedelta | None = None


def in_one_transaction(work: Callable[[AsyncSession, datetime], Awaitable[int]]) -> Work:
    """Return work that commits as a whole or not at all."""

    async def run_it(sessions: database.Sessions, clock: Clock) -> int:
        async with sessions.begin() as session:
            return await work(session, clock.now())

    return run_it


def _by_the_wall(work: Callable[[AsyncSession, datetime], Awaitable[int]]) -> Work:
    """Return work on what was timed by the machine's clock, also where business stays on one day."""

    async def run_it(sessions: database.Sessions, _clock: Clock) -> int:
        async with sessions.begin() as session:
            return await work(session, SystemClock().now())

    return run_it


JOBS = (
    Job("answers.note_behaviour", timedelta(days=1), in_one_transaction(answers.note_behaviour)),
    Job("collateral.end_overdue", timedelta(hours=1), in_one_transaction(collateral.end_overdue)),
    Job("accounts.forget_expired", timedelta(hours=1), in_one_transaction(accounts.forget_expired)),
    Job("clients.forget_used", timedelta(hours=1), _by_the_wall(clients.forget_used)),
    Job("kit.forget_keys", timedelta(hours=1), _by_the_wall(lambda session, now: idempotency.forget(session, now - idempotency.KEPT))),
    Job("kit.forget_windows", timedelta(hours=1), _by_the_wall(lambda session, now: limits.forget(session, now - timedelta(hours=1)))),
    Job("consents.forget_old_reads", timedelta(days=1), in_one_transaction(consents.forget_old_reads)),
    Job("disputes.escalate", timedelta(days=1), in_one_transaction(disputes.escalate)),
    Job("facts.measure_quality", timedelta(days=1), in_one_transaction(facts.measure)),
    Job("peers.measure", timedelta(days=1), in_one_transaction(peers.measure)),
    Job("monitoring.measure", timedelta(days=1), in_one_transaction(monitoring.measure)),
)


def pull_jobs(gateway: HttpGateway) -> tuple[Job, ...]:
    """Return one job a feed, at its item's refresh rate."""
    return tuple(_pull_job(gateway, feed) for feed in gateway.feeds)


def _pull_job(gateway: HttpGateway, feed: Feed) -> Job:
    async def pull(sessions: database.Sessions, clock: Clock) -> int:
        batch = await facts.pull(sessions, gateway, feed, clock)
        return batch.accepted if batch else 0

    every = timedelta(days=item_named(feed.item).refresh_days)
    return Job(f"facts.pull:{feed.source}@{feed.url}", every, pull, again=AGAIN)


def rematch_job(artifacts: Path) -> Job:
    """Return the job that matches open needs again whose firm, products or policy changed."""
    return Job("matching.rematch", timedelta(minutes=5), matching.rematch(artifacts))


def deadline_job(artifacts: Path) -> Job:
    """Return the job that reminds, lets lapse, asks the next bank, calls the operator: no need stays without an answer."""
    return Job("answers.deadlines", timedelta(minutes=5), answers.deadlines(artifacts))


def inbox_job(folder: Path) -> Job:
    """Return the job that takes dropped files in."""

    async def take(sessions: database.Sessions, clock: Clock) -> int:
        return len(await facts.take_folder(sessions, folder, clock))

    return Job("facts.take_folder", timedelta(minutes=5), take)


def model_job(artifacts: Path) -> Job:
    """Return the job that scores the city with the champion and its challengers, and checks them."""
    return Job("monitoring.watch_model", timedelta(days=1), in_one_transaction(partial(monitoring.watch_model, artifacts=artifacts)))


def green_job(settings: Settings) -> Job:
    """Return the job that certifies green cases after publicity, downgrades them by events, and lets them run out."""
    book, seal = schemes.book(settings.schemes_dir), seal_of(settings)
    return Job("green.nightly", timedelta(days=1), green.nightly(book, seal), again=AGAIN)


def green_peers_job(settings: Settings) -> Job:
    """Return the job that measures industries for the percentiles of green ratings."""
    return Job("green.measure_peers", timedelta(days=1), in_one_transaction(green.measure_peers(schemes.book(settings.schemes_dir))))


def list_job(settings: Settings) -> Job:
    """Return the job that pushes the firms that came on a list to the banks that subscribed to it."""
    return Job("schemes.push_lists", timedelta(days=1), in_one_transaction(scheme_jobs.push(schemes.book(settings.schemes_dir))))


def registry_job(registry: HttpRegistry) -> Job:
    """Return the job that talks with the land registry."""
    return Job("collateral.exchange", timedelta(minutes=1), collateral.exchange(registry))


def _registry(settings: Settings, key: Key) -> HttpRegistry | None:
    """Return the land registry that the settings name. Raises Invalid where its public keys are not named with it."""
    if settings.land_registry is None:
        return None
    if settings.land_registry_keys is None:
        zh, en = "请同时设置 GREENBRIDGE_LAND_REGISTRY_KEYS。", "Set GREENBRIDGE_LAND_REGISTRY_KEYS with it: what answers are checked with."
        raise Invalid.at("no-registry-keys", "land_registry_keys", zh, en)
    return HttpRegistry(settings.land_registry, json.loads(settings.land_registry_keys.read_bytes()), key)


def slot_of(now: datetime, every: timedelta) -> datetime:
    """Return the start of the slot that `now` lies in; 10:07 in slots of 5 minutes is 10:05."""
    seconds = int(every.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)


async def run(job: Job, sessions: database.Sessions, clock: Clock) -> int | None:
    """Run a job's present slot; None when another scheduler has it. A failed run is recorded and raised."""
    now = clock.now()
    slot = slot_of(now, job.every)
    async with sessions.begin() as session:
        if not await jobs.claim(session, job.name, slot, now, again=job.again is not None):
            return None
    try:
        done = await job.work(sessions, clock)
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
    key = Key(kept_key(settings.data_dir))
    gateway = HttpGateway(load_feeds(settings.departments) if settings.departments else (), key)
    registry = _registry(settings, key)
    nightly = (
        deadline_job(settings.artifacts_dir),
        model_job(settings.artifacts_dir),
        rematch_job(settings.artifacts_dir),
        green_peers_job(settings),
        green_job(settings),
        list_job(settings),
    )
    declared = (*JOBS, *nightly, *pull_jobs(gateway), *([inbox_job(settings.inbox)] if settings.inbox else []))
    declared = (*declared, *([registry_job(registry)] if registry else []))
    for job in declared:
        scheduler.add_job(
            run,
            IntervalTrigger(seconds=int((job.again or job.every).total_seconds())),
            args=[job, sessions, clock],
            id=job.name,
            next_run_time=SystemClock().now(),
        )
    scheduler.start()
    logs.get().info("scheduler started", jobs=[job.name for job in declared])
    try:
        await asyncio.Event().wait()
    finally:
        scheduler.shutdown(wait=False)
        await gateway.aclose()
        if registry:
            await registry.aclose()
        await engine.dispose()
