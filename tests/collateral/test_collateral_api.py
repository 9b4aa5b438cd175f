"""Pledges and mortgages over HTTP: status, problem+json, what is counted, pages with their problems beside the field, the command line."""

import json
import re

import pytest
from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.collateral.rules import receipts
from greenbridge.consents import service as consents
from greenbridge.consents.values import WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.kit.codes import generated_uscc
from tests.builders import PASSWORD, a_verified_firm, an_actor, the_products, token
from tests.collateral.assets import CERTIFICATE, FIELDS, UNIT
from tests.test_pages import Visitor

BUYER = generated_uscc(77, "330502")
PLEDGE = {
    "bank": "GB01",
    "asset": {"kind": "invoice", "fields": FIELDS["invoice"], "whole_fen": 100_000},
    "amount_fen": 100_000,
    "expires_on": "2026-09-01",
}
ESTATE = {
    "bank": "GB01",
    "asset": {"kind": "real_estate", "fields": {"unit_no": UNIT, "certificate_no": CERTIFICATE}, "whole_fen": 900_000_000},
    "amount_fen": 500_000_000,
    "expires_on": "2027-09-01",
}


@pytest.fixture
async def people(session, now):
    await the_products(session, now)
    firm, enterprise = await a_verified_firm(session, now)
    officers = [await an_actor(session, now, Role.OFFICER, code, f"officer-{code}") for code in ("GB01", "GB02")]
    for officer in officers:
        to = (enterprise.id, officer.organisation.id, (WorkStep.SURVEY,), facts.described(), now)
        await consents.grant(session, *to, told_by=None, narrowing=None, basis="")
    await session.commit()
    return firm, officers, enterprise


@pytest.fixture
async def headers(client, people):
    firm, officers, _ = people
    return [await token(client, actor.login) for actor in (firm, *officers)]


async def test_offer_accept_refuse_over_http(client, session, people, headers, app):
    firm, one, two = headers
    made = await client.post("/api/v1/pledges", json=PLEDGE, headers={**firm, "Idempotency-Key": "k1"})
    assert made.status_code == 201, made.text
    again = await client.post("/api/v1/pledges", json=PLEDGE, headers={**firm, "Idempotency-Key": "k1"})
    assert (again.status_code, again.json()["id"], again.headers["idempotency-replayed"]) == (200, made.json()["id"], "true")
    path = f"/api/v1/pledges/{made.json()['id']}"
    accepted = await client.post(f"{path}/acceptance", headers=one)
    assert (accepted.status_code, accepted.json()["state"], accepted.json()["rank"]) == (200, "active", 1)
    other = (await client.post("/api/v1/pledges", json={**PLEDGE, "bank": "GB02"}, headers=firm)).json()
    refused = await client.post(f"/api/v1/pledges/{other['id']}/acceptance", headers={**two, "Idempotency-Key": "a"})
    assert refused.status_code == 409
    assert refused.headers["content-type"].startswith("application/problem+json")
    assert refused.json()["type"] == "urn:greenbridge:problem:already-pledged"
    for secret in ("GB01", "机构", made.json()["number"], "100000"):
        assert secret not in refused.text
    # The refusal is kept and counted, although it is a 409; a repeated request is answered alike.
    again = await client.post(f"/api/v1/pledges/{other['id']}/acceptance", headers={**two, "Idempotency-Key": "a"})
    assert (again.status_code, again.json()["type"]) == (409, refused.json()["type"])
    assert (await client.get(f"/api/v1/pledges/{other['id']}", headers=two)).json()["state"] == "refused"
    assert (await session.execute(text("select count(*) from pledge where state = 'refused'"))).scalar_one() == 1
    assert [p["state"] for p in (await client.get("/api/v1/pledges", headers=firm)).json()["items"]] == ["active", "refused"]
    assert [p["id"] for p in (await client.get("/api/v1/pledges", headers=two)).json()["items"]] == [other["id"]]
    receipt = (await client.get(f"{path}/receipt", headers=firm)).json()
    keys = (await client.get("/.well-known/greenbridge-keys.json")).json()
    assert receipts.verified(receipt, keys)["pledge_id"] == made.json()["id"]
    assert (await client.get(f"{path}/receipt?event=release", headers=firm)).status_code == 404
    assert (await client.post(f"{path}/release", headers=one)).json()["state"] == "released"
    assert (await client.get(f"{path}/receipt?event=release", headers=firm)).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"bank": "GB99"}, "bank"),
        ({"amount_fen": 100_001}, "amount_fen"),
        ({"expires_on": "2020-01-01"}, "expires_on"),
        ({"asset": {**PLEDGE["asset"], "fields": {"number": "x", "code": "1"}}}, "code"),
    ],
)
async def test_wrong_offers_name_their_fields(client, headers, change, field):
    answer = await client.post("/api/v1/pledges", json={**PLEDGE, **change}, headers=headers[0])
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_checks_over_http_are_answered_counted_and_rationed(client, people, headers):
    firm, one, two = headers
    body = {"enterprise_id": str(people[2].id), "asset": PLEDGE["asset"]}
    assert (await client.post("/api/v1/pledges/checks", json=body, headers=two)).json() == {"pledged": False}
    made = (await client.post("/api/v1/pledges", json=PLEDGE, headers=firm)).json()
    await client.post(f"/api/v1/pledges/{made['id']}/acceptance", headers=one)
    assert (await client.post("/api/v1/pledges/checks", json=body, headers=two)).json() == {"pledged": True}
    for _ in range(18):
        assert (await client.post("/api/v1/pledges/checks", json=body, headers=two)).status_code == 200
    over = await client.post("/api/v1/pledges/checks", json=body, headers=two)
    assert (over.status_code, over.json()["type"]) == (429, "urn:greenbridge:problem:checks-used-up")
    other = {**body, "enterprise_id": "00000000-0000-4000-8000-000000000000"}
    assert (await client.post("/api/v1/pledges/checks", json=other, headers=two)).status_code == 403


async def test_registrations_and_queries_over_http(client, people, headers):
    firm, one, two = headers
    made = (await client.post("/api/v1/pledges", json=ESTATE, headers=firm)).json()
    assert (await client.post("/api/v1/mortgage-registrations", json={"pledge_id": made["id"]}, headers=one)).status_code == 409
    await client.post(f"/api/v1/pledges/{made['id']}/acceptance", headers=one)
    draft = await client.post("/api/v1/mortgage-registrations", json={"pledge_id": made["id"]}, headers=one)
    assert (draft.status_code, draft.json()["state"], draft.json()["unit_no"]) == (201, "draft", UNIT)
    path = f"/api/v1/mortgage-registrations/{draft.json()['id']}"
    assert (await client.post(f"{path}/cancellation", headers=one)).status_code == 409
    assert (await client.post(f"{path}/submission", headers=two)).status_code == 404
    assert (await client.post(f"{path}/submission", headers=one)).json()["state"] == "submitted"
    assert [r["state"] for r in (await client.get("/api/v1/mortgage-registrations", headers=firm)).json()["items"]] == ["submitted"]
    assert (await client.get("/api/v1/mortgage-registrations", headers=two)).json()["items"] == []
    asked = await client.post(
        "/api/v1/register-queries", json={"enterprise_id": str(people[2].id), "certificate_no": CERTIFICATE}, headers=two
    )
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    assert (await client.get(f"/api/v1/register-queries/{asked.json()['id']}", headers=two)).json()["answer"] is None
    assert (await client.get(f"/api/v1/register-queries/{asked.json()['id']}", headers=one)).status_code == 404


async def test_every_route_is_described(client):
    paths = (await client.get("/schema/openapi.json")).json()["paths"]
    assert {"/api/v1/pledges/checks", "/api/v1/pledges/{pledge_id}/acceptance", "/api/v1/register-queries/{query_id}"} <= paths.keys()


async def signed_in(visitor, login):
    visitor.client.cookies.clear()
    assert (await visitor.post("/sign-in", login=login, password=PASSWORD)).status_code == 303


async def test_the_pages_from_the_firms_form_to_the_banks_refusal(client, session, people, now):
    visitor = Visitor(client)
    firm, (one, two), _ = people
    await signed_in(visitor, firm.login)
    assert "还没有质押" in await visitor.get("/enterprise/pledges")
    typed = {
        "kind": "order",
        "bank": "GB01",
        "buyer": BUYER,
        "number": "РО-1",
        "whole_fen": "50",
        "amount_fen": "30",
        "expires_on": "2026-08-01",
    }
    wrong = await visitor.post("/enterprise/pledges/new?kind=order", "/enterprise/pledges/new", **typed)
    assert wrong.status_code == 422
    assert 'id="number-wrong"' in wrong.text
    assert 'value="РО-1"' in wrong.text
    assert 'value="50"' in wrong.text
    for bank in ("GB01", "GB02"):
        done = await visitor.post(
            "/enterprise/pledges/new?kind=order", "/enterprise/pledges/new", **{**typed, "number": "PO-1", "bank": bank}
        )
        assert done.status_code == 303, done.text
    listed = await visitor.get("/enterprise/pledges")
    ids = re.findall(r"/enterprise/pledges/([0-9a-f-]{36})", listed)
    assert len(set(ids)) == 2
    by_bank = {}
    for officer in (one, two):
        await signed_in(visitor, officer.login)
        page = await visitor.get("/officer/pledges")
        (by_bank[officer.login],) = set(re.findall(r"/officer/pledges/([0-9a-f-]{36})", page))
    for officer, state in ((one, "质押中"), (two, "该资产已被质押，没有剩余空间")):
        await signed_in(visitor, officer.login)
        path = f"/officer/pledges/{by_bank[officer.login]}"
        assert "确认质押" in await visitor.get(path)
        assert (await visitor.post(path, act="accept")).status_code == 303
        page = await visitor.get(path)
        assert state in page
        others = {"机构GB01", "机构GB02"} - {officer.organisation.name}
        assert not [name for name in others if f"<dd>{name}" in page]
    path = f"/officer/pledges/{by_bank[one.login]}"
    await signed_in(visitor, one.login)
    wrong = await visitor.post(path, act="transfer", bank="")
    assert wrong.status_code == 422
    assert 'id="bank-wrong"' in wrong.text
    got = await visitor.client.get(f"{path}/receipt?event=accept")
    assert json.loads(got.content)["payload"]["event"] == "accept"
    assert (await visitor.post(path, act="release")).status_code == 303
    assert "已解除" in await visitor.get(path)
    await visitor.client.get("/language/en")
    for address in (path, "/officer/pledges", "/officer/pledges/check?kind=real_estate"):
        shown = re.sub(r"机构GB0\d|湖州绿源竹制品有限公司1?|试银行|中文|[\u4e00-\u9fff]+银行", "", await visitor.get(address))
        assert not re.findall(r"[\u4e00-\u9fff]+", shown), address


async def test_the_officers_check_page_and_the_operators_board(client, session, people, now):
    visitor = Visitor(client)
    _, (one, _), enterprise = people
    await signed_in(visitor, one.login)
    page = await visitor.get("/officer/pledges/check?kind=equipment")
    assert enterprise.name in page
    fields = {"kind": "equipment", "enterprise": str(enterprise.id), "maker": "某厂", "serial": "7"}
    answer = await visitor.post("/officer/pledges/check?kind=equipment", "/officer/pledges/check", **fields)
    assert "未见质押" in answer.text
    wrong = await visitor.post("/officer/pledges/check?kind=equipment", "/officer/pledges/check", **{**fields, "serial": ""})
    assert (wrong.status_code, 'id="serial-wrong"' in wrong.text, 'value="某厂"' in wrong.text) == (422, True, True)
    asked = await visitor.post(
        "/officer/pledges/check", "/officer/pledges/queries", enterprise=str(enterprise.id), certificate_no=CERTIFICATE
    )
    assert asked.status_code == 303
    assert "等待登记机构答复" in await visitor.get(asked.headers["location"])
    await an_actor(session, now, Role.OPERATOR, login="board")
    await session.commit()
    await signed_in(visitor, "board")
    page = await visitor.get("/operator/pledges")
    assert "1 / 200" in page
    assert "GREENBRIDGE_LAND_REGISTRY" in page


async def test_a_firm_without_verification_is_led_to_it(client, session, now):
    await an_actor(session, now, Role.ENTERPRISE, login="newcomer")
    await session.commit()
    visitor = Visitor(client)
    await signed_in(visitor, "newcomer")
    assert (await client.get("/enterprise/pledges")).headers["location"] == "/enterprise/start"
    assert await enterprises.count(session) == 0
