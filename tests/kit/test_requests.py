"""What every call of the API has: a key against doubles, limits, problems in one form, OPTIONS."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.app import create_app
from greenbridge.kit import database, idempotency, limits
from greenbridge.kit.clock import SystemClock
from tests.builders import an_actor, token

HOOK = {"url": "https://hooks.example.com/x", "topics": ["*"]}
KEY = {"idempotency-key": "one"}


@pytest.fixture
async def bank(client, session, now):
    for code in ("GB01", "GB02"):
        await an_actor(session, now, Role.BANK_ADMINISTRATOR, code, f"it-{code}")
    await session.commit()
    return await token(client, "it-GB01")


async def test_the_same_request_is_carried_out_once_and_answered_alike(client, bank):
    first = await client.post("/api/v1/webhooks", json=HOOK, headers={**bank, **KEY})
    again = await client.post("/api/v1/webhooks", json=dict(reversed(HOOK.items())), headers={**bank, **KEY})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()  # the secret too: it is told to the one who asked for it
    assert len((await client.get("/api/v1/webhooks", headers=bank)).json()) == 1


async def test_a_key_with_another_body_or_path_is_refused_and_anothers_key_is_another(client, bank):
    await client.post("/api/v1/webhooks", json=HOOK, headers={**bank, **KEY})
    other = await client.post("/api/v1/webhooks", json={**HOOK, "topics": ["need.*"]}, headers={**bank, **KEY})
    elsewhere = await client.post("/api/v1/notices/read", headers={**bank, **KEY})
    assert [a.json()["type"] for a in (other, elsewhere)] == ["urn:greenbridge:problem:idempotency-key-reused"] * 2
    assert other.status_code == elsewhere.status_code == 422
    foreign = {**await token(client, "it-GB02"), **KEY}
    assert (await client.post("/api/v1/webhooks", json=HOOK, headers=foreign)).status_code == 201
    for wrong in ("", "x" * 201):
        answer = await client.post("/api/v1/notices/read", headers={**bank, "idempotency-key": wrong})
        assert answer.status_code == 422


async def test_a_refused_request_leaves_no_key(client, bank):
    wrong = await client.post("/api/v1/webhooks", json={**HOOK, "url": "https://10.0.0.1/"}, headers={**bank, **KEY})
    assert wrong.status_code == 422
    assert (await client.post("/api/v1/webhooks", json=HOOK, headers={**bank, **KEY})).status_code == 201


async def test_keys_are_forgotten_after_seven_days(client, bank, session):
    await client.post("/api/v1/notices/read", headers={**bank, **KEY})
    now = SystemClock().now()
    assert await idempotency.forget(session, now - idempotency.KEPT) == 0
    assert await idempotency.forget(session, now + timedelta(seconds=1)) == 1


async def test_while_the_first_runs_the_second_is_told_so_and_after_a_crash_it_runs(own_database, settings, model, now):
    """Two real transactions on a database of their own."""
    app = create_app(settings, url=own_database, model=model)
    async with app.state.sessions.begin() as session:
        await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01", "it-gb01")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        own = {**await token(client, "it-gb01"), **KEY}
        async with app.state.sessions.begin() as first:
            account = (await first.execute(text("select id from account"))).scalar_one()
            await first.execute(text(idempotency._LOCK.replace("%(lock)s", ":lock")), {"lock": f"{account} one"})
            waiting = await asyncio.wait_for(client.post("/api/v1/webhooks", json=HOOK, headers=own), 20)
            assert (waiting.status_code, waiting.json()["type"]) == (409, "urn:greenbridge:problem:idempotency-in-progress")
        answers = await asyncio.gather(*(client.post("/api/v1/webhooks", json=HOOK, headers=own) for _ in range(6)))
        assert sorted({a.status_code for a in answers} - {409}) in ([201], [200, 201])
        assert [a.status_code for a in answers].count(201) == 1
        assert len((await client.get("/api/v1/webhooks", headers=own)).json()) == 1
    await app.state.engine.dispose()


async def test_limits_are_told_counted_for_all_workers_and_kept(client, app, bank, sessions):
    answer = await client.get("/api/v1/webhooks", headers=bank)
    assert answer.headers["ratelimit-policy"] == '"caller";q=1000000;w=60'
    assert answer.headers["ratelimit"].startswith('"caller";r=9999')
    app.state.settings = replace(app.state.settings, calls_per_minute=2, visits_per_minute=2)
    foreign = await token(client, "it-GB02")
    seen = [(await client.get("/api/v1/webhooks", headers=foreign)).status_code for _ in range(3)]
    refused = await client.get("/api/v1/webhooks", headers=foreign)
    assert seen[-1] == refused.status_code == 429
    assert refused.json()["type"] == "urn:greenbridge:problem:too-many-requests"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert (await client.get("/sign-in")).status_code == 200  # pages are not counted


async def test_a_new_minute_begins_anew(session, sessions):
    now, calls = SystemClock().now(), limits.Calls()
    at = now.replace(second=10, microsecond=0)
    used = [(await calls.count(sessions, "caller", "x", 5, at)).used for _ in range(3)]
    after = await calls.count(sessions, "caller", "x", 5, at + timedelta(seconds=50))
    assert (used, after.used, after.reset) == ([1, 2, 3], 1, 60)
    assert await limits.forget(session, at + timedelta(hours=1)) == 1


async def test_many_calls_a_second_are_written_together_and_two_workers_count_together(sessions):
    at, one, other = SystemClock().now().replace(second=10, microsecond=0), limits.Calls(), limits.Calls()
    used = [(await one.count(sessions, "caller", "y", 1_000, at)).used for _ in range(30)]
    assert used == list(range(1, 31))
    assert (await other.count(sessions, "caller", "y", 1_000, at)).used == 23  # the first and twenty-one more were written
    assert (await one.count(sessions, "caller", "y", 1_000, at + timedelta(seconds=2))).used == 32


async def test_problems_have_one_form_whoever_refuses(client, bank):
    asked = [
        (await client.get("/api/v1/nothing"), 404, "not-found"),
        (await client.delete("/api/v1/catalogue"), 405, "method-not-allowed"),
        (await client.get("/api/v1/webhooks"), 401, "not-signed-in"),
        (await client.post("/api/v1/webhooks", content=b"{", headers=bank), 400, "bad-request"),
        (await client.post("/api/v1/webhooks", json={**HOOK, "colour": 1}, headers=bank), 400, "schema"),
        (await client.post("/api/v1/webhooks", content=b"x" * 20_000_000, headers=bank), 413, "too-large"),
    ]
    for answer, status, code in asked:
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:greenbridge:problem:{code}"), answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["status"] == status
    assert "GET" in asked[1][0].headers["allow"]
    assert "Bearer" in asked[2][0].headers["www-authenticate"]


async def test_options_tells_all_methods_of_an_address_to_everybody(client):
    answer = await client.options("/api/v1/products")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, OPTIONS, POST")
    assert (await client.options("/api/v1/needs")).status_code == 204


async def test_the_kept_answer_is_what_was_sent_and_no_secret_lies_in_clear(client, app, bank, session):
    first = await client.post("/api/v1/webhooks", json=HOOK, headers={**bank, **KEY})
    path = f"/api/v1/webhooks/{first.json()['id']}/rotation"
    rotated = await client.post(path, headers={**bank, "idempotency-key": "two"})
    program = {"name": "核心系统", "scopes": ["needs:read"], "demo_secret": True}
    made = await client.post("/api/v1/clients", json=program, headers={**bank, "idempotency-key": "three"})
    kept = await database.rows(session, "select status, content from idempotency_key order by key")
    answers = [json.loads(app.state.kept_answers.open(content)) for _, content in kept]
    assert answers == [first.json(), made.json(), rotated.json()]
    assert [status for status, _ in kept] == [201, 201, 200]
    told = [first.json()["secret"], rotated.json()["secret"], made.json()["client_secret"]]
    assert not [secret for secret in told for _, content in kept if secret in content]
    again = await client.post("/api/v1/clients", json=program, headers={**bank, "idempotency-key": "three"})
    assert again.json() == made.json()


async def test_an_answer_that_cannot_be_read_any_more_is_said_so_and_nothing_is_done(client, bank, session):
    await client.post("/api/v1/webhooks", json=HOOK, headers={**bank, **KEY})
    await session.execute(text("update idempotency_key set content = null"))
    await session.commit()
    again = await client.post("/api/v1/webhooks", json=HOOK, headers={**bank, **KEY})
    assert (again.status_code, again.json()["type"]) == (409, "urn:greenbridge:problem:idempotency-answer-gone")
    assert len((await client.get("/api/v1/webhooks", headers=bank)).json()) == 1


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/vnd.bank+json", "text/csv"])
async def test_a_key_counts_whatever_the_content_type(client, bank, session, media):
    """The handler reads the body as JSON anyway; a key that is silently ignored is carried out twice."""
    headers = {**bank, **KEY, "content-type": media}
    first, again = [await client.post("/api/v1/webhooks", content=json.dumps(HOOK), headers=headers) for _ in range(2)]
    if first.status_code == 201:
        assert again.headers["idempotency-replayed"] == "true"
    assert len((await client.get("/api/v1/webhooks", headers=bank)).json()) == (first.status_code == 201)
    asked = [await client.post("/api/v1/notices/read", content=b"x", headers={**headers, "idempotency-key": media}) for _ in range(2)]
    assert [a.headers.get("idempotency-replayed") for a in asked] == [None, "true"]


async def test_calls_beside_each_other_are_counted_once_each(own_database):
    """On connections of their own: while one waits for its statement the others count."""
    engine = database.make_engine(own_database)
    sessions, at, calls = database.make_sessions(engine), SystemClock().now().replace(second=10, microsecond=0), limits.Calls()
    await asyncio.gather(*(calls.count(sessions, "caller", "z", 100_000, at + timedelta(seconds=n)) for n in range(4) for _ in range(20)))
    at += timedelta(seconds=10)
    assert (await calls.count(sessions, "caller", "z", 100_000, at)).used == 81
    assert (await limits.Calls().count(sessions, "caller", "z", 100_000, at)).used == 82
    await engine.dispose()


async def test_refused_calls_of_programs_are_counted_and_told_their_limit(client, app, bank):
    bad = {"authorization": "Bearer a.b.c"}
    answer = await client.get("/api/v1/products", headers=bad)
    assert (answer.status_code, answer.headers["ratelimit-policy"]) == (401, '"address";q=1000000;w=60')
    app.state.settings = replace(app.state.settings, calls_per_minute=3, visits_per_minute=3)
    seen = [(await client.get("/api/v1/products", headers=bad)).status_code for _ in range(4)]
    assert seen[-1] == 429
    told = await client.get("/api/v1/products", headers=bad)
    assert (told.status_code, told.headers["ratelimit"].split(";")[1], len(told.headers["x-request-id"])) == (429, "r=0", 32)
