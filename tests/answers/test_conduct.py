"""How banks answer becomes a part of how their products rank, few answers saying little."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.answers import jobs
from greenbridge.answers import store as answer_store
from greenbridge.matching import service as matching
from greenbridge.needs import service as needs
from tests.builders import a_draft, a_verified_firm, an_actor, the_products, token


async def test_answers_are_counted_shrunk_used_and_explained(client, session, now, model):
    await the_products(session, now)
    good, bad = [await an_actor(session, now, Role.OFFICER, code) for code in ("GB01", "GB02")]
    actor, firm = await a_verified_firm(session, now)
    made = [await needs.publish(session, actor, firm.id, a_draft(), now) for _ in range(3)]
    for need in made:
        one = await answer_store.add(session, need.id, good.organisation, good.account_id, 1, now, now.date())
        await session.execute(text("update answer set status = 'declined', reasons = array['no_capacity'] where id = :id"), {"id": one.id})
        two = await answer_store.add(session, need.id, bad.organisation, bad.account_id, 2, now, now.date())
        await session.execute(text("update answer set status = 'expired' where id = :id"), {"id": two.id})
    running = await needs.publish(session, actor, firm.id, a_draft(), now)
    await answer_store.add(session, running.id, good.organisation, good.account_id, 1, now, now.date())  # still runs: counts for nothing
    before = {m.product.bank.code: m.fit.behaviour for m in (await matching.of_need(session, running, model, now)).matches}
    assert before["GB01"] == before["GB02"] == 0.5
    assert await jobs.note_behaviour(session, now) == 2
    assert await jobs.note_behaviour(session, now) == 0
    found = await matching.behaviour_of(session)
    assert (found["GB01"].well, found["GB01"].asked, found["GB01"].score) == (3, 3, pytest.approx((3 + 2.5) / 8))
    assert (found["GB02"].well, found["GB02"].asked, found["GB02"].score) == (0, 3, pytest.approx(2.5 / 8))
    fresh = await needs.publish(session, actor, firm.id, a_draft(), now)
    after = {m.product.bank.code: m.fit.behaviour for m in (await matching.of_need(session, fresh, model, now)).matches}
    assert (after["GB01"], after["GB02"]) == (pytest.approx(0.6875), pytest.approx(0.3125))
    await session.commit()
    mine = await token(client, actor.login)
    one = (await client.get(f"/api/v1/needs/{fresh.id}/matches/GB01-TAX", headers=mine)).json()
    assert one["past_answers"] == {"well": 3, "asked": 3, "score": 0.6875}
    assert one["green"]["basis"] == "system"
    assert await jobs.note_behaviour(session, now + timedelta(days=400)) == 2  # old answers are forgotten
    assert {b.score for b in (await matching.behaviour_of(session)).values()} == {0.5}
