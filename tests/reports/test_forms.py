"""A report's forms: signed file, PDF, HTML, text; replays to the same bytes; what an offline check says."""

import io
import json
from datetime import UTC, date, datetime, timedelta

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenbridge.facts.rules import items
from greenbridge.kit.canonical import canonical
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.reports import service
from greenbridge.reports.gateway import embedded, qr
from greenbridge.reports.rules import envelope
from tests.builders import PASSWORD, a_verified_firm, deliver, steady_invoices, token

DAY = date(2026, 3, 10)


@pytest.fixture
async def made(session, now, press):
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    case = {
        "uscc": enterprise.uscc,
        "case_no": "（2025）1号",
        "role": "被告",
        "cause": "买卖",
        "amount": "1.2万元",
        "decided_on": "2025-05-06",
    }
    await deliver(session, now, items.JUDGMENTS, case)
    return actor, enterprise, (await service.make(session, [enterprise], press, DAY, now))[0]


@pytest.fixture
def keys(press, now):
    return press.keys.public_document(now)


def flaws(data, keys, press):
    return [(flaw.code, flaw.pointer) for flaw in service.flaws(data, keys)]


async def test_a_signed_file_holds_without_network_and_names_what_was_changed(made, keys, press):
    file = service.file(made[2])
    assert flaws(file, keys, press) == []
    document = json.loads(file)
    assert canonical(document) == file
    section = next(s for s in document["content"]["sections"] if s["key"] == "legal_risk")
    fact = next(f for f in section["facts"] if f["key"] == "judgments_defendant")
    fact["value"] = 0
    assert flaws(canonical(document), keys, press) == [("changed-value", "/sections/legal_risk/facts/judgments_defendant")]
    document = json.loads(file)
    document["content"]["enterprise"]["name"] += "X"
    assert flaws(canonical(document), keys, press) == [("changed-value", "/enterprise/name")]
    assert [code for code, _ in flaws(file[:-1], keys, press)] == ["unreadable"]
    other = press.keys.rotate("EdDSA", datetime(2026, 3, 11, tzinfo=UTC))
    assert flaws(file, press.keys.public_document(datetime(2026, 3, 12, tzinfo=UTC)), press) == []  # a retired key still vouches
    assert [code for code, _ in flaws(file, {"keys": [other.public()]}, press)] == ["unknown-key"]


async def test_a_part_shows_what_was_chosen_and_proves_it(made, keys, press):
    part = envelope.disclosure(json.loads(service.file(made[2])), ["/enterprise/name", "/sections/legal_risk"])
    assert flaws(canonical(part), keys, press) == []
    text = json.dumps(part, ensure_ascii=False)
    assert "judgments_defendant" in text
    assert "sales_12m" not in text
    assert "seed" not in part
    part["disclosed"][0]["value"] = "别的公司"
    assert flaws(canonical(part), keys, press)[0][1].endswith(part["disclosed"][0]["pointer"])


async def test_the_pdf_is_the_same_bytes_again_carries_the_signed_file_and_its_pages_are_checked(made, keys, press):
    report = made[2]
    first = service.pdf(report, "zh")
    assert first == service.pdf(report, "zh")
    assert embedded(first) == service.file(report)
    assert flaws(first, keys, press) == []
    reader = pypdf.PdfReader(io.BytesIO(first))
    assert len(reader.pages) >= 3
    words = "".join(page.extract_text() for page in reader.pages)
    for wanted in ("企业信用报告", report.number, "作为被告的裁判", "第 1 页", "绿桥平台运维"):
        assert wanted in words.replace("\n", "")
    english = service.pdf(report, "en")
    assert flaws(english, keys, press) == []
    assert "Enterprise credit report" in pypdf.PdfReader(io.BytesIO(english)).pages[0].extract_text()
    # Another page around the same file: the data holds, the pages are not its own.
    writer = pypdf.PdfWriter(clone_from=reader)
    writer.add_blank_page()
    sink = io.BytesIO()
    writer.write(sink)
    assert flaws(sink.getvalue(), keys, press) == [("pages-differ", "")]
    assert [code for code, _ in flaws(b"%PDF-1.7 nothing", keys, press)] == ["unreadable"]
    for place in range(0, len(first), len(first) // 12):
        changed = bytes([*first[:place], first[place] ^ 1, *first[place + 1 :]])
        assert flaws(changed, keys, press), place


async def test_html_and_text_say_the_same_in_both_languages(made):
    report = made[2]
    for language, heading in (("zh", "司法风险"), ("en", "Legal risk")):
        for form in (service.html(report, language).decode(), service.plain(report, language)):
            assert heading in form
            assert "12.00" in form or "1.20" in form
            assert report.number in form
    assert "<svg" in service.html(report, "zh").decode()
    assert 'src="' not in service.html(report, "zh").decode()


async def test_a_replay_gives_the_same_bytes_whatever_came_later(session, made, press, now):
    _, enterprise, report = made
    later = now + timedelta(days=3)
    await deliver(session, later, items.JUDGMENTS, {"uscc": enterprise.uscc, "case_no": "2", "role": "被告", "decided_on": "2025-01-01"})
    await deliver(session, later, items.TAX_GRADE, {"uscc": enterprise.uscc, "year": 2024, "grade": "A", "published_on": "2025-04-25"})
    await deliver(session, later, items.REGISTRATION, {"uscc": enterprise.uscc, "name": "改了名的公司", "established": "2018-05-01"})
    press.keys.rotate("EdDSA", later)
    (again,) = await service.for_operator(session, [enterprise], press, DAY, later, known_at=now)
    assert service.file(again) == service.file(report)
    assert service.pdf(again, "zh") == service.pdf(report, "zh")
    (fresh,) = await service.for_operator(session, [enterprise], press, DAY, later)
    assert service.file(fresh) != service.file(report)
    with pytest.raises(Invalid):
        await service.for_operator(session, [enterprise], press, DAY, now, known_at=later)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    facts=st.lists(
        st.tuples(
            st.integers(1, 3),  # case
            st.sampled_from(["2024-03-01", "2025-02-03", "2025-12-31"]),  # decided
            st.integers(0, 5),  # delivered so many days after the report
            st.sampled_from(["被告", "原告"]),
        ),
        max_size=5,
    )
)
async def test_late_and_corrected_facts_never_change_a_report_that_was_made(sessions, now, press, facts):
    async with sessions() as session:
        _, enterprise = await a_verified_firm(session, now)
        first = {"uscc": enterprise.uscc, "case_no": "1", "role": "被告", "decided_on": "2025-02-03"}
        await deliver(session, now - timedelta(days=1), items.JUDGMENTS, first)
        (report,) = await service.make(session, [enterprise], press, DAY, now)
        for case, decided, days, role in facts:
            row = {"uscc": enterprise.uscc, "case_no": str(case), "role": role, "decided_on": decided}
            await deliver(session, now + timedelta(days=days, seconds=1), items.JUDGMENTS, row)
        (again,) = await service.make(session, [enterprise], press, DAY, now)
        assert canonical(again.content) == canonical(report.content)
        assert again.number == report.number
        await session.rollback()


async def test_pages_and_api_give_the_files_and_the_ledger_knows(client, session, made, press):
    from tests.test_pages import Visitor

    actor, enterprise, _ = made
    await session.commit()
    visitor = Visitor(client)
    await visitor.post("/sign-in", login=actor.login, password=PASSWORD)
    page = await visitor.get("/enterprise/report")
    assert "<svg" in page
    assert "风险提示" in page
    document = await client.get("/enterprise/report.json")
    assert document.headers["content-disposition"].endswith('.json"')
    published = (await client.get("/.well-known/greenbridge-keys.json")).json()
    assert flaws(document.content, published, press) == []
    printed = await client.get("/enterprise/report.pdf")
    assert printed.headers["content-type"] == "application/pdf"
    assert flaws(printed.content, published, press) == []
    head = document.json()["head"]
    assert "根哈希与存档一致" in await visitor.get(f"/verify/{head['number']}?root={head['root'][:16]}")
    assert "没有与此编号" in await visitor.get(f"/verify/{head['number']}?root={head['root'][1:17]}")
    assert "没有与此编号" in await visitor.get("/verify/R260310-AAAAAAAA?root=0000000000000000")
    mine = await token(client, actor.login)
    answer = await client.get(f"/api/v1/enterprises/{enterprise.id}/credit-report", headers=mine)
    assert flaws(answer.content, published, press) == []
    answer = await client.get(f"/api/v1/enterprises/{enterprise.id}/credit-report.pdf", headers=mine)
    assert answer.content.startswith(b"%PDF")


async def test_what_is_not_there_is_said(session, made):
    with pytest.raises(NotFound):
        await service.of_number(session, "R260310-AAAAAAAA")
    unsigned = type(made[2])(**{name: getattr(made[2], name) for name in made[2].__slots__} | {"head": None})
    with pytest.raises(Conflict):
        service.signed(unsigned)
    assert "<svg" in qr("http://127.0.0.1:8000/verify/R1")
