"""Drafts, validation, versions and capacity of a bank's products over HTTP."""

import json
import tomllib

import pytest

from greenbridge.accounts.values import Role
from greenbridge.catalog import service as catalog
from greenbridge.catalog import store
from greenbridge.catalog.tables import ProductCapacityRow
from greenbridge.kit import database
from greenbridge.settings import home
from tests.builders import an_actor, the_products, token

SOURCE = (home() / "products" / "gb01-tax.toml").read_text(encoding="utf-8")
TOML = {"content-type": "application/toml"}


def a_document(**changes):
    return {**json.loads(json.dumps(tomllib.loads(SOURCE), default=str)), "code": "GB01-NEW", "version": 1, **changes}


@pytest.fixture
async def bank(client, session, now):
    await the_products(session, now)
    for code in ("GB01", "GB02"):
        await an_actor(session, now, Role.BANK_ADMINISTRATOR, code, f"admin-{code}")
    await session.commit()
    return await token(client, "admin-GB01")


async def test_a_draft_becomes_a_product_and_its_versions_are_kept(client, bank):
    path = "/api/v1/product-drafts"
    made = await client.post(path, json=a_document(), headers=bank)
    assert (made.status_code, made.headers["etag"], made.json()["problems"]) == (201, '"1"', [])
    assert (await client.post(path, json=a_document(), headers=bank)).status_code == 409
    listed = await client.post(f"{path}/GB01-NEW/publication", headers=bank)
    assert (listed.status_code, listed.json()["listed"]) == (201, True)
    assert (await client.get(f"{path}/GB01-NEW", headers=bank)).status_code == 404
    assert (await client.get("/api/v1/products/GB01-NEW", headers=bank)).json()["version"] == 1
    next_one = await client.post("/api/v1/products/GB01-NEW/versions", headers=bank)
    assert next_one.json()["document"]["version"] == 2
    assert (await client.post(f"{path}/GB01-NEW/publication", headers=bank)).status_code == 201
    found = (await client.get("/api/v1/products/GB01-NEW/versions", headers=bank)).json()
    assert [(v["version"], v["listed"]) for v in found] == [(2, True), (1, False)]
    assert (await client.delete("/api/v1/products/GB01-NEW", headers=bank)).status_code == 204
    found = (await client.get("/api/v1/products/GB01-NEW/versions", headers=bank)).json()
    assert [v["listed"] for v in found] == [False, False]


async def test_toml_is_checked_by_line_with_the_allowed_names(client, bank):
    wrong = SOURCE.replace('fact = "firm_age_months"', 'fact = "age_of_firm"', 1)
    assert wrong != SOURCE
    line = next(n for n, text in enumerate(wrong.splitlines(), 1) if "age_of_firm" in text)
    answer = await client.post("/api/v1/products/validation", content=wrong.encode(), headers={**bank, **TOML})
    assert (answer.status_code, answer.json()["valid"]) == (200, False)
    (problem,) = [p for p in answer.json()["problems"] if "fact" in p["field"]]
    assert f"line {line}" in problem["message"]
    assert "firm_age_months" in problem["message"]
    right = await client.post("/api/v1/products/validation", content=SOURCE.encode(), headers={**bank, **TOML})
    assert right.json() == {"valid": True, "problems": []}
    broken = await client.post("/api/v1/products/validation", content=b"a = = 1", headers={**bank, **TOML})
    assert (broken.status_code, broken.json()["type"]) == (422, "urn:greenbridge:problem:not-toml")


async def test_a_wrong_draft_is_kept_and_not_listed(client, bank):
    made = await client.post("/api/v1/product-drafts", json=a_document(term_months={"min": 12, "max": 3}), headers=bank)
    assert made.status_code == 201
    assert "term_months" in made.json()["problems"][0]["field"]
    refused = await client.post("/api/v1/product-drafts/GB01-NEW/publication", headers=bank)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "term_months")


async def test_a_late_change_of_a_draft_is_refused(client, bank):
    path = "/api/v1/product-drafts/GB01-NEW"
    await client.post("/api/v1/product-drafts", json=a_document(), headers=bank)
    assert (await client.put(path, json=a_document(name="无前提"), headers=bank)).status_code == 428
    first = await client.put(path, json=a_document(name="第一次修改"), headers={**bank, "if-match": '"1"'})
    late = await client.put(path, json=a_document(name="第二次修改"), headers={**bank, "if-match": '"1"'})
    assert (first.status_code, first.headers["etag"], late.status_code) == (200, '"2"', 412)
    assert late.json()["type"] == "urn:greenbridge:problem:changed-since"
    assert (await client.get(path, headers=bank)).json()["document"]["name"] == "第一次修改"


async def test_capacity_changes_the_edition_and_no_version(client, bank, session):
    before = await catalog.edition(session)
    path = "/api/v1/products/GB01-TAX"
    read = await client.get(path, headers=bank)
    stated = await client.put(f"{path}/capacity", json={"capacity_left_wan": 1.5}, headers={**bank, "if-match": read.headers["etag"]})
    assert (stated.status_code, stated.json()["document"]["capacity_left_wan"]) == (200, 1.5)
    assert stated.json()["version"] == read.json()["version"]
    assert (await client.put(f"{path}/capacity", json={"capacity_left_wan": 9}, headers={**bank, "if-match": '"0"'})).status_code == 412
    after = await catalog.edition(session)
    assert after.digest != before.digest
    (product,) = [p for p in after.products if p.code == "GB01-TAX"]
    assert product.capacity_left_fen == 1_500_000


async def test_the_newest_word_on_a_capacity_counts_also_when_a_new_version_says_it(client, bank, session):
    async def left():
        return (await client.get("/api/v1/products/GB01-NEW", headers=bank)).json()["document"]["capacity_left_wan"]

    async def state(wan):
        path = "/api/v1/products/GB01-NEW/capacity"
        assert (await client.put(path, json={"capacity_left_wan": wan}, headers={**bank, "if-match": "*"})).status_code == 200

    assert (await client.post("/api/v1/products", json=a_document(capacity_left_wan=500), headers=bank)).status_code == 201
    await state(200)
    assert await left() == 200
    assert (await client.post("/api/v1/products", json=a_document(version=2, capacity_left_wan=900), headers=bank)).status_code == 201
    assert await left() == 900
    await state(100)
    # A version that names no figure, or the one that stands, says nothing new.
    for version, said in ((3, {"capacity_left_wan": None}), (4, {"capacity_left_wan": 100})):
        assert (await client.post("/api/v1/products", json=a_document(version=version, **said), headers=bank)).status_code == 201
        assert await left() == 100
    # A draft of the newest version holds what stands, not what that version once said.
    draft = await client.post("/api/v1/products/GB01-NEW/versions", headers=bank)
    assert draft.json()["document"]["capacity_left_wan"] == 100


async def test_a_statement_that_is_committed_late_changes_the_edition(own_database, settings, now):
    """Its number was drawn before that of another code's, which was committed first."""
    engine = database.make_engine(own_database)
    sessions = database.make_sessions(engine)
    async with sessions.begin() as session:
        await the_products(session, now)
        admin = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB01")
        other = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB02")
    async with sessions() as late, sessions() as early:
        for session, actor, code in ((late, admin, "GB01-TAX"), (early, other, "GB02-INV")):
            said = {"code": code, "left_fen": 100, "stated_at": now, "stated_by": actor.account_id}
            await store.state_capacity(session, ProductCapacityRow(bank_id=actor.organisation.id, **said))
        await early.commit()
        async with sessions.begin() as session:
            before = await store.shelf(session)
        await late.commit()
    async with sessions.begin() as session:
        assert await store.shelf(session) != before
    await engine.dispose()


async def test_another_banks_drafts_and_products_are_nobodys_business(client, bank):
    await client.post("/api/v1/product-drafts", json=a_document(), headers=bank)
    other = await token(client, "admin-GB02")
    assert (await client.get("/api/v1/product-drafts", headers=other)).json() == []
    answers = [
        await client.get("/api/v1/product-drafts/GB01-NEW", headers=other),
        await client.delete("/api/v1/product-drafts/GB01-NEW", headers=other),
        await client.get("/api/v1/products/GB01-TAX/versions", headers=other),
        await client.put("/api/v1/products/GB01-TAX/capacity", json={"capacity_left_wan": 1}, headers={**other, "if-match": "*"}),
        await client.get("/api/v1/products/GB01-TAX", headers=other),
    ]
    assert {a.status_code for a in answers} == {404}
    foreign = await client.post("/api/v1/product-drafts", json=a_document(bank="GB02"), headers=bank)
    assert (foreign.status_code, foreign.json()["errors"][0]["field"]) == (422, "bank")
