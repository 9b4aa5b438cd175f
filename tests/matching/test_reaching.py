"""For a bank: needs that fit its products, word of new ones once, and nothing of a need that is older than the product."""

from datetime import timedelta

from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.catalog import store as catalog_store
from greenbridge.facts.rules import items
from greenbridge.matching import service
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
