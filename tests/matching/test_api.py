"""The open API and the service on PostgreSQL: saved and ad-hoc matches, explanations, plans, batch, dry runs, exposure, rematch."""

import html
import json
import re
import tomllib
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.catalog import store as catalog_store
from greenbridge.facts.rules import items
from greenbridge.matching import service
from greenbridge.matching.rules import dryrun
from greenbridge.matching.values import Reason
from greenbridge.needs import service as needs
from greenbridge.settings import home
from tests.builders import PASSWORD, a_draft, a_need_body, a_verified_firm, an_actor, deliver, steady_invoices, the_products, token

FACTS = {
    "amount_fen": 100_000_000, "term_months": 12, "max_annual_rate_bp": 520, "purpose": "working_capital", "guarantee_modes": ["credit"],
    "collateral": [], "region_code": "330502", "firm_age_months": 17, "default_probability": 0.05, "tax_grade": "A",
}  # fmt: skip


async def the_world(session, now):
    await the_products(session, now)
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    need = await needs.publish(session, actor, enterprise.id, a_draft(), now)
    await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB02", login="bank")
    await an_actor(session, now, Role.OPERATOR, login="operator")
    await session.commit()
    return actor, enterprise, need


async def test_one_question_three_ways(client, session, now):
    actor, _, need = await the_world(session, now)
    mine = await token(client, actor.login)
    saved = await client.post("/api/v1/matches", json={"need_id": str(need.id), "limit": 3}, headers=mine)
    terms = await client.post("/api/v1/matches", json={"need": a_need_body(), "limit": 3}, headers=mine)
    stated = await client.post("/api/v1/matches", json={"facts": FACTS, "limit": 3, "refused": 2}, headers=mine)
    assert [r.status_code for r in (saved, terms, stated)] == [200, 200, 200], stated.text
    assert len(saved.json()["matches"]) == 3
    assert terms.json()["need_id"] is None
    for match in (*terms.json()["matches"], *stated.json()["matches"]):
        assert abs(sum(match["fit"]["points"].values()) - match["fit"]["total"]) < 1e-9
        assert all({"fact", "outcome", "value", "limit", "margin", "unit", "text"} <= set(v) for v in match["verdicts"])
    refused = [m for m in stated.json()["matches"] if m["eligibility"] == "not_eligible"]
    assert len(refused) == 2
    assert any(v["outcome"] == "fail" and v["text"] for v in refused[0]["verdicts"])


async def test_wrong_questions_are_refused_with_the_allowed_names(client, session, now):
    actor, _, need = await the_world(session, now)
    mine, bank = await token(client, actor.login), await token(client, "bank")
    for facts in ({"shoe_size": 40}, {"branch_authority": "city"}, {"firm_age_months": "old"}):
        found = await client.post("/api/v1/matches", json={"facts": facts}, headers=mine)
        assert found.status_code == 422
        assert found.json()["errors"][0]["field"] == f"facts.{next(iter(facts))}"
    assert (await client.post("/api/v1/matches", json={"need_id": str(need.id), "facts": {}}, headers=mine)).status_code == 400
    assert (await client.post("/api/v1/matches", json={"need_id": str(need.id)}, headers=bank)).status_code == 403
    assert (await client.post("/api/v1/matches", json={"facts": {}})).status_code == 401


WRONG = {
    "purpose": "zzz", "region_code": "999999", "amount_fen": -5, "default_probability": 1.5, "guarantee_modes": ["credit", "zzz"],
    "industry": "Z9", "tax_grade": "E", "term_months": 0, "revenue_12m_fen": -1, "sales_active_months_12": 13,
}  # fmt: skip


async def test_words_ranges_and_codes_are_checked_beside_their_fields(client, session, now):
    await the_world(session, now)
    bank = await token(client, "bank")
    found = await client.post("/api/v1/matches", json={"facts": WRONG}, headers=bank)
    assert found.status_code == 422
    assert {e["field"] for e in found.json()["errors"]} == {f"facts.{name}" for name in WRONG}
    found = await client.post("/api/v1/matches/batch", json={"applicants": [FACTS, WRONG]}, headers=bank)
    assert found.status_code == 422
    assert {e["field"] for e in found.json()["errors"]} == {f"applicants.1.{name}" for name in WRONG}
    odd = {**FACTS, "vat_12m_fen": -1, "revenue_growth_12m": 3.0, "electricity_growth_12m": -1, "industry": "C1742", "first_loan": None}
    assert (await client.post("/api/v1/matches", json={"facts": odd}, headers=bank)).status_code == 200


async def test_a_bank_is_told_of_its_own_products_only(client, session, now):
    await the_world(session, now)
    bank = await token(client, "bank")
    found = (await client.post("/api/v1/matches", json={"facts": FACTS, "refused": 100}, headers=bank)).json()["matches"]
    assert {m["product_code"][:4] for m in found} == {"GB02"}
    assert [m["rank"] for m in found] == list(range(1, len(found) + 1))
    (batch,) = (await client.post("/api/v1/matches/batch", json={"applicants": [FACTS]}, headers=bank)).json()
    assert {code[:4] for code in (*batch["eligible"], *batch["conditional"])} == {"GB02"}


async def test_one_product_is_explained_and_a_plan_flips_a_refusal(client, session, now):
    actor, _, need = await the_world(session, now)
    mine = await token(client, actor.login)
    one = (await client.get(f"/api/v1/needs/{need.id}/matches/GB02-INV", headers=mine)).json()
    assert one["product_code"] == "GB02-INV"
    assert (await client.get(f"/api/v1/needs/{need.id}/matches/NO-SUCH", headers=mine)).status_code == 404
    found = (await client.get(f"/api/v1/needs/{need.id}/plans", headers=mine)).json()
    plan = next(p for p in found["plans"] if {s["kind"] for s in p["steps"]} <= {"amount", "term", "rate"})
    changes = {s["fact"]: s["after"] for s in plan["steps"]}
    again = await client.post("/api/v1/matches", json={"need": {**a_need_body(), **changes}, "limit": 100}, headers=mine)
    open_ = {m["product_code"] for m in again.json()["matches"]}
    before = await client.post("/api/v1/matches", json={"need": a_need_body(), "limit": 100}, headers=mine)
    assert not {*plan["opened"], *plan["conditional"]} & {m["product_code"] for m in before.json()["matches"]}
    assert {*plan["opened"], *plan["conditional"]} <= open_


async def test_a_draft_is_tried_within_a_budget_and_nothing_is_listed(client, session, now, monkeypatch):
    await the_world(session, now)
    bank = await token(client, "bank")
    document = json.loads(json.dumps(tomllib.loads((home() / "products" / "gb02-inv.toml").read_text()), default=str))
    draft = {**document, "code": "GB02-DRAFT"}
    found = await client.post("/api/v1/products/dry-runs", json=draft, headers=bank)
    assert found.status_code == 200, found.text
    assert found.json()["eligible"] is None  # one firm: fewer than ten
    again = await client.post("/api/v1/products/dry-runs", json=draft, headers=bank)
    assert again.json()["left_today"] == found.json()["left_today"] == dryrun.DAILY_BUDGET - 1
    monkeypatch.setattr(dryrun, "DAILY_BUDGET", 1)
    other = {**draft, "regions": ["320000"]}
    answers = [await client.post("/api/v1/products/dry-runs", json=one, headers=bank) for one in (draft, other)]
    assert answers[0].status_code == 200
    assert {a.status_code for a in answers} <= {200, 429}
    assert (await client.post("/api/v1/products/dry-runs", json={**draft, "bank": "GB01"}, headers=bank)).status_code == 403
    wrong = {**draft, "rules": [{"fact": "shoe_size", "operator": "at_least", "limit": 40}]}
    assert (await client.post("/api/v1/products/dry-runs", json=wrong, headers=bank)).json()["errors"][0]["field"] == "rules.0.fact"
    assert "GB02-DRAFT" not in [p["code"] for p in (await client.get("/api/v1/products", headers=bank)).json()["items"]]


async def test_a_draft_in_other_words_gets_one_answer_and_is_charged_once(client, session, now, monkeypatch):
    monkeypatch.setattr(dryrun, "FEW", 1)  # of the one firm here every rule would fall
    await the_world(session, now)
    bank = await token(client, "bank")
    document = json.loads(json.dumps(tomllib.loads((home() / "products" / "gb02-inv.toml").read_text()), default=str))
    draft = {**document, "code": "GB02-DRAFT", "rules": []}
    places = [{"region": code, "approval_limit_wan": 1_000, "name": code} for code in ("330502", "330503")]
    drafts = [
        {**draft, "branches": places},
        {**draft, "branches": [{**place, "name": "other"} for place in reversed(places)]},
        {**draft, "branches": places, "name": "another name", "purposes": draft["purposes"][::-1]},
        {**draft, "branches": places, "rules": [{"fact": "amount_fen", "operator": "at_least", "limit": 1}]},
    ]
    answers = [await client.post("/api/v1/products/dry-runs", json=one, headers=bank) for one in drafts]
    assert {a.status_code for a in answers} == {200}, answers[0].text
    assert [a.json() for a in answers] == [answers[0].json()] * len(drafts)
    assert answers[0].json()["left_today"] == dryrun.DAILY_BUDGET - 1


async def test_a_draft_beside_own_products_that_ask_something_else_is_another_draft(client, session, now, monkeypatch):
    monkeypatch.setattr(dryrun, "FEW", 1)  # of the one firm here every rule would fall
    await the_world(session, now)
    bank = await token(client, "bank")
    document = json.loads(json.dumps(tomllib.loads((home() / "products" / "gb02-inv.toml").read_text()), default=str))
    draft = {**document, "code": "GB02-DRAFT"}

    async def left():
        found = await client.post("/api/v1/products/dry-runs", json=draft, headers=bank)
        return found.json()["left_today"], [code for code, _ in found.json()["overlaps"]]

    (before, own) = await left()
    copied = (
        "insert into loan_product select code || '-COPY', 1, bank_id, true, now(), document || jsonb_build_object('code', code || '-COPY')"
    )
    await session.execute(text(f"{copied} from loan_product where code = 'GB02-INV'"))
    await session.commit()
    (copied_left, with_copy) = await left()
    assert (copied_left, set(with_copy) - set(own)) == (before, {"GB02-INV-COPY"})
    await catalog_store.set_listed(session, "GB02-INV-COPY", 1, listed=False)
    for code in own:
        await catalog_store.set_listed(session, code, 2, listed=False)
    await session.commit()
    assert (await left())[0] == before - 1


async def test_what_is_shown_is_kept_for_the_audit(client, session, now, model):
    actor, _, need = await the_world(session, now)
    await service.for_actor(session, actor, need.id, model, now)
    await session.commit()
    operator = await token(client, "operator")
    found = (await client.get("/api/v1/exposure", headers=operator)).json()
    assert sum(e["attention"] for e in found) > 0
    assert abs(sum(e["balance"] for e in found)) < 0.01
    assert (await client.get("/api/v1/exposure", headers=await token(client, actor.login))).status_code == 403


async def test_only_what_a_change_touches_is_matched_again(session, now, model):
    actor, enterprise, need = await the_world(session, now)
    other, _ = await a_verified_firm(session, now, 2)
    theirs = await needs.publish(session, other, (await a_firm_of(session, other)).id, a_draft(), now)
    first = await service.of_need(session, need, model, now)
    await service.of_need(session, theirs, model, now)
    later = now + timedelta(minutes=10)
    assert await service.rematch(session, model, later) == 0
    await deliver(session, later, items.TAX_GRADE, {"uscc": enterprise.uscc, "year": 2024, "grade": "A", "published_on": "2025-04-25"})
    assert await service.rematch(session, model, later + timedelta(minutes=5)) == 1
    again = await service.for_actor(session, actor, need.id, model, later + timedelta(minutes=6))
    assert again.reason is Reason.FACT
    assert (first.facts["tax_grade"], again.facts["tax_grade"]) == (None, "A")
    await catalog_store.set_listed(session, "GB01-TAX", 2, listed=False)
    assert await service.rematch(session, model, later + timedelta(minutes=10)) == 2
    latest = await service.for_actor(session, actor, need.id, model, later + timedelta(minutes=11))
    assert latest.reason is Reason.PRODUCT
    assert "GB01-TAX" not in {m.product.code for m in latest.matches}


async def test_a_plan_on_the_page_leads_to_the_form_with_its_terms(client, session, now):
    actor, _, need = await the_world(session, now)
    await client.get("/sign-in")
    keys = {"_csrf_token": client.cookies["csrftoken"], "login": actor.login, "password": PASSWORD}
    assert (await client.post("/sign-in", data=keys)).status_code == 303
    page = (await client.get(f"/enterprise/needs/{need.id}?lang=zh")).text
    links = [html.unescape(one) for one in re.findall(r'href="(/enterprise/needs/new\?[^"]+)"', page)]
    assert links
    assert "授权查询" not in page
    for link in links:
        asked = parse_qs(urlsplit(link).query)
        form = (await client.get(link)).text
        if "amount_fen" in asked:
            assert f'value="{int(asked["amount_fen"][0]) // 1_000_000}"' in form
        for mode in asked.get("guarantee_modes", [""])[0].split(","):
            assert not mode or re.search(rf'value="{mode}" checked', form)
    assert any("amount_fen" in link for link in links)
    odd = await client.get(f"/enterprise/needs/new?like={need.id}&amount_fen={'9' * 5000}&guarantee_modes=gold&term_months=-3")
    assert odd.status_code == 200
    assert (await client.get(f"/enterprise/needs/new?like={uuid4()}")).status_code == 404


async def a_firm_of(session, actor):
    from greenbridge.enterprises import service as enterprises

    found = await enterprises.mine(session, actor)
    assert found is not None
    return found
