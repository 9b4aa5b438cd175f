"""Pledges on PostgreSQL: offered, compared, in parts, by ranks, released, over, handed over; who is told what; how often one may ask."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from greenbridge.accounts.values import Role
from greenbridge.collateral import service
from greenbridge.collateral.rules import receipts
from greenbridge.collateral.service.checking import FIELD
from greenbridge.collateral.values import AssetKind, Evidence, PledgeEvent, PledgeState
from greenbridge.consents import service as consents
from greenbridge.consents.values import WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.kit import database, signing
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound
from tests.builders import a_verified_firm, an_actor, an_invoice, deliver
from tests.collateral.assets import CERTIFICATE, YUAN, a_pledge_draft, pledged, stated

S = PledgeState


async def topics(session):
    rows = await session.execute(text("select topic, organisation_id, payload::text from outbox_event order by id"))
    return [tuple(row) for row in rows]


async def agreed(session, actor, officer, now):
    firm = await enterprises.mine(session, actor)
    to = (firm.id, officer.organisation.id, (WorkStep.SURVEY,), facts.described(), now)
    await consents.grant(session, *to, told_by=None, narrowing=None, basis="")
    return firm


async def test_the_same_invoice_is_pledged_once_however_it_is_typed(session, now, box, firm, officers):
    one, two, _ = officers
    first = await pledged(session, firm, one, box, now)
    assert (first.state, first.rank) == (S.ACTIVE, 1)
    again = await pledged(session, firm, two, box, now, code="33001900104", number="１2345", issued_on="2026/1/16", whole_fen=999 * YUAN)
    assert (again.state, again.rank, again.ended_at) == (S.REFUSED, None, now)
    with pytest.raises(Conflict):  # a final state
        await service.accept(session, two, box, again.id, now)
    other = await pledged(session, firm, two, box, now, number="00012346")
    assert other.state is S.ACTIVE


async def test_another_firm_is_refused_too_and_nobody_learns_who_holds_it(session, now, box, firm, officers):
    one, two, _ = officers
    held = await pledged(session, firm, one, box, now)
    stranger, _ = await a_verified_firm(session, now, 2)
    refused = await pledged(session, stranger, two, box, now)
    assert refused.state is S.REFUSED
    seen = [await service.one(session, actor, box, refused.id, now) for actor in (stranger, two)]
    for view in seen:
        told = repr((view.pledge.note, view.history, view.pledge.rank, view.pledge.asset_id))
        assert one.organisation.name not in told
        assert str(held.id) not in told
        assert "asset_id=None" in repr(view.pledge)
    told = [payload for topic, _, payload in await topics(session) if topic == "pledge.refused"]
    assert [sorted(json.loads(payload)) for payload in told] == [["number", "pledge_id", "state"]]


async def test_an_offer_compares_nothing_and_reserves_nothing(session, now, box, firm, officers):
    one, two, _ = officers
    offers = [await service.offer(session, firm, box, a_pledge_draft(bank), now) for bank in (one, two)]
    assert [offer.state for offer in offers] == [S.OFFERED] * 2
    assert (await service.accept(session, two, box, offers[1].id, now)).state is S.ACTIVE
    assert (await service.accept(session, one, box, offers[0].id, now)).state is S.REFUSED


async def test_parts_of_an_invoice_up_to_the_whole(session, now, box, firm, officers):
    one, two, three = officers
    assert (await pledged(session, firm, one, box, now, amount_fen=600 * YUAN)).rank == 1
    assert (await pledged(session, firm, two, box, now, amount_fen=400 * YUAN + 1)).state is S.REFUSED
    # Stating a larger whole makes no room.
    assert (await pledged(session, firm, two, box, now, amount_fen=401 * YUAN, whole_fen=5_000 * YUAN)).state is S.REFUSED
    part = await pledged(session, firm, two, box, now, amount_fen=400 * YUAN)
    assert (part.state, part.rank) == (S.ACTIVE, 2)
    assert (await pledged(session, firm, three, box, now, amount_fen=1)).state is S.REFUSED
    released = await service.release(session, two, box, part.id, now)
    assert released.state is S.RELEASED
    assert (await pledged(session, firm, three, box, now, amount_fen=400 * YUAN)).state is S.ACTIVE


async def test_a_second_charge_over_what_is_left_and_no_third(session, now, box, firm, officers):
    one, two, three = officers
    estate = {"kind": AssetKind.REAL_ESTATE, "expires_on": now.date() + timedelta(days=3000)}
    assert (await pledged(session, firm, one, box, now, amount_fen=500 * YUAN, **estate)).rank == 1
    assert (await pledged(session, firm, two, box, now, amount_fen=600 * YUAN, **estate)).state is S.REFUSED
    assert (await pledged(session, firm, two, box, now, amount_fen=300 * YUAN, **estate)).rank == 2
    assert (await pledged(session, firm, three, box, now, amount_fen=100 * YUAN, **estate)).state is S.REFUSED


async def test_a_machine_is_not_divisible(session, now, box, firm, officers):
    one, two, _ = officers
    assert (await pledged(session, firm, one, box, now, kind=AssetKind.EQUIPMENT, amount_fen=1)).state is S.ACTIVE
    assert (await pledged(session, firm, two, box, now, kind=AssetKind.EQUIPMENT, amount_fen=1)).state is S.REFUSED


async def test_a_pledge_over_its_time_makes_room_on_the_next_day_before_any_job_has_run(session, now, box, firm, officers):
    one, two, _ = officers
    first = await pledged(session, firm, one, box, now, expires_on=now.date() + timedelta(days=3))
    on_the_day = now + timedelta(days=3)
    assert (await pledged(session, firm, two, box, on_the_day)).state is S.REFUSED
    after = now + timedelta(days=4)
    assert (await pledged(session, firm, two, box, after)).state is S.ACTIVE
    assert (await service.one(session, one, box, first.id, after)).pledge.state is S.EXPIRED


async def test_what_is_over_its_time_ends(session, now, box, firm, officers):
    one, two, _ = officers
    held = await pledged(session, firm, one, box, now, expires_on=now.date() + timedelta(days=3))
    waiting = await service.offer(session, firm, box, a_pledge_draft(two), now)
    assert await service.end_overdue(session, now + timedelta(days=3)) == 0
    assert await service.end_overdue(session, now + timedelta(days=4)) == 1
    late = now + timedelta(days=11)
    with pytest.raises(Conflict, match="over its time"):
        await service.accept(session, two, box, waiting.id, late)
    assert await service.end_overdue(session, late) == 1
    assert await service.end_overdue(session, late) == 0
    views = {view.pledge.id: view for view in await service.mine(session, firm, box, late)}
    assert views[held.id].pledge.state is S.EXPIRED
    assert views[waiting.id].pledge.state is S.LAPSED
    assert [one.event for one in views[held.id].history] == [PledgeEvent.OFFER, PledgeEvent.ACCEPT, PledgeEvent.EXPIRE]


async def test_declined_and_withdrawn_offers_free_nothing_and_end(session, now, box, firm, officers):
    one, two, _ = officers
    offers = [await service.offer(session, firm, box, a_pledge_draft(one), now) for _ in range(2)]
    with pytest.raises(Invalid):
        await service.decline(session, one, offers[0].id, " ", now)
    assert (await service.decline(session, one, offers[0].id, "账期过长", now)).note == "账期过长"
    assert (await service.withdraw(session, firm, offers[1].id, now)).state is S.WITHDRAWN
    for act in (service.decline(session, one, offers[1].id, "不再需要", now), service.withdraw(session, firm, offers[0].id, now)):
        with pytest.raises(Conflict):
            await act
    assert [topic for topic, _, _ in await topics(session)] == ["pledge.offered", "pledge.offered", "pledge.declined", "pledge.withdrawn"]
    with pytest.raises(NotFound):
        await service.decline(session, two, offers[0].id, "不是本行", now)


async def test_a_bank_hands_its_pledge_over_and_holds_it_until_the_other_accepts(session, now, box, firm, officers):
    one, two, three = officers
    held = await pledged(session, firm, one, box, now, amount_fen=600 * YUAN)
    for to in (one.organisation.id, firm.organisation.id):
        with pytest.raises(Invalid):
            await service.hand_over(session, one, box, held.id, to, now)
    offered = await service.hand_over(session, one, box, held.id, two.organisation.id, now)
    assert (offered.bank_id, offered.state, offered.succeeds) == (two.organisation.id, S.OFFERED, held.id)
    with pytest.raises(Conflict, match="waits"):
        await service.hand_over(session, one, box, held.id, three.organisation.id, now)
    with pytest.raises(Conflict):
        await service.withdraw(session, firm, offered.id, now)
    assert (await pledged(session, firm, three, box, now, amount_fen=401 * YUAN)).state is S.REFUSED
    taken = await service.accept(session, two, box, offered.id, now)
    assert (taken.state, taken.rank, taken.amount_fen) == (S.ACTIVE, 1, 600 * YUAN)
    assert (await service.one(session, one, box, held.id, now)).pledge.state is S.TRANSFERRED
    assert (await service.one(session, two, box, taken.id, now)).stated == (await service.one(session, one, box, held.id, now)).stated
    assert (await pledged(session, firm, three, box, now, amount_fen=401 * YUAN)).state is S.REFUSED
    assert "pledge.transfer_offered" in [topic for topic, _, _ in await topics(session)]


async def test_what_was_released_cannot_be_taken_over(session, now, box, firm, officers):
    one, two, _ = officers
    held = await pledged(session, firm, one, box, now)
    offered = await service.hand_over(session, one, box, held.id, two.organisation.id, now)
    await service.release(session, one, box, held.id, now)
    assert (await service.accept(session, two, box, offered.id, now)).state is S.REFUSED


async def test_each_sees_its_own(session, now, box, firm, officers):
    one, two, three = officers
    stranger, _ = await a_verified_firm(session, now, 2)
    first = await pledged(session, firm, one, box, now, amount_fen=1)
    second = await pledged(session, firm, two, box, now, amount_fen=1)
    assert {view.pledge.id for view in await service.mine(session, firm, box, now)} == {first.id, second.id}
    assert {view.bank_name for view in await service.mine(session, firm, box, now)} == {"机构GB01", "机构GB02"}
    assert [view.pledge.id for view in await service.mine(session, one, box, now)] == [first.id]
    assert await service.mine(session, three, box, now) == await service.mine(session, stranger, box, now) == []
    for actor in (two, three, stranger):
        with pytest.raises(NotFound):
            await service.one(session, actor, box, first.id, now)
    for act in (service.accept, service.release):
        with pytest.raises(Forbidden):
            await act(session, firm, box, first.id, now)
    with pytest.raises(Forbidden):
        await service.offer(session, one, box, a_pledge_draft(one), now)


async def test_the_database_holds_nothing_that_can_be_read_or_guessed(session, now, box, firm, officers):
    await pledged(session, firm, officers[0], box, now, kind=AssetKind.REAL_ESTATE, amount_fen=1, expires_on=now.date() + timedelta(days=9))
    rows = []
    for table in ("pledge", "pledged_asset", "pledge_key", "audit_event", "outbox_event"):
        rows += [str(row) for row in await session.scalars(text(f"select row_to_json(t)::text from {table} t"))]
    whole = "\n".join(rows)
    for secret in ("330502001001", "0001234", CERTIFICATE):
        assert secret not in whole
        assert secret.encode().hex() not in whole


async def test_a_receipt_shows_what_it_is_about_only_with_its_opening(session, now, box, firm, officers):
    held = await pledged(session, firm, officers[0], box, now)
    view = await service.one(session, firm, box, held.id, now)
    receipt = view.receipt(PledgeEvent.ACCEPT)
    keys = box.ring.published()
    assert receipts.verified(receipt, keys)["pledgee"] == "机构GB01"
    closed = {name: receipt[name] for name in ("payload", "signature")}
    assert receipts.verified(closed, keys)["number"] == held.number
    assert "00012345" not in json.dumps(closed, ensure_ascii=False)
    with pytest.raises(signing.Unverified):
        receipts.verified({**receipt, "payload": {**receipt["payload"], "amount_fen": 1}}, keys)
    forged = {**receipt["opening"], "fields": {**receipt["opening"]["fields"], "number": "00012346"}}
    with pytest.raises(Invalid):
        receipts.verified({**receipt, "opening": forged}, keys)
    with pytest.raises(Invalid):
        receipts.verified({"payload": {}}, keys)
    await service.release(session, officers[0], box, held.id, now)
    freed = (await service.one(session, firm, box, held.id, now)).receipt(PledgeEvent.RELEASE)
    assert receipts.verified(freed, keys)["event"] == "release"
    assert (
        freed["payload"]["asset_digest"] != receipt["payload"]["asset_digest"]
    )  # salted anew: two receipts are not told to be of one asset


async def test_a_rotation_keeps_every_asset_the_same_asset(session, now, box, firm, officers):
    one, two, _ = officers
    held = await pledged(session, firm, one, box, now)
    offered = await service.offer(session, firm, box, a_pledge_draft(two), now)
    before = list(await session.scalars(text("select commitment from pledged_asset")))
    serial, count, former = await service.rotate(session, box, now)
    assert (serial, count) == (2, 2)
    box.vault.destroy(former)
    session.expire_all()
    assert list(await session.scalars(text("select commitment from pledged_asset"))) != before
    assert (await service.one(session, firm, box, held.id, now)).stated == stated()
    assert (await service.accept(session, two, box, offered.id, now)).state is S.REFUSED
    assert (await pledged(session, firm, two, box, now, number="9")).state is S.ACTIVE


async def test_a_check_needs_consent_knows_one_firm_and_stands_in_its_ledger(session, now, box, firm, officers):
    one, two, _ = officers
    await pledged(session, firm, one, box, now)
    me = await enterprises.mine(session, firm)
    with pytest.raises(Forbidden):
        await service.check(session, two, box, me.id, stated(), WorkStep.SURVEY, now)
    await agreed(session, firm, two, now)
    assert await service.check(session, two, box, me.id, stated(number="12345"), WorkStep.SURVEY, now) is True
    # All that stands on its face must be known: a number alone, tried through, finds nothing.
    assert await service.check(session, two, box, me.id, stated(issued_on="2026-01-16"), WorkStep.SURVEY, now) is False
    assert await service.check(session, two, box, me.id, stated(number="12346"), WorkStep.SURVEY, now) is False
    stranger, _ = await a_verified_firm(session, now, 2)
    other = await agreed(session, stranger, two, now)
    # The other firm agreed for itself, and says nothing of the first one's pledges.
    assert await service.check(session, two, box, other.id, stated(), WorkStep.SURVEY, now) is False
    reads = await consents.reads_of(session, me.id)
    assert [(read.login, read.fields) for read in reads] == [(two.login, (FIELD,))] * 3
    found = await session.execute(text("select pledged from pledge_check order by id"))
    assert list(found.scalars()) == [True, False, False, False]


async def test_checks_and_refusals_are_rationed(session, now, box, firm, officers):
    one, two, _ = officers
    me = await agreed(session, firm, two, now)
    most = service.policy(now).limits
    for _ in range(most.checks_of_a_firm_by_a_bank):
        await service.check(session, two, box, me.id, stated(), WorkStep.SURVEY, now)
    with pytest.raises(service.TooOften) as refused:
        await service.check(session, two, box, me.id, stated(), WorkStep.SURVEY, now)
    assert refused.value.status == 429
    assert await service.check(session, two, box, me.id, stated(), WorkStep.SURVEY, now + timedelta(days=1)) is False
    await pledged(session, firm, one, box, now)
    for _ in range(most.refusals_of_a_firm):
        assert (await pledged(session, firm, two, box, now)).state is S.REFUSED
    with pytest.raises(service.TooOften):
        await service.offer(session, firm, box, a_pledge_draft(two, number="7"), now)
    await service.offer(session, firm, box, a_pledge_draft(two, number="7"), now + timedelta(days=1))


async def test_departments_data_speak_for_or_against_an_asset(session, now, box, firm, officers):
    me = await enterprises.mine(session, firm)
    rows = [
        an_invoice(uscc=me.uscc, invoice_no=no, issue_date="2026-01-15", status=status) for no, status in (("11", "valid"), ("12", "void"))
    ]
    await deliver(session, now, items.VAT_INVOICES, *rows)
    owned = {"uscc": me.uscc, "certificate_no": CERTIFICATE, "registered_on": "2024-05-01"}
    seized = {**owned, "certificate_no": "浙（2024）湖州市不动产权第0009999号"}
    await deliver(session, now, "real_estate.ownership", owned, seized)
    order = {"uscc": me.uscc, "document_no": "执1", "certificate_no": seized["certificate_no"], "seized_on": "2025-05-01"}
    await deliver(session, now, "real_estate.seizures", order)

    async def evidence(**changes):
        return (await service.offer(session, firm, box, a_pledge_draft(officers[0], **changes), now)).evidence

    assert await evidence(number="00000011", whole_fen=11_300) is Evidence.CONFIRMED
    assert await evidence(number="11", whole_fen=11_301) is Evidence.CONTRADICTED
    assert await evidence(number="12", whole_fen=11_300) is Evidence.CONTRADICTED
    assert await evidence(number="13", whole_fen=11_300) is Evidence.UNKNOWN
    estate = {"kind": AssetKind.REAL_ESTATE, "amount_fen": 1}
    assert await evidence(**estate) is Evidence.CONFIRMED
    assert await evidence(**estate, certificate_no=seized["certificate_no"]) is Evidence.CONTRADICTED
    assert await evidence(**estate, certificate_no="浙（2020）别处1号") is Evidence.UNKNOWN


async def test_the_operator_sees_counts_and_no_asset(session, now, box, firm, officers):
    await pledged(session, firm, officers[0], box, now)
    await pledged(session, firm, officers[1], box, now)
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    found = await service.overview(session, operator, now)
    assert (found.states[S.ACTIVE], found.states[S.REFUSED], found.key_serial) == (1, 1, 1)
    assert [refused for _, refused in found.refusals] == [1]
    assert "12345" not in repr(found)
    with pytest.raises(Forbidden):
        await service.overview(session, officers[0], now)
    with pytest.raises(NotFound):
        await service.one(session, operator, box, (await service.mine(session, officers[0], box, now))[0].pledge.id, now)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ("update pledge set state = 'active' where state = 'refused'", "does not go from"),
        ("update pledge set amount_fen = 1 where state = 'active'", "does not change"),
        ("update pledge set rank = 9 where state = 'active'", "does not change"),
        ("update pledge_event set at = now()", "appended only"),
        ("delete from pledge_event", "appended only"),
        ("truncate pledge_check", "appended only"),
    ],
)
async def test_the_database_refuses_to_rewrite(session, now, box, firm, officers, change, refused):
    await pledged(session, firm, officers[0], box, now)
    await pledged(session, firm, officers[1], box, now)
    await session.flush()
    with pytest.raises(DBAPIError, match=refused):
        async with session.begin_nested():
            await session.execute(text(change))


async def test_the_database_itself_lets_no_asset_go_beyond_its_whole(session, now, box, firm, officers):
    first = await pledged(session, firm, officers[0], box, now, amount_fen=600 * YUAN)
    offered = await service.offer(session, firm, box, a_pledge_draft(officers[1], amount_fen=401 * YUAN), now)
    forced = text("update pledge set state = 'active', asset_id = :asset, rank = 2, accepted_at = :now where id = :id")
    with pytest.raises(DBAPIError, match="beyond its whole"):
        async with session.begin_nested():
            await session.execute(forced, {"asset": first.asset_id, "now": now, "id": offered.id})


async def test_confined_sessions_do_all_of_it_and_see_no_more(sessions, session, now, box, firm, officers):
    one, two, _ = officers
    await session.commit()

    async def confined(actor, act):
        async with sessions.begin() as own:
            database.confine(own, actor, now)
            return await act(own)

    offer = await confined(firm, lambda s: service.offer(s, firm, box, a_pledge_draft(one), now))
    held = await confined(one, lambda s: service.accept(s, one, box, offer.id, now))
    assert held.state is S.ACTIVE
    other = await confined(firm, lambda s: service.offer(s, firm, box, a_pledge_draft(two), now))
    assert (await confined(two, lambda s: service.accept(s, two, box, other.id, now))).state is S.REFUSED
    assert len(await confined(firm, lambda s: service.mine(s, firm, box, now))) == 2
    assert [v.pledge.id for v in await confined(two, lambda s: service.mine(s, two, box, now))] == [other.id]
    for actor, rows in ((firm, 2), (one, 1), (two, 1)):
        count = await confined(actor, lambda s: s.scalar(text("select count(*) from pledge")))
        assert count == rows
    third = await confined(firm, lambda s: service.offer(s, firm, box, a_pledge_draft(two, number="5"), now))
    await confined(two, lambda s: service.decline(s, two, third.id, "账期过长", now))
    fourth = await confined(firm, lambda s: service.offer(s, firm, box, a_pledge_draft(two, number="5"), now))
    await confined(firm, lambda s: service.withdraw(s, firm, fourth.id, now))
    taken = await confined(one, lambda s: service.hand_over(s, one, box, held.id, two.organisation.id, now))
    assert (await confined(two, lambda s: service.accept(s, two, box, taken.id, now))).state is S.ACTIVE
    assert (await confined(two, lambda s: service.release(s, two, box, taken.id, now))).state is S.RELEASED
    await confined(firm, lambda s: service.offer(s, firm, box, a_pledge_draft(one, number="6"), now))
    # What a bank may not do with SQL of its own: take what was not offered to it, or make an offer stand.
    for change in (
        "update pledge set state = 'active'",
        "update pledge set state = 'withdrawn'",
        "insert into pledge select * from pledge",
    ):
        with pytest.raises(DBAPIError):
            await confined(one, lambda s, change=change: s.execute(text(change)))


async def test_only_a_verified_firm_offers_and_only_to_a_bank(session, now, box, officers):
    newcomer = await an_actor(session, now, Role.ENTERPRISE)
    with pytest.raises(Conflict):
        await service.offer(session, newcomer, box, a_pledge_draft(officers[0]), now)
    actor, enterprise = await a_verified_firm(session, now, 5)
    draft = replace(a_pledge_draft(officers[0]), bank_id=enterprise.organisation_id)
    with pytest.raises(Invalid) as refused:
        await service.offer(session, actor, box, draft, now)
    assert [field.field for field in refused.value.fields] == ["bank"]
