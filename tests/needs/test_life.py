"""Drafts and the five points."""

from dataclasses import replace
from uuid import uuid4

import pytest

from greenbridge.accounts.values import Role
from greenbridge.facts.rules import items
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.kit.states import replay
from greenbridge.needs import gateway, service
from greenbridge.needs.rules import life, points
from greenbridge.needs.values import Known, Mode, NeedStatus, Point, Verdict
from tests.builders import a_draft, a_need_body, a_verified_firm, an_actor, deliver, steady_invoices, token

TYPED = {"amount_fen": "30", "max_annual_rate_bp": "", "term_months": "zwölf", "guarantee_modes": ["credit"], "csrf": "x"}


@pytest.mark.parametrize(("policy", "case"), gateway.cases(), ids=lambda one: one["name"] if isinstance(one, dict) else "")
def test_the_policy_keeps_its_own_cases(policy, case):
    draft = a_draft(amount_fen=case["amount_fen"], pledges_purpose=case["pledged"])
    found = points.findings(Known(**case["known"]), draft, policy)
    assert [one.verdict.value for one in found] == case["expect"]
    assert points.barred(found) is case["bars"]
    assert [one.point for one in found] == list(Point)
    assert all(one.because for one in found)


async def test_the_points_read_the_departments_records(session, now):
    actor, enterprise = await a_verified_firm(session, now)
    before = {f.point: f for f in await service.check(session, enterprise, a_draft(), now)}
    assert before[Point.OPERATION].verdict is Verdict.UNKNOWN
    assert before[Point.REAL_NEED].verdict is Verdict.UNKNOWN
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    await deliver(session, now, items.TAX_GRADE, {"uscc": enterprise.uscc, "year": 2024, "grade": "D", "published_on": "2025-04-25"})
    await deliver(session, now, "utilities.water", {"uscc": enterprise.uscc, "month": "2026-01-01", "usage_m3": "90", "amount": "300"})
    after = {f.point: f for f in await service.check(session, enterprise, a_draft(pledges_purpose=True), now)}
    assert {point: f.verdict for point, f in after.items()} == {
        Point.OPERATION: Verdict.UNKNOWN,  # the lists of the market regulator were not delivered: nothing speaks for it
        Point.PREMISES: Verdict.PASS,
        Point.REAL_NEED: Verdict.PASS,
        Point.GOOD_CREDIT: Verdict.FAIL,
        Point.LAWFUL_PURPOSE: Verdict.PASS,
    }
    assert "名录" in "".join(text.zh for text in after[Point.OPERATION].because)
    for item in (items.SEVERE_LIST, items.ABNORMAL_LIST):
        entry = {"uscc": "91330502MA2B1C2X8J", "reason": "x", "authority": "局", "listed_on": "2025-05-01"}
        await deliver(session, now, item, entry)
    whole = {f.point: f for f in await service.check(session, enterprise, a_draft(pledges_purpose=True), now)}
    assert whole[Point.OPERATION].verdict is Verdict.PASS
    much = await service.check(session, enterprise, a_draft(amount_fen=90_000_000_000), now)
    assert {f.point for f in much if f.verdict is Verdict.FAIL} == {Point.REAL_NEED, Point.GOOD_CREDIT}
    need = await service.publish(session, actor, enterprise.id, a_draft(), now)
    assert {f.point: f.verdict for f in need.findings}[Point.GOOD_CREDIT] is Verdict.FAIL  # said, and kept with the need


async def test_a_seriously_dishonest_firm_does_not_get_to_banks(session, now):
    actor, enterprise = await a_verified_firm(session, now)
    entry = {"uscc": enterprise.uscc, "reason": "虚假登记", "authority": "局", "listed_on": "2025-05-01"}
    await deliver(session, now, items.SEVERE_LIST, entry)
    with pytest.raises(Conflict) as raised:
        await service.publish(session, actor, enterprise.id, a_draft(), now)
    assert raised.value.code == "barred"
    assert "严重违法" in raised.value.detail.zh
    assert (await service.totals(session))[0] == 0


async def test_a_draft_keeps_what_was_typed_and_becomes_the_need(session, now):
    actor, enterprise = await a_verified_firm(session, now)
    kept = await service.save(session, actor, TYPED, now)
    assert "csrf" not in kept.typed
    assert kept.typed["term_months"] == "zwölf"  # nothing typed is lost, also what is no number
    again = await service.save(session, actor, {**TYPED, "amount_fen": "50"}, now, kept.id)
    assert again.id == kept.id
    assert [one.typed["amount_fen"] for one in await service.drafts(session, actor)] == ["50"]
    with pytest.raises(Invalid):
        await service.publish(session, actor, enterprise.id, a_draft(amount_fen=-1), now, draft_id=kept.id)
    need = await service.publish(session, actor, enterprise.id, a_draft(), now, draft_id=kept.id)
    assert need.id == kept.id
    assert await service.drafts(session, actor) == []
    happened = [one.event for one in await service.history(session, need.id)]
    assert [event.value for event in happened] == ["save", "save", "publish"]
    assert replay(life.MACHINE, happened) is NeedStatus.PUBLISHED


async def test_drafts_are_their_firms_and_bounded(session, now):
    actor, _ = await a_verified_firm(session, now)
    other, theirs = await a_verified_firm(session, now, 2)
    kept = await service.save(session, actor, TYPED, now)
    for act in (
        service.save(session, other, TYPED, now, kept.id),
        service.draft_of(session, other, kept.id),
        service.discard(session, other, kept.id, now),
        service.publish(session, other, theirs.id, a_draft(), now, draft_id=kept.id),
        service.discard(session, actor, uuid4(), now),
    ):
        with pytest.raises(NotFound):
            await act
    with pytest.raises(Invalid):
        await service.save(session, actor, {"amount_fen": "9" * 500}, now)
    await service.discard(session, actor, kept.id, now)
    for _ in range(20):
        await service.save(session, actor, TYPED, now)
    with pytest.raises(Conflict):
        await service.save(session, actor, TYPED, now)


async def test_a_sealed_need_lets_more_banks_in_and_has_a_window(session, now):
    actor, enterprise = await a_verified_firm(session, now)
    grab = await service.publish(session, actor, enterprise.id, a_draft(), now)
    sealed = await service.publish(session, actor, enterprise.id, replace(a_draft(), mode=Mode.SEALED), now)
    direct = await service.publish(session, actor, enterprise.id, replace(a_draft(), mode=Mode.DIRECT), now)
    assert (grab.slots, sealed.slots, direct.slots) == (3, 10, 1)
    assert (grab.sealed, sealed.sealed, direct.sealed) == (False, True, False)


async def test_api_drafts_and_the_check(client, session, now):
    actor, enterprise = await a_verified_firm(session, now)
    await an_actor(session, now, Role.OFFICER, login="somebody")
    await session.commit()
    mine = await token(client, actor.login)
    saved = await client.post("/api/v1/need-drafts", json={"typed": {"amount_fen": "30"}}, headers=mine)
    assert saved.status_code == 201
    path = f"/api/v1/need-drafts/{saved.json()['id']}"
    assert (await client.put(path, json={"typed": {"amount_fen": "40"}}, headers=mine)).json()["typed"] == {"amount_fen": "40"}
    assert len((await client.get("/api/v1/need-drafts", headers=mine)).json()) == 1
    assert (await client.delete(path, headers=mine)).status_code == 204
    assert (await client.delete(path, headers=mine)).status_code == 404
    checks = f"/api/v1/enterprises/{enterprise.id}/need-checks"
    found = (await client.post(checks, json=a_need_body(), headers=mine)).json()
    assert [one["point"] for one in found] == [point.value for point in Point]
    assert (await client.post(checks, json=a_need_body(), headers=await token(client, "somebody"))).status_code == 403
