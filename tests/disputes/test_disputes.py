"""Objections on PostgreSQL: raised, marked, answered, late; what reports, lists and pages say of them, and to whom."""

import json
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import jsonschema
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from greenbridge.accounts.values import Role
from greenbridge.consents.values import Narrowing, WorkStep
from greenbridge.disputes import service, store
from greenbridge.disputes.values import Answer, Deadlines, Draft, Escalation, Ground, Outcome, Present, State
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.facts.service import stop_showing
from greenbridge.kit import database
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound
from greenbridge.reports import service as reports
from greenbridge.reports.rules import layout, wire
from greenbridge.reports.rules.difference import difference
from greenbridge.settings import home
from tests.builders import PASSWORD, a_verified_firm, an_actor, deliver, token
from tests.consents.test_consents import an_officer, granted
from tests.test_pages import Visitor

DAY = date(2026, 3, 10)
WHY = "该处罚已于当月履行完毕，缴款凭证号 2025-17，请更新。"
BECAUSE = "经与提供部门核对，凭证与记录一致。"
DRAFT = Draft(Ground.OUTDATED, WHY)
PENALTY = (items.PENALTIES, "罚1")
FLAG = "自 2026-03-10 起提出异议，正在核查"


def a_penalty(uscc, **changes):
    return {"uscc": uscc, "document_no": "罚1", "authority": "局", "amount": "500", "decided_on": "2025-06-07", **changes}


def an_entry(uscc, **changes):
    return {"uscc": uscc, "reason": "未年报", "authority": "局", "listed_on": "2025-02-01", **changes}


@pytest.fixture
async def firm(session, now):
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(
        session, now, items.PENALTIES, a_penalty(enterprise.uscc), a_penalty(enterprise.uscc, document_no="罚2", decided_on="2025-01-07")
    )
    await deliver(session, now, items.ABNORMAL_LIST, an_entry(enterprise.uscc))
    return actor, enterprise


@pytest.fixture
async def operator(session, now):
    return await an_actor(session, now, Role.OPERATOR, "platform")


async def made(session, enterprise, press, at, known_at=None):
    (report,) = await reports.make(session, [enterprise], press, DAY, known_at or at)
    return report


def table(report, key):
    return next((t for s in report.content["sections"] for t in s["tables"] if t["key"] == key), None)


def lines(report):
    return {f["key"]: f for s in report.content["sections"] for f in s["facts"]}


async def test_an_objection_marks_at_once_and_says_until_when(session, now, firm):
    actor, enterprise = firm
    raised = await service.object_to(session, actor, *PENALTY, DRAFT, now)
    assert (raised.state, raised.policy) == (State.OPEN, "ZJ-2018")
    assert raised.deadlines == Deadlines(date(2026, 3, 17), date(2026, 4, 8))
    marks = {(enterprise.uscc, *PENALTY): DAY}
    assert await service.open_at(session, [enterprise.uscc], now) == marks
    assert await service.open_at(session, [enterprise.uscc], now - timedelta(seconds=1)) == {}
    later = now + timedelta(days=1)
    assert (await service.withdraw(session, actor, raised.id, later)).state is State.WITHDRAWN
    assert await service.open_at(session, [enterprise.uscc], later) == {}
    assert await service.open_at(session, [enterprise.uscc], now) == marks  # it stood then, and a replay says so
    with pytest.raises(Conflict):
        await service.withdraw(session, actor, raised.id, later)
    events = await session.execute(
        text("select action from audit_event where subject = :s order by number"), {"s": f"objection:{raised.id}"}
    )
    assert list(events.scalars()) == ["objection.raised", "objection.withdrawn"]


async def test_who_may_object_to_what(session, now, firm, operator):
    actor, _ = firm
    stranger, other = await a_verified_firm(session, now, 2)
    for item, key in ((items.PENALTIES, "没有"), ("no.such", "x"), (items.VAT_INVOICES, "")):
        with pytest.raises(NotFound):
            await service.object_to(session, actor, item, key, DRAFT, now)
    with pytest.raises(NotFound):  # another firm's record
        await service.object_to(session, stranger, *PENALTY, DRAFT, now)
    with pytest.raises(Forbidden):
        await service.object_to(session, operator, *PENALTY, DRAFT, now)
    with pytest.raises(Invalid) as refused:
        await service.object_to(session, actor, *PENALTY, Draft(Ground.WRONG, "不对"), now)
    assert [field.field for field in refused.value.fields] == ["text"]
    raised = await service.object_to(session, actor, *PENALTY, DRAFT, now)
    with pytest.raises(Conflict):
        await service.object_to(session, actor, *PENALTY, DRAFT, now)
    with pytest.raises(NotFound):
        await service.own(session, stranger, raised.id)
    with pytest.raises(NotFound):
        await service.withdraw(session, stranger, raised.id, now)
    with pytest.raises(Forbidden):
        await service.answer(session, actor, raised.id, Answer(Outcome.NOT_UPHELD, BECAUSE), now)
    with pytest.raises(NotFound):
        await service.answer(session, operator, uuid4(), Answer(Outcome.NOT_UPHELD, BECAUSE), now)
    assert await service.of_enterprise(session, other.id) == []


async def test_two_objections_at_once_leave_one(session, now, firm, monkeypatch):
    actor, _ = firm
    await service.object_to(session, actor, *PENALTY, DRAFT, now)

    async def none_yet(*_):
        return []

    monkeypatch.setattr("greenbridge.disputes.store.of_record", none_yet)  # as the second of two sees it that ask at once
    with pytest.raises(Conflict) as refused:
        await service.object_to(session, actor, *PENALTY, DRAFT, now)
    assert refused.value.code == "objection-open"


async def test_a_rejected_content_is_not_disputed_again_but_a_new_one_is(session, now, firm, operator):
    actor, enterprise = firm
    raised = await service.object_to(session, actor, *PENALTY, DRAFT, now)
    answered = await service.answer(session, operator, raised.id, Answer(Outcome.NOT_UPHELD, BECAUSE), now)
    assert (answered.state, answered.answer, answered.corrected_by) == (State.REJECTED, BECAUSE, None)
    with pytest.raises(Conflict) as refused:
        await service.object_to(session, actor, *PENALTY, DRAFT, now)
    assert refused.value.code == "already-answered"
    later = now + timedelta(days=1)
    await deliver(session, later, items.PENALTIES, a_penalty(enterprise.uscc, amount="700"))
    assert (await service.object_to(session, actor, *PENALTY, DRAFT, later)).state is State.OPEN


async def test_a_correction_is_the_departments_delivery_and_the_answer_names_it(session, now, firm, operator):
    actor, enterprise = firm
    raised = await service.object_to(session, actor, *PENALTY, DRAFT, now)
    corrected = Answer(Outcome.CORRECTED, BECAUSE)
    with pytest.raises(Invalid) as refused:
        await service.answer(session, operator, raised.id, corrected, now)
    assert [field.field for field in refused.value.fields] == ["outcome"]
    later = now + timedelta(days=1)
    batch = await deliver(session, later, items.PENALTIES, a_penalty(enterprise.uscc, amount="300"))
    assert (await service.standing(session, raised, later)).present is Present.CHANGED
    answered = await service.answer(session, operator, raised.id, corrected, later)
    assert (answered.state, answered.corrected_by) == (State.UPHELD, batch.id)
    (fact,) = [f for f in (await facts.facts_of(session, [enterprise.uscc], DAY, later))[enterprise.uscc] if f.key == "罚1"]
    assert fact.values["amount_fen"] == 30_000
    with pytest.raises(Conflict):
        await service.answer(session, operator, raised.id, corrected, later)


async def test_a_record_that_its_department_took_back_is_deleted(session, now, firm, operator):
    actor, enterprise = firm
    raised = await service.object_to(session, actor, *PENALTY, DRAFT, now)
    later = now + timedelta(days=1)
    await session.execute(
        text("""
        insert into fact (item, uscc, key, state_from, valid_from, valid_to, stated_at, recorded_at, withdrawn, digest, batch_id, row_no, values)
        select item, uscc, key, state_from, valid_from, valid_to, :at, :at, true, digest, batch_id, row_no, values from fact
        where uscc = :uscc and key = '罚1'
        """),
        {"at": later, "uscc": enterprise.uscc},
    )
    standing = await service.standing(session, raised, later)
    assert (standing.present, standing.fact) == (Present.TAKEN_BACK, None)
    with pytest.raises(Invalid):
        await service.answer(session, operator, raised.id, Answer(Outcome.DISPLAY_STOPPED, BECAUSE), later)
    answered = await service.answer(session, operator, raised.id, Answer(Outcome.DELETED, BECAUSE), later)
    assert answered.corrected_by == standing.bringing is not None


async def test_a_showing_that_is_stopped_is_gone_from_reports_made_after_and_stands_in_a_replay(session, now, firm, operator, press):
    actor, enterprise = firm
    raised = await service.object_to(session, actor, *PENALTY, DRAFT, now)
    before = await made(session, enterprise, press, now)
    later = now + timedelta(hours=1)
    await service.answer(session, operator, raised.id, Answer(Outcome.DISPLAY_STOPPED, BECAUSE), later)
    after = await made(session, enterprise, press, later)
    assert table(before, items.PENALTIES)["count"] == 2
    assert table(after, items.PENALTIES)["count"] == 1
    assert "罚1" not in json.dumps(after.content, ensure_ascii=False)
    assert (await made(session, enterprise, press, now)).sha256 == before.sha256
    audited = await facts.facts_of(session, [enterprise.uscc], DAY, later, (items.PENALTIES,), auditing=True)
    assert len(audited[enterprise.uscc]) == 2
    await deliver(session, later, items.PENALTIES, a_penalty(enterprise.uscc, amount="300"))  # the decision was on another content
    shown = await facts.facts_of(session, [enterprise.uscc], DAY, later, (items.PENALTIES,))
    assert {f.key for f in shown[enterprise.uscc]} == {"罚1", "罚2"}


async def test_what_is_hidden_does_not_uncover_an_older_state(session, now, firm):
    _, enterprise = firm
    uscc = enterprise.uscc
    await deliver(session, now, items.TAX_GRADE, {"uscc": uscc, "year": 2024, "grade": "B", "published_on": "2025-04-25"})
    await deliver(session, now, items.TAX_GRADE, {"uscc": uscc, "year": 2024, "grade": "D", "published_on": "2025-09-25"})
    (newest,) = (await facts.facts_of(session, [uscc], DAY, now, (items.TAX_GRADE,)))[uscc]
    assert newest.values["grade"] == "D"
    await stop_showing(session, newest, "test", now)
    assert (await facts.facts_of(session, [uscc], DAY, now, (items.TAX_GRADE,)))[uscc] == []


async def test_the_database_itself_keeps_final_states_and_what_was_objected(session, now, firm):
    actor, _ = firm
    raised = await service.object_to(session, actor, *PENALTY, DRAFT, now)
    for change in ("text = 'another text of ten'", "raised_at = now()", "state = 'rejected'", "state = 'withdrawn'"):
        with pytest.raises(DBAPIError):
            async with session.begin_nested():
                await session.execute(text(f"update objection set {change} where id = :id"), {"id": raised.id})
    await service.withdraw(session, actor, raised.id, now)
    with pytest.raises(DBAPIError, match="final state"):
        async with session.begin_nested():
            await session.execute(text("update objection set state = 'open', closed_at = null"))


async def test_late_answers_are_escalated_once_a_level_and_the_state_stays(session, now, firm):
    actor, _ = firm
    raised = await service.object_to(session, actor, *PENALTY, DRAFT, now)
    assert [await service.escalate(session, now + timedelta(days=d)) for d in (0, 7, 8, 9, 30, 31)] == [0, 0, 1, 0, 1, 0]
    (waiting,) = await service.waiting(session, now + timedelta(days=31))
    assert (waiting.objection.state, waiting.objection.escalation, waiting.late) == (State.OPEN, Escalation.OVERDUE, Escalation.OVERDUE)
    assert waiting.left < -5
    events = await session.execute(
        text("select action from audit_event where subject = :s order by number"), {"s": f"objection:{raised.id}"}
    )
    assert list(events.scalars()) == ["objection.raised", "objection.late", "objection.overdue"]


async def test_deadlines_that_waited_for_a_calendar_are_set_when_it_knows_the_year(session, now, firm):
    actor, _ = firm
    raised = await service.object_to(session, actor, *PENALTY, DRAFT, now)
    await session.execute(text("update objection set due_on = null, last_on = null where id = :id"), {"id": raised.id})
    session.expire_all()
    assert (await service.waiting(session, now))[0].left is None
    await service.escalate(session, now)
    assert (await service.own(session, actor, raised.id)).deadlines == raised.deadlines


async def test_the_work_list_is_ordered_by_deadline_and_looking_stands_in_the_ledger(session, now, firm, operator):
    actor, enterprise = firm
    stranger, other = await a_verified_firm(session, now, 2)
    late = await service.object_to(session, actor, *PENALTY, DRAFT, now)
    first = await service.object_to(session, stranger, items.REGISTRATION, "", DRAFT, now)
    await session.execute(text("update objection set due_on = '2026-03-12' where id = :id"), {"id": first.id})
    session.expire_all()
    assert [(w.objection.id, w.name) for w in await service.waiting(session, now)] == [(first.id, other.name), (late.id, enterprise.name)]
    await service.to_answer(session, operator, late.id, now)
    read = (await session.execute(text("select login, kind, fields from data_read where enterprise_id = :id"), {"id": enterprise.id})).one()
    assert (read.login, read.kind) == (operator.login, "facts")
    assert all(field.startswith(items.PENALTIES) for field in read.fields)


async def test_a_report_marks_the_row_the_count_and_the_flag_and_keeps_to_its_schema(session, now, firm, press):
    actor, enterprise = firm
    clean = await made(session, enterprise, press, now)
    assert (table(clean, items.PENALTIES)["disputed"], lines(clean)["penalties"]["disputed_since"]) == ([], None)
    moment = now + timedelta(minutes=1)
    await service.object_to(session, actor, *PENALTY, DRAFT, moment)
    (entry,) = (await facts.facts_of(session, [enterprise.uscc], DAY, moment, (items.ABNORMAL_LIST,)))[enterprise.uscc]
    await service.object_to(session, actor, entry.item, entry.key, DRAFT, moment)
    marked = await made(session, enterprise, press, moment)
    rows = table(marked, items.PENALTIES)
    numbers = [row[[c["key"] for c in rows["columns"]].index("document_no")] for row in rows["rows"]]
    assert rows["disputed"] == [{"row": numbers.index("罚1"), "since": "2026-03-10"}]
    assert lines(marked)["penalties"]["disputed_since"] == lines(marked)["abnormal_listed"]["disputed_since"] == "2026-03-10"
    (flag,) = marked.content["summary"]["flags"]["found"]
    assert (flag["key"], flag["text"]["zh"]) == ("abnormal", f"在列经营异常名录：1 条（企业{FLAG}）")
    assert flag["text"]["en"].endswith("(disputed by the firm since 2026-03-10, under review)")
    schema = json.loads((home() / "docs" / "schema" / f"credit-report-{wire.SCHEMA_VERSION}.schema.json").read_text())
    for report in (clean, marked):
        jsonschema.validate(report.content, schema, format_checker=jsonschema.FormatChecker())
    assert reports.plain(marked, "zh").count("⚠ 企业" + FLAG) == 2
    assert "⚠ Disputed by the firm since 2026-03-10, under review" in reports.plain(marked, "en")
    assert ("⚠ 企业" + FLAG) in reports.html(marked, "zh").decode()
    assert reports.pdf(marked, "zh") == reports.pdf(marked, "zh")
    assert reports.flaws(reports.file(marked), press.keys.public_document(now)) == ()
    # Before and after by the same clock: a replay of the time before shows none, and is the same report as then.
    assert (await made(session, enterprise, press, now)).sha256 == clean.sha256
    assert (await made(session, enterprise, press, moment)).sha256 == marked.sha256
    came = [text.zh for text in difference(clean.content, marked.content)]
    assert "经营风险·行政处罚：企业对 1 条提出异议" in came
    assert any(sentence.startswith("经营风险·行政处罚、行政处罚涉及金额、在列经营异常名录：企业提出异议") for sentence in came)
    assert "经营风险·行政处罚：1 条的异议标注消除" in [text.zh for text in difference(marked.content, clean.content)]
    assert difference(marked.content, marked.content) == []


async def test_a_disputed_registration_marks_its_lines(session, now, firm, press):
    actor, enterprise = firm
    await service.object_to(session, actor, items.REGISTRATION, "", DRAFT, now)
    report = await made(session, enterprise, press, now)
    registration = next(s for s in report.content["sections"] if s["key"] == "registration")
    assert {fact["disputed_since"] for fact in registration["facts"]} == {"2026-03-10"}
    assert reports.plain(report, "zh").count("⚠ 企业" + FLAG) == 1  # said once, and each line has its sign
    assert "⚠ 企业名称" in reports.plain(report, "zh")


async def test_a_report_of_an_earlier_schema_is_still_laid_out_and_compared(session, now, firm, press):
    actor, enterprise = firm
    await service.object_to(session, actor, *PENALTY, DRAFT, now)
    report = await made(session, enterprise, press, now)
    old = json.loads(json.dumps(report.content))
    for section in old["sections"]:
        for one in section["tables"]:
            del one["disputed"]
        for fact in section["facts"]:
            del fact["disputed_since"]
    assert not any(t["disputed"] for s in layout.laid_out(old, "zh")["sections"] for t in s["tables"])
    assert "经营风险·行政处罚：企业对 1 条提出异议" in [text.zh for text in difference(old, report.content)]


async def test_a_reader_from_whom_the_record_is_withheld_learns_nothing_of_the_objection(session, now, firm, press):
    actor, enterprise = firm
    officer = await an_officer(session, now)
    await granted(session, enterprise, officer, now, narrowing=Narrowing(withheld=frozenset({items.PENALTIES})))
    before = await reports.for_actor(session, officer, enterprise.id, press, now)
    await service.object_to(session, actor, *PENALTY, DRAFT, now)
    after = await reports.for_actor(session, officer, enterprise.id, press, now)
    # The same but for what the ledger counts of whole days: nothing tells that there is an objection.
    assert json.dumps(after.content, sort_keys=True) == json.dumps(before.content, sort_keys=True)
    listed = await facts.list_facts(session, officer, enterprise.id, [items.PENALTIES], WorkStep.SURVEY, now, service.OpenObjections())
    assert [(one.fact, one.disputed_since) for one in listed] == [(None, None)]


async def test_a_bank_with_consent_sees_the_mark_and_never_the_words_also_under_its_own_role(session, sessions, now, firm, press, client):
    actor, enterprise = firm
    officer, rival = await an_officer(session, now), await an_officer(session, now, bank="GB03")
    await granted(session, enterprise, officer, now)
    raised = await service.object_to(session, actor, *PENALTY, DRAFT, now)
    (entry,) = (await facts.facts_of(session, [enterprise.uscc], DAY, now, (items.ABNORMAL_LIST,)))[enterprise.uscc]
    public = await service.object_to(session, actor, entry.item, entry.key, DRAFT, now)
    await session.commit()

    async def seen(caller):
        async with sessions.begin() as confined:
            database.confine(confined, caller, now)
            marks = await service.open_at(confined, [enterprise.uscc], now)
            return {key[1] for key in marks}, list(await confined.scalars(text("select text from objection")))

    both, listed = {items.PENALTIES, items.ABNORMAL_LIST}, {items.ABNORMAL_LIST}
    assert await seen(officer) == (both, [])
    assert await seen(rival) == (listed, [])  # what stands on a public list is marked for everybody
    assert await seen(None) == (listed, [])
    assert await seen(actor) == (both, [WHY, WHY])
    answer = await client.get(f"/api/v1/enterprises/{enterprise.id}/credit-report", headers=await token(client, officer.login))
    content = answer.json()["content"]
    assert [t["disputed"] for s in content["sections"] for t in s["tables"] if t["key"] == items.PENALTIES] == [
        [{"row": 0, "since": "2026-03-10"}]
    ]
    assert "缴款凭证" not in answer.text
    listed = (await client.get(f"/api/v1/enterprises/{enterprise.id}/facts", headers=await token(client, officer.login))).json()
    assert [one["disputed_since"] for one in listed if one["item"] == items.PENALTIES] == ["2026-03-10", None]
    async with sessions() as confined:
        database.confine(confined, actor, now)
        for change in ("outcome = 'corrected'", "due_on = '2030-01-01'", "state = 'upheld', closed_at = now()"):
            with pytest.raises(DBAPIError):
                async with confined.begin_nested():
                    await confined.execute(text(f"update objection set {change} where id = :id"), {"id": public.id})
        assert (await service.withdraw(confined, actor, raised.id, now)).state is State.WITHDRAWN


async def test_an_associated_firms_public_mark_says_that_it_is_disputed(session, now, firm, press):
    _, enterprise = firm
    stranger, other = await a_verified_firm(session, now, 2)
    await deliver(session, now, items.ABNORMAL_LIST, an_entry(other.uscc))
    share = {
        "uscc": enterprise.uscc,
        "investor_name": other.name,
        "investor_uscc": other.uscc,
        "share": "60",
        "subscribed_on": "2018-05-03",
    }
    await deliver(session, now, items.SHAREHOLDERS, share)
    assert table(await made(session, enterprise, press, now), "marked")["rows"][0][-1]["zh"] == "经营异常"
    (entry,) = (await facts.facts_of(session, [other.uscc], DAY, now, (items.ABNORMAL_LIST,)))[other.uscc]
    await service.object_to(session, stranger, entry.item, entry.key, DRAFT, now)
    assert table(await made(session, enterprise, press, now), "marked")["rows"][0][-1]["zh"] == "经营异常（企业提出异议，正在核查）"


async def test_api_of_objections(client, session, now, firm, operator):
    actor, _ = firm
    await session.commit()
    mine, theirs = await token(client, actor.login), await token(client, operator.login)
    body = {"item": items.PENALTIES, "key": "罚1", "ground": "outdated", "text": WHY}
    key = {"Idempotency-Key": "one"}
    raised = await client.post("/api/v1/objections", json=body, headers={**mine, **key})
    again = await client.post("/api/v1/objections", json=body, headers={**mine, **key})
    assert (raised.status_code, again.status_code, again.json()["id"]) == (201, 200, raised.json()["id"])
    assert (raised.json()["due_on"], raised.json()["last_on"], raised.json()["state"]) == ("2026-03-17", "2026-04-08", "open")
    assert (await client.post("/api/v1/objections", json={**body, "text": "短"}, headers=mine)).json()["errors"][0]["field"] == "text"
    assert (await client.post("/api/v1/objections", json={**body, "ground": "mood"}, headers=mine)).status_code == 400
    assert [one["id"] for one in (await client.get("/api/v1/objections", headers=mine)).json()] == [raised.json()["id"]]
    assert [one["id"] for one in (await client.get("/api/v1/objections", headers=theirs)).json()] == [raised.json()["id"]]
    path = f"/api/v1/objections/{raised.json()['id']}/answer"
    wrong = await client.post(path, json={"outcome": "corrected", "text": BECAUSE}, headers=theirs)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "outcome")
    done = await client.post(path, json={"outcome": "not_upheld", "text": BECAUSE}, headers=theirs)
    assert (done.status_code, done.json()["state"], done.json()["answer"]) == (200, "rejected", BECAUSE)
    assert (await client.post(path, json={"outcome": "not_upheld", "text": BECAUSE}, headers=theirs)).status_code == 409
    assert (await client.get("/api/v1/objections", headers=theirs)).json() == []


async def test_a_withdrawn_objection_is_withdrawn_once_under_the_firms_own_role(session, sessions, now, firm, monkeypatch):
    actor, _ = firm
    raised = await service.object_to(session, actor, *PENALTY, DRAFT, now)
    await session.commit()
    async with sessions.begin() as confined:
        database.confine(confined, actor, now)
        assert (await service.withdraw(confined, actor, raised.id, now)).state is State.WITHDRAWN
    async with sessions() as confined:
        database.confine(confined, actor, now)
        with pytest.raises(Conflict) as again:
            await service.withdraw(confined, actor, raised.id, now)
    assert again.value.code == "objection-state"
    find = store.find

    async def before_it_was_closed(used, objection_id, *, lock=False):
        """The first reading of two that ask at once, the lock of the slower one."""
        found = await find(used, objection_id, lock=lock)
        if lock:
            monkeypatch.setattr("greenbridge.disputes.store.find", find)
        return replace(found, state=State.OPEN) if found else None

    monkeypatch.setattr("greenbridge.disputes.store.find", before_it_was_closed)
    async with sessions() as confined:
        database.confine(confined, actor, now)
        with pytest.raises(Conflict) as slower:
            await service.withdraw(confined, actor, raised.id, now)
    assert slower.value.code == "objection-state"


async def test_pages_from_the_report_to_the_answer(client, session, now, firm, operator):
    actor, _ = firm
    await session.commit()
    visitor = Visitor(client)
    await visitor.post("/sign-in", login=actor.login, password=PASSWORD)
    report = await visitor.get("/enterprise/report")
    link = "/enterprise/objections/new?item=penalties.administrative&amp;key=%E7%BD%9A1"
    assert link in report
    records = await visitor.get("/enterprise/records")
    assert link in records
    assert "单张发票除外" in records
    assert 'href="/enterprise/report#tax_and_operation"' in records
    assert 'id="tax_and_operation"' in report
    path = link.replace("&amp;", "&")
    form = await visitor.get(path)
    assert "罚1" in form
    assert "2026-03-17" in form
    refused = await visitor.post(path, "/enterprise/objections/new", item=items.PENALTIES, key="罚1", ground="outdated", text="太短")
    assert refused.status_code == 422
    assert "太短" in refused.text
    assert 'id="text-wrong"' in refused.text
    unchosen = await visitor.post(path, "/enterprise/objections/new", item=items.PENALTIES, key="罚1", text=WHY)
    assert 'id="ground-wrong"' in unchosen.text
    assert WHY in unchosen.text
    raised = await visitor.post(path, "/enterprise/objections/new", item=items.PENALTIES, key="罚1", ground="outdated", text=WHY)
    assert raised.status_code == 303
    listed = await visitor.get("/enterprise/objections")
    assert WHY in listed
    assert "还剩 5 个工作日" in listed
    report = await visitor.get("/enterprise/report")
    assert ("⚠ 企业" + FLAG) in report
    assert link not in report  # the other penalty keeps its link
    assert "key=%E7%BD%9A2" in report
    assert "自 2026-03-10 起提出异议" in await visitor.get("/enterprise/records")
    await visitor.post("/enterprise/objections", "/sign-out")
    await visitor.post("/sign-in", login=operator.login, password=PASSWORD)
    assert "份异议等待答复，0 份逾期" in await visitor.get("/operator")
    (found,) = await service.waiting(session, now)
    page = f"/operator/objections/{found.objection.id}"
    assert page in await visitor.get("/operator/objections")
    assert WHY in await visitor.get(page)
    wrong = await visitor.post(page, outcome="corrected", text=BECAUSE)
    assert wrong.status_code == 422
    assert 'id="outcome-wrong"' in wrong.text
    assert BECAUSE in wrong.text
    assert (await visitor.post(page, outcome="not_upheld", text=BECAUSE)).status_code == 303
    assert "没有等待答复的异议" in await visitor.get("/operator/objections")
    await visitor.post("/operator/objections", "/sign-out")
    await visitor.post("/sign-in", login=actor.login, password=PASSWORD)
    assert BECAUSE in await visitor.get("/enterprise/objections")
    assert "企业自 2026" not in await visitor.get("/enterprise/report")
