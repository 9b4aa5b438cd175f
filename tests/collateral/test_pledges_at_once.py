"""Fifty banks at once, each in a transaction of its own on a real PostgreSQL: one asset, one holder."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from greenbridge.accounts.values import Role
from greenbridge.collateral import service
from greenbridge.collateral.values import AssetKind, PledgeState
from greenbridge.kit import database
from greenbridge.kit.errors import Conflict
from tests.builders import a_verified_firm, an_actor
from tests.collateral.assets import YUAN, a_pledge_draft

S = PledgeState
BANKS = 50


@pytest.fixture
async def sessions(own_database):
    engine = create_async_engine(own_database, pool_size=BANKS, max_overflow=10)
    yield database.make_sessions(engine)
    await engine.dispose()


async def town(sessions, now):
    async with sessions.begin() as session:
        firm, _ = await a_verified_firm(session, now)
        return firm, [await an_actor(session, now, Role.OFFICER, f"GB{n:02d}") for n in range(1, BANKS + 1)]


async def offered(sessions, firm, banks, box, now, **changes):
    async with sessions.begin() as session:
        return [(await service.offer(session, firm, box, a_pledge_draft(bank, **changes), now)).id for bank in banks]


async def accepted(sessions, bank, box, pledge_id, now):
    async with sessions.begin() as session:
        database.confine(session, bank, now)
        return await service.accept(session, bank, box, pledge_id, now)


async def test_of_fifty_banks_exactly_one_gets_the_invoice(sessions, box, now):
    firm, banks = await town(sessions, now)
    # Half of them have it typed in another way.
    ids = await offered(sessions, firm, banks[::2], box, now)
    ids += await offered(sessions, firm, banks[1::2], box, now, code="33001900104", number="１２345", issued_on="2026/1/15")
    done = await asyncio.gather(*(accepted(sessions, bank, box, i, now) for bank, i in zip(banks[::2] + banks[1::2], ids, strict=True)))
    assert Counter(pledge.state for pledge in done) == {S.ACTIVE: 1, S.REFUSED: BANKS - 1}
    async with sessions() as session:
        assert (await session.execute(text("select count(*) from pledged_asset"))).scalar_one() == 1
        assert (await session.execute(text("select count(*) from pledge where state = 'active'"))).scalar_one() == 1
        assert (await session.execute(text("select count(*) from pledge_key"))).scalar_one() == 1
        events = await session.execute(text("select event, count(*) from pledge_event group by event"))
        assert dict(events.all()) == {"offer": BANKS, "accept": 1, "refuse": BANKS - 1}


async def test_parts_taken_at_once_never_exceed_the_whole_and_fill_it(sessions, box, now):
    firm, banks = await town(sessions, now)
    banks = banks[:30]
    ids = await offered(sessions, firm, banks, box, now, amount_fen=70 * YUAN)
    done = await asyncio.gather(*(accepted(sessions, bank, box, i, now) for bank, i in zip(banks, ids, strict=True)))
    active = [pledge for pledge in done if pledge.state is S.ACTIVE]
    assert len(active) == 14  # 14 x 70 = 980 of 1,000 yuan
    assert sorted(pledge.rank for pledge in active) == list(range(1, 15))


async def test_ranks_taken_at_once_are_told_apart(sessions, box, now):
    firm, banks = await town(sessions, now)
    banks = banks[:10]
    terms = {"kind": AssetKind.REAL_ESTATE, "amount_fen": 100 * YUAN, "expires_on": now.date() + timedelta(days=900)}
    ids = await offered(sessions, firm, banks, box, now, **terms)
    done = await asyncio.gather(*(accepted(sessions, bank, box, i, now) for bank, i in zip(banks, ids, strict=True)))
    assert sorted(pledge.rank for pledge in done if pledge.rank) == [1, 2]


async def test_a_rotation_in_the_middle_opens_no_gap(sessions, box, now):
    firm, banks = await town(sessions, now)
    banks = banks[:16]
    ids = await offered(sessions, firm, banks, box, now)

    async def rotated():
        async with sessions.begin() as session:
            return await service.rotate(session, box, now)

    acts = [accepted(sessions, bank, box, i, now) for bank, i in zip(banks, ids, strict=True)]
    done = await asyncio.gather(*acts[:8], rotated(), *acts[8:])
    states = Counter(pledge.state for pledge in done if not isinstance(pledge, tuple))
    assert states == {S.ACTIVE: 1, S.REFUSED: len(banks) - 1}


async def test_one_offer_is_answered_once(sessions, box, now):
    firm, banks = await town(sessions, now)
    (pledge_id,) = await offered(sessions, firm, banks[:1], box, now)
    done = await asyncio.gather(*(accepted(sessions, banks[0], box, pledge_id, now) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, Conflict) for one in done) == 7
    assert [one.state for one in done if not isinstance(one, Exception)] == [S.ACTIVE]
