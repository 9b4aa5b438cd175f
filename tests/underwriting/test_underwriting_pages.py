"""The panel on the page of a need: read, accepted, departed from, and a problem beside its field."""

import re

import pytest

from greenbridge.accounts.values import Role
from greenbridge.answers import service as answers
from greenbridge.enterprises import service as enterprises
from greenbridge.facts.rules import items
from greenbridge.needs import service as needs
from tests.builders import PASSWORD, a_draft, a_verified_firm, an_actor, deliver, steady_invoices, the_products


@pytest.fixture
async def page(session, now, model, client):
    """Return (address of the need's page, a function that posts the panel's form)."""
    await the_products(session, now)
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    need = await needs.publish(session, actor, (await enterprises.mine(session, actor)).id, a_draft(agrees_to_report=True), now)
    officer = await an_actor(session, now, Role.OFFICER, "GB02")
    await answers.claim(session, officer, need.id, model, now)
    await session.commit()
    form = await client.get("/sign-in")
    found = re.search(r'name="_csrf_token" value="([^"]+)"', form.text)
    await client.post("/sign-in", data={"login": officer.login, "password": PASSWORD, "_csrf_token": found[1]})
    address = f"/officer/needs/{need.id}"

    async def post(**typed):
        shown = await client.get(address)
        fields = dict(
            re.findall(
                r'name="(_csrf_token|product_code|proposal_id)" value="([^"]+)"',
                shown.text.split('id="underwriting"')[1].split("</form>")[0],
            )
        )
        return await client.post(f"{address}/underwriting", data={**fields, **typed})

    return address, post


async def test_the_panel_shows_every_cap_the_price_and_the_conditions(client, page):
    shown = (await client.get(page[0])).text
    panel = shown.split('id="underwriting"')[1].split("</section>")[0]
    for word in (
        "授信建议",
        "企业申请",
        "产品上限",
        "纳税倍数",
        "销售额占比",
        "现金流测算",
        "担保方式上限",
        "违约概率档位",
        "chart-waterfall",
        "采纳建议",
        "放款前须落实",
    ):
        assert word in panel
    assert "LPR 1Y" in panel
    english = (await client.get(f"{page[0]}?lang=en")).text
    assert "Underwriting proposal" in english


async def test_a_proposal_is_accepted_and_stands_on_the_page(client, page):
    address, post = page
    answer = await post(choice="accept")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}#underwriting")
    assert "已采纳" in (await client.get(address)).text


async def test_a_problem_stands_beside_its_field_and_what_was_typed_stays(client, page):
    address, post = page
    answer = await post(choice="override", own_amount_fen="x", own_annual_rate_bp="5", own_term_months="12", own_note="two years of orders")
    assert answer.status_code == 422
    assert 'id="own_amount_fen-wrong"' in answer.text
    assert "two years of orders" in answer.text
    answer = await post(choice="override", own_amount_fen="50", own_annual_rate_bp="5", own_term_months="12", own_note="no")
    assert answer.status_code == 422
    assert {"own_reasons-wrong", "own_note-wrong"} <= set(re.findall(r'id="(own_\w+-wrong)"', answer.text))
    good = {"own_amount_fen": "50", "own_annual_rate_bp": "5.2", "own_term_months": "10", "own_note": "订单充足，已看合同"}
    answer = await post(choice="override", own_reasons="outlook", **good)
    assert answer.status_code == 303, answer.text
    shown = (await client.get(address)).text
    assert "已改定" in shown
    assert "订单充足，已看合同" in shown


async def test_not_to_lend_needs_no_rate(client, page):
    address, post = page
    answer = await post(
        choice="override",
        own_amount_fen="0",
        own_annual_rate_bp="",
        own_term_months="",
        own_reasons="bank_policy",
        own_note="不在本行投向内",
    )
    assert answer.status_code == 303
    assert "不授信 ·" in (await client.get(address)).text
