"""Mortgages through the land registry: over HTTP against the sandbox, with faults; states, receipts, consent, what is never sent twice."""

import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from greenbridge.accounts.values import Role
from greenbridge.collateral import service
from greenbridge.collateral.gateway import FakeRegistry, HttpRegistry, RegistryProblem, Retries
from greenbridge.collateral.values import Order, OrderKind, OrderState, PledgeState, RegistrationState
from greenbridge.consents import service as consents
from greenbridge.consents.values import WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.kit import database
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound
from greenbridge.kit.exchange import Key
from greenbridge.kit.keyring import KeyRing
from greenbridge.sandbox.faults import Faults
from greenbridge.sandbox.registry import Book, Parcel, create_registry
from tests.builders import a_verified_firm, an_actor
from tests.collateral.assets import CERTIFICATE, UNIT, YUAN, pledged

R = RegistrationState
FAST = Retries(attempts=3, wait_initial=0.0, wait_max=0.0, wait_jitter=0.0, seconds=2.0)


class Register:
    """A sandbox register with its books, and the gateway that talks with it."""

    def __init__(self, folder, clock, owner, faults=None, **parcel):
        key = Ed25519PrivateKey.generate()
        self.book = Book([Parcel(CERTIFICATE, UNIT, owner, "演示路1号", 320, "工业", **parcel)], KeyRing(folder / "register"), clock)
        self.app = create_registry(self.book, key.public_key(), faults)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app))
        self.public_keys = self.book.ring.public_document(clock.now())
        self.gateway = HttpRegistry("http://register.test", self.public_keys, Key(key), client=self.client, retries=FAST)


@pytest.fixture
async def owner(session, firm):
    return (await enterprises.mine(session, firm)).uscc


async def exchanged(sessions, gateway, clock, times=3):
    """Let the job run, two minutes and a bit apart."""
    done = 0
    for _ in range(times):
        done += await service.exchange(sessions, gateway, clock)
        clock.instant += timedelta(minutes=3)
    return done


async def drafted(session, officers, box, mortgage, now):
    registration = await service.draft(session, officers[0], box, mortgage.id, now)
    await session.commit()
    return registration


async def found(session, officers, registration):
    session.expire_all()
    (one,) = [r for r in await service.of_mine(session, officers[0]) if r.id == registration.id]
    return one


async def test_a_mortgage_into_the_register_and_out_of_it(session, sessions, now, clock, box, officers, firm, mortgage, owner, tmp_path):
    register = Register(tmp_path, clock, owner)
    one = await drafted(session, officers, box, mortgage, now)
    assert (one.state, one.certificate_no, one.secured_fen) == (R.DRAFT, CERTIFICATE, 600 * YUAN)
    await service.submit(session, officers[0], one.id, now)
    await session.commit()
    assert register.book.orders == {}  # nothing is sent from within a request
    await exchanged(sessions, register.gateway, clock, 1)
    accepted = await found(session, officers, one)
    assert (accepted.state, accepted.reference) == (R.ACCEPTED, "SB00000001")
    await exchanged(sessions, register.gateway, clock, 2)
    registered = await found(session, officers, one)
    assert (registered.state, registered.registry_rank, len(registered.receipts)) == (R.REGISTERED, 1, 1)
    assert "演示不动产证明" in registered.registry_number
    assert registered.receipts[0]["payload"]["number"] == registered.registry_number
    assert [m["mortgagee"] for m in next(iter(register.book._mortgages.values()))] == ["机构GB01"]
    with pytest.raises(Conflict, match="on the register"):
        await service.release(session, officers[0], box, mortgage.id, clock.now())
    with pytest.raises(Conflict, match="on the register"):
        await service.hand_over(session, officers[0], box, mortgage.id, officers[1].organisation.id, clock.now())
    await service.request_cancellation(session, officers[0], one.id, clock.now())
    await session.commit()
    await exchanged(sessions, register.gateway, clock)
    assert (await found(session, officers, one)).state is R.CANCELLED
    assert next(iter(register.book._mortgages.values())) == []
    assert (await service.release(session, officers[0], box, mortgage.id, clock.now())).state is PledgeState.RELEASED
    topics = await session.execute(text("select topic, count(*) from outbox_event where topic like 'mortgage.%' group by topic"))
    assert dict(topics.all()) == {"mortgage.acknowledge": 2, "mortgage.register": 2, "mortgage.cancel": 2}  # to the bank and to the firm
    assert [r.state for r in await service.of_mine(session, firm)] == [R.CANCELLED]
    await register.client.aclose()


@pytest.mark.parametrize(("parcel", "reason"), [({"seized": True}, "已被查封"), ({}, None)], ids=["seized", "free"])
async def test_a_seized_piece_is_rejected_with_the_reason(
    session, sessions, now, clock, box, officers, mortgage, owner, tmp_path, parcel, reason
):
    register = Register(tmp_path, clock, owner, **parcel)
    one = await drafted(session, officers, box, mortgage, now)
    await service.submit(session, officers[0], one.id, now)
    await session.commit()
    await exchanged(sessions, register.gateway, clock)
    ended = await found(session, officers, one)
    assert ended.state is (R.REJECTED if reason else R.REGISTERED)
    if reason:
        assert reason in ended.reasons[0]
        assert ended.ended_at
        for act in (service.submit, service.discard, service.request_cancellation):
            with pytest.raises(Conflict):
                await act(session, officers[0], one.id, now)
        again = await service.draft(session, officers[0], box, mortgage.id, now)  # what was rejected may be applied for again
        assert again.id != one.id
    await register.client.aclose()


async def test_anothers_piece_is_rejected(session, sessions, now, clock, box, officers, mortgage, tmp_path):
    register = Register(tmp_path, clock, "91330502MA00000000")
    one = await drafted(session, officers, box, mortgage, now)
    await service.submit(session, officers[0], one.id, now)
    await session.commit()
    await exchanged(sessions, register.gateway, clock)
    assert (await found(session, officers, one)).reasons == ("登记簿中没有该权利人名下的这处不动产",)
    await register.client.aclose()


@pytest.mark.parametrize("faults", [Faults(error=1.0), Faults(truncate=1.0), Faults(error=0.5, truncate=0.5)])
async def test_a_lost_acknowledgement_is_asked_for_again_and_nothing_is_registered_twice(
    session, sessions, now, clock, box, officers, mortgage, owner, tmp_path, faults
):
    register = Register(tmp_path, clock, owner, faults)  # the same order is spoilt twice, after it was taken in
    one = await drafted(session, officers, box, mortgage, now)
    await service.submit(session, officers[0], one.id, now)
    await session.commit()
    await exchanged(sessions, register.gateway, clock, 8)
    assert (await found(session, officers, one)).state is R.REGISTERED
    assert len(register.book.orders) == 1
    assert len(next(iter(register.book._mortgages.values()))) == 1
    await register.client.aclose()


async def test_a_registry_that_fails_is_left_for_longer_and_longer_and_the_operator_sees_it(
    session, sessions, now, clock, box, officers, mortgage
):
    fake = FakeRegistry(now)
    fake.failing = 3
    one = await drafted(session, officers, box, mortgage, now)
    await service.submit(session, officers[0], one.id, now)
    await session.commit()
    tries = []
    for _ in range(9):
        before = fake.failing
        await service.exchange(sessions, fake, clock)
        tries.append(before != fake.failing)
        clock.instant += timedelta(minutes=1)
        if not fake.failing:
            break
    assert tries == [True, True, False, True]  # after 1 minute, then 2, then 4
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    (waiting,) = (await service.overview(session, operator, now)).waiting
    assert (waiting.attempts, waiting.state) == (3, OrderState.QUEUED)
    assert "模拟的故障" in waiting.last_problem
    clock.instant += timedelta(minutes=5)
    await exchanged(sessions, fake, clock, 4)
    assert (await found(session, officers, one)).state is R.REGISTERED


async def test_two_workers_at_once_send_an_order_once(session, sessions, now, clock, box, officers, mortgage):
    fake = FakeRegistry(now)
    one = await drafted(session, officers, box, mortgage, now)
    await service.submit(session, officers[0], one.id, now)
    await session.commit()
    taken = []

    class Watched(FakeRegistry):
        async def submit(self, order):
            taken.append(order.id)
            assert await service.exchange(sessions, fake, clock) == 0  # another worker, while this one waits for the registry
            return await super().submit(order)

    await service.exchange(sessions, Watched(now), clock)
    assert len(taken) == 1
    assert fake.orders == {}
    assert (await found(session, officers, one)).state is R.ACCEPTED


async def test_a_refused_cancellation_leaves_the_mortgage_registered(session, sessions, now, clock, box, officers, mortgage):
    one = await drafted(session, officers, box, mortgage, now)
    await service.submit(session, officers[0], one.id, now)
    await session.commit()
    await exchanged(sessions, FakeRegistry(now), clock)
    await service.request_cancellation(session, officers[0], one.id, clock.now())
    await session.commit()
    await exchanged(sessions, FakeRegistry(now, {CERTIFICATE: "贷款尚未结清"}), clock)
    kept = await found(session, officers, one)
    assert (kept.state, kept.reasons, len(kept.receipts)) == (R.REGISTERED, ("贷款尚未结清",), 2)


async def an_order(now, **changes):
    from uuid import uuid4

    body = {"certificate_no": CERTIFICATE, "owner_uscc": "x"}
    return replace(Order(uuid4(), OrderKind.QUERY, OrderState.QUEUED, uuid4(), uuid4(), None, body, now, 0, now), **changes)


async def test_what_the_registry_has_not_signed_is_no_answer(now, clock, owner, tmp_path):
    register = Register(tmp_path, clock, owner)
    order = await an_order(now)
    acknowledged = replace(order, reference=(await register.gateway.submit(order)).reference)
    assert await register.gateway.outcome(acknowledged) is None
    assert (await register.gateway.outcome(acknowledged)).granted is False  # it is not x's
    word = register.book.orders[str(order.id)].word
    register.book.orders[str(order.id)].word = {**word, "payload": {**word["payload"], "granted": True, "reasons": []}}
    with pytest.raises(RegistryProblem, match="signature"):
        await register.gateway.outcome(acknowledged)
    register.book.orders[str(order.id)].word = word
    with pytest.raises(RegistryProblem, match="agreed"):  # signed, and of another order
        await register.gateway.outcome(replace(acknowledged, reference="SB99999999"))
    await register.client.aclose()


async def test_the_registry_takes_orders_from_its_client_alone_and_with_the_body_it_signed(now, clock, owner, tmp_path):
    register = Register(tmp_path, clock, owner)
    stranger = HttpRegistry(
        "http://register.test", register.public_keys, Key(Ed25519PrivateKey.generate()), client=register.client, retries=FAST
    )
    with pytest.raises(RegistryProblem, match="refused"):
        await stranger.submit(await an_order(now))
    body = json.dumps({"request_id": "1", "kind": "query", "certificate_no": CERTIFICATE}).encode()
    signed = register.client.build_request("POST", "http://register.test/v1/mortgage-requests", content=body)
    next(register.gateway._signed.auth_flow(signed))
    altered = httpx.Request("POST", signed.url, headers=signed.headers, content=body.replace(b"query", b"queru"))
    assert (await register.client.send(altered)).status_code == 401
    assert (await register.client.send(signed)).status_code == 202
    assert (await register.client.post("http://register.test/v1/mortgage-requests", content=body)).status_code == 401
    assert set(register.book.orders) == {"1"}
    await register.client.aclose()


async def test_another_order_under_a_known_id_is_refused(now, clock, owner, tmp_path):
    register = Register(tmp_path, clock, owner)
    order = await an_order(now)
    first = await register.gateway.submit(order)
    assert await register.gateway.submit(order) == first
    with pytest.raises(RegistryProblem, match="409"):
        await register.gateway.submit(replace(order, body={"certificate_no": "别的"}))
    with pytest.raises(RegistryProblem, match="404"):
        await register.gateway.outcome(await an_order(now, reference="SB1"))
    await register.client.aclose()


async def test_only_a_standing_mortgage_of_real_estate_is_registered_once_and_by_its_bank(session, now, box, firm, officers, mortgage):
    one, two, _ = officers
    invoice = await pledged(session, firm, one, box, now)
    with pytest.raises(Conflict):
        await service.draft(session, one, box, invoice.id, now)
    registration = await service.draft(session, one, box, mortgage.id, now)
    with pytest.raises(Conflict, match="on its way"):
        await service.draft(session, one, box, mortgage.id, now)
    for actor, problem in ((two, NotFound), (firm, Forbidden)):
        for act in (service.submit, service.discard, service.request_cancellation):
            with pytest.raises(problem):
                await act(session, actor, registration.id, now)
    assert (await service.discard(session, one, registration.id, now)).state is R.DISCARDED
    with pytest.raises(Conflict):
        await service.submit(session, one, registration.id, now)
    with pytest.raises(DBAPIError, match="does not go from"):
        async with session.begin_nested():
            await session.execute(text("update mortgage_registration set state = 'draft'"))


async def test_the_register_is_asked_with_the_firms_consent_and_read_only_while_it_stands(
    session, sessions, now, clock, firm, officers, owner, tmp_path
):
    register = Register(
        tmp_path,
        clock,
        owner,
        mortgages=({"mortgage_no": "押1", "mortgagee": "某银行", "secured_fen": 5, "rank": 1, "registered_on": "2024-01-01"},),
    )
    me = await enterprises.mine(session, firm)
    one, two, _ = officers
    with pytest.raises(Forbidden):
        await service.ask(session, one, me.id, CERTIFICATE, WorkStep.SURVEY, now)
    to = (me.id, one.organisation.id, (WorkStep.SURVEY,), facts.described(), now)
    given = await consents.grant(session, *to, told_by=None, narrowing=None, basis="")
    with pytest.raises(Invalid):
        await service.ask(session, one, me.id, " ", WorkStep.SURVEY, now)
    asked = await service.ask(session, one, me.id, CERTIFICATE, WorkStep.SURVEY, now)
    await session.commit()
    assert (await service.answer_of(session, one, asked.id, WorkStep.SURVEY, now)).answer is None
    await exchanged(sessions, register.gateway, clock)
    session.expire_all()
    answer = (await service.answer_of(session, one, asked.id, WorkStep.SURVEY, clock.now())).answer
    assert (answer["facts"]["area_m2"], answer["facts"]["mortgages"][0]["mortgagee"], answer["withheld"]) == (320, "某银行", [])
    assert [q.answer for q in await service.queries(session, one)] == [None]
    with pytest.raises(NotFound):
        await service.answer_of(session, two, asked.id, WorkStep.SURVEY, now)
    reads = await consents.reads_of(session, me.id)
    assert len(reads) == 2
    assert all("real_estate.mortgages.secured" in read.fields for read in reads)
    await consents.withdraw(session, firm, given.id, clock.now())
    with pytest.raises(Forbidden):
        await service.answer_of(session, one, asked.id, WorkStep.SURVEY, clock.now())
    await register.client.aclose()


async def test_what_the_firm_withholds_of_the_answer_is_named_and_not_told(session, sessions, now, clock, firm, officers, owner, tmp_path):
    from greenbridge.consents.values import Narrowing

    register = Register(tmp_path, clock, owner)
    me = await enterprises.mine(session, firm)
    narrowed = Narrowing(withheld=frozenset({"real_estate.ownership.address"}))
    to = (me.id, officers[0].organisation.id, (WorkStep.SURVEY,), facts.described(), now)
    await consents.grant(session, *to, told_by=None, narrowing=narrowed, basis="")
    asked = await service.ask(session, officers[0], me.id, CERTIFICATE, WorkStep.SURVEY, now)
    await session.commit()
    await exchanged(sessions, register.gateway, clock)
    session.expire_all()
    answer = (await service.answer_of(session, officers[0], asked.id, WorkStep.SURVEY, clock.now())).answer
    assert answer["withheld"] == ["address"]
    assert "演示路" not in json.dumps(answer, ensure_ascii=False)
    await register.client.aclose()


async def test_confined_sessions_register_and_see_their_own(sessions, session, now, box, firm, officers, mortgage):
    one, two, _ = officers
    stranger, _ = await a_verified_firm(session, now, 2)
    await session.commit()

    async def confined(actor, act):
        async with sessions.begin() as own:
            database.confine(own, actor, now)
            return await act(own)

    registration = await confined(one, lambda s: service.draft(s, one, box, mortgage.id, now))
    assert (await confined(one, lambda s: service.submit(s, one, registration.id, now))).state is R.SUBMITTED
    for actor, seen in ((one, 1), (firm, 1), (two, 0), (stranger, 0), (None, 0)):
        count = await confined(actor, lambda s: s.scalar(text("select count(*) from mortgage_registration")))
        assert count == seen
    for change in (
        "update mortgage_registration set state = 'registered', registry_number = '1'",
        "update registry_order set state = 'answered'",
    ):
        with pytest.raises(DBAPIError):
            await confined(one, lambda s, change=change: s.execute(text(change)))
