"""Programs of banks: registration, tokens by key, scopes, possession, replays."""

import asyncio
import base64
import json
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.app import create_app
from greenbridge.clients import rules
from greenbridge.clients.gateway import BadToken
from greenbridge.kit.outward import Reach
from tests.builders import an_actor, token
from tests.clients.programs import ISSUER, Program, a_key, a_program, a_proof, public
from tests.demonstration import json_of


@pytest.fixture
async def bank(session, now):
    actor = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01", "it-gb01")
    await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB02", "it-gb02")
    await session.commit()
    return actor


@pytest.mark.parametrize("alg", ["ES256", "PS256", "Ed25519"])
async def test_a_key_gets_a_short_token_that_others_can_check(client, bank, alg):
    program = await a_program(client, bank.login, alg=alg)
    answer = await program.ask(program.form(scope="products:read needs:read"))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["token_type"], found["expires_in"], found["scope"]) == ("Bearer", 300, "needs:read products:read")
    assert answer.headers["cache-control"] == "no-store"
    keys = KeySet.import_key_set((await client.get("/oauth/jwks")).json())
    read = jwt.decode(found["access_token"], keys, algorithms=["Ed25519"])
    assert read.header["typ"] == "at+jwt"
    assert (read.claims["iss"], read.claims["client_id"]) == (ISSUER, program.client_id)
    assert read.claims["exp"] - read.claims["iat"] == 300
    metadata = (await client.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["token_endpoint"] == f"{ISSUER}/oauth/token"
    assert "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]
    me = await client.get("/api/v1/accounts/me", headers={"authorization": f"Bearer {found['access_token']}"})
    assert (me.status_code, me.json()["role"]) == (200, "bank_administrator")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": int(time.time()) - 100}, "expired"),
        ({"exp": int(time.time()) + 4000}, "ahead"),
        ({"exp": None}, "exp"),
        ({"aud": "https://elsewhere.example/token"}, "aud"),
        ({"iss": "somebody"}, "iss"),
        ({"jti": None}, "jti"),
        ({"iat": int(time.time()) + 4000}, "future"),
        ({"nbf": "tomorrow"}, "future"),
    ],
)
async def test_an_assertion_that_is_not_right_gets_nothing(client, bank, changes, why):
    program = await a_program(client, bank.login)
    answer = await program.ask(program.form(program.assertion(**changes)))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert why in answer.json()["error_description"]


async def test_an_assertion_is_taken_once(client, bank):
    program = await a_program(client, bank.login)
    form = program.form()
    assert (await program.ask(form)).status_code == 200
    again = await program.ask(form)
    assert (again.status_code, again.json()) == (
        401,
        {"error": "invalid_client", "error_description": "the assertion was used before"},
    )


async def test_another_key_an_unknown_client_and_no_jwt_are_refused_alike(client, bank):
    program = await a_program(client, bank.login)
    stranger = Program(client, program.client_id, a_key())
    nobody = Program(client, "00000000-0000-4000-8000-000000000000", program.key)
    answers = [
        await stranger.ask(),
        await nobody.ask(),
        await program.ask(program.form("no.jwt.here")),
        await program.ask(program.form("x")),
    ]
    assert {(a.status_code, a.text) for a in answers} == {(401, answers[0].text)}
    header, claims, _ = program.assertion().split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for forged in (f"{none}.{claims}.", f"{header}.{claims}.", f"{header}.{claims}.AAAA"):
        assert (await program.ask(program.form(forged))).status_code == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"client_assertion_type": "x"}, "invalid_request"),
    ],
)
async def test_what_is_asked_wrongly_is_said_in_the_words_of_the_rfc(client, bank, changes, error):
    program = await a_program(client, bank.login, scopes=["needs:read"])
    answer = await program.ask(program.form(**changes))
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_a_scope_opens_its_calls_and_no_others(client, bank):
    program = await a_program(client, bank.login, scopes=["needs:read"])
    headers = await program.signed_in()
    assert (await client.get("/api/v1/open-needs", headers=headers)).status_code == 200
    refused = await client.get("/api/v1/products", headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:greenbridge:problem:insufficient-scope")
    assert 'scope="products:read"' in refused.headers["www-authenticate"]
    closed = await client.get("/api/v1/clients", headers=headers)  # programs do not register programs
    assert (closed.status_code, closed.json()["type"]) == (403, "urn:greenbridge:problem:not-for-programs")


async def test_what_is_taken_from_a_program_counts_at_once(client, bank):
    program = await a_program(client, bank.login, scopes=["needs:read", "products:read"])
    headers, own = await program.signed_in(), await token(client, bank.login)
    less = {"name": "核心系统", "scopes": ["needs:read"], "jwks": {"keys": [public(program.key)]}}
    path = f"/api/v1/clients/{program.client_id}"
    assert (await client.put(path, json=less, headers=own)).status_code == 428
    changed = await client.put(path, json=less, headers={**own, "if-match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (await client.put(path, json=less, headers={**own, "if-match": '"1"'})).status_code == 412
    assert (await client.get("/api/v1/products", headers=headers)).status_code == 403
    assert (await client.delete(path, headers=own)).status_code == 204
    gone = await client.get("/api/v1/open-needs", headers=headers)
    assert (gone.status_code, gone.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert (await program.ask()).status_code == 401


async def test_a_token_ends_and_a_changed_one_never_began(client, app, bank):
    program = await a_program(client, bank.login)
    headers = await program.signed_in()

    class Later:
        def now(self):
            return real.now() + timedelta(seconds=301)

    real = app.state.wall
    app.state.wall = Later()
    assert (await client.get("/api/v1/products", headers=headers)).status_code == 401
    app.state.wall = real
    assert (await client.get("/api/v1/products", headers=headers)).status_code == 200
    header, claims, signature = headers["authorization"].split(".")
    forged = {"authorization": f"{header}.{claims[:-2]}AA.{signature}"}
    assert (await client.get("/api/v1/products", headers=forged)).status_code == 401


async def test_a_bank_manages_its_own_programs_only(client, bank):
    program = await a_program(client, bank.login)
    other = await token(client, "it-gb02")
    assert (await client.get("/api/v1/clients", headers=other)).json() == {"items": [], "next_cursor": None}
    body = {"name": "别人的", "scopes": ["needs:read"], "jwks": {"keys": [public(program.key)]}}
    answers = [
        await client.put(f"/api/v1/clients/{program.client_id}", json=body, headers={**other, "if-match": "*"}),
        await client.delete(f"/api/v1/clients/{program.client_id}", headers=other),
    ]
    assert {a.status_code for a in answers} == {404}


async def test_keys_are_rotated_without_a_gap(client, bank):
    program = await a_program(client, bank.login)
    own, new = await token(client, bank.login), a_key(kid="k2")
    path, rest = f"/api/v1/clients/{program.client_id}", {"name": "核心系统", "scopes": ["needs:read"]}
    both = {**rest, "jwks": {"keys": [public(program.key), public(new)]}}
    assert (await client.put(path, json=both, headers={**own, "if-match": '"1"'})).json()["key_ids"] == ["k1", "k2"]
    after = Program(client, program.client_id, new)
    assert [(await p.ask()).status_code for p in (program, after)] == [200, 200]
    only = {**rest, "jwks": {"keys": [public(new)]}}
    assert (await client.put(path, json=only, headers={**own, "if-match": '"2"'})).status_code == 200
    assert [(await p.ask()).status_code for p in (program, after)] == [401, 200]


async def test_private_short_and_unreadable_keys_are_refused_beside_the_field(client, bank):
    own = await token(client, bank.login)
    private = a_key()[0].as_dict(private=True)
    wrong = [
        {"keys": [{**private, "kid": "x"}]},
        {"keys": [{k: v for k, v in public(a_key()).items() if k != "kid"}]},
        {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "x"}]},
        {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "x"}]},
        {"keys": [public(a_key()), public(a_key())]},
    ]
    for jwks in wrong:
        answer = await client.post("/api/v1/clients", json={"name": "测试", "scopes": ["needs:read"], "jwks": jwks}, headers=own)
        assert answer.status_code == 422, answer.text
        assert "jwks" in {e["field"] for e in answer.json()["errors"]}


async def test_a_demonstrations_secret_is_told_once_and_works_by_both_ways(client, bank):
    own = await token(client, bank.login)
    made = await client.post("/api/v1/clients", json={"name": "演示", "scopes": ["needs:read"], "demo_secret": True}, headers=own)
    found = made.json()
    assert found["client_secret"].startswith("gbs_demo_")
    assert (await client.get("/api/v1/clients", headers=own)).json()["items"][0]["client_secret"] is None
    form = {"grant_type": "client_credentials"}
    basic = await client.post("/oauth/token", data=form, auth=(found["client_id"], found["client_secret"]))
    posted = await client.post("/oauth/token", data={**form, "client_id": found["client_id"], "client_secret": found["client_secret"]})
    wrong = await client.post("/oauth/token", data=form, auth=(found["client_id"], "wrong"))
    assert [a.status_code for a in (basic, posted, wrong)] == [200, 200, 401]
    assert "basic" in wrong.headers["www-authenticate"].lower()


async def test_a_bound_token_is_worth_nothing_without_its_key(client, bank):
    program = await a_program(client, bank.login, dpop_required=True)
    assert (await program.ask()).json()["error"] == "invalid_dpop_proof"
    holder, thief = a_key(), a_key()
    answer = await program.ask(headers={"dpop": a_proof(holder, "POST", f"{ISSUER}/oauth/token")})
    assert (answer.status_code, answer.json()["token_type"]) == (200, "DPoP")
    access, url = answer.json()["access_token"], f"{ISSUER}/api/v1/products"

    async def call(proof: str | None, scheme: str = "DPoP") -> int:
        headers = {"authorization": f"{scheme} {access}"} | ({"dpop": proof} if proof else {})
        return (await client.get("/api/v1/products", headers=headers)).status_code

    good = a_proof(holder, "GET", url, access)
    assert await call(good) == 200
    assert await call(good) == 401  # used before
    assert await call(None) == await call(None, "Bearer") == 401
    assert await call(a_proof(thief, "GET", url, access)) == 401
    assert await call(a_proof(holder, "POST", url, access)) == 401
    assert await call(a_proof(holder, "GET", f"{ISSUER}/api/v1/needs", access)) == 401
    assert await call(a_proof(holder, "GET", url)) == 401  # no ath
    assert await call(a_proof(holder, "GET", url, access, iat=int(time.time()) - 300)) == 401
    assert await call(a_proof(holder, "GET", url + "?page=2", access)) == 200  # htu is without the query


async def test_keys_at_an_address_are_fetched_and_kept_for_a_while(client, bank):
    key, served = a_key(), []

    async def serve(reader, writer):
        served.append(await reader.readuntil(b"\r\n\r\n"))
        import json

        body = json.dumps({"keys": [public(key)]}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        uri = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
        own = await token(client, bank.login)
        made = await client.post("/api/v1/clients", json={"name": "地址", "scopes": ["needs:read"], "jwks_uri": uri}, headers=own)
        assert made.status_code == 201, made.text
        program = Program(client, made.json()["client_id"], key)
        assert [(await program.ask()).status_code for _ in range(2)] == [200, 200]
    assert len(served) == 1


async def test_an_account_of_a_program_opens_no_page_and_people_go_on_as_before(client, bank, session):
    from sqlalchemy import text

    await a_program(client, bank.login)
    logins = list(await session.scalars(text("select login from account where login like 'api-%'")))
    assert len(logins) == 1
    answer = await client.post("/api/v1/tokens", json={"login": logins[0], "password": ""})
    assert answer.status_code == 401
    assert (await client.get("/api/v1/products", headers=await token(client, bank.login))).status_code == 200


class Address:
    """Serves a key set at an address on this machine; `keys` None: a request is never answered."""

    def __init__(self, keys):
        self.keys, self.asked, self.status = keys, 0, 200

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.uri = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/jwks"
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def _serve(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        if self.keys is None:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
        else:
            body = json.dumps({"keys": [public(key) for key in self.keys]}).encode()
            writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % (self.status, len(body)) + body)
            await writer.drain()
        writer.close()


async def at_address(client, login, uri, key):
    body = {"name": "地址", "scopes": ["needs:read"], "jwks_uri": uri}
    made = await client.post("/api/v1/clients", json=body, headers=await token(client, login))
    assert made.status_code == 201, made.text
    return Program(client, made.json()["client_id"], key)


async def test_a_new_key_is_looked_for_and_a_failure_is_remembered(client, app, bank):
    old, new, stranger = a_key(kid="old"), a_key(kid="new"), a_key(kid="odd")
    keys, now = app.state.desk.keys, app.state.wall.now()
    async with Address([old]) as address:
        program = await at_address(client, bank.login, address.uri, old)
        assert (await program.ask()).status_code == 200
        address.keys = [old, new]
        kept = keys._fetched[address.uri]
        keys._fetched[address.uri] = replace(kept, tried_at=now - timedelta(seconds=31))
        program.key = new
        assert (await program.ask()).status_code == 200  # not after five minutes: at once
        assert address.asked == 2
        program.key = stranger
        assert [(await program.ask()).status_code for _ in range(3)] == [401] * 3
        assert address.asked == 2  # and not at each stranger's wish
        address.status, program.key = 500, new
        keys._fetched[address.uri] = replace(keys._fetched[address.uri], tried_at=now - timedelta(seconds=31))
        program.key = stranger
        assert (await program.ask()).status_code == 401
        program.key = new
        assert (await program.ask()).status_code == 200  # what was read a moment ago stays good
    async with Address([old]) as failing:
        failing.status = 404
        other = await at_address(client, bank.login, failing.uri, old)
        assert [(await other.ask()).status_code for _ in range(3)] == [401] * 3
        assert failing.asked == 1


async def test_an_address_that_hangs_holds_no_connection(own_database, settings, model, now):
    """More callers than the pool has connections, each of whom waits for one bank's address; others are answered meanwhile."""
    app = create_app(settings, url=own_database, model=model)
    desk = app.state.desk
    desk.keys.reach = Reach(allow_loopback=True, seconds=10)
    async with app.state.sessions.begin() as session:
        await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01", "it-gb01")
    async with Address(None) as address, httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        program = await at_address(client, "it-gb01", address.uri, a_key())
        waiting = [asyncio.create_task(program.ask()) for _ in range(40)]
        for _ in range(400):
            await asyncio.sleep(0.02)
            if address.asked and app.state.engine.pool.checkedout() == 0:
                break
        assert app.state.engine.pool.checkedout() == 0
        assert not any(task.done() for task in waiting)
        assert (await client.get("/api/v1/products", headers=await token(client, "it-gb01"))).status_code == 200
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {401}
        assert address.asked == 1
    await app.state.engine.dispose()


async def test_a_programs_function_is_changed_and_it_is_read_with_its_tag(client, bank, session):
    program = await a_program(client, bank.login)
    own, path = await token(client, bank.login), f"/api/v1/clients/{program.client_id}"
    read = await client.get(path, headers=own)
    assert (read.json()["function"], read.headers["etag"]) == ("relationship_manager", '"1"')
    body = {"name": "核心系统", "scopes": ["needs:read"], "jwks": {"keys": [public(program.key)]}}
    changed = await client.put(path, json={**body, "function": "credit_reviewer"}, headers={**own, "if-match": '"1"'})
    assert (changed.json()["function"], changed.headers["etag"]) == ("credit_reviewer", '"2"')
    assert (await session.scalars(text("select function from account where login like 'api-%'"))).one() == "credit_reviewer"
    kept = await client.put(path, json=body, headers={**own, "if-match": '"2"'})
    assert kept.json()["function"] == "credit_reviewer"
    other = await token(client, "it-gb02")
    assert (await client.get(path, headers=other)).status_code == 404
    assert (await client.put(path, json=body, headers={**other, "if-match": "*"})).status_code == 404


async def test_secrets_are_for_demonstrations_alone(client, app, bank):
    own = await token(client, bank.login)
    made = (await client.post("/api/v1/clients", json={"name": "演示", "scopes": ["needs:read"], "demo_secret": True}, headers=own)).json()
    metadata = "/.well-known/oauth-authorization-server"
    assert "client_secret_basic" in (await client.get(metadata)).json()["token_endpoint_auth_methods_supported"]
    app.state.desk = replace(app.state.desk, demonstration=False)
    form, pair = {"grant_type": "client_credentials"}, (made["client_id"], made["client_secret"])
    assert (await client.post("/oauth/token", data=form, auth=pair)).json()["error"] == "invalid_client"
    assert (await client.get(metadata)).json()["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]


async def test_the_key_of_tokens_is_rotated_and_a_retired_one_holds_for_minutes_only(client, app, bank):
    program = await a_program(client, bank.login)
    headers = await program.signed_in()
    ring, now = app.state.desk.keys.ring, app.state.wall.now()
    (first,) = (await client.get("/oauth/jwks")).json()["keys"]
    ring.rotate("EdDSA", now)
    keys = app.state.desk.keys.published(now)["keys"]
    assert keys[0]["kid"] == first["kid"]
    assert len(keys) == 2
    assert (await client.get("/api/v1/accounts/me", headers=headers)).status_code == 200
    fresh = await program.signed_in()
    later = now + timedelta(seconds=rules.ACCESS_SECONDS + rules.LEEWAY_SECONDS)
    assert [key["kid"] for key in app.state.desk.keys.published(later)["keys"]] == [keys[1]["kid"]]
    with pytest.raises(BadToken):
        app.state.desk.keys.own(headers["authorization"].split()[1], later)
    assert app.state.desk.keys.own(fresh["authorization"].split()[1], later)


def test_the_command_rotates_the_key_of_tokens(tmp_path):
    shown = json_of("keys", "--oauth", "--json", "--data-dir", str(tmp_path))
    rotated = json_of("keys", "rotate", "--oauth", "--json", "--data-dir", str(tmp_path))
    assert [k["kid"] for k in rotated["keys"]][:1] == [k["kid"] for k in shown["keys"]]
    assert len(rotated["keys"]) == 2
    assert "retired_at" in rotated["keys"][0]
