"""Four people at work in Chromium: a firm from sign-up to accepted offer, an officer, a bank administrator, an operator."""

import json
import re
from datetime import date

import pytest
from playwright.async_api import async_playwright, expect

from greenbridge.demo.stages import PASSWORD
from greenbridge.facts.pages.deliveries import MAX_UPLOAD_BYTES
from greenbridge.facts.rules import items
from greenbridge.kit.calendar import add_months
from greenbridge.kit.codes import generated_uscc
from tests.builders import NAME, a_registration, steady_invoices
from tests.demonstration import json_of, served

pytestmark = pytest.mark.browser
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
USCC = generated_uscc(7, "330502")


@pytest.fixture(scope="module")
def address(small_town, tmp_path_factory):
    last = add_months(date.fromisoformat(small_town[1]["today"]), -1)
    files = tmp_path_factory.mktemp("files")
    for item, rows in ((items.REGISTRATION, [a_registration(uscc=USCC)]), (items.VAT_INVOICES, steady_invoices(USCC, last=last))):
        file = files / f"{item}.jsonl"
        file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
        assert json_of("ingest", item, str(file), "--json", "--data-dir", str(small_town[0]))["quarantined"] == 0
    with served(small_town[0], "--today", str(small_town[1]["today"])) as found:
        yield found


@pytest.fixture
async def new_page(address):
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        problems: list[str] = []

        async def make(**options):
            context = await browser.new_context(base_url=address, locale="zh-CN", **options)
            context.set_default_timeout(15_000)
            page = await context.new_page()
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("request", lambda request: problems.append(request.url) if not request.url.startswith((address, "data:")) else None)
            return page

        yield make
        await browser.close()
        assert problems == []


async def sign_in(page, login):
    await page.goto("/sign-in")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.click("main button")
    await page.wait_for_url(re.compile(r"/(enterprise|officer|bank|operator)"))


async def test_a_firm_from_sign_up_to_an_accepted_offer(new_page):
    firm = await new_page(viewport={"width": 390, "height": 844})
    await firm.goto("/")
    await firm.click("text=企业注册")
    await firm.fill("#login", "browser-firm")
    await firm.fill("#password", PASSWORD)
    await firm.click("text=注册并继续")
    await firm.fill("#uscc", USCC[:-1] + ("0" if USCC[-1] != "0" else "1"))
    await firm.fill("#name", NAME)
    await firm.click("text=核验并继续")
    await expect(firm.locator("#uscc-wrong")).to_contain_text("校验位不符")
    await firm.fill("#uscc", USCC)
    await firm.click("text=核验并继续")
    await firm.fill("#amount_fen", "40")
    await firm.fill("#max_annual_rate_bp", "9")
    await firm.fill("#term_months", "12")
    await firm.click("main button:has-text('发布需求')")
    await expect(firm.locator("h2").first).to_contain_text("条件全部符合")
    assert await firm.locator("article.match").count() >= 24
    need_id = re.search(r"needs/([0-9a-f-]{36})", firm.url)[1]
    await firm.locator("article.match summary").first.click()
    await expect(firm.locator(".verdicts li").first).to_be_visible()

    officer = await new_page(viewport={"width": 1280, "height": 900})
    await sign_in(officer, "officer-gb02")
    await officer.goto(f"/officer/needs/{need_id}")
    await expect(officer.locator("h1")).to_contain_text("匿名需求")
    assert NAME not in await officer.content()
    await officer.click("text=受理需求")
    await officer.fill("#amount_fen", "40")
    await officer.fill("#annual_rate_bp", "1")
    await officer.fill("#term_months", "12")
    await officer.click("text=提出报价")
    await expect(officer.locator("#annual_rate_bp-wrong")).to_contain_text("产品年利率为")
    await officer.fill("#annual_rate_bp", "4.8")
    await officer.click("text=提出报价")
    await expect(officer.locator("aside")).to_contain_text("已报价")

    await firm.goto(f"/enterprise/needs/{need_id}/offers")
    await expect(firm.locator("main table").first).to_contain_text("4.80 %")
    await firm.click("text=同意该行查阅报告")
    await officer.reload()
    await expect(officer.locator("h1")).to_contain_text(NAME)
    await expect(officer.locator("aside")).to_contain_text("违约概率")
    await firm.click("text=接受报价")
    await expect(firm.locator("main table").first).to_contain_text("已接受")


@pytest.mark.parametrize(
    ("login", "says"), [("enterprise", "我的需求"), ("officer", "开放的需求"), ("bank", "在售产品"), ("operator", "部门交付")]
)
async def test_each_role_lands_on_its_own_page(new_page, login, says):
    page = await new_page(viewport={"width": 1280, "height": 900})
    await sign_in(page, login)
    await expect(page.locator("main")).to_contain_text(says)
    overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0


async def test_the_api_page_renders_without_internet(new_page):
    page = await new_page(viewport={"width": 1280, "height": 900})
    await page.goto("/schema")
    await expect(page.locator(".opblock").first).to_be_visible()


async def test_english_and_phone(new_page):
    page = await new_page(viewport={"width": 390, "height": 844})
    await page.goto("/")
    await page.click("text=English")
    await expect(page.locator("h1")).to_have_text("Let banks see small firms")
    assert await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


async def test_a_file_by_hand_over_the_limit_and_a_good_one(new_page, tmp_path):
    page = await new_page(viewport={"width": 390, "height": 844})
    await sign_in(page, "operator")
    await page.click("text=全部交付与上传")
    (tmp_path / "big.csv").write_bytes(b"x" * (MAX_UPLOAD_BYTES + 1))
    await page.select_option("#item", items.PENALTIES)
    await page.set_input_files("#file", tmp_path / "big.csv")
    await page.click("text=上传文件")
    await expect(page.locator("#file-wrong")).to_contain_text("文件超过")
    (tmp_path / "good.csv").write_text(f"uscc,document_no,authority,decided_on\n{USCC},1,局,2026-01-05\n{USCC},2,局,何时\n")
    await page.select_option("#item", items.PENALTIES)
    await page.set_input_files("#file", tmp_path / "good.csv")
    await page.click("text=上传文件")
    await expect(page.locator(".notice.done")).to_be_visible()
    await expect(page.locator(".rows tbody tr")).to_contain_text("日期无法识别")
    for path in ("/operator", "/operator/quality", "/operator/doubts", "/operator/deliveries", "/catalogue"):
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, path
