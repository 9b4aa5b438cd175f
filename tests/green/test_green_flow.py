"""The whole way of a case, on PostgreSQL."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from greenbridge.accounts.values import Role
from greenbridge.audit import service as audit
from greenbridge.green import service as green
from greenbridge.green.gateway import FakeFiles
from greenbridge.green.service import subsidies
from greenbridge.green.store import cases as green_cases
from greenbridge.green.values import ClaimEvent, ClaimState, Event, State, Subject, Upload
from greenbridge.kit.canonical import canonical
from greenbridge.kit.database import END_OF_TIME
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound
from greenbridge.reports import service as reports
from tests.builders import a_verified_firm, an_actor, deliver
from tests.green.conftest import FULL


async def topics(session):
    return list(await session.scalars(text("select topic from outbox_event order by id")))


async def test_from_the_self_report_to_the_certificate(place):
    s, now = place.session, place.now
    case_id = await place.a_case()
    rated = await green.submit(s, place.actor, place.book, case_id, now, pledged=True)
    assert len(rated.content["indicators"]) == 24
    assert round(sum(line["points"] or 0 for line in rated.content["indicators"]), 6) == rated.points
    assert (rated.grade, rated.scheme_status) == ("deep", "reconstruction")
    by_code = {line["code"]: line for line in rated.content["indicators"]}
    assert by_code["G05"]["points"] is None  # percentiles of the industry are nobody's yet
    stated, delivered = by_code["G01"]["evidence"][0], by_code["G21"]["evidence"][0]
    assert (stated["author"], stated["by"], len(stated["digest"]), stated["pledged"]) == ("firm", place.actor.login, 64, True)
    assert stated["file"]["sha256"] == stated["digest"]
    assert (delivered["author"], len(delivered["batch"]), bool(delivered["digest"]), bool(delivered["at"])) == (
        "department",
        36,
        True,
        True,
    )

    assert await green.request_review(s, place.actor, case_id, now) is State.IN_REVIEW
    assert [c.id for c in await green.work_list(s, place.reviewer)] == [case_id]
    assert await green.decide(s, place.reviewer, case_id, passed=True, reason="", now=now) is State.PUBLISHED
    day = place.now.date()
    standing = await green.publicity(s, (await green.view(s, None, case_id)).case, now)
    assert (standing.days, standing.used, standing.stopped) == (5, 0, False)
    assert (await green.nightly(s, place.book, place.seal, now + (timedelta(days=(standing.ends_on - day).days)))).certified == 0
    night = await green.nightly(s, place.book, place.seal, now + timedelta(days=(standing.ends_on - day).days + 1))
    assert night.certified == 1
    (held,) = await green.certificates(s, case_id)
    assert (held.grade, held.valid_to - held.valid_from) == ("deep", timedelta(days=364))
    found = await green.standing(s, place.firm.id, held.valid_from, END_OF_TIME)
    assert (found.state, found.grade, found.certificate_number, found.scheme) == (State.CERTIFIED, "deep", held.number, "green-enterprise")
    assert await audit.first_broken(s) is None
    said = await topics(s)
    assert [t for t in said if t.startswith("green.")] == [
        "green.rated",
        "green.review_requested",
        "green.reviewed",
        "green.published",
        "green.certified",
    ]


async def test_a_certificate_is_checked_without_network_and_a_change_is_named(place):
    case_id = await place.certified()
    (held,) = await green.certificates(place.session, case_id)
    file = await green.certificate_file(place.session, place.actor, held.number)
    keys = place.seal.keys.public_document(place.now)
    assert reports.flaws(canonical(file), keys) == ()
    file["content"]["grade"]["code"] = "mid"
    assert [f.pointer for f in reports.flaws(canonical(file), keys)] == ["/grade/code"]
    assert place.firm.uscc in json.dumps(file["content"])


async def test_the_standing_is_bitemporal(place):
    s = place.session
    before = place.now
    assert await green.standing(s, place.firm.id, before.date(), before) is None
    case_id = await place.published()
    published_at = place.now
    place.later(10)
    await green.nightly(s, place.book, place.seal, place.now)
    (held,) = await green.certificates(s, case_id)
    day = held.valid_from
    assert (await green.standing(s, place.firm.id, day, published_at)).state is State.PUBLISHED
    assert (await green.standing(s, place.firm.id, day, published_at)).grade is None
    assert (await green.standing(s, place.firm.id, day, place.now)).grade == "deep"
    assert (await green.standing(s, place.firm.id, day - timedelta(days=1), place.now)).grade is None
    certified_at = place.later(20)
    await deliver(
        s, place.now, "environment.credit", {"uscc": place.firm.uscc, "year": 2026, "colour": "黑", "decided_on": str(place.now.date())}
    )
    night = await green.nightly(s, place.book, place.seal, place.later(1))
    assert night.removed == 1
    today = place.now.date()
    gone = await green.standing(s, place.firm.id, today, place.now)
    assert (gone.state, gone.grade) == (State.REMOVED, None)
    assert (await green.standing(s, place.firm.id, today, certified_at)).grade == "deep"
    assert (await green.standing(s, place.firm.id, today - timedelta(days=2), place.now)).grade == "deep"


async def test_unknown_stays_unknown_and_is_not_sent_to_review(place):
    s = place.session
    case_id = await place.a_case({"green_revenue_share": "0.6"}, file=False)
    rated = await green.submit(s, place.actor, place.book, case_id, place.now, pledged=True)
    assert rated.grade == "not_rated"
    assert {line["code"] for line in rated.content["indicators"] if line["points"] is None} >= {"G07", "G08", "G10", "G16"}
    with pytest.raises(Conflict, match="green one"):
        await green.request_review(s, place.actor, case_id, place.now)
    await green.act(s, place.actor, case_id, Event.REVISE, place.now)
    await green.state(s, place.actor, place.book, None, case_id, "eliminated_capacity", "no", place.now, pledged=True)
    again = await green.submit(s, place.actor, place.book, case_id, place.now, pledged=True)
    assert again.coverage >= rated.coverage
    assert await green.act(s, place.actor, case_id, Event.WITHDRAW, place.now) is State.WITHDRAWN
    with pytest.raises(Conflict):
        await green.act(s, place.actor, case_id, Event.REVISE, place.now)


async def test_what_a_firm_may_not_state(place):
    s = place.session
    case = await green.open_case(s, place.actor, Subject.ENTERPRISE, place.now)

    async def stated(name="green_revenue_share", value="0.6", *, pledged=True, upload=None, files=None):
        await green.state(
            s, place.actor, place.book, files, case.id, name, value, place.now, pledged=pledged, upload=upload, most_bytes=1000
        )

    for change, field in (
        ({"name": "tax_grade", "value": "A"}, "tax_grade"),
        ({"name": "evidence_forged", "value": "no"}, "evidence_forged"),
        ({"value": "much"}, "green_revenue_share"),
        ({"pledged": False}, "pledge"),
        ({"upload": Upload("a.pdf", b"MZ")}, "file"),
        ({"upload": Upload("a.pdf", b"%PDF-1.7" + b"x" * 1000 + b"%%EOF")}, "file"),
    ):
        with pytest.raises(Invalid) as refused:
            await stated(**change)
        assert refused.value.fields[0].field == field
    files = FakeFiles()
    await stated(upload=Upload("C:\\秘\\收入证明.pdf", b"%PDF-1.7 %%EOF"), files=files)
    (statement,) = (await green.view(s, place.actor, case.id)).statements
    assert (statement.file.name, statement.file.place, list(files.kept)) == ("收入证明.pdf", "s3", [statement.file.key])
    assert (await green.read_file(s, place.actor, files, statement.file.id))[1] == b"%PDF-1.7 %%EOF"
    files.kept[statement.file.key] = b"%PDF-1.7 other %%EOF"
    with pytest.raises(Conflict, match="hash"):
        await green.read_file(s, place.actor, files, statement.file.id)


async def test_another_firm_and_another_reviewer_find_nothing(place):
    s = place.session
    case_id = await place.a_case()
    stranger, _ = await a_verified_firm(s, place.now, 32)
    rival = await an_actor(s, place.now, Role.REVIEWER, "RV02")
    file = next(st.file for st in (await green.view(s, place.actor, case_id)).statements if st.file)
    for actor in (stranger, rival):
        with pytest.raises(NotFound):
            await green.view(s, actor, case_id)
        with pytest.raises(NotFound):
            await green.read_file(s, actor, None, file.id)
    with pytest.raises(NotFound):
        await green.submit(s, stranger, place.book, case_id, place.now, pledged=True)


async def test_a_reviewer_changes_with_a_reason_and_the_grade_follows_from_the_points(place):
    s = place.session
    case_id = await place.a_case()
    system = await green.submit(s, place.actor, place.book, case_id, place.now, pledged=True)
    await green.request_review(s, place.actor, case_id, place.now)
    with pytest.raises(Invalid):
        await green.find(s, place.reviewer, place.book, case_id, "green_revenue_share", "0.3", "短", place.now)
    why = "绿色收入按审计报告只认定到百分之三十"
    place.later(1)
    rated = await green.find(s, place.reviewer, place.book, case_id, "green_revenue_share", "0.3", why, place.now)
    assert rated.points == round(system.points - 6, 2)
    place.later(1)
    unproven = await green.find(
        s, place.reviewer, place.book, case_id, "carbon_efficiency_grade", "", "碳效码截图不是本企业的，不能证明", place.now
    )
    assert next(line for line in unproven.content["indicators"] if line["code"] == "G07")["points"] is None
    line = next(line for line in unproven.content["indicators"] if line["code"] == "G01")
    assert (line["value"], line["evidence"][0]["author"], line["evidence"][0]["reason"]) == (0.3, "reviewer", why)
    assert await green.decide(s, place.reviewer, case_id, passed=True, reason="", now=place.now) is State.PUBLISHED
    last = (await green.view(s, None, case_id)).history[-1]
    assert (last.event, last.detail["grade_before"], last.detail["changed"]) == (
        Event.CHANGE, "deep", ["carbon_efficiency_grade", "green_revenue_share"],
    )  # fmt: skip
    assert last.rating_id == unproven.id


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("evidence_forged", "no"), ("severe_listed", "no"), ("dishonesty_listed", ""), ("environment_colour", "green"),
        ("environment_severe_12m", "0"), ("public_credit_points", "900"),
    ],
)  # fmt: skip
async def test_a_reviewer_lifts_no_veto_and_speaks_not_for_the_platform(place, name, value):
    s = place.session
    case_id = await place.a_case()
    await green.submit(s, place.actor, place.book, case_id, place.now, pledged=True)
    await green.request_review(s, place.actor, case_id, place.now)
    why = "经现场核查，与部门记录不一致，按实际认定"
    with pytest.raises(Invalid) as refused:
        await green.find(s, place.reviewer, place.book, case_id, name, value, why, place.now)
    assert refused.value.fields[0].field == "name"
    # A percentile that the platform could not give, and what the firm stated of vetoes, may be found.
    for free, text_ in (("green_patents_percentile", "80"), ("eliminated_capacity", "no")):
        await green.find(s, place.reviewer, place.book, case_id, free, text_, why, place.later(1))


async def test_a_finding_stands_only_while_the_department_says_what_it_said_at_submission(place):
    s = place.session
    case_id = await place.a_case({**FULL, "energy_level": "benchmark"})
    system = await green.submit(s, place.actor, place.book, case_id, place.now, pledged=True)
    await green.request_review(s, place.actor, case_id, place.now)
    why = "纳税信用等级按最新公布结果认定为 A 级"
    await green.find(s, place.reviewer, place.book, case_id, "tax_grade", "A", why, place.now)
    assert system.inputs["tax_grade"]["value"] == "A"
    await green.decide(s, place.reviewer, case_id, passed=True, reason="", now=place.now)
    place.later(10)
    assert (await green.nightly(s, place.book, place.seal, place.now)).certified == 1
    (held,) = await green.certificates(s, case_id)
    assert 80 <= held.points < 84
    assert (await green.nightly(s, place.book, place.seal, place.later(1))).total == 0
    await deliver(
        s, place.now, "tax.credit_grade", {"uscc": place.firm.uscc, "year": 2025, "grade": "D", "published_on": str(place.now.date())}
    )
    assert (await green.nightly(s, place.book, place.seal, place.later(1))).downgraded == 1
    assert "G21" in (await green.view(s, None, case_id)).history[-1].detail["why"]


async def test_a_reviewer_rejects_with_a_reason_and_that_is_the_end(place):
    s = place.session
    case_id = await place.a_case()
    await green.submit(s, place.actor, place.book, case_id, place.now, pledged=True)
    await green.request_review(s, place.actor, case_id, place.now)
    with pytest.raises(Invalid):
        await green.decide(s, place.reviewer, case_id, passed=False, reason="", now=place.now)
    assert (
        await green.decide(s, place.reviewer, case_id, passed=False, reason="主营业务与绿色目录不符，材料不足。", now=place.now)
        is State.REJECTED
    )
    with pytest.raises(DBAPIError, match="final state"):
        async with s.begin_nested():
            await s.execute(
                text(
                    "insert into green_event (case_id, seq, event, state, at, login, detail) values (:id, 99, 'confirm', 'published', now(), '', '{}')"
                ),
                {"id": case_id},
            )


async def test_an_objection_stops_the_clock_and_is_settled(place):
    s = place.session
    case_id = await place.published()
    view = await green.view(s, None, case_id)
    with pytest.raises(Forbidden):
        await green.object_to(s, place.actor, view.case.number, "自己对自己提出异议试试看", place.now)
    rival, _ = await a_verified_firm(s, place.now, 33)
    with pytest.raises(Invalid):
        await green.object_to(s, rival, view.case.number, "短", place.now)
    assert await green.object_to(s, rival, view.case.number, "该企业去年排放超标，有群众反映。", place.now) is State.OBJECTED
    assert [row["rated_grade"] for row in await green.public(s)] == ["deep"]
    place.later(30)
    assert (await green.nightly(s, place.book, place.seal, place.now)).certified == 0
    standing = await green.publicity(s, (await green.view(s, None, case_id)).case, place.now)
    assert (standing.stopped, standing.ends_on, standing.used) == (True, None, 0)
    assert await green.settle(s, place.operator, case_id, upheld=False, reason="经核查，监测数据均达标。", now=place.now) is State.PUBLISHED
    assert [row["rated_grade"] for row in await green.public(s)] == ["deep"]
    ends = (await green.publicity(s, (await green.view(s, None, case_id)).case, place.now)).ends_on
    assert ends > place.now.date() + timedelta(days=4)
    with pytest.raises(Conflict, match="already"):
        await green.object_to(s, rival, view.case.number, "该企业去年排放超标，有监测报告。", place.now)
    other, _ = await a_verified_firm(s, place.now, 37)
    await green.object_to(s, other, view.case.number, "该企业去年排放超标，有监测报告。", place.now)
    with pytest.raises(Forbidden):
        await green.settle(s, place.reviewer, case_id, upheld=True, reason="经核查，监测报告属实。", now=place.now)
    assert await green.settle(s, place.operator, case_id, upheld=True, reason="经核查，监测报告属实。", now=place.now) is State.ANNULLED


async def test_a_yearly_renewal_takes_the_place_of_the_old_certificate_and_one_that_is_not_renewed_runs_out(place):
    s = place.session
    first = await place.certified()
    with pytest.raises(Conflict):
        await green.open_case(s, place.actor, Subject.ENTERPRISE, place.now)
    place.later(330)
    await deliver(s, place.now, "environment.credit", {"uscc": place.firm.uscc, "year": 2026, "colour": "绿", "decided_on": "2026-06-05"})
    renewal = await green.open_case(s, place.actor, Subject.ENTERPRISE, place.now)
    carried = (await green.view(s, place.actor, renewal.id)).statements
    # As it was stated a year ago: this year's pledge is given with the submission alone.
    stated = {st.name: st for st in (await green.view(s, place.actor, first)).statements}
    assert all((st.at, st.login, st.pledge) == (stated[st.name].at, stated[st.name].login, stated[st.name].pledge) for st in carried)
    with pytest.raises(Invalid) as refused:
        await green.submit(s, place.actor, place.book, renewal.id, place.now, pledged=False)
    assert refused.value.fields[0].field == "submit_pledge"
    assert {st.name for st in carried} == set(FULL)
    assert sum(st.file is not None for st in carried) == 3
    # The holidays of the next year are not known yet: renew without the clock of working days.
    await green.submit(s, place.actor, place.book, renewal.id, place.now, pledged=True)
    assert (await green.view(s, place.actor, renewal.id)).history[-1].detail["pledge"] == green.policy(place.now.date()).version
    (held,) = await green.certificates(s, first)
    place.now += timedelta(days=(held.valid_to - place.now.date()).days + 1)
    night = await green.nightly(s, place.book, place.seal, place.now)
    assert night.expired == 1
    assert (await green.view(s, None, first)).case.state is State.EXPIRED


async def test_a_renewed_certificate_supersedes(place):
    s = place.session
    first = await place.certified()
    # As if the certificate ended soon.
    await s.execute(text("alter table green_certificate disable trigger appended"))
    await s.execute(text("update green_certificate set valid_to = :to"), {"to": place.now.date() + timedelta(days=40)})
    await s.execute(text("alter table green_certificate enable trigger appended"))
    renewal = await green.open_case(s, place.actor, Subject.ENTERPRISE, place.now)
    await green.submit(s, place.actor, place.book, renewal.id, place.now, pledged=True)
    await green.request_review(s, place.actor, renewal.id, place.now)
    await green.decide(s, place.reviewer, renewal.id, passed=True, reason="", now=place.now)
    place.later(12)
    assert (await green.nightly(s, place.book, place.seal, place.now)).certified == 1
    assert (await green.view(s, None, first)).case.state is State.SUPERSEDED
    (new,) = await green.certificates(s, renewal.id)
    assert (await green.standing(s, place.firm.id, place.now.date(), place.now)).certificate_number == new.number
    (old,) = await green.certificates(s, first)
    assert old.ended_on == new.valid_from - timedelta(days=1)


async def test_a_worse_record_downgrades_and_nothing_new_changes_nothing(place):
    s = place.session
    case_id = await place.certified()
    assert (await green.nightly(s, place.book, place.seal, place.later(1))).total == 0
    penalty = {"uscc": place.firm.uscc, "authority": "湖州市生态环境局", "decided_on": str(place.now.date()), "procedure": "普通程序"}
    for n in range(2):
        await deliver(s, place.now, "penalties.administrative", {**penalty, "document_no": f"湖环罚〔2026〕{n} 号"})
    await deliver(
        s, place.now, "environment.credit", {"uscc": place.firm.uscc, "year": 2026, "colour": "黄", "decided_on": str(place.now.date())}
    )
    await deliver(
        s, place.now, "tax.credit_grade", {"uscc": place.firm.uscc, "year": 2025, "grade": "D", "published_on": str(place.now.date())}
    )
    night = await green.nightly(s, place.book, place.seal, place.later(1))
    assert (night.downgraded, night.removed) == (1, 0)
    first, second = await green.certificates(s, case_id)
    assert (first.grade, second.valid_to) == ("deep", first.valid_to)
    assert second.grade in {"mid", "light", "ordinary"}
    assert first.ended_on == second.valid_from - timedelta(days=1)
    view = await green.view(s, None, case_id)
    assert view.case.state is State.CERTIFIED
    assert {"G15", "G17", "G21"} <= set(view.history[-1].detail["why"])
    assert (await green.nightly(s, place.book, place.seal, place.later(1))).total == 0


async def a_paid_claim(place, reference="HZB-2026-001"):
    s, loan = place.session, place.loan(reference, 500_000_000, place.now.date(), None)
    place.later(91)
    claimed = await subsidies.claim(s, place.actor, loan, place.now)
    second = await an_actor(s, place.now, Role.OPERATOR, "platform")
    await subsidies.decide(s, place.operator, claimed.id, ClaimEvent.CHECK, "", place.now)
    with pytest.raises(Forbidden, match="checked"):
        await subsidies.decide(s, place.operator, claimed.id, ClaimEvent.APPROVE, "", place.now)
    await subsidies.decide(s, second, claimed.id, ClaimEvent.APPROVE, "", place.now)
    await subsidies.decide(s, place.operator, claimed.id, ClaimEvent.PAY, "", place.now)
    return claimed


async def test_a_claim_from_the_firm_to_the_payment_and_one_claim_a_loan(place):
    s = place.session
    await place.certified()
    claimed = await a_paid_claim(place)
    assert (claimed.amount_fen, claimed.segments[0].days) == (500_000_000 * 435 * 1200 * 92 // (10**8 * 365), 92)
    with pytest.raises(Conflict, match="already"):
        await subsidies.claim(s, place.actor, place.loan("HZB-2026-001", 100_000_000, date(2026, 4, 1), None), place.now)
    other, _ = await a_verified_firm(s, place.now, 34)
    with pytest.raises(Conflict, match="No grade"):
        await subsidies.claim(s, other, place.loan("HZB-2026-002", 100_000_000, date(2026, 4, 1), None), place.now)
    with pytest.raises(Invalid):
        await subsidies.claim(s, place.actor, place.loan("", -5, date(2027, 4, 1), None), place.now)
    book = await subsidies.ledger(s)
    assert sum(book.balances.values()) == 0
    assert book.balances["paid"] == claimed.amount_fen == -book.balances["budget"]
    (row,) = await subsidies.every(s)
    exported = subsidies.export([row]).decode("utf-8-sig").splitlines()
    assert len(exported) == 2
    assert place.firm.uscc in exported[1]
    assert f"{claimed.amount_fen / 100:.2f}" in exported[1]


async def test_two_banks_may_use_one_number_and_a_claim_names_its_bank(place):
    s = place.session
    await place.certified()
    loan = place.loan("HT-1", 100_000_000, place.now.date())
    place.later(30)
    await subsidies.claim(s, place.actor, loan, place.now)
    other = (await an_actor(s, place.now, Role.OFFICER, "GB08")).organisation
    second = await subsidies.claim(s, place.actor, replace(loan, bank_id=other.id), place.now)
    assert second.loan.bank == other.name
    with pytest.raises(Conflict, match="already"):
        await subsidies.claim(s, place.actor, loan, place.now)
    for nobody in (None, place.reviewer.organisation.id):
        with pytest.raises(Invalid) as refused:
            await subsidies.claim(s, place.actor, replace(loan, bank_id=nobody), place.now)
        assert refused.value.fields[0].field == "bank"


async def test_withdrawing_sets_the_loan_free(place):
    s = place.session
    await place.certified()
    loan = place.loan("HZB-7", 100_000_000, place.now.date(), None)
    place.later(30)
    first = await subsidies.claim(s, place.actor, loan, place.now)
    stranger, _ = await a_verified_firm(s, place.now, 35)
    with pytest.raises(NotFound):
        await subsidies.withdraw(s, stranger, first.id, place.now)
    assert await subsidies.withdraw(s, place.actor, first.id, place.now) is ClaimState.WITHDRAWN
    assert (await subsidies.claim(s, place.actor, loan, place.now)).amount_fen == first.amount_fen


async def test_forged_evidence_ends_all_and_brings_the_money_back(place):
    s = place.session
    case_id = await place.certified()
    claimed = await a_paid_claim(place)
    unpaid = await subsidies.claim(s, place.actor, place.loan("HZB-2", 100_000_000, place.now.date() - timedelta(days=30), None), place.now)
    assert await green.find_forgery(s, place.operator, case_id, "收入证明经核查系伪造，印章不符。", place.now) is State.FORGED
    told = (await green.view(s, None, case_id)).history[-1].detail
    assert (told["subsidies_fen"], told["fine_fen"]) == (
        claimed.amount_fen,
        [round(claimed.amount_fen * 0.2), round(claimed.amount_fen * 0.5)],
    )
    found = {c.id: c for c in await subsidies.every(s)}
    assert (found[claimed.id].state, found[claimed.id].recoverable_fen) == (ClaimState.CLAWED_BACK, claimed.amount_fen)
    assert found[unpaid.id].state is ClaimState.REJECTED
    await subsidies.decide(s, place.operator, claimed.id, ClaimEvent.RECOVER, "", place.now)
    assert set((await subsidies.ledger(s)).balances.values()) == {0}
    # The veto stands for three years, whatever the firm reports.
    again = await place.a_case()
    rated = await green.submit(s, place.actor, place.book, again, place.now, pledged=True)
    assert (rated.grade, [v["code"] for v in rated.content["vetoes"] if v["known"]]) == ("non_green", ["forged"])


async def renewed(place):
    """Return (a certified case, its certified renewal): the first is superseded, its money was paid."""
    s, first = place.session, await place.certified()
    # As if the certificate ended soon.
    await s.execute(text("alter table green_certificate disable trigger appended"))
    await s.execute(text("update green_certificate set valid_to = :to"), {"to": place.now.date() + timedelta(days=140)})
    await s.execute(text("alter table green_certificate enable trigger appended"))
    claimed = await a_paid_claim(place)
    renewal = await green.open_case(s, place.actor, Subject.ENTERPRISE, place.now)
    await green.submit(s, place.actor, place.book, renewal.id, place.now, pledged=True)
    await green.request_review(s, place.actor, renewal.id, place.now)
    await green.decide(s, place.reviewer, renewal.id, passed=True, reason="", now=place.now)
    place.later(12)
    assert (await green.nightly(s, place.book, place.seal, place.now)).certified == 1
    assert (await green.view(s, None, first)).case.state is State.SUPERSEDED
    return first, renewal.id, claimed


@pytest.mark.parametrize("found_with", ["the first", "its renewal"])
async def test_forgery_found_after_a_renewal_takes_all_of_both_certificates(place, found_with):
    s = place.session
    first, renewal, claimed = await renewed(place)
    case_id = first if found_with == "the first" else renewal
    assert await green.find_forgery(s, place.operator, case_id, "收入证明经核查系伪造，印章不符。", place.now) is State.FORGED
    for one in (first, renewal):
        assert (await green.view(s, None, one)).case.state is State.FORGED
        assert [z.last_day < z.valid_from for z in await green.certificates(s, one)] == [True]
    (found,) = await subsidies.every(s)
    assert (found.state, found.recoverable_fen) == (ClaimState.CLAWED_BACK, claimed.amount_fen)
    shown = {row["state"] for row in await green.public(s)}
    assert shown == {"forged"}


async def test_forgery_takes_the_rest_of_what_came_back_in_part_before_and_the_standing_then_stays_known(place):
    s = place.session
    case_id = await place.certified()
    claimed = await a_paid_claim(place)
    (held,) = await green.certificates(s, case_id)
    # As a removal would end it: twenty days of what was paid come back.
    ended_at, last = place.later(1), place.now.date() - timedelta(days=22)
    await green_cases.end_certificate(s, held.number, last, "removed", place.now)
    assert await subsidies.claw_back_of(s, place.firm.id, "移出绿色库，追回之后的补贴", place.now) == 1
    (part,) = await subsidies.every(s)
    assert 0 < part.recoverable_fen < claimed.amount_fen
    await subsidies.decide(s, place.operator, claimed.id, ClaimEvent.RECOVER, "", place.now)
    forged_at = place.later(1)
    await green.find_forgery(s, place.operator, case_id, "收入证明经核查系伪造，印章不符。", forged_at)
    (found,) = await subsidies.every(s)
    assert (found.state, found.recoverable_fen, found.recovered_fen) == (
        ClaimState.CLAWED_BACK, claimed.amount_fen, part.recoverable_fen,
    )  # fmt: skip
    told = (await green.view(s, None, case_id)).history[-1].detail
    assert told["subsidies_fen"] == claimed.amount_fen
    await subsidies.decide(s, place.operator, claimed.id, ClaimEvent.RECOVER, "", forged_at)
    assert set((await subsidies.ledger(s)).balances.values()) == {0}
    assert (await green.standing(s, place.firm.id, last, ended_at)).grade == "deep"
    assert (await green.standing(s, place.firm.id, last, forged_at)).grade is None


async def test_an_expired_certificate_is_found_forged_too(place):
    s = place.session
    case_id = await place.certified()
    claimed = await a_paid_claim(place)
    (held,) = await green.certificates(s, case_id)
    place.now += timedelta(days=(held.valid_to - place.now.date()).days + 1)
    assert (await green.nightly(s, place.book, place.seal, place.now)).expired == 1
    assert await green.find_forgery(s, place.operator, case_id, "收入证明经核查系伪造，印章不符。", place.now) is State.FORGED
    (found,) = await subsidies.every(s)
    assert (found.state, found.recoverable_fen) == (ClaimState.CLAWED_BACK, claimed.amount_fen)


async def test_a_removal_claws_back_what_came_after_the_decision_that_made_it(place):
    s = place.session
    case_id = await place.certified()
    claimed = await a_paid_claim(place)
    # The decision was made twenty days before it was delivered, and before the last day that was paid for.
    decided = place.now.date() - timedelta(days=20)
    red = {"uscc": place.firm.uscc, "year": 2026, "colour": "红", "decided_on": str(decided)}
    await deliver(s, place.later(1), "environment.credit", red)
    assert (await green.nightly(s, place.book, place.seal, place.now)).removed == 1
    (held,) = await green.certificates(s, case_id)
    assert held.ended_on == decided - timedelta(days=1)
    (found,) = await subsidies.every(s)
    earned = 500_000_000 * 435 * 1200 * (92 - 21) // (10**8 * 365)
    assert (found.state, found.recoverable_fen) == (ClaimState.CLAWED_BACK, claimed.amount_fen - earned)
    book = await subsidies.ledger(s)
    assert (book.balances["receivable"], book.balances["paid"]) == (found.recoverable_fen, earned)


async def test_a_downgrade_claws_back_the_difference_from_the_day_of_the_record(place):
    s = place.session
    case_id = await place.certified()
    claimed = await a_paid_claim(place)
    decided = place.now.date() - timedelta(days=30)
    penalty = {"uscc": place.firm.uscc, "authority": "湖州市生态环境局", "decided_on": str(decided), "procedure": "普通程序"}
    for n in range(2):
        await deliver(s, place.now, "penalties.administrative", {**penalty, "document_no": f"湖环罚〔2026〕{n} 号"})
    yellow = {"uscc": place.firm.uscc, "year": 2026, "colour": "黄", "decided_on": str(decided)}
    await deliver(s, place.now, "environment.credit", yellow)
    d_grade = {"uscc": place.firm.uscc, "year": 2025, "grade": "D", "published_on": str(decided)}
    await deliver(s, place.later(1), "tax.credit_grade", d_grade)
    assert (await green.nightly(s, place.book, place.seal, place.now)).downgraded == 1
    first, second = await green.certificates(s, case_id)
    assert (first.ended_on, second.valid_from) == (decided - timedelta(days=1), decided)
    share = {"mid": 900, "light": 600, "ordinary": 0}[second.grade]
    days = 31
    (found,) = await subsidies.every(s)
    earned = 500_000_000 * 435 * 1200 * (92 - days) // (10**8 * 365) + 500_000_000 * 435 * share * days // (10**8 * 365)
    assert (found.state, found.recoverable_fen) == (ClaimState.CLAWED_BACK, claimed.amount_fen - earned)


async def test_a_project_is_rated_and_takes_its_owner_s_grade(place):
    s = place.session
    await place.certified()
    with pytest.raises(Invalid):
        await green.open_case(s, place.actor, Subject.PROJECT, place.now, {"title": ""})
    case = await green.open_case(s, place.actor, Subject.PROJECT, place.now, {"title": "屋顶光伏二期", "investment_fen": 300_000_000})
    values = {
        "project_catalogue": "item",
        "project_depth": "deep",
        "project_no_harm": "yes",
        "project_eia": "yes",
        "eliminated_capacity": "no",
    }
    for name, value in values.items():
        await green.state(s, place.actor, place.book, None, case.id, name, value, place.now, pledged=True)
    rated = await green.submit(s, place.actor, place.book, case.id, place.now, pledged=True)
    lines = {line["code"]: line for line in rated.content["indicators"]}
    assert len(lines) == 24
    assert (lines["P19"]["value"], lines["P19"]["points"]) == ("deep", 3)
    assert (lines["P01"]["points"], lines["P07"]["points"]) == (10, None)


async def test_a_claim_stands_on_a_project_s_certificate_and_falls_with_it(place):
    s = place.session
    case = await green.open_case(s, place.actor, Subject.PROJECT, place.now, {"title": "屋顶光伏二期", "investment_fen": 300_000_000})
    values = {
        "project_catalogue": "item", "project_depth": "deep", "project_no_harm": "yes", "project_additional": "yes",
        "project_green_spend_share": "0.9", "project_technology": "advanced", "co2_cut_tonnes": "9000", "co2_cut_per_10k": "2",
        "energy_saved_share": "0.3", "clean_energy_share": "0.6", "benefit_method": "standard", "project_eia": "yes",
        "project_energy_review": "yes", "project_land": "yes", "project_permits": "yes", "project_emergency_plan": "yes",
        "project_funds_controlled": "yes", "project_monitored": "yes", "project_repayment": "operating", "eliminated_capacity": "no",
    }  # fmt: skip
    for name, value in values.items():
        await green.state(s, place.actor, place.book, None, case.id, name, value, place.now, pledged=True)
    rated = await green.submit(s, place.actor, place.book, case.id, place.now, pledged=True)
    assert rated.grade in {"deep", "mid", "light"}
    await green.request_review(s, place.actor, case.id, place.now)
    await green.decide(s, place.reviewer, case.id, passed=True, reason="", now=place.now)
    assert (await green.nightly(s, place.book, place.seal, place.later(10))).certified == 1
    loan = place.loan("HT-P-1", 200_000_000, place.now.date())
    place.later(30)
    with pytest.raises(Conflict, match="No grade"):  # the firm itself holds no certificate
        await subsidies.claim(s, place.actor, loan, place.now)
    other, _ = await a_verified_firm(s, place.now, 38)
    with pytest.raises(Invalid) as refused:
        await subsidies.claim(s, other, loan, place.now, case.id)
    assert refused.value.fields[0].field == "project"
    claimed = await subsidies.claim(s, place.actor, loan, place.now, case.id)
    assert (claimed.project, claimed.segments[0].grade, claimed.segments[0].days) == ("屋顶光伏二期", rated.grade, 31)
    await green.find_forgery(s, place.operator, case.id, "环评批复经核查系伪造，印章不符。", place.now)
    assert [c.state for c in await subsidies.every(s)] == [ClaimState.REJECTED]


async def test_the_forecast_for_the_comparison_of_offers(place):
    found = await green.forecast(place.session, "deep", 500_000_000, 365, date(2026, 3, 10))
    assert (found.amount_fen, found.verified, found.policy) == (2_610_000, True, "HZ-SUBSIDY-2026")
    assert (await green.forecast(place.session, None, 500_000_000, 365, date(2026, 3, 10))).amount_fen == 0
    assert not (await green.forecast(place.session, "mid", 500_000_000, 365, date(2026, 3, 10))).verified


async def test_what_is_appended_is_never_changed(place):
    await place.published()
    for table in ("green_event", "green_statement", "green_rating", "green_file"):
        for change in (f"update {table} set case_id = case_id", f"delete from {table}"):
            with pytest.raises(DBAPIError, match="appended"):
                async with place.session.begin_nested():
                    await place.session.execute(text(change))
