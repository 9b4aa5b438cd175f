"""Proposals from what an officer may see, decisions with their versions, and who may not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from greenbridge.accounts.values import Role
from greenbridge.answers import service as answers
from greenbridge.audit import service as audit
from greenbridge.catalog import service as catalog
from greenbridge.consents import service as consents
from greenbridge.consents.values import Narrowing, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound
from greenbridge.needs import service as needs
from greenbridge.reports import service as reports
from greenbridge.underwriting import service
from greenbridge.underwriting.rules.evidence import evidence
from greenbridge.underwriting.values import Advice, Choice, OverrideReason, Terms
from tests.builders import a_draft, a_verified_firm, an_actor, deliver, steady_invoices, the_products, token

BANK = "GB02"


@pytest.fixture
async def firm(session, now):
    await the_products(session, now)
    actor, enterprise = await a_verified_firm(session, now)
    await deliver(session, now, items.VAT_INVOICES, *steady_invoices(enterprise.uscc))
    await deliver(session, now, items.TAX_GRADE, {"uscc": enterprise.uscc, "year": 2024, "grade": "A", "published_on": "2025-04-25"})
    return actor


@pytest.fixture
async def agreed(session, now, model, firm):
    """A need that GB02 answered, of a firm that agreed to be read: (firm, officer, need)."""
    need = await needs.publish(session, firm, (await enterprises.mine(session, firm)).id, a_draft(agrees_to_report=True), now)
    officer = await an_actor(session, now, Role.OFFICER, BANK)
    await answers.claim(session, officer, need.id, model, now)
    return firm, officer, need


async def proposed(session, officer, need, press, now, **more):
    return (await service.for_actor(session, officer, need.id, press, now, WorkStep.SURVEY, **more))[0]


async def decide(session, officer, made, model, now, **more):
    return await service.decide(session, officer, made.need_id, service.proposal_id(made), model, now, **more)


async def test_a_proposal_speaks_of_the_report_that_the_officer_reads(session, now, press, agreed):
    _, officer, need = agreed
    made = await proposed(session, officer, need, press, now)
    report = await reports.of_number(session, made.report_number)
    known = evidence(report.content, 0.22)
    assert (known.sales_12m_fen, known.tax_grade, len(known.months)) == (480_000_000, "A", 12)
    assert known.months[0].sales_fen == 2 * known.months[0].purchases_fen == 40_000_000
    assert known.vat_12m_fen == round((480_000_000 - 240_000_000) * 0.13)
    assert made.proposal.limit_fen == 100_000_000
    assert made.proposal.price.benchmark.quoted_on <= now.date()
    assert made.model_version == press.model.version
    dearer = await proposed(session, officer, need, press, now, debt_service_fen=10_000_000)
    assert dearer.proposal.limit_fen < made.proposal.limit_fen
    assert dearer.proposal.binding == "cash_flow"


async def test_what_the_firm_withholds_is_unknown_to_the_proposal(session, now, press, model, firm):
    need = await needs.publish(session, firm, (await enterprises.mine(session, firm)).id, a_draft(), now)
    officer = await an_actor(session, now, Role.OFFICER, BANK)
    claimed = await answers.claim(session, officer, need.id, model, now)
    closed = {field for field in facts.levels() if field.startswith(("tax.vat_invoices.tax", "tax.credit_grade"))}
    await answers.agree(session, firm, claimed.id, now, Narrowing(withheld=frozenset(closed)))
    made = await proposed(session, officer, need, press, now)
    caps = {cap.key: cap for cap in made.proposal.caps}
    assert not caps["tax"].known
    assert caps["sales"].known
    assert made.proposal.price is None  # the model reads the tax
    with pytest.raises(Conflict):
        await decide(session, officer, made, model, now)


async def test_a_withheld_list_is_a_persons_work(session, now, press, model, firm):
    need = await needs.publish(session, firm, (await enterprises.mine(session, firm)).id, a_draft(), now)
    officer = await an_actor(session, now, Role.OFFICER, BANK)
    claimed = await answers.claim(session, officer, need.id, model, now)
    closed = {field for field in facts.levels() if field.startswith("courts.enforcement")}
    await answers.agree(session, firm, claimed.id, now, Narrowing(withheld=frozenset(closed)))
    made = await proposed(session, officer, need, press, now)
    assert made.proposal.advice is Advice.REFER
    assert "withheld_vetoes" in {condition.key for condition in made.proposal.conditions}
    with pytest.raises(Conflict, match="A person must"):
        await decide(session, officer, made, model, now)


async def test_the_green_grade_of_a_report_reaches_its_evidence(session, now, press, agreed):
    _, officer, need = agreed
    report = await reports.of_number(session, (await proposed(session, officer, need, press, now)).report_number)
    rated = report.content["summary"]["green"]["rating"]
    assert rated["certified"] is None
    assert evidence(report.content).green_grade == rated["grade"]
    held = {**rated, "certified": {"grade": "deep"}}
    content = {**report.content, "summary": {**report.content["summary"], "green": {**report.content["summary"]["green"], "rating": held}}}
    assert evidence(content).green_grade == "deep"
    content["summary"]["green"] = {**content["summary"]["green"], "rating": None}
    assert evidence(content).green_grade is None


async def test_accepting_keeps_the_terms_and_every_version(session, now, press, model, agreed):
    _, officer, need = agreed
    made = await proposed(session, officer, need, press, now)
    decision = await decide(session, officer, made, model, now)
    assert decision.choice is Choice.ACCEPTED
    assert decision.terms == Terms(made.proposal.limit_fen, made.proposal.price.rate_bp, made.proposal.tenor.months)
    versions = decision.made["versions"]
    assert (versions["report"], versions["model"], versions["policy"]) == (made.report_number, model.version, made.proposal.policy_version)
    assert versions["known_at"] == made.known_at.isoformat()
    assert await service.decisions(session, officer, need.id, now) == [decision]
    actions = list(await session.scalars(text("select action from audit_event where action like 'underwriting%'")))
    assert actions == ["underwriting.decided"]
    assert await audit.first_broken(session) is None


async def test_a_colleague_sees_the_decision_and_not_what_it_was_made_from(session, now, press, model, agreed):
    _, officer, need = agreed
    made = await proposed(session, officer, need, press, now)
    decision = await decide(session, officer, made, model, now)
    colleague = await an_actor(session, now, Role.OFFICER, BANK)
    assert await service.decisions(session, colleague, need.id, now) == [replace(decision, made=None)]
    with pytest.raises(NotFound):
        await decide(session, colleague, made, model, now)


async def test_an_override_needs_reasons_a_note_and_the_products_frame(session, now, press, model, agreed):
    _, officer, need = agreed
    made = await proposed(session, officer, need, press, now)
    good = Terms(50_000_000, made.proposal.price.high_bp, 12)
    for terms, reasons, note, fields in (
        (good, (), "ordered by the regional office", ["reasons"]),
        (good, (OverrideReason.OUTLOOK,), "  no ", ["note"]),
        (Terms(10**12, 1, 999), (OverrideReason.OUTLOOK,), "orders for two years", ["amount_fen", "annual_rate_bp", "term_months"]),
        (Terms(50_000_000, None, None), (OverrideReason.OUTLOOK,), "orders for two years", ["annual_rate_bp", "term_months"]),
    ):
        with pytest.raises(Invalid) as caught:
            await decide(session, officer, made, model, now, override=terms, reasons=reasons, note=note)
        assert [problem.field for problem in caught.value.fields] == fields
    kept = await decide(session, officer, made, model, now, override=good, reasons=[OverrideReason.OUTLOOK], note="two years of orders")
    assert (kept.choice, kept.terms, kept.reasons) == (Choice.OVERRIDDEN, good, (OverrideReason.OUTLOOK,))
    none = await decide(
        session, officer, made, model, now, override=Terms(0, None, None), reasons=[OverrideReason.BANK_POLICY], note="not our industry"
    )
    assert none.terms.amount_fen == 0
    assert len(await service.decisions(session, officer, need.id, now)) == 2


async def test_only_what_was_shown_can_be_decided_on(session, now, press, model, agreed):
    firm, officer, need = agreed
    made = await proposed(session, officer, need, press, now)
    with pytest.raises(Conflict, match="changed"):
        await decide(session, officer, replace(made, proposal=replace(made.proposal, limit_fen=1)), model, now)
    with pytest.raises(NotFound):
        await decide(session, officer, replace(made, report_number="R000000-AAAAAAAA"), model, now)
    with pytest.raises(Conflict, match="older than 7 days"):
        await decide(session, officer, made, model, now + timedelta(days=8))
    own_report = await reports.for_actor(session, firm, need.enterprise_id, press, now)
    with pytest.raises(NotFound):
        await decide(session, officer, replace(made, report_number=own_report.number), model, now)
    rival = await an_actor(session, now, Role.OFFICER, "GB03")
    with pytest.raises(Forbidden):
        await decide(session, rival, made, model, now)
    with pytest.raises(Forbidden):
        await decide(session, firm, made, model, now)


async def test_without_a_standing_consent_there_is_neither_proposal_nor_decision(session, now, press, model, agreed):
    firm, officer, need = agreed
    made = await proposed(session, officer, need, press, now)
    with pytest.raises(Forbidden, match="survey and approval"):
        await service.for_actor(session, officer, need.id, press, now, WorkStep.POST_LOAN)
    for view in await consents.of_firm(session, need.enterprise_id):
        await consents.withdraw(session, firm, view.consent.id, now)
    with pytest.raises(Forbidden):
        await proposed(session, officer, need, press, now)
    with pytest.raises(Forbidden):
        await decide(session, officer, made, model, now)
    with pytest.raises(Forbidden):
        await service.decisions(session, officer, need.id, now)


async def test_another_model_or_firm_is_refused(session, now, press, model, agreed):
    _, officer, need = agreed
    report = await reports.for_actor(session, officer, need.enterprise_id, press, now)
    products = await catalog.listed(session, officer)

    class Newer:
        version, card = "newer", model.card

    with pytest.raises(Conflict, match="another model"):
        await service.of_report(session, need, report, products, Newer())
    with pytest.raises(Conflict, match="another firm"):
        await service.of_report(session, replace(need, enterprise_id=need.id), report, products, model)


async def test_decisions_are_appended_only(session, now, press, model, agreed):
    _, officer, need = agreed
    await decide(session, officer, await proposed(session, officer, need, press, now), model, now)
    for change in ("update underwriting_decision set note = ''", "delete from underwriting_decision", "truncate underwriting_decision"):
        with pytest.raises(DBAPIError, match="appended only"):
            async with session.begin_nested():
                await session.execute(text(change))


async def test_proposals_and_decisions_over_http(session, client, agreed):
    _, officer, need = agreed
    await session.commit()
    headers = await token(client, officer.login)
    found = await client.get(f"/api/v1/open-needs/{need.id}/proposals?debt_service_fen=0", headers=headers)
    assert found.status_code == 200, found.text
    best = found.json()[0]
    assert sum(part["bp"] for part in best["price"]["components"]) == best["price"]["cost_bp"]
    body = {"proposal_id": best["proposal_id"], "debt_service_fen": 0}
    path = f"/api/v1/open-needs/{need.id}/decisions"
    made = await client.post(path, json=body, headers={**headers, "Idempotency-Key": "decide-1"})
    assert made.status_code == 201, made.text
    again = await client.post(path, json=body, headers={**headers, "Idempotency-Key": "decide-1"})
    assert (again.status_code, again.json()) == (200, made.json())
    stale = await client.post(path, json={**body, "proposal_id": best["proposal_id"][:-1] + "-"}, headers=headers)
    assert (stale.status_code, stale.headers["content-type"]) == (409, "application/problem+json")
    wrong = await client.post(path, json={**body, "amount_fen": 10**12, "reasons": [], "note": ""}, headers=headers)
    assert {problem["field"] for problem in wrong.json()["errors"]} == {"reasons", "note", "amount_fen", "annual_rate_bp", "term_months"}
    assert [d["id"] for d in (await client.get(path, headers=headers)).json()] == [made.json()["id"]]
    assert (await client.post(path, json={**body, "surprise": 1}, headers=headers)).status_code == 400
