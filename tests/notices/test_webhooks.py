"""Webhooks: signatures, retries over a day, order within a need, dead letters, replay, what may not be called."""

import ipaddress
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.kit import outbox, outward
from greenbridge.kit.errors import Invalid
from greenbridge.notices import rules, service
from greenbridge.notices.gateway import load_catalogue, load_retries
from tests.builders import an_actor, token
from tests.notices.receivers import Receiver, Wall, an_outside


@pytest.fixture
async def bank(session, now):
    actor = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01", "it-gb01")
    await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB02", "it-gb02")
    await session.commit()
    return actor


async def an_endpoint(client, url, topics=("answer.*", "need.*"), login="it-gb01"):
    body = {"url": url, "topics": list(topics)}
    answer = await client.post("/api/v1/webhooks", json=body, headers=await token(client, login))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def tell(session, bank, topic, now, **payload):
    await outbox.publish(session, bank.organisation.id, topic, payload, now)
    await session.commit()


async def all_due(sessions, outside, most=20):
    async with sessions.begin() as session:
        await service.relay(session, outside.public_url, outside.wall.now())
    for tried in range(most):
        if not await service.deliver_one(sessions, outside):
            return tried
    return most


async def test_a_message_arrives_signed_in_the_form_of_the_standard(client, bank, session, sessions, now, settings):
    async with Receiver() as receiver:
        made = await an_endpoint(client, receiver.url)
        await tell(session, bank, "answer.chosen", now, need_id="n1", number="N1")
        await tell(session, bank, "consent.withdrawn", now, consent="c")  # not asked for
        assert await all_due(sessions, an_outside(settings.secret)) == 1
        told = receiver.checked(0, made["secret"])
        assert told == {"type": "answer.chosen", "timestamp": "2026-03-10T02:00:00Z", "data": {"need_id": "n1", "number": "N1"}}
        assert receiver.got[0][0]["host"] == receiver.url.split("/")[2]
        with pytest.raises(Exception, match="No matching signature"):
            receiver.checked(0, "whsec_" + "A" * 43 + "=")
        # Once taken, it is not handed on again.
        assert await all_due(sessions, an_outside(settings.secret)) == 0
    own = await token(client, "it-gb01")
    health = (await client.get("/api/v1/webhooks", headers=own)).json()[0]["health"]
    assert (health["delivered"], health["waiting"], health["dead"]) == (1, 0, 0)
    assert (await client.get("/api/v1/webhooks", headers=await token(client, "it-gb02"))).json() == []


async def test_secrets_rotate_with_a_day_in_which_both_hold(client, bank, session, sessions, now, settings):
    wall = Wall()
    outside = an_outside(settings.secret, wall)
    async with Receiver() as receiver:
        made = await an_endpoint(client, receiver.url)
        own = await token(client, "it-gb01")
        rotated = (await client.post(f"/api/v1/webhooks/{made['id']}/rotation", headers=own)).json()
        assert rotated["secret"] != made["secret"]
        await tell(session, bank, "need.requested", now)
        await all_due(sessions, outside)
        assert receiver.checked(0, made["secret"]) == receiver.checked(0, rotated["secret"])
        wall.ahead = timedelta(days=1, minutes=1)
        await tell(session, bank, "need.requested", now)
        await all_due(sessions, outside)
        assert len(receiver.got[1][0]["webhook-signature"].split(" ")) == 1
    kept = str((await session.execute(text("select secret, former_secret from webhook_endpoint"))).one())
    assert made["secret"] not in kept


async def test_what_fails_is_tried_for_a_day_then_a_dead_letter_then_replayed_under_its_id(client, bank, session, sessions, now, settings):
    wall = Wall()
    outside, began = an_outside(settings.secret, wall), wall.now()
    async with Receiver(answers=[500]) as receiver:
        made = await an_endpoint(client, receiver.url)
        await tell(session, bank, "answer.chosen", now, need_id="n1")
        for wait in (timedelta(), *load_retries().waits):
            wall.ahead = (wall.ahead or timedelta()) + wait + timedelta(seconds=1)
            assert await all_due(sessions, outside) == 1
            assert await all_due(sessions, outside) == 0  # not before its time
        assert timedelta(hours=24) < wall.now() - began < timedelta(hours=25)
        own = await token(client, "it-gb01")
        dead = (await client.get("/api/v1/webhook-deliveries?status=dead", headers=own)).json()["items"]
        assert [(d["attempts"], d["topic"]) for d in dead] == [(9, "answer.chosen")]
        seen = (await client.get(f"/api/v1/webhook-deliveries/{dead[0]['id']}", headers=own)).json()
        assert [a["status"] for a in seen["attempts_made"]] == [500] * 9
        receiver.answers = [200]
        replayed = await client.post(f"/api/v1/webhook-deliveries/{dead[0]['id']}/replay", headers=own)
        assert (replayed.status_code, replayed.json()["message_id"]) == (201, dead[0]["message_id"])
        assert (await client.post(f"/api/v1/webhook-deliveries/{replayed.json()['id']}/replay", headers=own)).status_code == 409
        assert await all_due(sessions, outside) == 1
        assert {headers["webhook-id"] for headers, _ in receiver.got} == {dead[0]["message_id"]}
        other = await token(client, "it-gb02")
        assert (await client.get(f"/api/v1/webhook-deliveries/{dead[0]['id']}", headers=other)).status_code == 404
    assert made["state"] == "active"


async def test_messages_of_one_need_arrive_in_their_order_and_do_not_wait_for_other_needs(client, bank, session, sessions, now, settings):
    wall = Wall()
    outside = an_outside(settings.secret, wall)
    async with Receiver(answers=[503, 200]) as receiver:
        await an_endpoint(client, receiver.url)
        for topic, need in (("answer.chosen", "n1"), ("need.withdrawn", "n1"), ("answer.chosen", "n2")):
            await tell(session, bank, topic, now, need_id=need)
        assert await all_due(sessions, outside) == 1  # the endpoint failed: all that waits for it waits
        wall.ahead = timedelta(seconds=5.5)
        receiver.answers = [200, 503, 200]
        assert await all_due(sessions, outside) == 2  # n2 goes on; then n1's first fails again, its second waits
        assert [json.loads(body)["data"]["need_id"] for _, body in receiver.got] == ["n1", "n2", "n1"]
        wall.ahead = timedelta(seconds=70)
        assert await all_due(sessions, outside) == 2
        assert [(json.loads(b)["type"], json.loads(b)["data"]["need_id"]) for _, b in receiver.got[3:]] == [
            ("answer.chosen", "n1"),
            ("need.withdrawn", "n1"),
        ]


async def test_an_endpoint_that_is_gone_is_called_no_more_and_a_paused_one_waits(client, bank, session, sessions, now, settings):
    outside = an_outside(settings.secret)
    async with Receiver(answers=[410]) as receiver:
        made = await an_endpoint(client, receiver.url)
        for _ in range(2):
            await tell(session, bank, "need.requested", now)
            await all_due(sessions, outside)
        assert len(receiver.got) == 1
        own, path = await token(client, "it-gb01"), f"/api/v1/webhooks/{made['id']}"
        assert (await client.get(path, headers=own)).json()["state"] == "gone"
        receiver.answers = [200]
        body = {"url": receiver.url, "topics": ["*"], "active": False}
        assert (await client.put(path, json=body, headers={**own, "if-match": "*"})).json()["state"] == "paused"
        await tell(session, bank, "need.requested", now)
        assert await all_due(sessions, outside) == 0
        assert (await client.put(path, json={**body, "active": True}, headers={**own, "if-match": "*"})).status_code == 200
        assert await all_due(sessions, outside) == 1
        assert (await client.post(f"{path}/test", headers=own)).status_code == 201
        assert await all_due(sessions, outside) == 1
        assert json.loads(receiver.got[-1][1])["type"] == "webhook.test"


async def test_a_redirect_is_not_followed_and_retry_after_is_heeded(client, bank, session, sessions, now, settings):
    wall = Wall()
    outside = an_outside(settings.secret, wall)
    async with Receiver() as elsewhere, Receiver(answers=[307, 200], headers="") as receiver:
        receiver.headers = f"location: {elsewhere.url}\r\nretry-after: 120\r\n"
        await an_endpoint(client, receiver.url)
        await tell(session, bank, "need.requested", now)
        assert await all_due(sessions, outside) == 1
        assert not elsewhere.got
        wall.ahead = timedelta(seconds=60)
        assert await all_due(sessions, outside) == 0
        wall.ahead = timedelta(seconds=121)
        assert await all_due(sessions, outside) == 1


async def test_a_name_that_leads_inside_is_not_called(client, bank, session, sessions, now, settings, monkeypatch):
    """Also one that led elsewhere when it was registered: what is called is what was checked."""

    async def leads_to(host, port):
        return ["93.184.215.14", "169.254.169.254"]

    body = {"url": "https://hooks.example.com/x", "topics": ["*"]}
    own = await token(client, "it-gb01")
    assert (await client.post("/api/v1/webhooks", json=body, headers=own)).status_code == 201
    monkeypatch.setattr(outward, "_resolved", leads_to)
    await tell(session, bank, "need.requested", now)
    assert await all_due(sessions, an_outside(settings.secret)) == 1
    (found,) = (await client.get("/api/v1/webhook-deliveries", headers=own)).json()["items"]
    seen = (await client.get(f"/api/v1/webhook-deliveries/{found['id']}", headers=own)).json()
    assert "not public" in seen["attempts_made"][0]["problem"]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x", "ftp://hooks.example.com", "https://127.0.0.1/x", "https://[::1]/x", "https://10.1.2.3/", "https://192.168.1.1",
        "https://169.254.169.254/latest/meta-data", "https://[fd00::1]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/",
        "https://0.0.0.0/", "https://100.64.0.1/", "https://localhost/x", "https://metadata.internal/", "https://intranet/", "https://user@example.com/",
        "https://", "not a url", "https://example.com/#part", "https://example.com:0/", "https://exa mple.com/", "https://[::1",
    ],
)  # fmt: skip
def test_an_address_inside_a_network_is_refused(url):
    with pytest.raises(Invalid):
        outward.must_be_callable(url, "url")


def test_a_public_address_is_taken_and_loopback_only_where_it_is_allowed():
    outward.must_be_callable("https://hooks.example.com:8443/x?y=1", "url")
    outward.must_be_callable("https://[2606:4700::1111]/x", "url")
    outward.must_be_callable("http://127.0.0.1:9000/x", "url", allow_loopback=True)
    with pytest.raises(Invalid):
        outward.must_be_callable("http://10.0.0.1:9000/x", "url", allow_loopback=True)


@settings(max_examples=100)
@given(st.ip_addresses())
def test_what_is_not_of_the_open_internet_is_never_public(address):
    public = outward.is_public(address)
    if not address.is_global or address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not public
    if isinstance(address, ipaddress.IPv4Address):
        assert outward.is_public(ipaddress.IPv6Address(f"::ffff:{address}")) == public
        assert outward.is_public(ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(address))) == public


@settings(max_examples=100)
@given(st.integers(1, 30), st.one_of(st.none(), st.text(max_size=12), st.integers(0, 10**7).map(str)))
def test_waits_grow_and_end(attempts, retry_after):
    retries, now = load_retries(), datetime(2026, 1, 1, tzinfo=UTC)
    found = rules.next_try(retries, attempts, now, retry_after)
    assert (found is None) == (attempts > len(retries.waits))
    if found:
        assert retries.waits[attempts - 1] <= found - now <= max(retries.most, *retries.waits)
    assert list(retries.waits) == sorted(retries.waits)
    assert sum(retries.waits, timedelta()) >= timedelta(hours=24)


def test_every_topic_says_something_in_both_languages_whatever_comes():
    for topic in load_catalogue().topics.values():
        for payload in ({}, {"need_id": "n", "number": "N1", "bank": "湖州银行", "valid_until": "2026-03-20"}):
            said = [rules.sentence(topic, payload, language) for language in ("zh", "en")]
            assert all(said)
            assert "{" not in "".join(said)
            assert all(rules.link(topic, payload, role).startswith("/") for role in topic.roles)
