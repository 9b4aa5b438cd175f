"""After the firm has chosen; sealed windows; ratings; what each may see."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from greenbridge.accounts.values import Role
from greenbridge.answers import service, store
from greenbridge.answers.rules import life
from greenbridge.answers.values import (
    AnswerStatus,
    BankEvent,
    DeadlineState,
    DeclineReason,
    Demand,
    LoanState,
    Offer,
    RatingReason,
    Report,
    Step,
)
from greenbridge.catalog.values import Repayment
from greenbridge.enterprises import service as enterprises
from greenbridge.green import service as green
from greenbridge.kit import database
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.kit.states import replay
from greenbridge.needs import service as needs
from greenbridge.needs.rules import life as need_life
from greenbridge.needs.values import Mode, NeedStatus
from tests.builders import a_verified_firm, an_actor, certified, token

TODAY = date(2026, 3, 10)
OFFER = Offer("GB02-INV", 40_000_000, 520, 12, TODAY + timedelta(days=10), Repayment.INTEREST_FIRST)


async def a_choice(session, now, model, town, officer_of, terms=OFFER, **changes):
    firm, _, publish = town
    need = await publish(**changes)
    officer = await officer_of()
    claimed = await service.claim(session, officer, need.id, model, now)
    await service.offer(session, officer, claimed.id, terms, "", now)
    return firm, need, officer, await service.accept(session, firm, claimed.id, now)


async def states(session, need, answer):
    return (await needs.get(session, need.id)).status, (await store.find(session, answer.id)).status


async def test_from_approval_to_the_last_fen(session, now, model, town, officer_of):
    _firm, need, officer, chosen = await a_choice(session, now, model, town, officer_of)
    with pytest.raises(Invalid, match="offered"):
        await service.approve(session, officer, chosen.id, 40_000_001, 520, now)
    with pytest.raises(Conflict):
        await service.sign(session, officer, chosen.id, "HT-1", now)
    await service.approve(session, officer, chosen.id, 30_000_000, 530, now)
    with pytest.raises(Invalid):
        await service.sign(session, officer, chosen.id, " ", now)
    await service.sign(session, officer, chosen.id, " HT-2026-1 ", now)
    with pytest.raises(Invalid):
        await service.pay_out(session, officer, chosen.id, 30_000_001, TODAY, now)
    with pytest.raises(Invalid):
        await service.pay_out(session, officer, chosen.id, 1, TODAY + timedelta(days=1), now)
    await service.pay_out(session, officer, chosen.id, 10_000_000, TODAY, now)
    assert await states(session, need, chosen) == (NeedStatus.PARTLY_DISBURSED, AnswerStatus.DISBURSED)
    await service.pay_out(session, officer, chosen.id, 20_000_000, TODAY, now)
    assert await states(session, need, chosen) == (NeedStatus.DISBURSED, AnswerStatus.DISBURSED)
    with pytest.raises(Invalid):
        await service.pay_out(session, officer, chosen.id, 1, TODAY, now)
    with pytest.raises(Invalid):
        await service.fall_overdue(session, officer, chosen.id, 0, now)
    late = await service.fall_overdue(session, officer, chosen.id, 2_500_000, now)
    assert (late.contract.state, late.contract.overdue_fen) == (LoanState.OVERDUE, 2_500_000)
    more = await service.fall_overdue(session, officer, chosen.id, 5_000_000, now)  # arrears grow
    assert (more.contract.state, more.contract.overdue_fen) == (LoanState.OVERDUE, 5_000_000)
    assert (await service.catch_up(session, officer, chosen.id, now)).contract.state is LoanState.PERFORMING
    with pytest.raises(Invalid):
        await service.repay(session, officer, chosen.id, 30_000_001, 0, TODAY, now)
    part = await service.repay(session, officer, chosen.id, 10_000_000, 130_000, TODAY, now)
    assert (part.status, part.contract.repaid_fen) == (AnswerStatus.DISBURSED, 10_000_000)
    closed = await service.repay(session, officer, chosen.id, 20_000_000, 1, TODAY, now)
    assert (closed.status, closed.contract.state) == (AnswerStatus.CLOSED, LoanState.REPAID_EARLY)
    assert (await needs.get(session, need.id)).status is NeedStatus.CLOSED
    (told,) = await service.disbursed(session, enterprise_id=town[1].id)
    assert (told.loan.reference, told.loan.principal_fen, told.loan.drawn_on, told.loan.repaid_on, told.loan.bank_id) == (
        "HT-2026-1", 30_000_000, TODAY, TODAY, officer.organisation.id,
    )  # fmt: skip
    assert await service.disbursed(session, contracts=["HT-2026-1"]) == [told]
    assert await service.disbursed(session, contracts=["HT-2026-2"]) == []
    paid = await service.payments(session, closed)
    assert sum(principal for kind, _, principal, _ in paid if kind == "disbursed") == 30_000_000
    assert sum(principal for kind, _, principal, _ in paid if kind == "repaid") == 30_000_000
    with pytest.raises(Conflict):
        await service.repay(session, officer, chosen.id, 1, 0, TODAY, now)
    happened = await needs.history(session, need.id)
    assert replay(need_life.MACHINE, [one.event for one in happened]) is NeedStatus.CLOSED
    events = [one.event for _, one in await store.events(session, need.id)]
    assert replay(life.ANSWER, events) is AnswerStatus.CLOSED
    (loan,) = await service.loans(session, officer)
    assert (loan.answer_id, loan.amount_fen) == (chosen.id, 30_000_000)
    (told,) = await service.feedback(session)
    assert (told.status, told.since) == ("closed", now)


async def lent(session, officer, answer, now, *paid):
    await service.approve(session, officer, answer.id, 40_000_000, 520, now)
    await service.sign(session, officer, answer.id, "HT-1", now)
    for amount in paid:
        answer = await service.pay_out(session, officer, answer.id, amount, TODAY, now)
    return answer


async def test_no_more_is_overdue_than_is_owed(session, now, model, town, officer_of):
    _, _, officer, chosen = await a_choice(session, now, model, town, officer_of)
    with pytest.raises(Conflict):
        await service.fall_overdue(session, officer, chosen.id, 1, now)
    await lent(session, officer, chosen, now, 40_000_000)
    await service.repay(session, officer, chosen.id, 30_000_000, 0, TODAY, now)
    with pytest.raises(Invalid, match="owed"):
        await service.fall_overdue(session, officer, chosen.id, 10_000_001, now)
    await service.fall_overdue(session, officer, chosen.id, 10_000_000, now)
    part = await service.repay(session, officer, chosen.id, 4_000_000, 0, TODAY, now)
    assert (part.contract.state, part.contract.overdue_fen) == (LoanState.OVERDUE, 6_000_000)  # not more than is left
    done = await service.repay(session, officer, chosen.id, 6_000_000, 0, TODAY, now)
    assert (done.contract.state, done.contract.overdue_fen) == (LoanState.REPAID, 0)


async def test_a_fen_does_not_stop_the_clock_of_lending(session, now, model, town, officer_of):
    _, need, officer, chosen = await a_choice(session, now, model, town, officer_of)
    await lent(session, officer, chosen, now, 1)

    async def lending():
        return [d.state for d in await store.deadlines_of(session, need.id) if d.step is Step.LEND]

    assert await lending() == [DeadlineState.RUNNING]
    await service.pay_out(session, officer, chosen.id, 39_999_999, TODAY, now)
    assert await lending() == [DeadlineState.MET]


async def test_a_revolving_loan_is_drawn_again_until_its_bank_or_its_term_closes_it(session, now, model, town, officer_of):
    terms = replace(OFFER, repayment=Repayment.REVOLVING)
    _, need, officer, chosen = await a_choice(session, now, model, town, officer_of, terms)
    await lent(session, officer, chosen, now, 10_000_000)
    assert [d.state for d in await store.deadlines_of(session, need.id) if d.step is Step.LEND] == [DeadlineState.MET]
    with pytest.raises(Conflict, match="owed"):
        await service.close(session, officer, chosen.id, TODAY, now)
    await service.fall_overdue(session, officer, chosen.id, 10_000_000, now)
    back = await service.repay(session, officer, chosen.id, 10_000_000, 500, TODAY, now)
    assert (back.status, back.contract.state, back.contract.overdue_fen) == (AnswerStatus.DISBURSED, LoanState.PERFORMING, 0)
    with pytest.raises(Invalid):
        await service.pay_out(session, officer, chosen.id, 40_000_001, TODAY, now)
    await service.pay_out(session, officer, chosen.id, 40_000_000, TODAY, now)  # 50 m fen in all, 40 m at once
    assert await states(session, need, chosen) == (NeedStatus.DISBURSED, AnswerStatus.DISBURSED)
    await service.repay(session, officer, chosen.id, 40_000_000, 0, TODAY, now)
    again = await service.pay_out(session, officer, chosen.id, 5_000_000, TODAY, now)
    assert (again.contract.disbursed_fen, again.contract.repaid_fen) == (55_000_000, 50_000_000)
    await service.repay(session, officer, chosen.id, 5_000_000, 0, TODAY, now)
    closed = await service.report(session, officer, chosen.id, Report(BankEvent.CLOSE, paid_on=TODAY), now)
    assert (closed.status, closed.contract.state) == (AnswerStatus.CLOSED, LoanState.REPAID_EARLY)
    assert (await needs.get(session, need.id)).status is NeedStatus.CLOSED


async def test_a_revolving_loan_repaid_at_its_end_is_closed(session, now, model, town, officer_of):
    _, _, officer, chosen = await a_choice(session, now, model, town, officer_of, replace(OFFER, repayment=Repayment.REVOLVING))
    await lent(session, officer, chosen, now, 40_000_000)
    closed = await service.repay(session, officer, chosen.id, 40_000_000, 0, date(2027, 3, 10), now + timedelta(days=365))
    assert (closed.status, closed.contract.state) == (AnswerStatus.CLOSED, LoanState.REPAID)


async def test_a_loan_repaid_when_its_term_is_over_is_repaid_and_not_early(session, now, model, town, officer_of):
    _, _, officer, chosen = await a_choice(session, now, model, town, officer_of)
    await service.approve(session, officer, chosen.id, 40_000_000, 520, now)
    await service.sign(session, officer, chosen.id, "HT-1", now)
    await service.pay_out(session, officer, chosen.id, 40_000_000, TODAY, now)
    year = now + timedelta(days=365)
    closed = await service.repay(session, officer, chosen.id, 40_000_000, 2_080_000, date(2027, 3, 10), year)
    assert closed.contract.state is LoanState.REPAID


@pytest.mark.parametrize("approved", [False, True])
async def test_a_bank_that_fails_after_the_choice_opens_the_need_again(session, now, model, town, officer_of, approved):
    _firm, need, officer, chosen = await a_choice(session, now, model, town, officer_of)
    if approved:
        await service.approve(session, officer, chosen.id, 40_000_000, 520, now)
        ended = await service.give_back(session, officer, chosen.id, [DeclineReason.REGISTRATION_FAILED], "", now)
    else:
        with pytest.raises(Conflict):
            await service.give_back(session, officer, chosen.id, [DeclineReason.NO_CAPACITY], "", now)
        ended = await service.decline(session, officer, chosen.id, [DeclineReason.NO_CAPACITY], "", now)
    assert ended.status in {AnswerStatus.RETURNED, AnswerStatus.DECLINED}
    assert (await needs.get(session, need.id)).status is NeedStatus.REOPENED
    assert (await service.claim(session, await officer_of("GB03"), need.id, model, now)).slot == 1


async def test_withdrawing_ends_what_banks_had_begun(session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish()
    one = await service.claim(session, await officer_of(), need.id, model, now)
    await service.request(session, firm, need.id, "GB03-INV", model, now)
    await service.withdraw(session, firm, need.id, now)
    assert (await store.find(session, one.id)).status is AnswerStatus.NOT_CHOSEN
    assert [r.state.value for r in await store.requests_of(session, need.id)] == ["void"]
    assert not [d for d in await store.deadlines_of(session, need.id) if d.state.value == "running"]
    with pytest.raises(Conflict):
        await service.withdraw(session, firm, need.id, now)


async def test_a_sealed_offer_is_seen_by_nobody_until_the_window_is_over(session, sessions, now, model, town, officer_of):
    firm, enterprise, publish = town
    need = await publish(mode=Mode.SEALED)
    closes = need.window_closes_at
    assert closes.isoformat() == "2026-03-14T00:00:00+08:00"  # three working days, to the end of Friday
    one, two = await officer_of("GB02"), await officer_of("GB03")
    first, second = [await service.claim(session, officer, need.id, model, now) for officer in (one, two)]
    assert first.act_by == date(2026, 3, 13)
    await service.offer(session, one, first.id, replace(OFFER, valid_until=date(2026, 3, 25)), "暗语甲", now)
    cheap = replace(OFFER, product_code="GB03-INV", annual_rate_bp=480, valid_until=date(2026, 3, 25))
    await service.offer(session, two, second.id, cheap, "暗语乙", now)
    await session.commit()
    async with sessions.begin() as confined:  # as a request of the firm: not even the rows are there
        database.confine(confined, firm, now)
        assert await service.of_need(confined, firm, need.id, now) == []
        assert (await confined.execute(text("select count(*) from answer"))).scalar_one() == 0
        assert (await confined.execute(text("select count(*) from answer_event"))).scalar_one() == 0
        assert await service.sealed_offers(confined, need) == 2
        rows, _ = await service.timeline(confined, firm, need.id)
        assert {type(row).__name__ for row in rows} == {"Happened"}
        with pytest.raises(NotFound):
            await service.accept(confined, firm, second.id, now)
    with pytest.raises(NotFound):
        await service.accept(session, firm, second.id, now)  # and the code says the same where the wall is down
    query = "select count(*) from outbox_event where organisation_id = :id and topic = 'answer.offered'"
    told = text(query), {"id": enterprise.organisation_id}
    assert (await session.execute(*told)).scalar_one() == 0
    details = await session.scalars(text("select detail::text from audit_event where action = 'answer.offered'"))
    assert not [detail for detail in details if "520" in detail or "480" in detail]
    seen = await service.open_need(session, one, need.id, model, now)
    assert seen.mine.id == first.id
    with pytest.raises(Conflict, match="open"):
        await service.claim(session, await officer_of("GB06"), need.id, model, closes)
    async with sessions.begin() as confined:  # the firm's first look after the end opens it
        database.confine(confined, firm, closes)
        _, rows, _ = await service.compare(confined, firm, need.id, model, closes)
        assert [row.view.answer.id for row in rows] == [second.id, first.id]
    session.expire_all()
    assert (await needs.get(session, need.id)).opened_at == closes
    assert (await session.execute(*told)).scalar_one() == 2
    assert (await service.accept(session, firm, second.id, closes)).status is AnswerStatus.CHOSEN


async def test_a_late_sealed_offer_is_refused(session, now, model, town, officer_of):
    _, _, publish = town
    need = await publish(mode=Mode.SEALED)
    officer = await officer_of()
    claimed = await service.claim(session, officer, need.id, model, now)
    with pytest.raises(Conflict):
        await service.offer(session, officer, claimed.id, replace(OFFER, valid_until=date(2026, 3, 25)), "", need.window_closes_at)


async def test_offers_are_placed_by_what_they_cost_and_not_by_their_rate(session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish()
    one, two = await officer_of("GB02"), await officer_of("GB03")
    first, second = [await service.claim(session, officer, need.id, model, now) for officer in (one, two)]
    await service.offer(session, one, first.id, replace(OFFER, annual_rate_bp=500, upfront_fee_fen=600_000), "", now)
    await service.offer(session, two, second.id, replace(OFFER, product_code="GB03-INV", annual_rate_bp=540), "", now)
    _, rows, others = await service.compare(session, firm, need.id, model, now)
    assert [row.view.answer.id for row in rows] == [second.id, first.id]  # 5.4 % without a fee costs less than 5 % with one
    assert [row.place for row in rows] == [1, 2]
    assert others == []
    assert all(row.cost.subsidy_fen is None for row in rows)  # no certificate: nothing is forecast
    await certified(session, firm, await enterprises.get(session, need.enterprise_id), now, "GC260310-TEST", "deep")
    _, helped, _ = await service.compare(session, firm, need.id, model, now)
    expected = await green.forecast(session, "deep", 40_000_000, 365, TODAY)
    assert expected.amount_fen > 0
    assert {row.cost.subsidy_fen for row in helped} == {expected.amount_fen}
    assert helped[0].cost.effective_annual_rate < rows[0].cost.effective_annual_rate
    view, table = await service.amortisation(session, firm, first.id, now)
    assert sum(line.principal_fen for line in table) == view.answer.offer.amount_fen
    stranger, _ = await a_verified_firm(session, now, 2)
    with pytest.raises(NotFound):
        await service.amortisation(session, stranger, first.id, now)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"repayment": Repayment.AT_MATURITY}, "repayment"),
        ({"upfront_fee_fen": 2_000_001}, "upfront_fee_fen"),
        ({"guarantee_yearly_bp": 501}, "guarantee_yearly_bp"),
        ({"guarantee_yearly_bp": -1}, "guarantee_yearly_bp"),
    ],
)
async def test_what_comes_on_top_of_the_rate_is_bounded(session, now, model, town, officer_of, change, field):
    _, _, publish = town
    need = await publish()
    officer = await officer_of()
    claimed = await service.claim(session, officer, need.id, model, now)
    with pytest.raises(Invalid) as raised:
        await service.offer(session, officer, claimed.id, replace(OFFER, **change), "", now)
    assert [found.field for found in raised.value.fields] == [field]


async def test_a_firm_rates_its_bank_once(session, now, model, town, officer_of):
    firm, need, _officer, chosen = await a_choice(session, now, model, town, officer_of)
    for stars, reasons in ((0, [RatingReason.QUICK]), (6, [RatingReason.QUICK]), (5, [])):
        with pytest.raises(Invalid):
            await service.rate(session, firm, chosen.id, stars, reasons, now)
    await service.rate(session, firm, chosen.id, 4, [RatingReason.QUICK, RatingReason.QUICK], now)
    with pytest.raises(Conflict, match="already"):
        await service.rate(session, firm, chosen.id, 5, [RatingReason.SLOW], now)
    assert (await service.ratings(session, firm, need.id))[chosen.id].reasons == (RatingReason.QUICK,)
    standings, _ = await service.league(session, now)
    (mine,) = [one for one in standings if one.bank_code == "GB02"]
    assert (mine.stars.n, mine.answer_rate.hits, mine.approval.hits, mine.ranked) == (1, 1, 1, False)


async def test_what_happened_is_append_only(session, now, model, town, officer_of):
    await a_choice(session, now, model, town, officer_of)
    for table in ("need_event", "answer_event"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with session.begin_nested():
                await session.execute(text(f"delete from {table}"))


async def test_a_bank_sees_no_other_banks_requests_deadlines_or_steps(session, sessions, now, model, town, officer_of):
    firm, _need, officer, _ = await a_choice(session, now, model, town, officer_of)
    other = await officer_of("GB03")
    stranger, _ = await a_verified_firm(session, now, 2)
    await session.commit()
    for caller, sees in ((officer, True), (other, False), (firm, True), (stranger, False)):
        async with sessions.begin() as confined:
            database.confine(confined, caller, now)
            for table in ("answer_event", "deadline"):
                found = (await confined.execute(text(f"select count(*) from {table}"))).scalar_one()
                assert bool(found) is sees, (caller.role, table)


async def test_api_the_way_of_a_loan(client, session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish()
    await officer_of("GB02", "lender")
    await an_actor(session, now, Role.OPERATOR, "platform", "operator-1")
    await session.commit()
    bank, mine = await token(client, "lender"), await token(client, firm.login)
    asked = await client.post(f"/api/v1/needs/{need.id}/requests", json={"product_code": "GB02-INV"}, headers=mine)
    assert (asked.status_code, asked.json()["state"]) == (201, "waiting")
    assert [one["id"] for one in (await client.get("/api/v1/requests", headers=bank)).json()] == [asked.json()["id"]]
    answer_id = (await client.post(f"/api/v1/open-needs/{need.id}/answers", headers=bank)).json()["id"]
    steps = f"/api/v1/answers/{answer_id}/steps"
    assert (await client.post(steps, json={"event": "contact"}, headers=bank)).json()["status"] == "surveying"
    due = (await client.get("/api/v1/due", headers=bank)).json()
    assert [(one["step"], one["owner"], one["left"]) for one in due] == [("offer", "bank", 5)]
    offer = {"product_code": "GB02-INV", "amount_fen": 40_000_000, "annual_rate_bp": 520, "term_months": 12, "valid_until": "2026-03-20"}
    assert (await client.post(f"/api/v1/answers/{answer_id}/offer", json=offer, headers=bank)).status_code == 200
    (row,) = (await client.get(f"/api/v1/needs/{need.id}/offers", headers=mine)).json()
    assert 0.052 < row["effective_annual_rate"] < 0.056
    table = (await client.get(f"/api/v1/answers/{answer_id}/amortisation", headers=mine)).json()
    assert (len(table), sum(line["principal_fen"] for line in table)) == (12, 40_000_000)
    assert (await client.post(f"/api/v1/answers/{answer_id}/acceptance", headers=mine)).status_code == 200
    wrong = await client.post(steps, json={"event": "approve", "amount_fen": 50_000_000, "annual_rate_bp": 520}, headers=bank)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "amount_fen")
    early = await client.post(steps, json={"event": "pay_out", "amount_fen": 1}, headers=bank)
    assert (early.status_code, early.json()["type"]) == (409, "urn:greenbridge:problem:answer-state")
    for said in (
        {"event": "approve", "amount_fen": 40_000_000, "annual_rate_bp": 520},
        {"event": "sign", "contract_number": "HT-7"},
        {"event": "pay_out", "amount_fen": 40_000_000, "paid_on": "2026-03-10"},
    ):
        done = await client.post(steps, json=said, headers=bank)
        assert done.status_code == 200, done.text
    assert done.json()["contract"]["state"] == "performing"
    assert (await client.get(f"/api/v1/needs/{need.id}", headers=mine)).json()["status"] == "disbursed"
    rated = await client.post(f"/api/v1/answers/{answer_id}/rating", json={"stars": 5, "reasons": ["quick"]}, headers=mine)
    assert rated.status_code == 201
    told = [one["event"] for one in (await client.get(f"/api/v1/needs/{need.id}/timeline", headers=mine)).json()]
    assert told[:3] == ["save", "publish", "claim"] or told[:2] == ["save", "publish"]
    assert {"approve", "sign", "pay_out", "pay_all"} <= set(told)
    assert (await client.get("/api/v1/league", headers=bank)).json()[0]["bank_code"] == "GB02"
    assert (await client.get("/api/v1/deadlines", headers=await token(client, "operator-1"))).status_code == 200
    assert (await client.get("/api/v1/deadlines", headers=bank)).status_code == 403


async def test_a_sealed_need_without_an_offer_goes_on_after_its_window(session, now, model, town, officer_of):
    """Nobody offered, the operator assigns it, and the bank that was asked takes it and offers: the window is history."""
    firm, _, publish = town
    need = await publish(mode=Mode.SEALED)
    officer, late = await officer_of("GB02"), await officer_of("GB08")
    after = need.window_closes_at + timedelta(hours=1)
    with pytest.raises(Conflict, match="open"):
        await service.claim(session, officer, need.id, model, after)  # it is over, and nothing has happened yet
    for _ in range(3):
        await service.tick(session, need.id, model, after)
    assert (await needs.get(session, need.id)).status is NeedStatus.ESCALATED
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    await service.assign(session, operator, need.id, "GB02-INV", model, after)
    claimed = await service.claim(session, officer, need.id, model, after)
    assert claimed.act_by > after.date()
    assert [d.step for d in await store.deadlines_of(session, need.id) if d.answer_id == claimed.id] == [Step.CONTACT]
    await service.contact(session, officer, claimed.id, after)
    await service.demand(session, officer, claimed.id, [Demand.SITE_VISIT], "", after)  # it is not sealed any more
    await service.supply(session, firm, claimed.id, after)
    assert (await service.claim(session, late, need.id, model, after)).slot == 2  # all who stand came after the window
    await service.offer(session, officer, claimed.id, replace(OFFER, valid_until=date(2026, 3, 30)), "", after)
    assert (await service.accept(session, firm, claimed.id, after)).status is AnswerStatus.CHOSEN


async def test_after_a_window_with_offers_no_other_bank_comes_in_until_it_is_opened_again(session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish(mode=Mode.SEALED)
    officer, late = await officer_of("GB02"), await officer_of("GB08")
    claimed = await service.claim(session, officer, need.id, model, now)
    await service.offer(session, officer, claimed.id, replace(OFFER, valid_until=date(2026, 3, 25)), "", now)
    after = need.window_closes_at + timedelta(hours=1)
    await service.tick(session, need.id, model, after)
    with pytest.raises(Conflict, match="open"):
        await service.claim(session, late, need.id, model, after)
    with pytest.raises(Conflict, match="open"):
        await service.request(session, firm, need.id, "GB08-INV", model, after)  # nobody is asked who may not come
    await service.accept(session, firm, claimed.id, after)
    await service.decline(session, officer, claimed.id, [DeclineReason.NO_CAPACITY], "", after)
    second = await service.claim(session, late, need.id, model, after)
    assert (second.slot, second.act_by > after.date()) == (1, True)
    await service.offer(
        session, late, second.id, replace(OFFER, product_code="GB08-INV", repayment=None, valid_until=date(2026, 3, 25)), "", after
    )


async def test_a_bank_asked_in_a_window_is_asked_until_its_end(session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish(mode=Mode.SEALED)
    at = now + timedelta(days=3)  # Friday, the last day
    request = await service.request(session, firm, need.id, "GB02-INV", model, at)
    assert request.due_on == date(2026, 3, 13)


async def test_nobody_asks_for_papers_while_the_window_is_sealed(session, now, model, town, officer_of):
    _, _, publish = town
    need = await publish(mode=Mode.SEALED)
    officer = await officer_of()
    claimed = await service.claim(session, officer, need.id, model, now)
    assert (await service.open_need(session, officer, need.id, model, now)).sealed
    with pytest.raises(Conflict) as raised:
        await service.demand(session, officer, claimed.id, [Demand.SITE_VISIT], "", now)
    assert raised.value.code == "sealed"


async def test_after_approval_the_table_is_of_what_was_approved(session, now, model, town, officer_of):
    firm, _, officer, chosen = await a_choice(session, now, model, town, officer_of)
    _, before = await service.amortisation(session, firm, chosen.id, now)
    assert (before[0].interest_fen, before[-1].principal_fen) == (173_333, 40_000_000)
    await service.approve(session, officer, chosen.id, 30_000_000, 600, now)
    _, table = await service.amortisation(session, firm, chosen.id, now)
    assert (table[0].interest_fen, table[-1].principal_fen) == (150_000, 30_000_000)  # 300,000 yuan at 6 %: 1,500 yuan a month


async def test_offers_that_are_over_have_no_place_and_a_rate_above_the_maximum_is_marked(session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish()
    one, two, three = [await officer_of(bank) for bank in ("GB02", "GB03", "GB08")]
    cheap, over, dear = [await service.claim(session, officer, need.id, model, now) for officer in (one, two, three)]
    await service.offer(session, one, cheap.id, replace(OFFER, annual_rate_bp=500), "", now)
    await service.offer(session, two, over.id, replace(OFFER, product_code="GB03-INV", annual_rate_bp=445), "", now)
    high = replace(OFFER, product_code="GB08-INV", annual_rate_bp=810, repayment=Repayment.REVOLVING)
    await service.offer(session, three, dear.id, high, "", now)
    await session.execute(text("update need set max_annual_rate_bp = 800 where id = :id"), {"id": need.id})
    session.expire_all()
    await service.decline(session, two, over.id, [DeclineReason.NO_CAPACITY], "", now)  # the cheapest is not there any more
    _, rows, _ = await service.compare(session, firm, need.id, model, now)
    assert [(r.view.answer.id, r.place, r.above_maximum) for r in rows] == [
        (cheap.id, 1, False),
        (dear.id, 2, True),
        (over.id, None, False),
    ]
    _, late, _ = await service.compare(session, firm, need.id, model, now + timedelta(days=11))
    assert {r.place for r in late} == {None}  # no offer stands any more
    await service.accept(session, firm, dear.id, now)
    _, after, _ = await service.compare(session, firm, need.id, model, now)
    assert [(r.view.answer.id, r.place) for r in after] == [(dear.id, None), (over.id, None), (cheap.id, None)]
