import json
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import jsonschema
import pytest
from psycopg.errors import UniqueViolation

from greenbridge.accounts.values import Role
from greenbridge.consents.values import Narrowing
from greenbridge.enterprises import service as enterprises
from greenbridge.facts.rules import items
from greenbridge.facts.service import RegistrationFacts
from greenbridge.kit.codes import generated_uscc
from greenbridge.kit.errors import Forbidden, Invalid
from greenbridge.peers import service as peers
from greenbridge.reports import service, store
from greenbridge.reports.rules import wire
from greenbridge.reports.rules.difference import difference
from greenbridge.settings import home
from tests.builders import PASSWORD, a_registration, a_verified_firm, an_actor, deliver, steady_invoices, token
from tests.consents.test_consents import an_officer, granted

PARTS = ("registration", "associations", "tax_and_operation", "legal_risk", "operating_risk", "evaluations", "comparison", "queries")
SECTIONS = list(PARTS)


@pytest.fixture
async def firm(session, now):
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    return actor, enterprise


def sections(report):
    return {section["key"]: section for section in report.content["sections"]}


def facts(section):
    return {fact["key"]: fact for fact in section["facts"]}


async def test_five_sections_each_fact_with_source_date_and_freshness(session, now, press, firm):
    _, enterprise = firm
    (report,) = await service.make(session, [enterprise], press, date(2026, 3, 10), now)
    assert list(sections(report)) == SECTIONS
    found = facts(sections(report)["tax_and_operation"])
    assert found["sales_12m"]["value"] == 12 * 40_000_000
    for section in report.content["sections"]:
        for fact in section["facts"]:
            if section["key"] != "queries":  # the platform's own ledger
                assert {"department", "valid_on", "received_on", "freshness", "generated"} <= set(fact["source"])
                assert fact["sensitivity"] in range(1, 6)
    assert facts(sections(report)["registration"])["firm_age_months"]["value"] == 94
    months = sections(report)["tax_and_operation"]["tables"][0]
    # Invoices of the tenth of February: the month is not delivered in full, so January is the newest whole one.
    assert [row[0] for row in months["rows"]][:2] == ["2026-01", "2025-12"]
    assert len(sections(report)["associations"]["tables"][0]["rows"]) == 5


async def test_a_section_without_data_says_who_has_not_delivered_or_that_nothing_is_there(session, now, press, firm):
    _, enterprise = firm
    (report,) = await service.make(session, [enterprise], press, date(2026, 3, 10), now)
    legal = sections(report)["legal_risk"]
    assert legal["status"] == "no_data"
    assert "尚未提供" in legal["note"]["zh"]
    other = (await a_verified_firm(session, now, 5))[1].uscc
    case = {"uscc": other, "case_no": "1"}
    await deliver(session, now, items.JUDGMENTS, {**case, "role": "defendant", "decided_on": "2025-01-01"})
    await deliver(session, now, items.ENFORCEMENT, {**case, "filed_on": "2025-01-01"})
    await deliver(session, now, items.DISHONESTY, {**case, "listed_on": "2025-01-01"})
    (report,) = await service.make(session, [enterprise], press, date(2026, 3, 10), now)
    legal = sections(report)["legal_risk"]
    assert (legal["status"], legal["note"]) == ("available", None)
    assert facts(legal)["enforcement_open"]["value"] == 0  # delivered, and none on this firm: a zero with its source
    assert facts(legal)["enforcement_open"]["source"]["department"]["zh"] == "人民法院"


async def test_cases_and_penalties_appear_with_amounts(session, now, press, firm):
    _, enterprise = firm
    case = {
        "uscc": enterprise.uscc,
        "case_no": "（2025）1号",
        "role": "被告",
        "cause": "买卖",
        "amount": "1.2万元",
        "decided_on": "二〇二五年五月六日",
    }
    await deliver(session, now, items.JUDGMENTS, case)
    penalty = {
        "uscc": enterprise.uscc,
        "document_no": "罚1",
        "authority": "局",
        "amount": "500",
        "decided_on": "2025-06-07",
        "shown_until": "2028-06-07",
    }
    await deliver(session, now, items.PENALTIES, penalty)
    (report,) = await service.make(session, [enterprise], press, date(2026, 3, 10), now)
    table = sections(report)["legal_risk"]["tables"][0]
    row = dict(zip([column["key"] for column in table["columns"]], table["rows"][0], strict=True))
    assert (row["case_no"], row["role"]["zh"], row["amount"], row["decided_on"]) == ("（2025）1号", "被告", 1_200_000, "2025-05-06")
    assert 50_000 in sections(report)["operating_risk"]["tables"][0]["rows"][0]


async def test_stale_data_is_called_stale(session, now, press, firm):
    _, enterprise = firm
    later = now + timedelta(days=120)
    (report,) = await service.make(session, [enterprise], press, later.date(), later)
    assert facts(sections(report)["tax_and_operation"])["sales_12m"]["source"]["freshness"] == "stale"


async def test_the_same_material_gives_the_same_content_and_as_of_reads_nothing_later(session, now, press, firm):
    _, enterprise = firm
    first, second = [(await service.make(session, [enterprise], press, date(2026, 3, 10), now))[0] for _ in range(2)]
    assert first.sha256 == second.sha256
    assert first == second  # number, head and signature follow from the content: a replay is the same report
    (earlier,) = await service.make(session, [enterprise], press, date(2025, 7, 1), now)
    assert earlier.content["data_cut"]["last_invoice_month"] == "2025-06"
    assert earlier.sha256 != first.sha256
    with pytest.raises(Invalid):
        await service.make(session, [enterprise], press, date(2026, 3, 11), now)


async def test_another_report_of_the_same_number_is_an_error_and_not_that_report(session, now, press, firm):
    _, enterprise = firm
    (report,) = await service.make(session, [enterprise], press, date(2026, 3, 10), now)
    assert not await store.add(session, report, report.body, None, None)
    with pytest.raises(UniqueViolation):
        await store.add(session, replace(report, id=uuid4()), report.body, None, None)


async def test_one_firm_and_bulk_give_the_same_report(session, now, press, firm):
    _, enterprise = firm
    _, other = await a_verified_firm(session, now, 2)
    bulk = await service.make(session, [other, enterprise], press, date(2026, 3, 10), now)
    (one,) = await service.make(session, [enterprise], press, date(2026, 3, 10), now)
    assert bulk[1].sha256 == one.sha256
    assert bulk[0].content["score"] is None


async def test_a_bank_reads_only_with_consent_and_others_never(session, now, press, firm):
    _, enterprise = firm
    for role in (Role.OFFICER, Role.BANK_ADMINISTRATOR, Role.OPERATOR):
        with pytest.raises(Forbidden):
            await service.for_actor(session, await an_actor(session, now, role), enterprise.id, press, now)


async def test_api_gives_the_own_report_and_404_for_anothers(client, session, now, firm):
    actor, enterprise = firm
    stranger, _ = await a_verified_firm(session, now, 2)
    await session.commit()
    path = f"/api/v1/enterprises/{enterprise.id}/credit-report"
    answer = await client.get(path, headers=await token(client, actor.login))
    assert answer.status_code == 200
    assert [s["key"] for s in answer.json()["content"]["sections"]] == SECTIONS
    assert (await client.get(path, headers=await token(client, stranger.login))).status_code == 404
    assert (await client.get(path)).status_code == 401


async def test_an_unverified_registration_opens_no_report(client, session, now):
    """Code and name are public: typing them in must not show what the departments delivered."""
    victim = generated_uscc(9, "330502")
    await deliver(session, now, items.REGISTRATION, a_registration(uscc=victim))
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(victim))
    stranger = await an_actor(session, now, Role.ENTERPRISE)
    await session.commit()
    mine = await token(client, stranger.login)
    registered = (await client.post("/api/v1/enterprises", json={"uscc": victim, "name": "随便写的名称"}, headers=mine)).json()
    answer = await client.get(f"/api/v1/enterprises/{registered['id']}/credit-report", headers=mine)
    assert answer.status_code == 409
    assert "sections" not in answer.text


@pytest.mark.parametrize(("as_of", "status"), [("0001-01-01", 422), ("9999-12-31", 422), ("yesterday", 400)])
async def test_api_odd_days_are_clear_problems(client, session, now, firm, as_of, status):
    actor, enterprise = firm
    await session.commit()
    path = f"/api/v1/enterprises/{enterprise.id}/credit-report?as_of={as_of}"
    assert (await client.get(path, headers=await token(client, actor.login))).status_code == status


async def test_an_amount_in_foreign_currency_is_shown_as_it_was_delivered(client, session, now):
    from tests.test_pages import Visitor

    uscc = generated_uscc(3, "330502")
    name = "湖州外资竹业有限公司"
    await deliver(session, now, items.REGISTRATION, a_registration(uscc=uscc, name=name, capital="100万美元"))
    actor = await an_actor(session, now, Role.ENTERPRISE)
    enterprise = await enterprises.register(session, actor, uscc, name, now)
    await enterprises.verify(session, actor, enterprise.id, RegistrationFacts(), now)
    await session.commit()
    visitor = Visitor(client)
    await visitor.post("/sign-in", login=actor.login, password=PASSWORD)
    assert "1,000,000.00 USD" in await visitor.get("/enterprise/report")


async def test_every_report_keeps_to_its_published_schema(session, now, press, firm):
    schema = json.loads((home() / "docs" / "schema" / f"credit-report-{wire.SCHEMA_VERSION}.schema.json").read_text())
    _, enterprise = firm
    _, empty = await a_verified_firm(session, now, 2)
    case = {
        "uscc": enterprise.uscc,
        "case_no": "（2025）1号",
        "role": "被告",
        "cause": "买卖",
        "amount": "1.2万元",
        "decided_on": "2025-05-06",
    }
    await deliver(session, now, items.JUDGMENTS, case)
    made = await service.make(session, [enterprise, empty], press, date(2026, 3, 10), now)
    for report in made:
        jsonschema.validate(report.content, schema, format_checker=jsonschema.FormatChecker())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**made[0].content, "more": 1}, schema)


async def test_two_days_are_told_apart_in_words(session, now, press, firm):
    _, enterprise = firm
    (before,) = await service.make(session, [enterprise], press, date(2026, 3, 10), now)
    case = {
        "uscc": enterprise.uscc,
        "case_no": "（2025）1号",
        "role": "被告",
        "cause": "买卖",
        "amount": "1.2万元",
        "decided_on": "2025-05-06",
    }
    later = now + timedelta(days=1)
    await deliver(session, later, items.JUDGMENTS, case)
    (after,) = await service.make(session, [enterprise], press, date(2026, 3, 11), later)
    sentences = [text.zh for text in difference(before.content, after.content)]
    assert "截至日由 2026-03-10 变为 2026-03-11" in sentences
    assert "司法风险·作为被告的裁判：无 → 1 条（公示期内）" in sentences
    assert "司法风险·裁判文书：新增 1 条" in sentences
    assert "变化提示新增：近 12 个月新增作为被告的裁判 1 条" in sentences
    assert difference(before.content, before.content) == []
    _, other = await a_verified_firm(session, now, 2)
    (foreign,) = await service.make(session, [other], press, date(2026, 3, 10), now)
    with pytest.raises(ValueError, match="two firms"):
        difference(before.content, foreign.content)


async def test_what_is_still_open_has_no_age_and_what_has_no_amount_is_not_zero(session, now, press, firm):
    _, enterprise = firm
    entry = {"uscc": enterprise.uscc, "reason": "未年报", "authority": "局", "listed_on": "2022-02-01"}
    await deliver(session, now, items.ABNORMAL_LIST, entry)
    case = {"uscc": enterprise.uscc, "role": "被告", "decided_on": "2025-01-01"}
    await deliver(session, now, items.JUDGMENTS, {**case, "case_no": "1"}, {**case, "case_no": "2", "amount": "5000"})
    officer = await an_officer(session, now)
    await granted(session, enterprise, officer, now, narrowing=Narrowing(months=24))
    report = await service.for_actor(session, officer, enterprise.id, press, now)
    risk = facts(sections(report)["operating_risk"])
    assert risk["abnormal_listed"]["value"] == 1
    assert risk["abnormal_listed"]["period"]["zh"] == "近 24 个月及仍未了结的"
    assert [f["key"] for f in report.content["summary"]["flags"]["found"]] == ["abnormal"]
    amount = facts(sections(report)["legal_risk"])["judgments_defendant_amount"]
    assert (amount["value"], amount["period"]["zh"]) == (500_000, "近 24 个月及仍未了结的，2 条中 1 条有金额")
    clear = {one["key"] for one in report.content["summary"]["flags"]["clear"]}
    unknown = {one["key"] for one in report.content["summary"]["flags"]["unknown"]}
    assert "environment" in unknown - clear  # nobody has graded the firm: that is not a clean grade


async def test_a_change_in_the_register_raises_its_flag_and_silence_is_no_clean_bill(session, now, press, firm):
    _, enterprise = firm

    async def flag():
        (report,) = await service.make(session, [enterprise], press, date(2026, 3, 10), now)
        flags = report.content["summary"]["flags"]
        return next((kind, one.get("text", {}).get("en")) for kind in flags for one in flags[kind] if one["key"] == "representative")

    assert (await flag())[0] == "unknown"
    change = {"uscc": enterprise.uscc, "changed_on": "2025-09-01"}
    await deliver(session, now, items.CHANGES, {**change, "matter": "住所"})
    assert (await flag())[0] == "clear"
    await deliver(session, now, items.CHANGES, {**change, "matter": "法定代表人", "changed_on": "2025-10-02", "result": "refused"})
    assert (await flag())[0] == "clear"
    await deliver(session, now, items.CHANGES, {**change, "matter": "法定代表人（负责人）变更", "changed_on": "2025-11-03"})
    assert await flag() == ("found", "The legal representative changed on 2025-11-03")


async def test_peers_are_compared_only_in_figures_that_the_reader_may_see(session, now, press, firm):
    _, enterprise = firm
    for number in range(2, 14):
        _, other = await a_verified_firm(session, now, number)
        await deliver(session, now, items.VAT_INVOICES, *steady_invoices(other.uscc, net=100_000 * number))
    await peers.measure(session, None, now)
    (whole,) = await service.make(session, [enterprise], press, date(2026, 3, 10), now)
    keys = ["metric", "value", "percentile", "n"]
    rows = sections(whole)["comparison"]["tables"][0]["rows"]
    shown = {row[0]["en"]: dict(zip(keys, row, strict=False)) for row in rows}
    assert shown["Net sales, 12 months"]["n"] >= 10
    officer = await an_officer(session, now)
    await granted(session, enterprise, officer, now, narrowing=Narrowing(months=12))
    narrow = sections(await service.for_actor(session, officer, enterprise.id, press, now))["comparison"]
    told = {row[0]["en"] for table in narrow["tables"] for row in table["rows"]}
    assert "Net sales, 12 months" in told
    assert not [label for label in told if "24" in label or "growth" in label.lower()]
    assert facts(narrow)["peer_sales_growth_12m"]["withheld"]["reason"] == "by_firm"
    await granted(session, enterprise, officer, now, narrowing=Narrowing(withheld=frozenset({"registration.basic.industry"})))
    closed = sections(await service.for_actor(session, officer, enterprise.id, press, now))["comparison"]
    assert (closed["tables"], closed["note"], closed["status"]) == ([], None, "withheld")


async def test_a_day_that_is_closed_shows_in_no_source_and_a_closing_day_in_no_record(session, now, press, firm):
    _, enterprise = firm
    penalty = {"uscc": enterprise.uscc, "document_no": "1", "authority": "局", "decided_on": "2025-06-07", "shown_until": "2028-06-07"}
    await deliver(session, now, items.PENALTIES, penalty)
    await deliver(session, now, items.ABNORMAL_LIST, {"uscc": enterprise.uscc, "reason": "未年报", "listed_on": "2021-09-01"})
    officer = await an_officer(session, now)
    shut = frozenset({"penalties.administrative.decided_on", "annual_report.abnormal_list.removed_on"})
    await granted(session, enterprise, officer, now, narrowing=Narrowing(months=24, withheld=shut))
    report = await service.for_actor(session, officer, enterprise.id, press, now)
    risk = sections(report)["operating_risk"]
    (table,) = [table for table in risk["tables"] if table["rows"]]
    assert table["key"] == items.PENALTIES
    assert "2025-06-07" not in json.dumps(risk)
    # Older than the range: that it is still open is told only to who may see when it was closed.
    assert "未年报" not in json.dumps(risk, ensure_ascii=False)
