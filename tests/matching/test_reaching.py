"""For a bank: needs that fit its products, word of new ones once, and nothing of a need that is older than the product."""

import tomllib
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import text

from greenbridge.accounts.values import Actor, Organisation, OrganisationKind, Role
from greenbridge.catalog import service as catalog
from greenbridge.catalog import store as catalog_store
from greenbridge.catalog.values import Bank
from greenbridge.facts.rules import items
from greenbridge.matching import service
from greenbridge.matching.rules import drafting, dryrun
from greenbridge.matching.store import books
from greenbridge.needs import service as needs
from tests.builders import a_draft, a_verified_firm, an_actor, deliver, steady_invoices, the_products, token

CODE = "GB02-INV"
KINDS = ["eligible", "conditional"]


async def the_town(session, now, firms=3):
    await the_products(session, now)
    await session.execute(text("update loan_product set listed_at = :at"), {"at": now - timedelta(days=1)})
    made = []
    for number in range(1, firms + 1):
        actor, firm = await a_verified_firm(session, now, number)
        await deliver(session, now, items.VAT_INVOICES, *steady_invoices(firm.uscc))
        made.append(await needs.publish(session, actor, firm.id, a_draft(), now + timedelta(seconds=number)))
    admin = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB02", login="bank")
    officer = await an_actor(session, now, Role.OFFICER, "GB02", login="officer")
    await an_actor(session, now, Role.OFFICER, "GB01", login="other")
    await session.commit()
    return admin, officer, made


async def told(session):
    query = "select payload->>'need_id', payload->>'product_code' from outbox_event where topic = 'match.new_fit' order by id"
    return [tuple(row) for row in await session.execute(text(query))]


async def test_the_scheduler_matches_unread_needs_and_tells_subscribers_once(client, session, now, model):
    _, _, made = await the_town(session, now)
    bank = await token(client, "bank")
    set_ = await client.put(f"/api/v1/products/{CODE}/subscription", json={"on": True, "conditional": True}, headers=bank)
    assert set_.json() == {"on": True, "conditional": True}
    assert await service.rematch(session, model, now + timedelta(minutes=1)) == len(made)
    fits = [(str(need.id), CODE) for need in made]
    assert await told(session) == fits
    assert await service.rematch(session, model, now + timedelta(minutes=6)) == 0
    await catalog_store.set_listed(session, "GB01-TAX", 2, listed=False)  # all are matched again
    assert await service.rematch(session, model, now + timedelta(minutes=11)) == len(made)
    assert await told(session) == fits
    off = await client.put(f"/api/v1/products/{CODE}/subscription", json={"on": False}, headers=bank)
    assert off.status_code == 200
    reach = {r["product_code"]: r for r in (await client.get("/api/v1/products/reach", headers=bank)).json()}
    assert reach[CODE]["told"] == {"on": False, "conditional": False}
    assert sum(reach[CODE][kind] for kind in KINDS) == len(made)


async def test_what_fits_already_is_listed_and_not_told_as_new(client, session, now, model):
    _, _, made = await the_town(session, now)
    await service.rematch(session, model, now + timedelta(minutes=1))
    await session.commit()
    bank = await token(client, "bank")
    await client.put(f"/api/v1/products/{CODE}/subscription", json={"on": True, "conditional": True}, headers=bank)
    await service.rematch(session, model, now + timedelta(minutes=6))
    assert await told(session) == []
    assert (await client.get(f"/api/v1/products/{CODE}/needs", headers=bank)).status_code == 403  # needs are officers' work
    found = (await client.get(f"/api/v1/products/{CODE}/needs", headers=await token(client, "officer"))).json()
    assert [n["need_id"] for n in found["needs"]] == [str(need.id) for need in reversed(made)]


async def test_pages_of_needs_follow_the_cursor_and_name_nobody(client, session, now, model):
    _, _, made = await the_town(session, now)
    await service.rematch(session, model, now + timedelta(minutes=1))
    await session.commit()
    officer, other = await token(client, "officer"), await token(client, "other")
    seen, cursor = [], ""
    for _ in range(len(made)):
        found = (await client.get(f"/api/v1/products/{CODE}/needs", params={"limit": 1, "cursor": cursor}, headers=officer)).json()
        assert set(found["needs"][0]) == {"need_id", "number", "published_at", "open_until", "eligibility"}
        seen += [n["number"] for n in found["needs"]]
        cursor = found["next_cursor"]
    assert cursor is None
    assert seen == [need.number for need in reversed(made)]
    assert (await client.get(f"/api/v1/products/{CODE}/needs", headers=other)).status_code == 404
    wrong = await client.get(f"/api/v1/products/{CODE}/needs", params={"cursor": "zzz"}, headers=officer)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "cursor")
    assert (await client.put(f"/api/v1/products/{CODE}/subscription", json={"on": True}, headers=officer)).status_code == 403


async def test_a_product_listed_after_a_need_learns_nothing_of_it(client, session, now, model):
    await the_town(session, now)
    await service.rematch(session, model, now + timedelta(minutes=1))
    await session.execute(text("update loan_product set listed_at = :at where code = :code"), {"at": now + timedelta(days=1), "code": CODE})
    await session.commit()
    officer = await token(client, "officer")
    assert (await client.get(f"/api/v1/products/{CODE}/needs", headers=officer)).json() == {"needs": [], "next_cursor": None}


async def test_a_withdrawn_need_leaves_the_list(client, session, now, model):
    _, _, made = await the_town(session, now)
    await service.rematch(session, model, now + timedelta(minutes=1))
    await session.execute(text("update need set status = 'withdrawn' where id = :id"), {"id": made[0].id})
    await service.rematch(session, model, now + timedelta(minutes=6))
    await session.commit()
    found = (await client.get(f"/api/v1/products/{CODE}/needs", headers=await token(client, "officer"))).json()
    assert str(made[0].id) not in {n["need_id"] for n in found["needs"]}
    assert (await session.execute(text("select count(*) from need_fit"))).scalar_one() == len(made) - 1


async def test_the_grade_of_the_day_is_kept_with_the_facts_and_asked_for_by_terms(client, session, now, model):
    _, _, made = await the_town(session, now, firms=1)
    run = await service.of_need(session, made[0], model, now)
    kept = await books.greens(session, [made[0].enterprise_id])
    assert run.green == kept[made[0].enterprise_id]
    assert run.green is not None
    assert run.facts["green_grade"] == run.green.grade
    assert run.green.basis.value == "system"
    again = await service.of_need(session, made[0], model, now + timedelta(minutes=1))
    assert again.green == run.green


async def test_the_pages_of_a_bank(client, session, now, model):
    await the_town(session, now)
    await service.rematch(session, model, now + timedelta(minutes=1))
    await session.commit()
    await client.get("/sign-in")
    await sign_in(client, "bank")
    page = await client.get(f"/bank/needs?product={CODE}")
    assert page.status_code == 200
    assert "有新需求时通知本行" in page.text
    assert "/officer/needs/" not in page.text  # how many, and no need itself
    saved = await client.post("/bank/needs/subscription", data={**csrf(client), "product": CODE, "told": "all"})
    assert saved.status_code == 303
    assert 'value="all" selected' in (await client.get("/bank/needs")).text
    form = await client.get(f"/bank/dry-run?product={CODE}")
    assert f"code = &#34;{CODE}&#34;" in form.text
    text_ = unescaped(form.text)
    tried = await client.post("/bank/dry-run", data={**csrf(client), "text": text_})
    assert tried.status_code == 200
    assert "自带用例全部通过" in tried.text
    wrong = await client.post("/bank/dry-run", data={**csrf(client), "text": text_.replace("at_least", "at_lest", 1)})
    assert wrong.status_code == 422
    assert "第 " in wrong.text
    assert "at_lest" in wrong.text  # nothing typed is lost


async def test_the_form_writes_the_draft_and_leaves_the_rest_of_it(client, session, now, model):
    admin, _, _ = await the_town(session, now)
    await client.get("/sign-in")
    await sign_in(client, "bank")
    text_ = unescaped((await client.get(f"/bank/dry-run?product={CODE}")).text)
    before = tomllib.loads(text_)
    terms = {"amount_min": "10", "amount_max": "250.5", "term_min": "6", "term_max": "24", "regions": "330502, 330521",
             "industries": "C17、F51", "guarantee_modes": ["credit", "pledge"], "firm_age_months": "18", "green_least": "mid"}  # fmt: skip
    page = await client.post("/bank/dry-run", data={**csrf(client), "text": text_, "deed": "write", **terms})
    assert page.status_code == 200
    after = tomllib.loads(unescaped(page.text))
    assert after["amount_wan"] == {"min": 10, "max": 250.5}
    assert (after["term_months"], after["regions"]) == ({"min": 6, "max": 24}, ["330502", "330521"])
    assert (after["industries"], after["green_grades"]) == (["C17", "F51"], ["deep", "mid"])
    assert after["guarantee_modes"] == ["credit", "pledge"]
    assert {"fact": "firm_age_months", "operator": "at_least", "limit": 18} in after["rules"]
    touched = {"amount_wan", "term_months", "regions", "industries", "green_grades", "guarantee_modes", "rules"}
    assert {k: v for k, v in after.items() if k not in touched} == {k: v for k, v in before.items() if k not in touched}
    assert [rule for rule in after["rules"] if rule["fact"] != "firm_age_months"] == before["rules"]
    for name, value in terms.items():  # the form shows what the draft says
        assert name in {"guarantee_modes", "green_least", "regions"} or f'name="{name}" value="{value}"' in page.text
    assert await service.drafts_left(session, admin, now) == dryrun.DAILY_BUDGET
    found = await client.post("/bank/dry-run", data={**csrf(client), "text": unescaped(page.text), "deed": "run", **terms})
    assert found.status_code == 200
    both = await client.post("/bank/dry-run", data={**csrf(client), "text": text_, "deed": "write_run", **terms})
    assert tomllib.loads(unescaped(both.text)) == after
    assert "自带用例" in both.text
    empty = {**terms, "firm_age_months": "", "green_least": "", "industries": ""}
    emptied = await client.post("/bank/dry-run", data={**csrf(client), "text": unescaped(page.text), "deed": "write", **empty})
    again = tomllib.loads(unescaped(emptied.text))
    assert not {"industries", "green_grades"} & set(again)
    assert again["rules"] == before["rules"]


async def test_what_is_wrong_in_the_form_is_said_beside_its_field_and_nothing_typed_is_lost(client, session, now, model):
    await the_town(session, now)
    await session.commit()
    await client.get("/sign-in")
    await sign_in(client, "bank")
    text_ = unescaped((await client.get(f"/bank/dry-run?product={CODE}")).text)
    wrong = {"amount_min": "much", "amount_max": "5", "term_min": "24", "term_max": "6", "regions": "999999", "industries": "Z9",
             "firm_age_months": "-1"}  # fmt: skip
    page = await client.post("/bank/dry-run", data={**csrf(client), "text": text_, "deed": "write", **wrong})
    assert page.status_code == 422
    for name in ("amount_min", "term_max", "regions", "industries", "firm_age_months", "guarantee_modes"):
        assert f'id="{name}-wrong"' in page.text, name
    assert unescaped(page.text) == text_
    assert 'value="much"' in page.text


def test_a_draft_from_nothing_is_a_product(now):
    bank = Bank("GB09", "九号银行")
    text_ = catalog.as_toml(drafting.blank("GB09", "2026-03-10"))
    actor = Actor(uuid4(), "bank", Role.BANK_ADMINISTRATOR, Organisation(uuid4(), OrganisationKind.BANK, "GB09", "九号银行"))
    _, product = catalog.read_draft(text_, actor)
    assert (product.bank, catalog.failed_cases(product)) == (bank, [])
    assert drafting.problems(drafting.form_of(catalog.read_toml(text_))) == ()


def csrf(client):
    return {"_csrf_token": client.cookies["csrftoken"]}


async def sign_in(client, login):
    from tests.builders import PASSWORD

    found = await client.post("/sign-in", data={**csrf(client), "login": login, "password": PASSWORD})
    assert found.status_code == 303


def unescaped(page):
    import html
    import re

    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


async def test_an_officer_follows_a_product_to_its_needs(client, session, now, model):
    _, _, made = await the_town(session, now)
    await service.rematch(session, model, now + timedelta(minutes=1))
    await session.commit()
    await client.get("/sign-in")
    await sign_in(client, "officer")
    page = await client.get(f"/bank/needs?product={CODE}")
    assert all(f"/officer/needs/{need.id}" in page.text and need.number in page.text for need in made)
    assert '<form class="told-form"' not in page.text
