from datetime import date, timedelta

import pytest
from sqlalchemy import text

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import OrganisationKind, Role
from greenbridge.audit import service as audit
from greenbridge.consents.values import Narrowing, WorkStep
from greenbridge.enterprises import store as enterprise_store
from greenbridge.enterprises.values import Origin
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.kit import database
from greenbridge.kit.codes import generated_uscc
from greenbridge.kit.errors import Forbidden, Invalid
from greenbridge.monitoring import service, store
from greenbridge.monitoring.values import AlertKind, Channel, Drift, Level, Ripeness
from greenbridge.scoring import service as scoring
from greenbridge.settings import home
from tests.builders import NAME, a_registration, an_actor, deliver, steady_invoices
from tests.monitoring.conftest import BEHIND, CUSTOMER, CUSTOMER_NAME
from tests.scoring.trees import artifacts

CARDS = home() / "ml" / "artifacts"


async def test_the_network_is_read_from_invoices_guarantees_and_shareholders(session, place, now):
    borrower = place.borrower.uscc
    debt = {"creditor": "某银行", "debtor": "湖州丙客户有限公司", "debt": "480000", "debt_from": "2025-05-01", "debt_to": "2027-05-01"}
    await deliver(session, now, "annual_report.guarantees_given", {"uscc": borrower, **debt})
    holder = {"uscc": borrower, "investor": "湖州乙客户有限公司", "investor_kind": "企业法人", "investor_uscc": CUSTOMER, "share": 40}
    await deliver(session, now, items.SHAREHOLDERS, holder)
    run = await service.measure(session, None, now)
    assert (run.period, run.firms, run.kept) == (2025, 3, 1)
    _, found = await service.of_firm(session, borrower, now)
    assert found.exposures == 4
    (path, *others) = found.paths
    assert [(hop.uscc, hop.channel, round(hop.share, 3)) for hop in path.hops] == [(CUSTOMER, Channel.CUSTOMER, 0.6)]
    assert (path.event.item, path.event.since, path.risk) == ("courts.enforcement", date(2026, 1, 20), 0.6)
    assert [hop.channel for hop in others[0].hops] == [Channel.OWNER]
    # BEHIND is known by its name alone, spreads nothing, and counts as unknown: one customer in ten, surety for 1 % of sales.
    weights = {(BEHIND, Channel.CUSTOMER), (BEHIND, Channel.GUARANTEED)}
    assert weights.isdisjoint({(hop.uscc, hop.channel) for kept in found.paths for hop in kept.hops})
    assert 0.5 < found.known_share < 0.95


async def test_what_was_measured_as_of_an_earlier_day_knows_no_later_record(session, place, now):
    before = await service.measure(session, date(2026, 1, 19), now)
    assert (await store.firms_of_run(session, before, [place.borrower.uscc]))[place.borrower.uscc].reached == 0.0
    after = await service.measure(session, date(2026, 1, 20), now)
    assert (await store.firms_of_run(session, after, [place.borrower.uscc]))[place.borrower.uscc].reached > 0.03
    with pytest.raises(Invalid):
        await service.measure(session, now.date() + timedelta(days=1), now)


async def test_an_empty_place_is_measured_and_has_nothing(session, now):
    run = await service.measure(session, None, now)
    assert (run.firms, run.edges, run.period, run.kept, run.known_share) == (0, 0, None, 0, None)


async def test_bulk_reading_agrees_with_reading_one_firm(session, place, now):
    bulk = await facts.of_all(session, [items.ENFORCEMENT], now.date(), now)
    assert bulk == {CUSTOMER: (await facts.facts_of(session, [CUSTOMER], now.date(), now, [items.ENFORCEMENT]))[CUSTOMER]}
    traded = await facts.trade(session, now.date(), now)
    told = {
        (c.direction == "output", c.counterparty): c.net_fen
        for c in await facts.counterparties(session, place.borrower.uscc, now.date(), now, 50)
        if c.year == 2025
    }
    assert dict(zip(zip(traded.sales, traded.partners, strict=True), traded.net_fen, strict=True))[True, CUSTOMER] == told[True, CUSTOMER]
    assert sum(traded.net_fen) == sum(told.values())


async def watched(session, place, now, actor=None, since=None):
    (one,) = await service.watch_list(session, actor or place.watcher, since or now.date() - timedelta(days=90), now)
    return one


async def measured(session, now):
    await service.measure(session, now.date() - timedelta(days=120), now)
    await service.measure(session, None, now)


async def test_the_watch_list_says_what_got_worse_and_why(session, place, now, model, reads):
    await place.agree(session)
    await measured(session, now)
    await scoring.score(session, [place.borrower], model, now.date(), now)
    await deliver(session, now, "penalties.administrative", {
        "uscc": place.borrower.uscc, "document_no": "罚1号", "authority": "某局", "fact": "某事", "amount": "44000", "procedure": "普通程序",
        "gravity": "一般", "decided_on": "2026-02-11",
    })  # fmt: skip
    one = await watched(session, place, now)
    assert (one.name, one.level, one.closed) == (place.borrower.name, Level.MARKED, None)
    assert one.score is not None
    texts = [change.text.en for change in one.changes]
    assert texts[0].startswith("2026-02-11 new: administrative penalties")
    assert texts[1].startswith("Risk from associated firms went from none to speak of to")
    assert [d.en for d in one.changes[1].detail] == [f"60 % of sales of 2025 go to {CUSTOMER_NAME}, enforced since 2026-01"]
    assert one.worsening > 0.1
    assert await reads() == 1


async def test_a_function_that_may_not_see_partners_sees_no_contagion_at_all(session, place, now):
    await place.agree(session)
    await measured(session, now)
    one = await watched(session, place, now, place.manager)
    assert (one.name, one.level, one.changes) == (place.borrower.name, None, ())
    assert one.level_withheld.en == "Not open at this step"


async def test_a_firm_that_keeps_its_partners_to_itself_shows_no_contagion(session, place, now):
    await place.agree(session, narrowing=Narrowing(withheld=frozenset({"tax.vat_invoices"})))
    await measured(session, now)
    one = await watched(session, place, now)
    assert (one.level, one.level_withheld.en, one.changes) == (None, "Not agreed by the firm", ())
    assert (one.score, one.score_withheld.en) == (None, "Not agreed by the firm")


async def test_without_consent_to_watch_there_is_the_need_and_nothing_else(session, place, now, reads):
    await measured(session, now)
    one = await watched(session, place, now)
    assert (one.name, one.uscc, one.level, one.score, one.changes) == (None, None, None, None, ())
    assert one.closed.en == "The firm has not agreed that your bank reads it."
    await place.agree(session, WorkStep.SURVEY)
    one = await watched(session, place, now, place.manager)
    assert (one.name, one.uscc, one.changes) == (place.borrower.name, None, ())
    assert one.closed is not None
    assert await reads() == 0


async def test_another_bank_has_no_such_borrower_and_others_no_list(session, place, now):
    await place.agree(session)
    other = await an_actor(session, now, Role.OFFICER, "GB02")
    assert await service.watch_list(session, other, now.date() - timedelta(days=90), now) == []
    with pytest.raises(Forbidden):
        await service.watch_list(session, place.firm, now.date(), now)


async def test_a_record_that_was_closed_since_the_measurement_names_nobody(session, place, now):
    await place.agree(session)
    await measured(session, now)
    closed = {
        "uscc": CUSTOMER,
        "case_no": "（2026）执1号",
        "court": "法院",
        "amount": "1000000",
        "filed_on": "2026-01-20",
        "closed_on": "2026-03-09",
    }
    await deliver(session, now + timedelta(minutes=1), items.ENFORCEMENT, closed)
    one = await watched(session, place, now + timedelta(minutes=2))
    (change,) = one.changes
    assert [d.en for d in change.detail] == ["60 % of sales of 2025 go to a customer of class: high risk"]


async def test_the_door_is_the_same_for_a_confined_request(session, sessions, place, now):
    await place.agree(session)
    await measured(session, now)
    await session.commit()
    async with sessions.begin() as confined:
        database.confine(confined, place.watcher, now)
        (one,) = await service.watch_list(confined, place.watcher, now.date() - timedelta(days=90), now)
        assert CUSTOMER_NAME in one.changes[0].detail[0].zh


@pytest.mark.parametrize("given", ["soon", "2026-02-30", "2026-03-10", "2030-01-01", "2001-01-01"])
async def test_a_day_that_is_none_is_refused(now, given):
    with pytest.raises(Invalid):
        service.since_of(given, now)


async def a_town(session, now, count=30, cards=CARDS):
    """`count` firms scored 13 months ago and today; every fifth sells little, now and then, and was enforced half a year ago."""
    then, invoices, records = now.date() - timedelta(days=400), [], []
    firms = [(generated_uscc(number + 10, "330502"), f"{NAME}{number + 10}") for number in range(count)]
    await deliver(session, now, items.REGISTRATION, *(a_registration(uscc=uscc, name=name) for uscc, name in firms))
    for number, (uscc, name) in enumerate(firms):
        owner = await accounts.organisation(session, OrganisationKind.ENTERPRISE, f"firm-{number}", name)
        firm = await enterprise_store.add(session, uscc, name, "330502", Origin.DECLARED, owner.id, now)
        await session.execute(
            text("update enterprise set status = 'verified', verified_at = :now where id = :id"), {"now": now, "id": firm.id}
        )
        bad = number % 5 == 0
        rows = steady_invoices(uscc, months=26, net=20_000 if bad else 400_000 + number * 1000)
        invoices += rows[::3] if bad else rows
        if bad:
            records.append({"uscc": uscc, "case_no": f"执{number}", "court": "法院", "amount": "1000", "filed_on": "2025-09-01"})
    await deliver(session, now, items.VAT_INVOICES, *invoices)
    await deliver(session, now, items.ENFORCEMENT, *records)
    assert await service.score_all(session, cards, then, now) >= count
    assert await service.score_all(session, cards, None, now) >= count
    return then


async def test_a_check_finds_what_happened_and_says_what_is_too_young(session, now, model):
    assert await service.check(session, CARDS, None, now) is None
    await a_town(session, now)
    found = await service.check(session, CARDS, None, now)
    assert (found.reference_from, found.recent_from, found.score.n, found.score.n_reference) == (None, now.date(), 30, 123)
    assert found.score.drift is Drift.TOO_FEW
    assert all((one.n, one.n_reference) == (30, 123) for one in found.features)  # measured by the firms that the card learnt from
    assert all(one.value is not None for one in found.features)
    assert {one.name for one in found.features} == set(model.features)
    old, young = found.vintages
    assert (old.ripeness, old.n, old.events, young.ripeness) == (Ripeness.RIPE, 30, 6, Ripeness.YOUNG)
    assert young.in_default == 6
    assert old.auc.value > 0.9
    (kept,) = await store.checks(session, found.model_version, 10)
    assert kept == found


async def test_alerts_open_once_close_and_stand_in_the_audit_chain(session, now, model):
    then = await a_town(session, now)
    off = text("update bulk_score set default_probability = 0.9 where as_of = :then")
    await session.execute(off, {"then": then})
    await service.check(session, CARDS, None, now)
    await service.check(session, CARDS, None, now + timedelta(minutes=1))
    (alert,) = [a for a in await store.open_alerts(session, None) if a.finding.kind is AlertKind.CALIBRATION]
    assert (alert.finding.subject, alert.opened_at) == (then.replace(day=1).isoformat(), now)
    await session.execute(text("update bulk_score set default_probability = 0.2 where as_of = :then"), {"then": then})
    await service.check(session, CARDS, None, now + timedelta(minutes=2))
    assert [a.finding.kind for a in await store.open_alerts(session, None) if a.finding.kind is AlertKind.CALIBRATION] == []
    said = await session.execute(text("select action, detail->>'kind' from audit_event where action like 'model.alert.%' order by number"))
    assert [tuple(row) for row in said if row[1] == "calibration"] == [
        ("model.alert.opened", "calibration"),
        ("model.alert.closed", "calibration"),
    ]
    assert await audit.first_broken(session) is None


async def test_a_challenger_is_watched_as_the_champion_is_and_raises_no_alert(session, now, tmp_path):
    shelf = artifacts(tmp_path, "m-1", "m-2")
    await scoring.establish(session, shelf, now)
    await scoring.register(session, shelf, "m-2", "li", "better", now)
    await scoring.challenge(session, shelf, "m-2", "li", "better", now)
    then = await a_town(session, now, cards=shelf)
    for version, off in (("m-1", 0.9), ("m-2", 0.95)):
        query = text("update bulk_score set default_probability = :off where as_of = :then and model_version = :version")
        await session.execute(query, {"off": off, "then": then, "version": version})
    found = await service.check(session, shelf, None, now)
    assert (found.model_version, found.state) == ("m-1", "champion")
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    board = await service.board(session, operator, now)
    (challenger,) = board.challengers
    assert board.newest == found
    assert (challenger.model_version, challenger.state, challenger.feedback) == ("m-2", "challenger", ())
    assert [vintage.ripeness for vintage in challenger.vintages] == [Ripeness.RIPE, Ripeness.YOUNG]
    assert challenger.vintages[0].predicted == pytest.approx(0.95)
    assert [one.name for one in challenger.features] == [one.name for one in found.features]
    assert all(one.n_reference == 123 for one in challenger.features)
    assert {alert.model_version for alert in board.alerts} == {"m-1"}
    await scoring.promote(session, shelf, "m-2", "li", "better", now)
    await service.check(session, shelf, None, now + timedelta(minutes=1))
    board = await service.board(session, operator, now + timedelta(minutes=1))
    assert {alert.model_version for alert in board.alerts} == {"m-2"}  # those of the champion before are over
    assert {alert.model_version for alert in board.over} == {"m-1"}
    assert board.challengers == []


async def test_the_night_scores_borrowers_with_reasons_and_the_city_without(session, place, now):
    await a_town(session, now, 5)
    rows = (await session.execute(text("select enterprise_id, reasons from default_score where as_of = :day"), {"day": now.date()})).all()
    assert [row.enterprise_id for row in rows] == [place.borrower.id]
    assert rows[0].reasons
    newest = await scoring.newest_kept(session, now.date(), now)
    assert len(newest) == 6  # contagion's own risks: all of them


async def test_an_earlier_day_is_checked_with_what_was_there_and_changes_no_alerts(session, now, model):
    then = await a_town(session, now)
    found = await service.check(session, CARDS, then, now)
    (vintage,) = found.vintages
    assert (found.as_of, vintage.ripeness, vintage.events, found.score.n) == (then, Ripeness.YOUNG, 0, 30)
    assert await store.open_alerts(session, None) == []
    assert await service.check(session, CARDS, then - timedelta(days=1), now) is None


async def test_the_board_is_the_operators(session, now, place):
    with pytest.raises(Forbidden):
        await service.board(session, place.watcher, now)
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    assert (await service.board(session, operator, now)).newest is None
