"""Whoever reads on from a cursor misses nothing, in whatever order requests commit."""

import asyncio
from datetime import timedelta

import pytest

from greenbridge.accounts.values import Role
from greenbridge.answers import service
from greenbridge.answers.values import DeclineReason
from greenbridge.facts.rules import items
from greenbridge.kit import database
from greenbridge.kit.errors import Invalid
from greenbridge.needs import service as needs
from tests.builders import a_draft, a_verified_firm, an_actor, deliver, steady_invoices, the_products


async def numbers(session, officer, model, now, cursor, limit=10):
    found, following = await service.feed(session, officer, model, now, cursor=cursor, limit=limit)
    return [one.number for one in found], following


async def test_a_request_that_began_first_and_commits_last_is_not_lost(own_database, now, model):
    engine = database.make_engine(own_database)
    sessions = database.make_sessions(engine)
    async with sessions.begin() as session:
        await the_products(session, now)
        firm, enterprise = await a_verified_firm(session, now)
        await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
        officer = await an_actor(session, now, Role.OFFICER, "GB02")
    later = now + timedelta(seconds=1)

    async def read(cursor):
        async with sessions.begin() as session:
            return await numbers(session, officer, model, later, cursor)

    async with sessions() as slow, sessions() as quick:
        database.confine(slow, firm, now)
        early = asyncio.create_task(needs.publish(slow, firm, enterprise.id, a_draft(), now))
        first = await asyncio.wait_for(early, 10)  # it has its place, and has not committed
        waiting = asyncio.create_task(needs.publish(quick, firm, enterprise.id, a_draft(term_months=10), later))
        await asyncio.sleep(0.3)
        assert await read(None) == ([], None)
        assert not waiting.done()  # the later place is not drawn before the earlier one is there to be seen
        await slow.commit()
        second = await asyncio.wait_for(waiting, 10)
        seen, cursor = await read(None)
        assert seen == [first.number]
        await quick.commit()
        assert (await read(cursor))[0] == [second.number]
    async with sessions.begin() as session:  # begun first by its own clock, listed last
        third = await needs.publish(session, firm, enterprise.id, a_draft(term_months=9), now - timedelta(seconds=5))
    _, cursor = await read(cursor)
    seen, cursor = await read(None)
    assert seen == [first.number, second.number, third.number]
    assert (await read(cursor))[0] == []
    await engine.dispose()


async def test_an_earlier_instant_that_commits_later_comes_after_the_cursor(session, now, model, town, officer_of):
    firm, enterprise, _ = town
    officer = await officer_of()
    first = await needs.publish(session, firm, enterprise.id, a_draft(), now)
    seen, cursor = await numbers(session, officer, model, now, None)
    assert seen == [first.number]
    late = await needs.publish(session, firm, enterprise.id, a_draft(term_months=10), now - timedelta(seconds=3))
    assert (await numbers(session, officer, model, now, cursor))[0] == [late.number]


async def test_a_need_that_is_opened_again_is_fed_again(session, now, model, town, officer_of):
    _, _, publish = town
    need = await publish()
    reader, officer = await officer_of("GB03"), await officer_of("GB02")
    _, cursor = await numbers(session, reader, model, now, None)
    assert (await numbers(session, reader, model, now, cursor))[0] == []
    claimed = await service.claim(session, officer, need.id, model, now)
    assert (await numbers(session, reader, model, now, cursor))[0] == []
    await service.decline(session, officer, claimed.id, [DeclineReason.DEFAULT_RISK], "", now)
    assert (await numbers(session, reader, model, now, cursor))[0] == [need.number]


@pytest.mark.parametrize("cursor", ["x", "bGlzdGVkLQ", "bGlzdGVkLS0x", "MjAyNi0wMy0xMFQwMTowMDowMCswMDowMCBOMQ", "bGlzdGVkLdmp"])
async def test_a_cursor_that_is_not_ours_begins_anew(session, now, model, town, officer_of, cursor):
    with pytest.raises(Invalid):
        await service.feed(session, await officer_of(), model, now, cursor=cursor, limit=3)
