"""The deliverer under what goes wrong: odd addresses, gateways that are not there, two relays, endpoints that hang or are removed."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from importlib import import_module

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.kit import database, exchange, outbox
from greenbridge.kit.outward import Reach
from greenbridge.notices import jobs, rules, service
from greenbridge.notices.gateway import FakeMailer, HttpSms, NotSent, SmtpMailer, load_retries
from greenbridge.notices.service import delivering
from greenbridge.notices.values import Contact
from tests.builders import an_actor, token
from tests.notices.receivers import Receiver, Wall, an_outside

AT = "http://127.0.0.1:8000"


@pytest.fixture
async def officer(session, now):
    made = await an_actor(session, now, Role.OFFICER, "GB01", "officer")
    await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01", "it-gb01")
    await an_actor(session, now, Role.OPERATOR, "platform", "boss")
    await session.commit()
    return made


async def tell(session, actor, topic, now, **payload):
    await outbox.publish(session, actor.organisation.id, topic, payload, now)
    await session.commit()


@pytest.mark.parametrize(
    "typed", ["(x@example.com", "[x@example.com", ":@x.com", "a:b@x.com", "a..b@x.com", ".a@x.com", "a@-x.com", "a@x", "a@x.c om"]
)
def test_an_address_that_a_header_reads_otherwise_is_not_taken(typed):
    assert rules.contact_problems(Contact(typed))


@settings(max_examples=100)
@given(st.text('ab1.!#+-_()[]:<>,;"@ ', min_size=1, max_size=6), st.text("ab1-", min_size=1, max_size=5))
@example("a.b+c", "x-1")
def test_an_address_that_is_taken_is_that_address_in_a_header(local, host):
    typed = f"{local}@{host}.example"
    if rules.contact_problems(Contact(typed)):
        assert (local, host) != ("a.b+c", "x-1")
        return
    mail = EmailMessage()
    mail["To"] = typed
    assert [found.addr_spec for found in mail["To"].addresses] == [typed]


async def test_a_message_that_cannot_be_written_is_given_up_and_others_go_on(session, sessions, now, officer):
    """Such an address may lie in the database from before the rule."""
    await service.choose(session, officer, Contact("a@b.example"), {})
    await tell(session, officer, "answer.chosen", now)
    await tell(session, officer, "answer.declined", now)  # not for officers
    await service.relay(session, AT, now)
    await session.execute(text("update notice_message set address = '(x@example.com'"))
    await tell(session, officer, "answer.chosen", now)
    await service.relay(session, AT, now)
    await session.commit()

    class Odd(FakeMailer):
        async def send(self, to, *rest):
            if to.startswith("("):
                await SmtpMailer("smtp://127.0.0.1:9", "platform@x.example").send(to, *rest)
            raise RuntimeError("nobody foresaw this")

    outside = replace(an_outside("x"), mailer=Odd())
    assert [await service.send_one(sessions, outside) for _ in range(3)] == [True, True, False]
    found = list(await session.execute(text("select state, problem from notice_message order by id")))
    assert found[0].state == "dead"
    assert "no message can be written" in found[0].problem
    assert tuple(found[1]) == ("pending", "RuntimeError")


async def test_where_no_gateway_is_connected_that_is_what_is_kept(session, sessions, now, officer, settings):
    assert (jobs.outside(replace(settings, demonstration=False)).mailer, jobs.outside(replace(settings, demonstration=False)).sms) == (
        None,
        None,
    )
    assert jobs.outside(settings).mailer.sent.maxlen
    await service.choose(session, officer, Contact("a@b.example", "13800000000"), {})
    await tell(session, officer, "answer.chosen", now)
    await service.relay(session, AT, now)
    await session.commit()
    outside = replace(an_outside("x"), mailer=None, sms=None)
    assert [await service.send_one(sessions, outside) for _ in range(3)] == [True, True, False]
    assert set(await session.execute(text("select channel, state from notice_message"))) == {("email", "no_gateway"), ("sms", "no_gateway")}


@pytest.mark.parametrize(("status", "final"), [(202, None), (400, True), (429, False), (403, False), (503, False)])
async def test_text_messages_go_to_the_citys_gateway_signed(status, final):
    key = Ed25519PrivateKey.generate()
    async with Receiver(answers=[status]) as receiver:
        gateway = HttpSms(receiver.url, exchange.Key(key), seconds=3)
        if final is None:
            await gateway.send("13800000000", "【绿桥】一句话。", "notice-1")
        else:
            with pytest.raises(NotSent) as refused:
                await gateway.send("13800000000", "【绿桥】一句话。", "notice-1")
            assert refused.value.final is final
        url = receiver.url
    headers, body = receiver.got[0]
    assert json.loads(body) == {"to": "13800000000", "text": "【绿桥】一句话。", "message_id": "notice-1"}
    got = exchange.Received("POST", url, httpx.Headers(headers))
    exchange.verify(got, {exchange.CLIENT: key.public_key()}, body.encode())


async def test_one_relay_works_at_a_time(own_database, now):
    """Two that share the events would let the later of a need overtake the earlier."""
    engine = database.make_engine(own_database)
    sessions = database.make_sessions(engine)
    async with sessions.begin() as session:
        actor = await an_actor(session, now, Role.OFFICER, "GB01", "officer")
        await outbox.publish(session, actor.organisation.id, "answer.chosen", {"need_id": "n"}, now)
    async with sessions.begin() as first:
        assert await service.relay(first, AT, now, limit=1) == 1
        async with sessions.begin() as second:
            await outbox.publish(second, actor.organisation.id, "need.withdrawn", {"need_id": "n"}, now)
        async with sessions.begin() as third:
            assert await service.relay(third, AT, now) == 0
    async with sessions.begin() as session:
        assert await service.relay(session, AT, now) == 1
    await engine.dispose()


async def test_an_event_that_cannot_be_handed_on_holds_its_need_only_and_the_operator_is_told_when_it_is_given_up(
    client, session, now, officer, monkeypatch
):
    relay = import_module("greenbridge.notices.service.relay")
    whole = relay._to_endpoints

    async def broken(session, event, now):
        if event.payload.get("broken"):
            await session.execute(text("select 1 / 0"))
        await whole(session, event, now)

    monkeypatch.setattr(relay, "_to_endpoints", broken)
    await tell(session, officer, "answer.chosen", now, need_id="n1", broken=True)
    await tell(session, officer, "need.withdrawn", now, need_id="n1")
    await tell(session, officer, "answer.chosen", now, need_id="n2")
    assert await service.relay(session, AT, now) == 1
    assert await service.relay(session, AT, now) == 0
    at = now
    for wait in load_retries().waits:
        at += wait
        assert await service.relay(session, AT, at) == 0
    assert await service.relay(session, AT, at) == 2  # n1's second event, and the word to the operator
    await session.commit()
    dead = (await session.execute(text("select attempts, problem from outbox_event where dead_at is not null"))).one()
    assert dead.attempts == 9
    assert "division by zero" in dead.problem
    (notice,) = (await client.get("/api/v1/notices", headers=await token(client, "boss"))).json()["items"]
    assert "could not be handed on" in notice["sentence"]
    assert [n["topic"] for n in (await client.get("/api/v1/notices", headers=await token(client, "officer"))).json()["items"]].count(
        "need.withdrawn"
    ) == 1


class Hanging(Receiver):
    """Takes a request and never answers."""

    async def _serve(self, reader, writer):
        self.got.append(({}, ""))
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        writer.close()

    async def __aexit__(self, *_):
        self.server.close()


async def hooked(client, url, login="it-gb01"):
    answer = await client.post("/api/v1/webhooks", json={"url": url, "topics": ["*"]}, headers=await token(client, login))
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_endpoints_that_hang_do_not_hold_anybodys_messages(client_of_own, own_sessions, now, settings):
    async with own_sessions.begin() as session:
        banks = [await an_actor(session, now, Role.BANK_ADMINISTRATOR, f"GB0{n}", f"it-{n}") for n in (1, 2, 3)]
    async with Hanging() as one, Hanging() as two, Receiver() as good:
        for bank, receiver in zip((1, 2, 3), (one, two, good), strict=True):
            await hooked(client_of_own, receiver.url, f"it-{bank}")
        async with own_sessions.begin() as session:
            for number in range(10):
                for bank in banks:
                    await outbox.publish(session, bank.organisation.id, "need.requested", {"need_id": f"n{number}"}, now)
        outside = replace(an_outside(settings.secret), reach=Reach(allow_loopback=True, seconds=3))
        work = asyncio.create_task(jobs.run(own_sessions, outside))
        try:
            for _ in range(600):
                if len(good.got) == 10:
                    break
                await asyncio.sleep(0.05)
            # The hanging ones came first and have two hands each; nobody waited for them, and no transaction is open meanwhile.
            assert len(good.got) == 10
            assert {len(one.got), len(two.got)} == {delivering.MAX_IN_HAND}
            await asyncio.sleep(1)  # the hands wait for three seconds; whoever had a transaction open meanwhile would have it for one
            async with own_sessions.begin() as session:
                idle = await session.execute(
                    text(
                        "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in tr%'"
                        " and state_change < clock_timestamp() - interval '800 milliseconds'"
                    )
                )
                assert idle.scalar_one() == 0
            for _ in range(200):
                await asyncio.sleep(0.1)
                async with own_sessions.begin() as session:
                    resting = await session.execute(
                        text("select count(*) from webhook_endpoint where failures = 1 and rests_until > now()")
                    )
                    if resting.scalar_one() == 2:
                        break
            else:
                raise AssertionError("they do not rest")
            assert {len(one.got), len(two.got)} == {delivering.MAX_IN_HAND}
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work


@pytest.fixture
async def own_sessions(own_database):
    engine = database.make_engine(own_database)
    yield database.make_sessions(engine)
    await engine.dispose()


@pytest.fixture
async def client_of_own(own_sessions, own_database, settings, model):
    from greenbridge.app import create_app

    app = create_app(settings, url=own_database, sessions=own_sessions, model=model)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as made:
        yield made
    await app.state.engine.dispose()


async def test_a_delivery_whose_process_died_is_tried_again_when_its_lease_is_over(client, session, sessions, now, officer, settings):
    wall = Wall()
    outside = an_outside(settings.secret, wall)
    async with Receiver() as receiver:
        await hooked(client, receiver.url)
        await tell(session, officer, "answer.chosen", now, need_id="n1")
        await service.relay(session, AT, now)
        await session.commit()
        late = await delivering.take(sessions, outside)  # and then it is killed
        assert late
        assert not await service.deliver_one(sessions, outside)
        wall.ahead = delivering.LEASE + timedelta(seconds=1)
        assert await service.deliver_one(sessions, outside)
        await delivering.deliver(sessions, outside, late)  # it was only slow: its word comes too late to be written twice
    assert (await session.execute(text("select count(*) from webhook_attempt"))).scalar_one() == 1
    assert (await session.execute(text("select state, attempts from webhook_delivery"))).one() == ("delivered", 1)


async def test_what_waits_for_an_endpoint_that_is_removed_ends_and_stays_to_be_seen(client, session, sessions, now, officer, settings):
    async with Receiver(answers=[500]) as receiver:
        endpoint, own = await hooked(client, receiver.url), await token(client, "it-gb01")
        await tell(session, officer, "answer.chosen", now, need_id="n1")
        await service.relay(session, AT, now)
        await session.commit()
        assert (await client.delete(f"/api/v1/webhooks/{endpoint}", headers=own)).status_code == 204
        assert not await service.deliver_one(sessions, an_outside(settings.secret, Wall()))
    (found,) = (await client.get("/api/v1/webhook-deliveries?status=removed", headers=own)).json()["items"]
    assert (found["topic"], found["state"], found["next_at"]) == ("answer.chosen", "removed", None)
    assert found["ended_at"]


async def test_a_poisoned_message_does_not_keep_an_endpoint_resting(client, session, sessions, now, officer, settings):
    """An endpoint that takes other messages goes on after each of its rests; how long they are begins anew."""
    wall = Wall()
    outside = an_outside(settings.secret, wall)
    async with Receiver(answers=[500, 200]) as receiver:
        await hooked(client, receiver.url)
        for need in ("n1", "n2", "n3"):
            await tell(session, officer, "answer.chosen", now, need_id=need)
        await service.relay(session, AT, now)
        await session.commit()
        assert await service.deliver_one(sessions, outside)
        assert not await service.deliver_one(sessions, outside)
        wall.ahead = timedelta(seconds=5.5)
        assert [await service.deliver_one(sessions, outside) for _ in range(4)] == [True, True, True, False]
        assert (await session.execute(text("select failures from webhook_endpoint"))).scalar_one() == 0
