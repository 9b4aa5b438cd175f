"""Departments push deliveries: each its own items, once per number."""

import io

import pandas as pd
import pytest

from greenbridge.accounts.values import Role
from tests.builders import USCC, an_actor, token

ROW = "统一社会信用代码,许可证编号,许可名称,许可日期\n" + f"{USCC},1,食品经营许可,2025-06-01\n{USCC},2,,2025-06-01\n"
PATH = "/api/v1/deliveries"


@pytest.fixture
async def department(client, session, now):
    await an_actor(session, now, Role.DEPARTMENT, "market_regulator", login="market")
    await session.commit()
    return await token(client, "market")


async def test_a_push_is_taken_once_per_number(client, department):
    params = {"item": "licences.licences", "batch_id": "2026-03", "stated_at": "2026-03-09T12:00:00+08:00"}
    headers = {**department, "content-type": "text/csv"}
    first = await client.post(PATH, params=params, headers=headers, content=ROW.encode("gb18030"))
    assert first.status_code == 201
    assert {k: first.json()[k] for k in ("delivered", "accepted", "quarantined", "reasons")} == {
        "delivered": 2, "accepted": 1, "quarantined": 1, "reasons": {"missing_field": 1}
    }  # fmt: skip
    again = await client.post(PATH, params=params, headers=headers, content=ROW.encode("gb18030"))
    assert (again.status_code, again.headers["idempotency-replayed"], again.json()["id"]) == (200, "true", first.json()["id"])
    other = await client.post(PATH, params=params, headers=headers, content=ROW.replace("食品", "药品").encode())
    assert other.status_code == 422
    assert other.json()["type"].endswith("other-content")


async def test_other_formats(client, department):
    frame = pd.DataFrame([{"uscc": USCC, "licence_no": "9", "title": "许可", "granted_on": "20250601"}])
    parquet = io.BytesIO()
    frame.to_parquet(parquet, index=False)
    bodies = {
        "application/vnd.apache.parquet": parquet.getvalue(),
        "application/jsonl": frame.assign(licence_no="10").to_json(orient="records", lines=True, force_ascii=False).encode(),
    }
    for number, (media, body) in enumerate(bodies.items()):
        answer = await client.post(
            PATH, params={"item": "licences.licences", "batch_id": str(number)}, headers={**department, "content-type": media}, content=body
        )
        assert (answer.status_code, answer.json()["accepted"]) == (201, 1)


@pytest.mark.parametrize(
    ("item", "media", "body", "status"),
    [
        ("tax.paid", "text/csv", b"", 403),
        ("tax.nothing", "text/csv", b"", 422),
        ("licences.licences", "text/html", b"", 422),
        ("licences.licences", "text/csv", b"a,b\n1,2\n", 422),
        ("licences.licences", "application/vnd.apache.parquet", b"nonsense", 422),
    ],
)
async def test_what_is_wrong_is_said(client, department, item, media, body, status):
    params = {"item": item, "batch_id": "1"}
    answer = await client.post(PATH, params=params, headers={**department, "content-type": media}, content=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_others_may_neither_push_nor_list(client, session, now, department):
    await an_actor(session, now, Role.OFFICER, login="officer")
    await session.commit()
    params = {"item": "licences.licences", "batch_id": "1"}
    officer = await token(client, "officer")
    assert (await client.post(PATH, params=params, headers={**officer, "content-type": "text/csv"}, content=ROW)).status_code == 403
    assert (await client.post(PATH, params=params, headers={"content-type": "text/csv"}, content=ROW)).status_code == 401
    assert (await client.get(PATH, headers=department)).status_code == 403


async def test_the_catalogue_is_open_to_everybody(client):
    found = (await client.get("/api/v1/catalogue")).json()
    assert len([c for c in found["categories"] if c["national"]]) == 14
    one = (await client.get("/api/v1/catalogue/tax.vat_invoices")).json()
    assert {f["name"]: f["sensitivity"] for f in one["fields"]}["counterparty_id"] == 4
    assert (await client.get("/api/v1/catalogue/tax.nothing")).status_code == 422
