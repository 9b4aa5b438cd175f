"""Reading through a consent on a real database: what is shown, what is withheld, what the ledger says, what a withdrawal does."""

import asyncio
import csv
import io
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import OrganisationKind, Role, StaffFunction
from greenbridge.answers import service as answers
from greenbridge.answers.values import Offer
from greenbridge.consents import service
from greenbridge.consents.values import Narrowing, ReadKind, View, WorkStep
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.kit import database
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound
from greenbridge.needs import service as needs
from greenbridge.reports import service as reports
from tests.builders import (
    PASSWORD,
    a_draft,
    a_need_body,
    a_verified_firm,
    an_actor,
    deliver,
    steady_invoices,
    the_products,
    token,
)

SURVEY, APPROVAL = WorkStep.SURVEY, WorkStep.APPROVAL
TERMS = Offer("GB02-INV", 80_000_000, 520, 12, date(2026, 3, 20))


async def a_firm_with_data(session, now, number=1):
    actor, enterprise = await a_verified_firm(session, now, number)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    await deliver(session, now, items.TAX_GRADE, {"uscc": enterprise.uscc, "year": 2024, "grade": "A", "published_on": "2025-04-25"})
    for year in (2021, 2025):
        document = {"uscc": enterprise.uscc, "document_no": f"罚{year}", "authority": "局", "decided_on": f"{year}-06-07", "amount": "500"}
        await deliver(session, now, items.PENALTIES, {**document, "shown_until": "2028-06-07"})
    return actor, enterprise


async def an_officer(session, now, function=StaffFunction.RELATIONSHIP_MANAGER, bank="GB02"):
    organisation = await accounts.organisation(session, OrganisationKind.BANK, bank, f"机构{bank}")
    login = f"{bank.lower()}-{function.value}"
    return await accounts.open_account(session, None, login, PASSWORD, Role.OFFICER, organisation, now, function)


async def granted(session, enterprise, officer, now, *steps, narrowing=None):
    return await service.grant(
        session,
        enterprise.id,
        officer.organisation.id,
        steps or (SURVEY,),
        facts.described(),
        now,
        told_by=None,
        narrowing=narrowing,
        basis="need:N1",
    )


def sections(report):
    return {section["key"]: section for section in report.content["sections"]}


def lines(report):
    return {fact["key"]: fact for section in report.content["sections"] for fact in section["facts"]}


def tables(report):
    return {table["key"]: table for section in report.content["sections"] for table in section["tables"]}


def columns(table):
    return {column["key"]: column for column in table["columns"]}


async def test_survey_and_approval_show_different_fields_and_say_what_is_withheld(session, now, press):
    _, enterprise = await a_firm_with_data(session, now)
    manager = await an_officer(session, now)
    reviewer = await an_officer(session, now, StaffFunction.CREDIT_REVIEWER)
    await granted(session, enterprise, manager, now, SURVEY, APPROVAL)
    surveyed = await reports.for_actor(session, manager, enterprise.id, press, now, step=SURVEY)
    approved = await reports.for_actor(session, reviewer, enterprise.id, press, now, step=APPROVAL)
    partners = [columns(tables(report)["output_2025"])["counterparty"] for report in (surveyed, approved)]
    assert partners[0]["withheld"]["reason"] == "by_step"
    assert partners[1]["withheld"] is None
    assert {row[0] for row in tables(surveyed)["output_2025"]["rows"]} == {None}
    assert {row[0] for row in tables(approved)["output_2025"]["rows"]} == {f"output{i}" for i in range(5)}
    assert [row[1:] for row in tables(surveyed)["output_2025"]["rows"]] == [row[1:] for row in tables(approved)["output_2025"]["rows"]]
    assert surveyed.content["score"] == approved.content["score"]
    assert "output0" not in str(surveyed.content)


async def test_what_the_firm_narrowed_is_withheld_and_not_missing(session, now, model, press):
    _, enterprise = await a_firm_with_data(session, now)
    officer = await an_officer(session, now)
    narrowing = Narrowing(months=24, withheld=frozenset({items.TAX_GRADE, "registration.basic.established"}))
    await granted(session, enterprise, officer, now, narrowing=narrowing)
    report = await reports.for_actor(session, officer, enterprise.id, press, now)
    found = lines(report)
    for key in ("tax_grade", "established", "firm_age_months"):
        assert (found[key]["value"], found[key]["withheld"]["reason"]) == (None, "by_firm")
    assert found["name"]["withheld"] is None
    # The model reads 36 months: with 24 its answer is not given either.
    assert (report.content["score"], report.content["score_withheld"]["reason"]) == (None, "by_firm")
    penalties = tables(report)[items.PENALTIES]
    # How many older ones there are is not told either.
    assert (len(penalties["rows"]), penalties["count"]) == (1, 1)
    assert "罚2021" not in str(report.content)
    # An earlier day of the report opens nothing older.
    earlier = await reports.for_actor(session, officer, enterprise.id, press, now, as_of=date(2025, 3, 10))
    assert lines(earlier)["sales_growth"]["withheld"]["reason"] == "by_firm"
    with pytest.raises(Forbidden) as problem:
        await reports.for_actor(session, officer, enterprise.id, press, now, as_of=date(2024, 1, 31))
    assert problem.value.code == "day-not-agreed"


async def test_what_a_score_or_a_head_is_made_of_is_asked_for(session, now, press):
    _, enterprise = await a_firm_with_data(session, now)
    officer = await an_officer(session, now)
    hidden = frozenset({"tax.vat_invoices.tax", "registration.basic.reg_region_code"})
    await granted(session, enterprise, officer, now, narrowing=Narrowing(withheld=hidden))
    report = await reports.for_actor(session, officer, enterprise.id, press, now)
    assert report.content["score"] is None
    assert report.content["enterprise"]["region_code"] is None
    assert not hidden & set((await service.reads_of(session, enterprise.id))[0].fields)


async def test_a_banks_view_hides_within_what_the_consent_allows(session, now, press):
    _, enterprise = await a_firm_with_data(session, now)
    officer = await an_officer(session, now)
    administrator = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB02")
    await granted(session, enterprise, officer, now)
    view = View(SURVEY, StaffFunction.RELATIONSHIP_MANAGER, 2, frozenset({items.PENALTIES}))
    with pytest.raises(Forbidden):
        await service.set_view(session, officer, view, facts.described(), now)
    await service.set_view(session, administrator, view, facts.described(), now)
    report = await reports.for_actor(session, officer, enterprise.id, press, now)
    assert lines(report)["sales_12m"]["withheld"]["reason"] == "by_bank"
    assert lines(report)["tax_grade"]["withheld"] is None
    assert all(column["withheld"]["reason"] == "by_bank" for column in tables(report)[items.PENALTIES]["columns"])
    assert tables(report)[items.PENALTIES]["rows"] == []
    later = now + timedelta(minutes=1)
    await service.set_view(
        session, administrator, View(SURVEY, StaffFunction.RELATIONSHIP_MANAGER, 3, frozenset()), facts.described(), later
    )
    assert lines(await reports.for_actor(session, officer, enterprise.id, press, now))["sales_12m"]["withheld"] is None
    with pytest.raises(Invalid):
        await service.set_view(
            session, administrator, View(SURVEY, StaffFunction.RELATIONSHIP_MANAGER, 4, frozenset()), facts.described(), now
        )
    with pytest.raises(Invalid):
        view = View(SURVEY, StaffFunction.RELATIONSHIP_MANAGER, 3, frozenset({"no.item"}))
        await service.set_view(session, administrator, view, facts.described(), now)
    stranger = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB03")
    assert all(view.set_at is None for view, _ in await service.views(session, stranger, now))


async def test_the_ledger_holds_exactly_what_was_shown(session, now, press):
    _, enterprise = await a_firm_with_data(session, now)
    officer = await an_officer(session, now)
    consent = await granted(session, enterprise, officer, now)
    report = await reports.for_actor(session, officer, enterprise.id, press, now)
    listed = await facts.list_facts(session, officer, enterprise.id, [items.TAX_GRADE], SURVEY, now)
    second, first = await service.reads_of(session, enterprise.id)
    assert (first.kind, first.report_number, first.consent_id, first.step) == (ReadKind.REPORT, report.number, consent.id, SURVEY)
    assert (first.organisation_name, first.login, first.function) == ("机构GB02", officer.login, StaffFunction.RELATIONSHIP_MANAGER)
    levels = facts.levels()
    assert max(levels[key] for key in first.fields) == 3
    assert "tax.vat_invoices.amount_net" in first.fields
    assert "tax.vat_invoices.counterparty_id" not in first.fields
    assert second.kind is ReadKind.FACTS
    assert second.fields == tuple(f"{items.TAX_GRADE}.{name}" for name in ("grade", "published_on", "year"))
    assert listed[0].shown == {"year": 2024, "grade": "A", "published_on": "2025-04-25"}
    await reports.for_operator(session, [enterprise], press, date(2026, 3, 10), now)
    assert (await service.reads_of(session, enterprise.id))[0].organisation_name == "绿桥平台"


async def test_a_list_of_facts_goes_through_the_same_door(session, now, model):
    firm, enterprise = await a_firm_with_data(session, now)
    officer = await an_officer(session, now)
    with pytest.raises(Forbidden):
        await facts.list_facts(session, officer, enterprise.id, [], SURVEY, now)
    await granted(session, enterprise, officer, now, narrowing=Narrowing(months=24, withheld=frozenset({items.TAX_GRADE})))
    seen = await facts.list_facts(session, officer, enterprise.id, [], SURVEY, now)
    own = await facts.list_facts(session, firm, enterprise.id, [], SURVEY, now)
    assert all(not fact.withheld for fact in own)
    (grade,) = [listed for listed in seen if listed.item == items.TAX_GRADE]
    assert (grade.fact, grade.valid_from, grade.shown) == (None, None, {})
    assert set(grade.withheld.values()) == {"by_firm"}
    (recent,) = [listed for listed in seen if listed.item == items.PENALTIES]
    assert recent.shown["amount_fen"] == 50_000
    assert len([listed for listed in own if listed.item == items.PENALTIES]) == 2
    for role in (Role.BANK_ADMINISTRATOR, Role.OPERATOR):
        with pytest.raises(Forbidden):
            await facts.list_facts(session, await an_actor(session, now, role), enterprise.id, [], SURVEY, now)


async def test_a_read_that_fails_leaves_no_row_and_a_row_is_never_changed(session, now):
    _, enterprise = await a_firm_with_data(session, now)
    officer = await an_officer(session, now)
    await granted(session, enterprise, officer, now)
    arguments = (officer, enterprise.id, SURVEY, ReadKind.REPORT, facts.levels(), now)
    with pytest.raises(ZeroDivisionError):
        async with service.reading(session, *arguments) as reading:
            reading.withheld(["tax.paid.paid"])
            raise ZeroDivisionError
    assert await service.reads_of(session, enterprise.id) == []
    async with service.reading(session, *arguments) as reading:
        with pytest.raises(KeyError):
            reading.withheld(["tax.paid.no_such_field"])
    for statement in ("update data_read set login = 'x'", "delete from data_read", "truncate data_read"):
        with pytest.raises(DBAPIError, match="appended only"):
            async with session.begin_nested():
                await session.execute(text(statement))
    assert len(await service.reads_of(session, enterprise.id)) == 1
    # Ten years later it may go, by the job and not before.
    assert await service.forget_old_reads(session, now) == 0
    old = "insert into data_read (at, enterprise_id, organisation_name, login, kind, fields) values (now() - interval '11 years', :id, '', '', 'facts', '{}')"
    await session.execute(text(old), {"id": enterprise.id})
    assert await service.forget_old_reads(session, now) == 1


async def test_reads_are_counted_and_run_out(session, now, press):
    _, enterprise = await a_firm_with_data(session, now)
    officer = await an_officer(session, now)
    await granted(session, enterprise, officer, now, narrowing=Narrowing(max_reads=2))
    for _ in range(2):
        await reports.for_actor(session, officer, enterprise.id, press, now)
    with pytest.raises(Forbidden) as problem:
        await reports.for_actor(session, officer, enterprise.id, press, now)
    assert problem.value.code == "reads-used-up"
    # A day's frequency: the template's, whatever was granted meanwhile.
    await granted(session, enterprise, officer, now + timedelta(minutes=1), narrowing=Narrowing(max_reads=200))
    for _ in range(38):
        await facts.list_facts(session, officer, enterprise.id, [items.TAX_GRADE], SURVEY, now)
    with pytest.raises(Forbidden) as problem:
        await facts.list_facts(session, officer, enterprise.id, [items.TAX_GRADE], SURVEY, now)
    assert problem.value.code == "reads-of-today-used-up"
    tomorrow = now + timedelta(days=1)
    assert await facts.list_facts(session, officer, enterprise.id, [items.TAX_GRADE], SURVEY, tomorrow)


async def test_a_wider_consent_replaces_the_narrower_and_keeps_what_was_narrowed(session, now):
    _, enterprise = await a_firm_with_data(session, now)
    officer = await an_officer(session, now)
    first = await granted(session, enterprise, officer, now, narrowing=Narrowing(withheld=frozenset({items.TAX_GRADE})))
    assert (await granted(session, enterprise, officer, now)).id == first.id
    second = await granted(session, enterprise, officer, now + timedelta(hours=1), SURVEY, APPROVAL)
    assert (second.steps, second.scope) == ((SURVEY, APPROVAL), first.scope)
    newest, older = await service.of_firm(session, enterprise.id)
    assert (newest.consent.id, older.consent.replaced_by, older.consent.receipt_due_on) == (second.id, second.id, None)
    with pytest.raises(Invalid):
        await granted(session, enterprise, officer, now, narrowing=Narrowing(days=91))


async def test_more_steps_bring_no_more_days_reads_or_fields(session, now):
    _, enterprise = await a_firm_with_data(session, now)
    officer = await an_officer(session, now)
    await granted(session, enterprise, officer, now, narrowing=Narrowing(days=5, max_reads=3, withheld=frozenset({items.PENALTIES})))
    await facts.list_facts(session, officer, enterprise.id, [items.TAX_GRADE], SURVEY, now)
    wider = await granted(session, enterprise, officer, now, SURVEY, APPROVAL)
    assert (wider.max_reads, wider.expires_on) == (2, date(2026, 3, 15))
    # Said anew of the survey alone: approval is not widened by it.
    again = await granted(session, enterprise, officer, now, SURVEY, narrowing=Narrowing())
    assert again.scope.withheld == {items.PENALTIES}
    assert (again.steps, again.max_reads, again.expires_on) == ((SURVEY, APPROVAL), wider.max_reads, wider.expires_on)


async def test_a_withdrawal_works_at_once_and_the_bank_owes_a_receipt(session, now, press):
    firm, enterprise = await a_firm_with_data(session, now)
    officer = await an_officer(session, now)
    consent = await granted(session, enterprise, officer, now)
    await reports.for_actor(session, officer, enterprise.id, press, now)
    stranger, _ = await a_verified_firm(session, now, 2)
    for other in (stranger, officer):
        with pytest.raises(NotFound):
            await service.withdraw(session, other, consent.id, now)
    with pytest.raises(Conflict):
        await service.acknowledge(session, officer, consent.id, now)
    ended = await service.withdraw(session, firm, consent.id, now)
    assert ended.receipt_due_on == date(2026, 3, 13)
    with pytest.raises(Forbidden) as problem:
        await reports.for_actor(session, officer, enterprise.id, press, now)
    assert problem.value.code == "consent-withdrawn"
    assert "2026-03-10" in problem.value.detail.zh
    with pytest.raises(Conflict):
        await service.withdraw(session, firm, consent.id, now)
    event = (
        await session.execute(text("select topic, organisation_id, payload->>'number' from outbox_event where topic <> 'consent.granted'"))
    ).one()
    assert tuple(event) == ("consent.withdrawn", officer.organisation.id, consent.number)
    assert await service.overdue_receipts(session, now + timedelta(days=3)) == []
    late = now + timedelta(days=4)
    assert [view.consent.id for view in await service.overdue_receipts(session, late)] == [consent.id]
    with pytest.raises(NotFound):
        await service.acknowledge(session, await an_officer(session, now, bank="GB03"), consent.id, late)
    assert (await service.acknowledge(session, officer, consent.id, late)).receipt_at == late
    assert (await service.acknowledge(session, officer, consent.id, late + timedelta(days=1))).receipt_at == late
    assert await service.overdue_receipts(session, late) == []


async def test_one_click_at_publication_lets_the_claiming_bank_read_at_survey_only(session, now, model, press):
    await the_products(session, now)
    firm, enterprise = await a_firm_with_data(session, now)
    need = await needs.publish(session, firm, enterprise.id, a_draft(agrees_to_report=True), now)
    officer = await an_officer(session, now)
    with pytest.raises(Forbidden):
        await reports.for_actor(session, officer, enterprise.id, press, now)
    claimed = await answers.claim(session, officer, need.id, model, now)
    seen = await answers.open_need(session, officer, need.id, model, now)
    assert (seen.enterprise.id, seen.steps) == (enterprise.id, (SURVEY,))
    assert await reports.for_actor(session, officer, enterprise.id, press, now)
    with pytest.raises(Forbidden) as problem:
        await reports.for_actor(session, officer, enterprise.id, press, now, step=APPROVAL)
    assert problem.value.code == "step-not-agreed"
    await answers.offer(session, officer, claimed.id, TERMS, "", now)
    await answers.accept(session, firm, claimed.id, now, post_loan=True)
    reviewer = await an_officer(session, now, StaffFunction.CREDIT_REVIEWER)
    assert await reports.for_actor(session, reviewer, enterprise.id, press, now, step=APPROVAL)
    watcher = await an_officer(session, now, StaffFunction.POST_LOAN_MANAGER)
    assert await reports.for_actor(session, watcher, enterprise.id, press, now, step=WorkStep.POST_LOAN)
    with pytest.raises(Forbidden):
        await reports.for_actor(session, watcher, enterprise.id, press, now, step=APPROVAL)


async def test_the_last_read_is_given_once_and_a_withdrawal_waits_for_it(own_database, now, model):
    engine = database.make_engine(own_database)
    sessions = database.make_sessions(engine)
    async with sessions.begin() as session:
        firm, enterprise = await a_firm_with_data(session, now)
        officer = await an_officer(session, now)
        consent = await granted(session, enterprise, officer, now, narrowing=Narrowing(max_reads=1))

    async def read():
        async with sessions.begin() as session:
            return await facts.list_facts(session, officer, enterprise.id, [items.TAX_GRADE], SURVEY, now)

    done = await asyncio.gather(*(read() for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(one, list) for one in done) == 1
    assert {one.code for one in done if isinstance(one, Forbidden)} == {"reads-used-up"}
    async with sessions.begin() as session:
        consent = await granted(session, enterprise, officer, now + timedelta(minutes=1), narrowing=Narrowing(max_reads=9))
    order = []

    async def slow_read():
        async with sessions.begin() as session:
            arguments = (officer, enterprise.id, SURVEY, ReadKind.FACTS, facts.levels(), now)
            async with service.reading(session, *arguments):
                begun.set()
                await asyncio.sleep(0.3)
            order.append("read")

    async def withdrawal():
        await begun.wait()
        async with sessions.begin() as session:
            await service.withdraw(session, firm, consent.id, now)
            order.append("withdrawn")

    begun = asyncio.Event()
    await asyncio.gather(slow_read(), withdrawal())
    assert order == ["read", "withdrawn"]
    with pytest.raises(Forbidden):
        await read()
    await engine.dispose()


async def test_a_claim_does_not_undo_a_withdrawal(session, now, model, press):
    await the_products(session, now)
    firm, enterprise = await a_firm_with_data(session, now)
    first, second = [await needs.publish(session, firm, enterprise.id, a_draft(agrees_to_report=True), now) for _ in range(2)]
    officer = await an_officer(session, now)
    await answers.claim(session, officer, first.id, model, now)
    (view,) = await service.of_firm(session, enterprise.id)
    later = now + timedelta(hours=1)
    await service.withdraw(session, firm, view.consent.id, later)
    claimed = await answers.claim(session, officer, second.id, model, later)
    with pytest.raises(Forbidden) as problem:
        await reports.for_actor(session, officer, enterprise.id, press, later)
    assert problem.value.code == "consent-withdrawn"
    # Agreed anew for the second need: the first stays without a name.
    after = later + timedelta(hours=1)
    await answers.agree(session, firm, claimed.id, after)
    assert (await answers.open_need(session, officer, first.id, model, after)).enterprise is None
    assert (await answers.open_need(session, officer, second.id, model, after)).enterprise.id == enterprise.id


async def test_claims_reads_and_withdrawals_at_once_wait_for_each_other_and_never_for_ever(own_database, now, model):
    """Locks are taken in one order (need, consents, audit): whoever comes late waits, and PostgreSQL finds no deadlock."""
    engine = database.make_engine(own_database)
    sessions = database.make_sessions(engine)
    async with sessions.begin() as session:
        await the_products(session, now)
        firm, enterprise = await a_firm_with_data(session, now)
        officer = await an_officer(session, now)
        wanted = [await needs.publish(session, firm, enterprise.id, a_draft(agrees_to_report=True), now) for _ in range(4)]
        consent = await granted(session, enterprise, officer, now)

    async def inside(act):
        async with sessions.begin() as session:
            return await act(session)

    acts = [lambda session, need=need: answers.claim(session, officer, need.id, model, now) for need in wanted]
    acts += [lambda session: service.withdraw(session, firm, consent.id, now)]
    acts += [lambda session: facts.list_facts(session, officer, enterprise.id, [items.TAX_GRADE], SURVEY, now)] * 3
    done = await asyncio.wait_for(asyncio.gather(*map(inside, acts), return_exceptions=True), 60)
    assert not [one for one in done[:4] if isinstance(one, BaseException)], done
    refused = [one for one in done if isinstance(one, BaseException)]
    assert all(isinstance(one, Forbidden | Conflict) for one in refused), refused
    await engine.dispose()


async def test_of_several_first_grants_at_once_one_stands_and_a_withdrawal_ends_it(own_database, now):
    engine = database.make_engine(own_database)
    sessions = database.make_sessions(engine)
    async with sessions.begin() as session:
        firm, enterprise = await a_firm_with_data(session, now)
        officer = await an_officer(session, now)

    async def grant_one():
        async with sessions.begin() as session:
            return (await granted(session, enterprise, officer, now)).id

    found = await asyncio.gather(*(grant_one() for _ in range(4)))
    assert len(set(found)) == 1
    async with sessions.begin() as session:
        await service.withdraw(session, firm, found[0], now)
    async with sessions.begin() as session:
        with pytest.raises(Forbidden):
            await facts.list_facts(session, officer, enterprise.id, [items.TAX_GRADE], SURVEY, now)
    await engine.dispose()


async def test_api_of_consents(client, session, now):
    await the_products(session, now)
    firm, enterprise = await a_firm_with_data(session, now)
    officer = await an_officer(session, now)
    administrator = await an_actor(session, now, Role.BANK_ADMINISTRATOR, "GB02")
    await session.commit()
    mine, banks, its = [await token(client, actor.login) for actor in (firm, officer, administrator)]
    body = a_need_body(agrees_to_report=True)
    need = (await client.post(f"/api/v1/enterprises/{enterprise.id}/needs", json=body, headers=mine)).json()
    claimed = await client.post(f"/api/v1/open-needs/{need['id']}/answers", headers=banks)
    assert claimed.status_code == 201, claimed.text
    report = f"/api/v1/enterprises/{enterprise.id}/credit-report"
    assert (await client.get(report, headers=banks)).status_code == 200
    refused = await client.get(report, params={"step": "approval"}, headers=banks)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:greenbridge:problem:step-not-agreed")
    assert (await client.get(report, params={"step": "lunch"}, headers=banks)).status_code == 400
    listed = await client.get(f"/api/v1/enterprises/{enterprise.id}/facts", params={"item": items.TAX_GRADE}, headers=banks)
    assert [fact["values"]["grade"] for fact in listed.json()] == ["A"]
    narrowed = await client.post(
        f"/api/v1/answers/{claimed.json()['id']}/agreement", json={"withheld": [items.TAX_GRADE], "months": 12}, headers=mine
    )
    assert narrowed.status_code == 200, narrowed.text
    listed = await client.get(f"/api/v1/enterprises/{enterprise.id}/facts", params={"item": items.TAX_GRADE}, headers=banks)
    assert set(listed.json()[0]["withheld"].values()) == {"by_firm"}
    wrong = await client.post(f"/api/v1/answers/{claimed.json()['id']}/agreement", json={"days": 1000}, headers=mine)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "days")
    reads = (await client.get(f"/api/v1/enterprises/{enterprise.id}/reads", headers=mine)).json()
    assert [read["kind"] for read in reads] == ["facts", "facts", "report"]
    assert (await client.get(f"/api/v1/enterprises/{enterprise.id}/reads", headers=banks)).status_code == 403
    own = (await client.get(f"/api/v1/enterprises/{enterprise.id}/consents", headers=mine)).json()
    assert [(c["months"], c["ended_at"] is None, c["reads"]) for c in own] == [(12, True, 1), (36, False, 2)]
    path = f"/api/v1/consents/{own[0]['id']}"
    assert (await client.post(f"{path}/withdrawal", headers=mine)).json()["receipt_due_on"] == "2026-03-13"
    assert (await client.get(report, headers=banks)).json()["type"] == "urn:greenbridge:problem:consent-withdrawn"
    (owed, _) = (await client.get("/api/v1/consents", headers=its)).json()
    assert enterprise.uscc not in str(owed)
    assert (await client.post(f"{path}/receipt", headers=its)).json()["receipt_at"] is not None
    put = await client.put(
        "/api/v1/staff-views/survey/relationship_manager",
        json={"max_level": 2, "hidden": [items.TAX_GRADE]},
        headers={**its, "if-match": '"0"'},
    )
    late = await client.put("/api/v1/staff-views/survey/relationship_manager", json={"max_level": 1}, headers={**its, "if-match": '"0"'})
    assert (put.headers["etag"], put.json()["revision"], late.status_code) == ('"1"', 1, 412)
    its, banks = {**its, "if-match": "*"}, {**banks, "if-match": "*"}
    assert (put.status_code, put.json()["hidden"], put.json()["cap"]) == (200, [items.TAX_GRADE], 3)
    assert (await client.put("/api/v1/staff-views/survey/relationship_manager", json={"max_level": 2}, headers=banks)).status_code == 403
    assert (await client.put("/api/v1/staff-views/lunch/relationship_manager", json={"max_level": 2}, headers=its)).status_code in {
        400,
        404,
    }
    assert len((await client.get("/api/v1/staff-views", headers=banks)).json()) == 9


async def test_pages_of_consents(client, session, now, clock):
    from tests.test_pages import Visitor

    await the_products(session, now)
    firm, enterprise = await a_firm_with_data(session, now)
    need = await needs.publish(session, firm, enterprise.id, a_draft(), now)
    officer = await an_officer(session, now)
    await session.commit()
    bank = await token(client, officer.login)
    claimed = (await client.post(f"/api/v1/open-needs/{need.id}/answers", headers=bank)).json()
    visitor = Visitor(client)
    await visitor.post("/sign-in", login=firm.login, password=PASSWORD)
    path = f"/enterprise/answers/{claimed['id']}/consent"
    text_of_form = await visitor.get(path)
    assert "增值税发票" in text_of_form
    wrong = await visitor.post(path, months="36", days="zehn", max_reads="5", shown=["tax.paid"])
    assert wrong.status_code == 422
    assert 'id="days-wrong"' in wrong.text
    shown = [item.code for item in facts.described() if item.code != items.TAX_GRADE]
    done = await visitor.post(path, months="24", days="30", max_reads="5", shown=shown)
    assert done.status_code == 303, done.text
    assert (await client.get(f"/api/v1/enterprises/{enterprise.id}/credit-report", headers=bank)).status_code == 200
    listed = await visitor.get("/enterprise/consents")
    assert "1 / 5" in listed
    assert "客户经理" in listed
    consent_id = listed.split("/enterprise/consents/")[1][:36]
    in_words = await visitor.get(f"/enterprise/consents/{consent_id}")
    assert "近 24 个月" in in_words
    side_by_side = await visitor.get(f"/enterprise/report/views?consent={consent_id}")
    assert "企业未授权" in side_by_side
    assert "output0" not in (await visitor.get("/enterprise/report/views?right=survey.credit_reviewer"))
    assert "output0" in (await visitor.get("/enterprise/report/views"))
    answer = await client.get("/enterprise/reads.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["账户"] for row in rows} == {officer.login}
    assert {row["内容"] for row in rows} == {"信用报告"}
    assert all(row["字段"] and row["数据项"] and row["授权编号"].startswith("C") for row in rows)
    assert not [row for row in rows if row["代码"].startswith(items.TAX_GRADE)]
    assert (await visitor.post("/enterprise/consents", f"/enterprise/consents/{consent_id}/withdrawal")).status_code == 303
    assert "等待银行回执" in await visitor.get("/enterprise/consents")
    await visitor.post("/enterprise", "/sign-out")
    await visitor.post("/sign-in", login=officer.login, password=PASSWORD)
    assert "回执期限" in await visitor.get("/bank/consents")
    assert (await visitor.post("/bank/consents", f"/bank/consents/{consent_id}/receipt")).status_code == 303
    assert "已回执" in await visitor.get("/bank/consents")


async def test_what_still_holds_has_no_age(session, now, press):
    _, enterprise = await a_firm_with_data(session, now)
    old = {"uscc": enterprise.uscc, "licence_no": "L1", "title": "食品经营许可", "granted_on": "2019-06-01", "valid_until": "2029-05-31"}
    await deliver(session, now, "licences.licences", old)
    officer = await an_officer(session, now)
    await granted(session, enterprise, officer, now, narrowing=Narrowing(months=12))
    report = await reports.for_actor(session, officer, enterprise.id, press, now)
    assert len(tables(report)["licences.licences"]["rows"]) == 1


async def test_what_is_withheld_looks_the_same_whether_there_is_any_of_it(session, now, press):
    """A firm with records and one without: a reader who may see none of them cannot tell which is which."""
    _, full = await a_firm_with_data(session, now)
    _, empty = await a_verified_firm(session, now, 2)
    officer = await an_officer(session, now)
    shut = frozenset(code for code in facts.catalogue().items if code != items.REGISTRATION)
    seen = []
    for enterprise in (full, empty):
        await granted(session, enterprise, officer, now, narrowing=Narrowing(withheld=shut))
        report = await reports.for_actor(session, officer, enterprise.id, press, now)
        listed = await facts.list_facts(session, officer, enterprise.id, [], SURVEY, now)
        closed = [one for one in listed if one.item != items.REGISTRATION]
        seen.append(
            (
                [s for s in report.content["sections"] if s["key"] not in {"registration", "queries"}],
                report.content["score_withheld"],
                closed,
            )
        )
    assert seen[0] == seen[1]
    assert {section["status"] for section in seen[0][0]} == {"withheld"}
    assert seen[0][1]["reason"] == "by_firm"
    assert len(seen[0][2]) == len(shut) - 1  # the invoices are no list of facts


async def test_name_and_code_come_with_any_consent_and_the_ledger_says_who_learnt_them(session, now, model):
    await the_products(session, now)
    firm, enterprise = await a_firm_with_data(session, now)
    need = await needs.publish(session, firm, enterprise.id, a_draft(), now)
    officer = await an_officer(session, now)
    answer = await answers.claim(session, officer, need.id, model, now)
    if answer.agreed_at is None:
        await answers.agree(session, firm, answer.id, now)
    for _ in range(2):
        assert (await answers.open_need(session, officer, need.id, model, now)).enterprise.name == enterprise.name
    (row,) = await service.reads_of(session, enterprise.id)
    assert (row.kind, row.login, row.step) == (ReadKind.NAMED, officer.login, None)
    assert row.fields == ("registration.basic.name", "registration.basic.uscc")
    assert (await service.of_firm(session, enterprise.id))[0].reads == 0  # it costs none of the reads that were agreed
    # A function that may read nothing under the consent does not learn the name.
    watcher = await an_officer(session, now, StaffFunction.POST_LOAN_MANAGER)
    seen = await answers.open_need(session, watcher, need.id, model, now)
    assert (seen.enterprise, seen.steps) == (None, ())
    await answers.offer(session, officer, answer.id, TERMS, "", now)
    await answers.accept(session, firm, answer.id, now, post_loan=True)
    seen = await answers.open_need(session, watcher, need.id, model, now)
    assert (seen.enterprise.name, seen.steps) == (enterprise.name, (WorkStep.POST_LOAN,))
    with pytest.raises(Invalid):
        await granted(session, enterprise, officer, now, narrowing=Narrowing(withheld=frozenset({"registration.basic.name"})))


async def test_a_product_listed_after_the_need_tells_nothing_of_an_anonymous_firm(session, now, model):
    await the_products(session, now + timedelta(hours=1))
    firm, enterprise = await a_firm_with_data(session, now)
    need = await needs.publish(session, firm, enterprise.id, a_draft(), now)
    officer = await an_officer(session, now)
    seen = await answers.open_need(session, officer, need.id, model, now + timedelta(hours=2))
    assert {answer.value for _, answer in seen.products} == {"conditional"}


async def test_what_may_be_shown_no_more_stays_hidden_in_a_report_of_an_earlier_day(session, now, press):
    firm, enterprise = await a_verified_firm(session, now)
    lapsed = {"uscc": enterprise.uscc, "document_no": "罚1", "authority": "局", "decided_on": "2025-01-02", "amount": "500"}
    await deliver(session, now, items.PENALTIES, {**lapsed, "shown_until": "2026-01-02"})
    report = await reports.for_actor(session, firm, enterprise.id, press, now, as_of=date(2025, 6, 1))
    assert items.PENALTIES not in tables(report)
    (audited,) = (await facts.facts_of(session, [enterprise.uscc], date(2025, 6, 1), now, [items.PENALTIES], auditing=True)).values()
    assert len(audited) == 1


async def test_the_operators_look_at_rows_stands_in_the_ledgers_of_their_firms(session, now):
    _, enterprise = await a_verified_firm(session, now)
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    batch = await deliver(
        session, now, items.PENALTIES, {"uscc": enterprise.uscc, "document_no": "1", "authority": "局", "decided_on": "??"}
    )
    assert len(await facts.read_quarantined(session, operator, batch.id, now)) == 1
    (row,) = await service.reads_of(session, enterprise.id)
    assert (row.kind, row.organisation_name, row.login) == (ReadKind.DELIVERY, "绿桥平台", operator.login)
    assert "penalties.administrative.decided_on" in row.fields
