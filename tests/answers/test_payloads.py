"""What firms and banks are told carries what the sentences about it name."""

from datetime import date, timedelta

from sqlalchemy import text

from greenbridge.accounts.values import Role
from greenbridge.answers import service
from greenbridge.answers.values import DeclineReason, Demand, Offer
from greenbridge.catalog.values import Repayment
from greenbridge.needs.values import Mode
from tests.builders import an_actor

TERMS = Offer("GB02-INV", 40_000_000, 520, 12, date(2026, 3, 20), Repayment.INTEREST_FIRST)
NAME = "苕溪商业银行"


async def told(session, organisation_id):
    """Return topic -> the payloads that an organisation was sent."""
    found = {}
    query = text("select topic, payload from outbox_event where organisation_id = :id order by id")
    for topic, payload in await session.execute(query, {"id": organisation_id}):
        found.setdefault(topic, []).append(payload)
    return found


async def test_a_loan_from_the_ask_to_its_end(session, now, model, town, officer_of):
    firm, enterprise, publish = town
    need, officer, day = await publish(), await officer_of("GB02"), now.date()
    await service.request(session, firm, need.id, "GB02-INV", model, now)
    claimed = await service.claim(session, officer, need.id, model, now)
    await service.demand(session, officer, claimed.id, [Demand.SITE_VISIT], "", now)
    await service.supply(session, firm, claimed.id, now)
    await service.offer(session, officer, claimed.id, TERMS, "", now)
    await service.accept(session, firm, claimed.id, now)
    await service.approve(session, officer, claimed.id, 40_000_000, 520, now)
    await service.sign(session, officer, claimed.id, "HT-1", now)
    await service.pay_out(session, officer, claimed.id, 40_000_000, day, now)
    await service.fall_overdue(session, officer, claimed.id, 1, now)
    await service.repay(session, officer, claimed.id, 40_000_000, 0, day, now)
    bank, mine = await told(session, officer.organisation.id), await told(session, enterprise.organisation_id)
    assert len(bank.pop("consent.granted")) == 1  # accepting an offer lets its bank read; that is of no need in particular
    assert set(bank) == {"need.requested", "answer.supplied", "answer.chosen"}
    assert {payload["number"] for found in bank.values() for payload in found} == {need.number}
    assert bank["need.requested"][0]["asked_by"] == "firm"
    assert bank["need.requested"][0]["due_on"] == "2026-03-12"
    assert {payload["bank"] for found in mine.values() for payload in found} == {NAME}
    assert {payload["answer_id"] for found in mine.values() for payload in found} == {str(claimed.id)}
    assert mine["answer.action_required"][0]["due_on"] == "2026-03-17"
    assert mine["answer.offered"][0]["valid_until"] == "2026-03-20"
    assert mine["loan.signed"][0]["contract_number"] == "HT-1"
    assert mine["loan.disbursed"][0]["disbursed_on"] == "2026-03-10"
    assert mine["loan.repaid"][0]["contract_number"] == "HT-1"
    assert {"answer.claimed", "loan.approved", "loan.overdue"} <= set(mine)


async def test_what_time_and_the_operator_do_is_told_as_what_it_is(session, now, model, town, officer_of):
    _, enterprise, publish = town
    need, officer = await publish(), await officer_of("GB02")
    await service.claim(session, officer, need.id, model, now)
    for day in range(25):
        await service.tick(session, need.id, model, now + timedelta(days=day))
    mine = await told(session, enterprise.organisation_id)
    assert [payload["bank"] for payload in mine["answer.expired"]] == [NAME]
    assert len(mine["answer.escalated"]) == 1
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    await service.reply(session, operator, need.id, "目前没有合适的银行，请补充资料后再试。", now + timedelta(days=25))
    mine = await told(session, enterprise.organisation_id)
    assert [payload["number"] for payload in mine["need.answered"]] == [need.number]
    assert len(mine["answer.escalated"]) == 1  # an answer is not told as none
    by_platform = [
        payload
        for bank in ("GB01", "GB03", "GB08", "GB04", "GB06")
        for payload in (await told(session, (await officer_of(bank)).organisation.id)).get("need.requested", ())
    ]
    assert {payload["asked_by"] for payload in by_platform} == {"platform"}


async def test_a_sealed_window_tells_no_bank_by_any_word(session, now, model, town, officer_of):
    _, enterprise, publish = town
    need = await publish(mode=Mode.SEALED)
    one, two, three = [await officer_of(bank) for bank in ("GB02", "GB03", "GB08")]
    first, second = [await service.claim(session, officer, need.id, model, now) for officer in (one, two)]
    await service.claim(session, three, need.id, model, now)
    terms = Offer("GB02-INV", 40_000_000, 520, 12, date(2026, 3, 20), Repayment.REVOLVING)
    await service.offer(session, one, first.id, terms, "", now)
    await service.decline(session, two, second.id, [DeclineReason.DEFAULT_RISK], "", now)
    assert await told(session, enterprise.organisation_id) == {}
    for _ in range(2):
        await service.tick(session, need.id, model, need.window_closes_at)
    mine = await told(session, enterprise.organisation_id)
    assert [(payload["bank"], payload["valid_until"]) for payload in mine["answer.offered"]] == [(NAME, "2026-03-20")]


async def test_late_money_is_told_to_bank_and_firm_with_its_day(session, now, model, town, officer_of):
    firm, enterprise, publish = town
    need, officer = await publish(profile="ZJ-135"), await officer_of("GB02")
    claimed = await service.claim(session, officer, need.id, model, now)
    await service.offer(session, officer, claimed.id, TERMS, "", now)
    await service.accept(session, firm, claimed.id, now)
    await service.tick(session, need.id, model, now + timedelta(days=10))
    for organisation in (officer.organisation.id, enterprise.organisation_id):
        (payload,) = (await told(session, organisation))["loan.late"]
        assert (payload["number"], payload["due_on"]) == (need.number, "2026-03-17")
        assert "answer.escalated" not in await told(session, organisation)
