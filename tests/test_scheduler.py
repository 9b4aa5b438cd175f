from datetime import UTC, datetime, timedelta

import pytest

from greenbridge import scheduler
from greenbridge.kit import jobs


async def test_a_slot_runs_once_also_with_two_schedulers(sessions, clock):
    runs = []

    async def work(session, now):
        runs.append(now)
        return 3

    job = scheduler.Job("test.job", timedelta(minutes=5), scheduler.in_one_transaction(work))
    assert await scheduler.run(job, sessions, clock) == 3
    assert await scheduler.run(job, sessions, clock) is None
    clock.instant += timedelta(minutes=5)
    assert await scheduler.run(job, sessions, clock) == 3
    assert len(runs) == 2


async def test_a_failed_run_is_recorded_and_raised(sessions, clock):
    async def work(session, now):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        await scheduler.run(scheduler.Job("test.job", timedelta(minutes=5), scheduler.in_one_transaction(work)), sessions, clock)
    async with sessions() as session:
        assert "broken" in (await jobs.latest(session, 1))[0].outcome


def test_slots_start_on_their_interval():
    assert scheduler.slot_of(datetime(2026, 3, 10, 10, 7, tzinfo=UTC), timedelta(minutes=5)) == datetime(2026, 3, 10, 10, 5, tzinfo=UTC)


async def test_every_declared_job_runs(sessions, clock):
    for job in scheduler.JOBS:
        assert await scheduler.run(job, sessions, clock) == 0
