"""Form round trips: what was typed stays, the problem stands beside its field; both languages; no cookie, no page."""

import re

import httpx
import pytest

from greenbridge.accounts.values import Role
from greenbridge.facts.rules import items
from greenbridge.kit.codes import generated_uscc
from greenbridge.kit.web import Translations
from greenbridge.settings import home
from tests.builders import NAME, PASSWORD, a_registration, an_actor, deliver, steady_invoices, the_products


class Visitor:
    """Posts forms as a browser does: with the page's own hidden fields."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, status: int = 200) -> str:
        answer = await self.client.get(path, follow_redirects=True)
        assert answer.status_code == status, answer.text[:2000]
        return answer.text

    async def post(self, page: str, action: str | None = None, **fields: object) -> httpx.Response:
        text = await self.get(page)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
        return await self.client.post(action or page, data={**hidden, **fields}, follow_redirects=False)


@pytest.fixture
def visitor(client):
    return Visitor(client)


async def signed_in(visitor, session, now, role, login="somebody", **kwargs):
    await an_actor(session, now, role, login=login, **kwargs)
    await session.commit()
    answer = await visitor.post("/sign-in", login=login, password=PASSWORD)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_register_verify_publish_match_in_three_steps(visitor, session, now):
    uscc = generated_uscc(1, "330502")
    await the_products(session, now)
    await deliver(session, now, items.REGISTRATION, a_registration(uscc=uscc))
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(uscc))
    await session.commit()
    answer = await visitor.post("/sign-up", login="firm-1", password=PASSWORD)
    assert answer.headers["location"] == "/enterprise/start"
    wrong = await visitor.post("/enterprise/start", uscc=uscc, name="别的公司")
    assert wrong.status_code == 422
    assert 'id="name-wrong"' in wrong.text
    assert f'value="{uscc}"' in wrong.text
    assert (await visitor.post("/enterprise/start", uscc=uscc, name=NAME)).headers["location"] == "/enterprise/needs/new"
    typed = {
        "amount_fen": "-3",
        "max_annual_rate_bp": "4.35",
        "term_months": "x",
        "purpose": "working_capital",
        "guarantee_modes": "credit",
    }
    wrong = await visitor.post("/enterprise/needs/new", **typed)
    assert wrong.status_code == 422
    assert 'id="term_months-wrong"' in wrong.text
    assert 'value="4.35"' in wrong.text
    wrong = await visitor.post("/enterprise/needs/new", **{**typed, "term_months": "12"})
    assert 'id="amount_fen-wrong"' in wrong.text
    done = await visitor.post("/enterprise/needs/new", **{**typed, "term_months": "12", "amount_fen": "100", "max_annual_rate_bp": "5"})
    assert done.status_code == 303, done.text
    text = await visitor.get(done.headers["location"])
    assert "条件全部符合" in text or "没有不符合" in text
    assert "还差" in text
    assert NAME in await visitor.get("/enterprise")
    report = await visitor.get("/enterprise/report")
    assert "违约概率" in report
    assert "逐月发票" in report
    assert "还没有报价" in await visitor.get(done.headers["location"] + "/offers")


async def test_a_second_click_publishes_nothing_more(visitor, session, now):
    from greenbridge.needs import service as needs

    uscc = generated_uscc(1, "330502")
    await deliver(session, now, items.REGISTRATION, a_registration(uscc=uscc))
    await session.commit()
    await visitor.post("/sign-up", login="firm-1", password=PASSWORD)
    await visitor.post("/enterprise/start", uscc=uscc, name=NAME)
    fields = {
        "amount_fen": "100",
        "max_annual_rate_bp": "5",
        "term_months": "12",
        "purpose": "working_capital",
        "guarantee_modes": "credit",
    }
    first = await visitor.post("/enterprise/needs/new", key="k", **fields)
    second = await visitor.post("/enterprise/needs/new", key="k", **fields)
    assert first.headers["location"] == second.headers["location"]
    assert (await needs.totals(session))[0] == 1


async def test_each_role_has_its_page_and_not_anothers(visitor, session, now):
    await the_products(session, now)
    pages = {Role.OFFICER: "/officer", Role.BANK_ADMINISTRATOR: "/bank/products", Role.OPERATOR: "/operator"}
    for role, own in pages.items():
        assert await signed_in(visitor, session, now, role, login=role.value) == own
        await visitor.get(own)
        for other in {*pages.values(), "/enterprise/report"} - {own}:
            await visitor.get(other, status=403)
        visitor.client.cookies.clear()


async def test_a_stranger_is_led_to_sign_in_and_back_but_never_off_the_site(visitor, session, now):
    answer = await visitor.client.get("/officer")
    assert answer.headers["location"] == "/sign-in?next=/officer"
    await an_actor(session, now, Role.OFFICER, login="somebody")
    await session.commit()
    assert (await visitor.post("/sign-in?next=/officer", login="somebody", password=PASSWORD)).headers["location"] == "/officer"
    for away in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = await visitor.post("/sign-in", login="somebody", password=PASSWORD, next=away)
        assert answer.headers["location"] == "/officer"


async def test_a_form_without_its_token_is_refused(client):
    answer = await client.post("/sign-in", data={"login": "a", "password": "b"})
    assert answer.status_code == 403
    assert "请返回重试" in answer.text


async def test_wrong_password_keeps_the_login_and_never_the_password(visitor, session, now):
    answer = await visitor.post("/sign-in", login="nobody", password="secret-typed")
    assert answer.status_code == 401
    assert 'value="nobody"' in answer.text
    assert "secret-typed" not in answer.text


async def test_english_at_a_switch(visitor):
    assert "让银行看见小企业" in await visitor.get("/")
    assert (await visitor.client.get("/language/en?back=/sign-in")).headers["location"] == "/sign-in"
    text = await visitor.get("/")
    assert "Let banks see small firms" in text
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"中文", "", text))


def test_every_chinese_text_of_the_pages_has_its_english():
    folder = home() / "src" / "greenbridge"
    english = Translations(folder / "locale" / "en.po").english
    used = set()
    for template in (folder / "templates").glob("*.html"):
        used |= {m[1] for m in re.findall(r"""\b(?:_|t)\((["'])(.*?)\1""", template.read_text())}
    chinese = {text for text in used if re.search(r"[\u4e00-\u9fff]", text)}
    assert chinese - set(english) == set()
    assert set(english) - chinese == set()


async def test_no_page_names_another_host(visitor):
    for path in ("/", "/sign-in", "/sign-up", "/design", "/catalogue", "/schema"):
        text = await visitor.get(path)
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text), path


async def test_unknown_pages_and_api_paths_answer_in_their_own_form(visitor, client):
    assert "没有这个地址" in await visitor.get("/nothing", status=404)
    answer = await client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_health_schema_and_request_id(client):
    assert (await client.get("/health/live")).json()["status"] == "ok"
    ready = await client.get("/health/ready", headers={"x-request-id": "abcdef-123"})
    assert ready.json()["schema"] == max(path.name[:4] for path in (home() / "migrations" / "versions").glob("[0-9]*.py"))
    assert ready.headers["x-request-id"] == "abcdef-123"
    assert ready.headers["x-frame-options"] == "DENY"
    odd = await client.get("/health/live", headers={"x-request-id": "a b\tc"})
    assert re.fullmatch(r"[0-9a-f]{32}", odd.headers["x-request-id"])
    schema = (await client.get("/schema/openapi.json")).json()
    assert schema["openapi"].startswith("3.1")
    assert "/api/v1/enterprises/{enterprise_id}/credit-report" in schema["paths"]
    page = await client.get("/schema")
    assert "/schema/assets/swagger-ui-bundle.js" in page.text
    assert (await client.get("/schema/assets/swagger-ui-bundle.js")).status_code == 200


async def test_an_officers_wrong_offer_stays_typed_with_its_problem_beside_the_field(visitor, session, now, model):
    from greenbridge.needs import service as needs
    from tests.builders import a_draft, a_verified_firm

    await the_products(session, now)
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    need = await needs.publish(session, actor, enterprise.id, a_draft(), now)
    await signed_in(visitor, session, now, Role.OFFICER, code="GB02")
    path = f"/officer/needs/{need.id}"
    assert "GEN" not in await visitor.get(path)
    assert (await visitor.post(path, f"{path}/claim")).status_code == 303
    action = re.search(rf"{path}/offer/[0-9a-f-]+", await visitor.get(path))[0]
    wrong = await visitor.post(
        path, action, product_code="GB02-INV", amount_fen="80", annual_rate_bp="1", term_months="12", note="请尽快联系"
    )
    assert wrong.status_code == 422
    assert 'id="annual_rate_bp-wrong"' in wrong.text
    assert 'value="请尽快联系"' in wrong.text
    assert (await visitor.post(path, f"{path}/claim")).status_code == 409
    none = await visitor.post(path, action.replace("/offer/", "/decline/"))
    assert 'id="reasons-wrong"' in none.text
    done = await visitor.post(path, action.replace("/offer/", "/decline/"), reasons=["no_capacity"])
    assert done.status_code == 303
    assert "已谢绝" in await visitor.get(path)


async def test_an_answer_is_given_under_the_address_of_its_own_need_only(visitor, session, now, model):
    from greenbridge.answers import service as answers
    from greenbridge.answers.values import AnswerStatus
    from greenbridge.needs import service as needs
    from tests.builders import a_draft, a_verified_firm

    await the_products(session, now)
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    need, other = [await needs.publish(session, actor, enterprise.id, a_draft(term_months=months), now) for months in (12, 10)]
    officer = await an_actor(session, now, Role.OFFICER, "GB02", "claimer")
    claimed = await answers.claim(session, officer, need.id, model, now)
    await signed_in(visitor, session, now, Role.OFFICER, code="GB02")
    typed = {"product_code": "GB02-INV", "amount_fen": "50", "annual_rate_bp": "5.2", "term_months": "10"}
    for deed, fields in (("offer", typed), ("decline", {"reasons": ["no_capacity"]})):
        wrong = await visitor.post(f"/officer/needs/{need.id}", f"/officer/needs/{other.id}/{deed}/{claimed.id}", **fields)
        assert wrong.status_code == 404
        (view,) = await answers.of_need(session, actor, need.id, now)
        assert view.answer.status is AnswerStatus.CLAIMED
    done = await visitor.post(f"/officer/needs/{need.id}", f"/officer/needs/{need.id}/offer/{claimed.id}", **typed)
    assert done.status_code == 303


async def test_odd_input_is_a_clear_problem_never_a_crash(client, session, now):
    await an_actor(session, now, Role.OFFICER, login="officer")
    await session.commit()
    from tests.builders import token

    mine = await token(client, "officer")
    for login in ("a\x00b-long", "x" * 5000):
        answer = await client.post("/api/v1/accounts/sign-up", json={"login": login, "password": PASSWORD})
        assert answer.status_code in {400, 422}, answer.text
    assert (await client.post("/api/v1/tokens", json={"login": "a\x00", "password": "x"})).status_code == 400
    assert (await client.get("/api/v1/open-needs?offset=99999999999999999999", headers=mine)).status_code == 400
    assert (await client.get("/language/en?back=//[")).headers["location"] == "/"
    assert (await client.get("/api/v1/open-needs/not-an-id", headers=mine)).status_code == 404
