"""The pages, as people use them: a firm reports, a reviewer decides, everybody looks, the operator pays."""

import html
import io
import json
import re
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pandas as pd
import pytest

from greenbridge.accounts.values import Role
from greenbridge.answers import service as answers
from greenbridge.answers.values import Offer
from greenbridge.facts.rules import items
from greenbridge.green import service as green
from greenbridge.green.service import subsidies
from greenbridge.green.values import ClaimState, State
from greenbridge.needs import service as needs
from greenbridge.reports import service as reports
from tests.builders import PASSWORD, a_draft, a_verified_firm, an_actor, deliver, steady_invoices, the_products
from tests.green.conftest import FULL, PDF

CSRF = re.compile(r'name="_csrf_token"[^>]*value="([^"]+)"')


class Visitor:
    """A browser without scripts: follows its own redirects, sends the page's token back."""

    def __init__(self, app) -> None:
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")

    async def signed_in(self, login: str) -> "Visitor":
        page = await self.client.get("/sign-in")
        form = {"login": login, "password": PASSWORD, "_csrf_token": CSRF.search(page.text)[1]}
        assert (await self.client.post("/sign-in", data=form)).status_code == 303
        return self

    async def get(self, path: str, status: int = 200) -> str:
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text[:500]
        return answer.text

    async def post(self, path: str, at: str, status: int = 303, files=None, **form: str) -> httpx.Response:
        token = CSRF.search(await self.get(at))[1]
        answer = await self.client.post(path, data={**form, "_csrf_token": token}, files=files)
        assert answer.status_code == status, answer.text[:800]
        return answer


@pytest.fixture
def visit(app):
    async def enter(actor=None) -> Visitor:
        visitor = Visitor(app)
        return await visitor.signed_in(actor.login) if actor else visitor

    return enter


async def test_a_firm_reports_of_itself_with_a_file_and_sees_points_gap_and_subsidy(place, visit):
    await place.session.commit()
    firm = await visit(place.actor)
    text = await firm.get("/enterprise/green")
    assert "开始自评" in text
    assert "未评级" in text
    begun = await firm.post("/enterprise/green", "/enterprise/green", subject="enterprise")
    at = begun.headers["location"]
    assert 'name="value"' in await firm.get(at)
    answer = await firm.post(f"{at}/statements", at, 422, name="green_revenue_share", value="60")
    assert "请先阅读并勾选承诺" in answer.text
    assert 'value="60"' in answer.text  # nothing typed is lost
    wrong = {"file": ("收入.exe", b"MZ", "application/pdf")}
    answer = await firm.post(f"{at}/statements", at, 422, files=wrong, name="green_revenue_share", value="60", pledge="yes")
    assert "只接受内容与扩展名一致" in answer.text
    good = {"file": ("收入证明.pdf", PDF, "application/pdf")}
    await firm.post(f"{at}/statements", at, files=good, name="green_revenue_share", value="60", pledge="yes")
    text = await firm.get(at)
    assert "收入证明.pdf" in text
    assert "60 %" in text
    await firm.post(f"{at}/particulars", at, business_class="industry", catalogue_code="1.1")
    assert "高效节能装备制造" in await firm.get(f"{at}?sought=节能")
    assert "checked" not in text
    unpledged = await firm.post(f"{at}/events", at, 422, event="submit")
    assert "请先阅读并勾选承诺，再提交" in unpledged.text
    await firm.post(f"{at}/events", at, event="submit", pledge="yes")
    text = await firm.get(at)
    assert "系统已评级" in text
    assert "到下一等级" in text
    assert "SHA-256" in text
    refused = await firm.post(f"{at}/events", at, 409, event="request_review")
    assert "尚未评级" in refused.text
    file = re.search(r"/green/files/[0-9a-f-]{36}", text)[0]
    assert (await firm.client.get(file)).content == PDF


async def test_the_page_says_what_the_next_grade_would_bring(place, visit):
    await place.certified({**FULL, "carbon_efficiency_grade": "4", "energy_level": "worse", "waste_recovered_share": "0.3"})
    await place.session.commit()
    firm = await visit(place.actor)
    text = await firm.get("/enterprise/green")
    assert "已认证入库" in text
    assert "届时 500 万元贷款一年可获贴息" in text
    assert "26,100.00" in text
    assert "比现在多 6,525.00 元" in text
    assert "证书与入库" in text
    english = await firm.get("/enterprise/green?lang=en")
    assert "To the next grade" in english


async def test_a_reviewer_finds_and_passes_on_the_pages(place, visit):
    case_id = await place.a_case()
    await green.submit(place.session, place.actor, place.book, case_id, place.now, pledged=True)
    await green.request_review(place.session, place.actor, case_id, place.now)
    await place.session.commit()
    reviewer = await visit(place.reviewer)
    assert place.firm.name in await reviewer.get("/reviewer")
    at = f"/reviewer/{case_id}"
    text = await reviewer.get(at)
    assert "SHA-256" in text
    # Words are chosen from, by their labels; nobody guesses an inner word.
    offered = re.search(r'<select id="v-carbon_efficiency_grade".*?</select>', text, re.DOTALL)[0]
    assert 'value="3"' in offered
    assert 'name="name" value="tax_grade"' in text
    for barred in ("environment_colour", "severe_listed", "evidence_forged"):
        assert f'name="name" value="{barred}"' not in text
    answer = await reviewer.post(f"{at}/findings", at, 422, name="green_revenue_share", value="30", reason="短")
    assert "请写明调整理由" in answer.text
    assert re.search(r'id="v-green_revenue_share"[^>]*value="30"', answer.text)
    wrong = await reviewer.post(f"{at}/findings", at, 422, name="tax_grade", value="Z", reason="纳税信用等级经核对应为该级")
    assert "tax_grade 的取值应为" in re.search(r'<form id="tax_grade".*?</form>', wrong.text, re.DOTALL)[0]
    short = await reviewer.post(f"{at}/class", at, 422, business_class="trade", reason="短")
    assert "请写明调整理由" in short.text
    await reviewer.post(f"{at}/class", at, business_class="trade", reason="该企业只做批发，不生产，属于商贸业")
    text = await reviewer.get(at)
    assert "该企业只做批发，不生产，属于商贸业" in text
    assert "商贸业" in text
    await reviewer.post(f"{at}/findings", at, name="green_revenue_share", value="30", reason="按审计报告只能认定百分之三十")
    text = await reviewer.get(at)
    assert "调整后通过" in text
    assert "按审计报告只能认定百分之三十" in text
    answer = await reviewer.post(f"{at}/decision", at, 422, choice="reject", words="")
    assert "请写明理由" in answer.text
    await reviewer.post(f"{at}/decision", at, choice="pass", words="")
    assert "公示中" in await reviewer.get(at)
    view = await green.view(place.session, None, case_id)
    assert (view.case.state, view.case.business_class) == (State.PUBLISHED, "trade")
    assert view.history[-1].detail["changed"] == ["business_class", "green_revenue_share"]


async def test_everybody_sees_publicity_and_certificates_and_may_object_once_signed_in(place, visit):
    case_id = await place.published()
    await place.session.commit()
    visitor, reviewer = await visit(), await visit(place.reviewer)
    text = await visitor.get("/green")
    assert place.firm.name in text
    assert "请先登录，实名提出异议" in text
    number = (await green.view(place.session, None, case_id)).case.number
    answer = await reviewer.post(f"/green/{number}/objections", "/green", 422, reason="短")
    assert "请写明理由" in answer.text
    await reviewer.post(f"/green/{number}/objections", "/green", reason="公示的绿电比例与实际不符。")
    assert "计时暂停" in await visitor.get("/green")
    operator = await visit(place.operator)
    text = await operator.get("/operator/green")
    assert "公示的绿电比例与实际不符。" in text
    await operator.post(f"/operator/green/{case_id}/settlement", "/operator/green", choice="dismiss", reason="经核查，绿电交易凭证属实。")
    assert (await green.view(place.session, None, case_id)).case.state is State.PUBLISHED


async def test_a_firm_claims_and_the_operator_decides_on_the_pages(place, visit, clock):
    await place.certified()
    place.later(40)
    clock.instant = place.now
    await place.session.commit()
    firm, operator = await visit(place.actor), await visit(place.operator)
    answer = await firm.post(
        "/enterprise/green/claims", "/enterprise/green", 422, bank="", reference="L-1", principal="多", drawn_on="2026-04-01", repaid_on=""
    )
    assert "本金应为数字" in answer.text
    assert 'value="L-1"' in answer.text
    await firm.post(
        "/enterprise/green/claims",
        "/enterprise/green",
        bank=str(place.bank.id),
        reference="L-1",
        principal="500",
        drawn_on="2026-04-01",
        repaid_on="",
    )
    assert "L-1" in await firm.get("/enterprise/green")
    (claim,) = await subsidies.every(place.session)
    await operator.post(f"/operator/green/claims/{claim.id}", "/operator/green", event="check", note="")
    refused = await operator.post(f"/operator/green/claims/{claim.id}", "/operator/green", 403, event="approve", note="")
    assert "不能是同一人" in refused.text
    assert (await subsidies.every(place.session))[0].state is ClaimState.CHECKED
    exported = await operator.client.get("/operator/green/subsidies.csv")
    assert claim.number in exported.content.decode("utf-8-sig")
    sheet = pd.read_excel(io.BytesIO((await operator.client.get("/operator/green/subsidies.xlsx")).content), engine="calamine")
    assert sheet["申报编号"].tolist() == [claim.number]
    assert sheet["贴息金额（元）"].tolist() == [claim.amount_fen / 100]
    assert "账平" in await operator.get("/operator/green")


async def test_a_claim_is_filled_in_from_the_bank_s_report_and_compared_with_it(place, visit, clock, model):
    s = place.session
    await place.certified()
    await the_products(s, place.now)
    await deliver(s, place.now, items.VAT_INVOICES, *steady_invoices(place.firm.uscc))
    need = await needs.publish(s, place.actor, place.firm.id, a_draft(amount_fen=40_000_000, max_annual_rate_bp=900), place.now)
    officer = await an_actor(s, place.now, Role.OFFICER, "GB02")
    claimed = await answers.claim(s, officer, need.id, model, place.now)
    offer = Offer("GB02-INV", 30_000_000, 520, 12, place.now.date() + timedelta(days=10))
    await answers.offer(s, officer, claimed.id, offer, "", place.now)
    await answers.accept(s, place.actor, claimed.id, place.now)
    await answers.approve(s, officer, claimed.id, 30_000_000, 520, place.now)
    await answers.sign(s, officer, claimed.id, "HT-2026-1", place.now)
    drawn_on = place.now.date()
    await answers.pay_out(s, officer, claimed.id, 30_000_000, drawn_on, place.now)
    place.later(40)
    clock.instant = place.now
    await s.commit()
    firm, operator = await visit(place.actor), await visit(place.operator)
    text = await firm.get("/enterprise/green")
    link = re.search(r'/enterprise/green\?loan=[^"#]+', text)[0]
    filled = await firm.get(html.unescape(link))
    for value in ("HT-2026-1", "30", drawn_on.isoformat()):
        assert f'value="{value}"' in filled
    assert re.search(rf'value="{officer.organisation.id}"\s+selected', filled)
    assert "一笔贷款只能申报一次" in filled
    form = {"bank": str(officer.organisation.id), "reference": "HT-2026-1", "drawn_on": drawn_on.isoformat(), "repaid_on": ""}
    await firm.post("/enterprise/green/claims", "/enterprise/green", principal="50", **form)
    assert "?loan=" not in await firm.get("/enterprise/green")
    board = await operator.get("/operator/green")
    assert "与银行报送不符" in board
    assert "本金：银行报送 300,000.00 元" in board
    (claim,) = await subsidies.every(s)
    await subsidies.withdraw(s, place.actor, claim.id, place.now)
    await s.commit()
    await firm.post("/enterprise/green/claims", "/enterprise/green", principal="30", **form)
    assert "与银行报送一致" in await operator.get("/operator/green")


async def test_the_public_file_of_a_certificate_tells_no_points_and_is_verified_and_the_whole_one_is_the_firm_s(place, visit):
    case_id = await place.certified()
    (held,) = await green.certificates(place.session, case_id)
    stranger, _ = await a_verified_firm(place.session, place.now, 36)
    await place.session.commit()
    at = f"/green/certificates/{held.number}"
    content = (await (await visit()).client.get(at)).content
    part, keys = json.loads(content), place.seal.keys.public_document(place.now)
    assert reports.flaws(content, keys) == ()
    shown = {leaf["pointer"]: leaf["value"] for leaf in part["disclosed"]}
    assert (shown["/grade/code"], shown["/subject/uscc"], shown["/valid_to"]) == ("deep", place.firm.uscc, held.valid_to.isoformat())
    assert {"/scheme/version", "/scheme/status", "/catalogue/version", "/certificate"} <= shown.keys()
    assert set(part) == {"head", "signature", "disclosed"}  # no seed: the salts of what is not shown stay unknown
    assert not [p for p in shown if p.split("/")[1] in {"points", "coverage", "sections", "rating_digest", "case"}]
    lines = held.content["sections"][0]["lines"]
    assert len(lines) == 24
    assert not any(told in content.decode() for code, line in lines.items() for told in (f"/{code}", line["name"]["zh"], held.seed))
    changed = content.replace(b'"deep"', b'"mid"')
    assert [f.code for f in reports.flaws(changed, keys)] == ["changed-value"]
    await (await visit()).get(f"{at}/whole", 303)
    await (await visit(stranger)).get(f"{at}/whole", 404)
    await (await visit(place.reviewer)).get(f"{at}/whole", 403)
    for actor in (place.actor, place.operator):
        whole = (await (await visit(actor)).client.get(f"{at}/whole")).content
        assert reports.flaws(whole, keys) == ()
        assert json.loads(whole)["content"]["points"] == held.points


async def test_the_operator_finds_forgery_with_a_certificate_that_has_run_out(place, visit, clock):
    case_id = await place.certified()
    (held,) = await green.certificates(place.session, case_id)
    place.later((held.valid_to - place.now.date()).days + 1)
    assert (await green.nightly(place.session, place.book, place.seal, place.now)).expired == 1
    clock.instant = place.now
    await place.session.commit()
    operator = await visit(place.operator)
    assert held.number in await operator.get("/operator/green")
    why = "收入证明经核查系伪造，印章不符。"
    await operator.post(f"/operator/green/{case_id}/settlement", "/operator/green", choice="forged", reason=why)
    assert (await green.view(place.session, None, case_id)).case.state is State.FORGED


async def test_a_project_is_opened_on_the_page_and_a_nameless_one_is_not(place, visit):
    await place.session.commit()
    firm = await visit(place.actor)
    answer = await firm.post("/enterprise/green", "/enterprise/green", 422, subject="project", title="", investment="x")
    assert "投资额应为数字" in answer.text
    begun = await firm.post("/enterprise/green", "/enterprise/green", subject="project", title="屋顶光伏", investment="300")
    assert "屋顶光伏" in await firm.get(begun.headers["location"])


async def test_the_api_tells_24_indicators_and_the_forecast(place, visit, client):
    await place.certified()
    await place.session.commit()
    answer = await client.post("/api/v1/tokens", json={"login": place.actor.login, "password": PASSWORD})
    headers = {"authorization": f"Bearer {answer.json()['token']}"}
    found = (await client.get(f"/api/v1/enterprises/{place.firm.id}/green", headers=headers)).json()
    assert len(found["rating"]["indicators"]) == 24
    assert found["rating"]["next_grade"] is None or found["rating"]["next_grade"]["code"]
    query = urlencode({"principal_fen": 500_000_000, "grade": "deep", "days": 365})
    assert (await client.get(f"/api/v1/green/forecast?{query}", headers=headers)).json()["amount_fen"] == 2_610_000
    bad = await client.get("/api/v1/green/forecast?principal_fen=0", headers=headers)
    assert (bad.status_code, bad.headers["content-type"]) == (400, "application/problem+json")
