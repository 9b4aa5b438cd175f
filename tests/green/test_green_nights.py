"""The clock's work: one case that fails keeps no other; what made a grade worse says from when."""

import pytest
from sqlalchemy import text

from greenbridge import scheduler
from greenbridge.green import jobs as green_jobs
from greenbridge.green import service as green
from greenbridge.green.values import State
from tests.builders import a_verified_firm, deliver
from tests.green.conftest import good_facts


@pytest.fixture
async def both(place):
    """Return two cases whose firms turned black; the rating of the first names an edition that nobody has."""
    s, first = place.session, await place.certified()
    mine = place.actor, place.firm
    place.actor, place.firm = await a_verified_firm(s, place.now, 41)
    await good_facts(s, place.now, place.firm.uscc)
    second = await place.certified()
    for firm in (mine[1], place.firm):
        black = {"uscc": firm.uscc, "year": 2026, "colour": "黑", "decided_on": str(place.now.date())}
        await deliver(s, place.now, "environment.credit", black)
    await s.execute(text("alter table green_rating disable trigger appended"))
    await s.execute(text("update green_rating set scheme_version = 'LOST' where case_id = :id"), {"id": first})
    await s.execute(text("alter table green_rating enable trigger appended"))
    place.later(1)
    return first, second


async def test_a_case_that_fails_is_undone_alone_and_counted(place, both):
    night = await green.nightly(place.session, place.book, place.seal, place.now)
    assert (night.failed, night.removed, night.total) == (1, 1, 1)
    assert [(await green.view(place.session, None, one)).case.state for one in both] == [State.CERTIFIED, State.REMOVED]


async def test_the_job_commits_the_others_and_is_tried_again_within_the_hour(place, both, sessions, clock, settings):
    clock.instant = place.now
    await place.session.commit()
    job = green_jobs.nightly(place.book, place.seal)
    with pytest.raises(ExceptionGroup) as failed:
        await job(sessions, clock)
    assert len(failed.value.exceptions) == 1
    assert [(await green.view(place.session, None, one)).case.state for one in both] == [State.CERTIFIED, State.REMOVED]
    assert scheduler.green_job(settings).again == scheduler.AGAIN
    await place.session.execute(text("alter table green_rating disable trigger appended"))
    await place.session.execute(text("update green_rating set scheme_version = 'HZ-GREEN-RECON-1' where scheme_version = 'LOST'"))
    await place.session.execute(text("alter table green_rating enable trigger appended"))
    await place.session.commit()
    assert await job(sessions, clock) == 1
    assert (await green.view(place.session, None, both[0])).case.state is State.REMOVED


async def test_a_case_that_another_session_moved_meanwhile_is_read_again(place):
    case_id = await place.published()
    place.later(10)
    await green.nightly(place.session, place.book, place.seal, place.now)
    (first,) = await green.certificates(place.session, case_id)
    again = await green.night_of(place.session, place.book, place.seal, case_id, place.now)
    assert again.total == 0
    assert await green.certificates(place.session, case_id) == [first]
