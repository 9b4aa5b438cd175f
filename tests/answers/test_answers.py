import asyncio
import json
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from greenbridge.accounts.values import Role
from greenbridge.answers import rules, service
from greenbridge.answers.schemas import OpenNeedOut
from greenbridge.answers.values import AnswerStatus, Band, DeclineReason, Offer
from greenbridge.audit import service as audit
from greenbridge.catalog import service as catalog
from greenbridge.catalog.schemas import ProductFile
from greenbridge.catalog.values import Repayment
from greenbridge.consents import service as consents
from greenbridge.consents.values import Narrowing, ReadKind, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.kit import database
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from greenbridge.needs import service as needs
from greenbridge.needs.rules import knowing
from greenbridge.needs.values import Need, NeedStatus, Point, Verdict
from greenbridge.reports import service as reports
from greenbridge.settings import home
from tests.builders import a_draft, a_product, a_verified_firm, an_actor, deliver, steady_invoices, the_products, token

TODAY = date(2026, 3, 10)
OFFER = Offer("GB02-INV", 80_000_000, 520, 12, TODAY + timedelta(days=10))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount_fen": 1}, "amount_fen"),
        ({"amount_fen": 100_000_001}, "amount_fen"),
        ({"annual_rate_bp": 399}, "annual_rate_bp"),
        ({"annual_rate_bp": 701}, "annual_rate_bp"),
        ({"term_months": 2}, "term_months"),
        ({"valid_until": TODAY - timedelta(days=1)}, "valid_until"),
        ({"valid_until": TODAY + timedelta(days=31)}, "valid_until"),
    ],
)
def test_an_offer_outside_the_products_frame_names_its_field(change, field):
    offer = replace(Offer("TEST-1", 100_000_000, 500, 12, TODAY), **change)
    assert [p.field for p in rules.offer_problems(offer, a_product(), a_draft(), TODAY, TODAY + timedelta(days=30))] == [field]


def test_an_offer_may_stand_some_days_longer_than_the_need_or_the_banks_own_day():
    need = Need(uuid4(), "N1", uuid4(), a_draft(), "330502", NeedStatus.PUBLISHED, datetime(2026, 3, 1, tzinfo=UTC), TODAY)
    assert rules.last_valid_day(need, TODAY - timedelta(days=3)) == TODAY + timedelta(days=5)
    assert rules.last_valid_day(need, TODAY + timedelta(days=3)) == TODAY + timedelta(days=8)


def test_bands_hide_the_figure_and_small_counts_hide_each_other():
    assert rules.band(100_000_000, rules.AMOUNT_BANDS_FEN) == Band(50_000_000, 100_000_000)
    assert rules.band(100_000_001, rules.AMOUNT_BANDS_FEN) == Band(100_000_000, 300_000_000)
    assert rules.band(10_000_000_000, rules.AMOUNT_BANDS_FEN) == Band(3_000_000_000, None)
    assert rules.counted({"a": 40, "b": 12, "c": 3}) == {"a": 40, "b": None, "c": None}
    assert rules.counted({"a": 40, "b": 3, "c": 3, "d": 0}) == {"a": None, "b": None, "c": None, "d": 0}
    assert rules.counted({"a": 40, "b": 5, "c": 5, "d": 0}) == {"a": 40, "b": None, "c": None, "d": 0}
    assert rules.counted({"a": 40, "b": 10}) == {"a": 40, "b": 10}


@given(st.dictionaries(st.integers(0, 20), st.integers(0, 60), max_size=8))
def test_no_count_below_ten_is_told_or_follows_from_the_total(groups):
    told = rules.counted(groups)
    hidden = [groups[key] for key, n in told.items() if n is None]
    assert all(n is None or n == 0 or n >= rules.K for n in told.values())
    if hidden and any(told.values()):
        assert len(hidden) > 1
        assert sum(hidden) >= rules.K


def test_a_district_is_told_from_ten_open_needs_on():
    need = Need(uuid4(), "N1", uuid4(), a_draft(), "330502", NeedStatus.PUBLISHED, datetime(2026, 3, 1, tzinfo=UTC), TODAY)
    assert rules.outline(need, 9).region_code == "330500"
    assert rules.outline(need, 10).region_code == "330502"


async def test_a_bank_sees_bands_until_it_has_claimed(session, now, model, published):
    _, need = published
    officer = await an_officer(session, now)
    seen = await service.open_need(session, officer, need.id, model, now)
    assert seen.draft is None
    assert seen.outline.amount_fen == Band(50_000_000, 100_000_000)
    assert OpenNeedOut.of(seen).terms is None
    assert (await service.overview(session, officer, now))[1] == (Band(50_000_000, 100_000_000), None)
    await service.claim(session, officer, need.id, model, now)
    assert (await service.open_need(session, officer, need.id, model, now)).draft == need.draft


def test_slots_are_the_lowest_free_ones():
    assert rules.free_slot((), 3) == 1
    assert rules.free_slot((1, 3), 3) == 2
    assert rules.free_slot((1, 2, 3), 3) is None
    assert rules.free_slot((1, 2, 3), 10) == 4


@pytest.fixture
async def published(session, now):
    await the_products(session, now)
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    await deliver(session, now, items.TAX_GRADE, {"uscc": enterprise.uscc, "year": 2024, "grade": "A", "published_on": "2025-04-25"})
    return actor, await needs.publish(session, actor, enterprise.id, a_draft(), now)


async def an_officer(session, now, bank="GB02", login=None):
    return await an_actor(session, now, Role.OFFICER, bank, login)


async def test_claim_offer_agree_accept(session, now, model, press, published):
    firm, need = published
    officer = await an_officer(session, now)
    claimed = await service.claim(session, officer, need.id, model, now)
    assert (claimed.slot, claimed.status, claimed.act_by) == (1, AnswerStatus.CLAIMED, date(2026, 3, 12))
    assert (await needs.get(session, need.id)).status is NeedStatus.IN_ANSWER
    offered = await service.offer(session, officer, claimed.id, OFFER, "", now)
    assert offered.offer == replace(OFFER, repayment=Repayment.REVOLVING)
    seen = await service.open_need(session, officer, need.id, model, now)
    assert seen.enterprise is None
    with pytest.raises(Forbidden):
        await reports.for_actor(session, officer, need.enterprise_id, press, now)
    await service.agree(session, firm, claimed.id, now)
    assert (await service.open_need(session, officer, need.id, model, now)).enterprise.id == need.enterprise_id
    assert (await reports.for_actor(session, officer, need.enterprise_id, press, now)).content["score"]
    assert (await service.accept(session, firm, claimed.id, now)).status is AnswerStatus.CHOSEN
    assert (await needs.get(session, need.id)).status is NeedStatus.OFFER_ACCEPTED
    assert await service.totals(session) == (1, 1, 80_000_000)
    assert await audit.first_broken(session) is None


async def test_a_changed_audit_event_breaks_the_chain(session, now, model, published):
    tamper = text("update audit_event set detail = '{\"amount_fen\": 1}' where action = 'need.published'")
    with pytest.raises(DBAPIError, match="append-only"):
        async with session.begin_nested():
            await session.execute(tamper)
    await session.execute(text("alter table audit_event disable trigger user"))  # somebody with the keys to the database
    await session.execute(tamper)
    session.expire_all()
    assert await audit.first_broken(session) is not None


async def test_accepting_one_ends_the_others_and_happens_once(session, now, model, published):
    firm, need = published
    one, two = await an_officer(session, now, "GB02"), await an_officer(session, now, "GB03")
    first, second = [await service.claim(session, officer, need.id, model, now) for officer in (one, two)]
    await service.offer(session, one, first.id, OFFER, "", now)
    await service.offer(session, two, second.id, replace(OFFER, product_code="GB03-INV", amount_fen=50_000_000), "", now)
    await service.accept(session, firm, second.id, now)
    assert [v.answer.status for v in await service.of_need(session, firm, need.id, now)] == [AnswerStatus.NOT_CHOSEN, AnswerStatus.CHOSEN]
    with pytest.raises(Conflict):
        await service.accept(session, firm, first.id, now)
    with pytest.raises(Conflict):
        await service.offer(session, one, first.id, OFFER, "", now)


async def test_a_decline_gives_reasons_and_frees_the_slot(session, now, model, published):
    firm, need = published
    officer = await an_officer(session, now)
    claimed = await service.claim(session, officer, need.id, model, now)
    with pytest.raises(Invalid):
        await service.decline(session, officer, claimed.id, [], "", now)
    await service.decline(session, officer, claimed.id, [DeclineReason.NO_CAPACITY], "", now)
    (view,) = await service.of_need(session, firm, need.id, now)
    assert view.answer.reasons == (DeclineReason.NO_CAPACITY,)
    assert (await needs.get(session, need.id)).status is NeedStatus.REOPENED
    with pytest.raises(Conflict, match="already"):
        await service.claim(session, officer, need.id, model, now)
    assert (await service.claim(session, await an_officer(session, now, "GB03"), need.id, model, now)).slot == 1


async def test_no_slot_without_a_fitting_product(session, now, model, published):
    _, need = published
    with pytest.raises(Conflict, match="no product that fits"):
        await service.claim(session, await an_officer(session, now, "GB04"), need.id, model, now)  # 50 x10k yuan at most
    with pytest.raises(Conflict, match="no product that fits"):
        await service.claim(session, await an_officer(session, now, "GB99"), need.id, model, now)


async def test_a_product_that_is_listed_after_the_need_opens_no_slot(session, now, model, published):
    """Else a bank without one could list any, claim, and read exact terms that were not meant for it."""
    _, need = published
    administrator = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB77")
    document = tomllib.loads((home() / "products" / "gb02-inv.toml").read_text(encoding="utf-8"))
    document = json.loads(json.dumps({**document, "code": "GB77-INV", "bank": "GB77"}, default=str))
    later = now + timedelta(minutes=1)
    await catalog.list_product(session, administrator, ProductFile.model_validate(document), later)
    officer = await an_officer(session, now, "GB77")
    seen = await service.open_need(session, officer, need.id, model, later)
    assert [e.value for _, e in seen.products] == ["conditional"]  # as of every product listed later: nothing is told
    with pytest.raises(Conflict, match="no product that fits"):
        await service.claim(session, officer, need.id, model, later)


async def test_late_claims_expire_and_free_their_slot(session, now, model, published):
    firm, need = published
    await service.claim(session, await an_officer(session, now), need.id, model, now)
    assert await service.tick(session, need.id, model, now + timedelta(days=2)) == 1  # a reminder
    assert await service.tick(session, need.id, model, now + timedelta(days=3)) == 2  # it ends, and the next bank is asked
    (view,) = await service.of_need(session, firm, need.id, now)
    assert view.answer.status is AnswerStatus.EXPIRED
    assert (await needs.get(session, need.id)).status is NeedStatus.REOPENED


async def test_another_bank_and_another_firm_find_nothing(session, now, model, published):
    _, need = published
    claimed = await service.claim(session, await an_officer(session, now), need.id, model, now)
    stranger, _ = await a_verified_firm(session, now, 2)
    with pytest.raises(NotFound):
        await service.offer(session, await an_officer(session, now, "GB03"), claimed.id, OFFER, "", now)
    with pytest.raises(NotFound):
        await service.accept(session, stranger, claimed.id, now)
    with pytest.raises(NotFound):
        await service.agree(session, stranger, claimed.id, now)


async def a_published_need(sessions, now, **changes):
    """A firm with steady invoices and its need, committed: for what several people do at once."""
    async with sessions.begin() as session:
        await the_products(session, now)
        actor, enterprise = await a_verified_firm(session, now)
        await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
        return actor, await needs.publish(session, actor, enterprise.id, a_draft(**changes), now)


async def test_three_slots_are_atomic_among_eight_banks_at_once(own_database, now, model):
    engine = database.make_engine(own_database)
    sessions = database.make_sessions(engine)
    actor, need = await a_published_need(sessions, now, amount_fen=40_000_000, max_annual_rate_bp=900)
    async with sessions.begin() as session:
        officers = [await an_officer(session, now, bank) for bank in ("GB02", "GB02", "GB03", "GB04", "GB06", "GB08", "GB08", "GB01")]

    async def one(officer):
        try:
            async with sessions.begin() as session:
                return (await service.claim(session, officer, need.id, model, now)).slot
        except Problem as problem:
            return problem.code

    won = await asyncio.gather(*[one(officer) for officer in officers])
    async with sessions() as session:
        kept = [v.answer for v in await service.of_need(session, actor, need.id, now)]
    await engine.dispose()
    assert sorted(slot for slot in won if isinstance(slot, int)) == [1, 2, 3]
    assert sorted(answer.slot for answer in kept) == [1, 2, 3]
    assert len({answer.bank_id for answer in kept}) == 3
    assert {code for code in won if isinstance(code, str)} <= {"no-slot", "claimed-before", "no-fitting-product"}


async def test_api_the_whole_way_and_nothing_of_the_firm_before_it_agrees(client, session, now, published):
    firm, need = published
    await an_officer(session, now, "GB02", "officer")
    name, uscc = "湖州绿源", (await needs.get(session, need.id)).enterprise_id
    await session.commit()
    officer, mine = await token(client, "officer"), await token(client, firm.login)
    listed = await client.get("/api/v1/open-needs", headers=officer)
    assert listed.json()[0]["number"] == need.number
    assert name not in listed.text
    assert str(uscc) not in listed.text
    assert "91330502" not in listed.text
    report = f"/api/v1/enterprises/{need.enterprise_id}/credit-report"
    assert (await client.get(report, headers=officer)).status_code == 403
    headers = {**officer, "Idempotency-Key": "claim-1"}
    claimed = await client.post(f"/api/v1/open-needs/{need.id}/answers", headers=headers)
    again = await client.post(f"/api/v1/open-needs/{need.id}/answers", headers=headers)
    assert (claimed.status_code, again.status_code) == (201, 200)
    answer_id = claimed.json()["id"]
    wrong = await client.post(
        f"/api/v1/answers/{answer_id}/offer",
        json={"product_code": "GB02-INV", "amount_fen": 80_000_000, "annual_rate_bp": 9, "term_months": 12, "valid_until": "2026-03-20"},
        headers=officer,
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "annual_rate_bp")
    offered = await client.post(
        f"/api/v1/answers/{answer_id}/offer",
        json={"product_code": "GB02-INV", "amount_fen": 80_000_000, "annual_rate_bp": 520, "term_months": 12, "valid_until": "2026-03-20"},
        headers=officer,
    )
    assert offered.json()["status"] == "offered"
    answers = (await client.get(f"/api/v1/needs/{need.id}/answers", headers=mine)).json()
    assert (answers[0]["bank"], answers[0]["may_read_report"]) == ("苕溪商业银行", False)
    assert (await client.post(f"/api/v1/answers/{answer_id}/agreement", headers=mine)).status_code == 200
    assert (await client.get(report, headers=officer)).status_code == 200
    assert (await client.post(f"/api/v1/answers/{answer_id}/acceptance", headers=officer)).status_code == 403
    assert (await client.post(f"/api/v1/answers/{answer_id}/acceptance", headers=mine)).json()["status"] == "chosen"
    assert (await client.post("/api/v1/open-needs/" + str(need.id) + "/answers", headers=mine)).status_code == 403


async def test_no_offer_and_no_agreement_after_the_need_is_withdrawn_or_the_day_has_passed(session, now, model, published):
    firm, need = published
    officer = await an_officer(session, now)
    claimed = await service.claim(session, officer, need.id, model, now)
    with pytest.raises(Conflict, match="due by"):
        await service.offer(session, officer, claimed.id, OFFER, "", now + timedelta(days=5))
    await needs.withdraw(session, firm, need.id, now)
    with pytest.raises(Conflict, match="not open"):
        await service.offer(session, officer, claimed.id, OFFER, "", now)
    with pytest.raises(Conflict):
        await service.agree(session, firm, claimed.id, now)


async def test_a_need_that_closed_is_there_for_the_banks_that_answered_it_and_for_no_other(session, now, model, published):
    firm, need = published
    officer, stranger = await an_officer(session, now), await an_officer(session, now, "GB03")
    await service.claim(session, officer, need.id, model, now)
    await needs.withdraw(session, firm, need.id, now)
    with pytest.raises(Conflict, match="not open"):
        await service.claim(session, officer, need.id, model, now)
    with pytest.raises(NotFound):
        await service.claim(session, stranger, need.id, model, now)
    with pytest.raises(NotFound):
        await service.open_need(session, stranger, need.id, model, now)


async def test_agreeing_on_one_need_names_the_firm_on_no_other(session, now, model, published):
    firm, need = published
    officer = await an_officer(session, now)
    claimed = await service.claim(session, officer, need.id, model, now)
    await service.agree(session, firm, claimed.id, now)
    second = await needs.publish(session, firm, need.enterprise_id, a_draft(term_months=10), now)
    assert (await service.open_need(session, officer, need.id, model, now)).enterprise is not None
    assert (await service.open_need(session, officer, second.id, model, now)).enterprise is None
    await service.claim(session, officer, second.id, model, now)
    assert (await service.open_need(session, officer, second.id, model, now)).enterprise is None


async def test_expiry_leaves_alone_what_a_bank_offered_meanwhile(own_database, now, model):
    engine = database.make_engine(own_database)
    sessions = database.make_sessions(engine)
    actor, need = await a_published_need(sessions, now)
    async with sessions.begin() as session:
        officer = await an_officer(session, now)
        claimed = await service.claim(session, officer, need.id, model, now)
    late = now + timedelta(days=3)
    async with sessions() as offering:
        await service.offer(offering, officer, claimed.id, replace(OFFER, valid_until=TODAY + timedelta(days=20)), "", now)

        async def expire() -> int:
            async with sessions.begin() as session:
                return await service.tick(session, need.id, model, late)

        waiting = asyncio.create_task(expire())
        await asyncio.sleep(0.3)
        await offering.commit()
        assert await asyncio.wait_for(waiting, 10) == 0
    async with sessions() as session:
        (view,) = await service.of_need(session, actor, need.id, now)
    await engine.dispose()
    assert view.answer.status is AnswerStatus.OFFERED


async def test_a_new_fact_makes_the_matches_anew(session, now, model, published):
    _, need = published
    officer = await an_officer(session, now, "GB06")
    uscc = (await enterprises.get(session, need.enterprise_id)).uscc

    async def answer(at):
        seen = await service.open_need(session, officer, need.id, model, at)
        return {product.code: eligibility.value for product, eligibility in seen.products}["GB06-TAX"]

    assert await answer(now) == "conditional"  # the courts have not delivered
    later = now + timedelta(minutes=1)
    await deliver(session, later, items.DISHONESTY, {"uscc": uscc, "case_no": "1", "listed_on": "2026-03-01"})
    assert await answer(later + timedelta(minutes=1)) == "not_eligible"


async def test_the_five_points_go_to_a_bank_by_the_consent_door(session, now, model, published):
    firm, need = published
    officer = await an_officer(session, now)
    claimed = await service.claim(session, officer, need.id, model, now)
    with pytest.raises(Forbidden):
        await service.points(session, officer, need.id, WorkStep.SURVEY, model, now)  # the firm has not agreed
    unheld = frozenset({"tax.vat_invoices.amount_net"})
    await service.agree(session, firm, claimed.id, now, Narrowing(withheld=unheld))
    before = len(await consents.reads_of(session, need.enterprise_id))
    found = {one.point: one for one in await service.points(session, officer, need.id, WorkStep.SURVEY, model, now)}
    assert list(found) == list(Point)
    assert found[Point.GOOD_CREDIT] in need.findings
    assert (found[Point.REAL_NEED].verdict, found[Point.REAL_NEED].because) == (Verdict.UNKNOWN, (knowing.CLOSED,))
    reads = await consents.reads_of(session, need.enterprise_id)
    (row,) = [read for read in reads if read.kind is ReadKind.FACTS]
    assert (len(reads) > before, "tax.credit_grade.grade" in row.fields, "tax.vat_invoices.amount_net" in row.fields) == (True, True, False)
    with pytest.raises(NotFound):
        await service.points(session, await an_officer(session, now, "GB99"), uuid4(), WorkStep.SURVEY, model, now)


def test_every_field_that_a_point_is_read_from_is_a_field():
    assert {key for keys in knowing.READ.values() for key in keys} <= set(facts.levels())
    assert list(knowing.READ) == list(Point)
