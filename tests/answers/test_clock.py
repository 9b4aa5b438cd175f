"""Time passes: reminders at half, lapses, the next bank, the operator. No need stays without an answer."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from greenbridge import scheduler
from greenbridge.accounts.values import Role
from greenbridge.answers import gateway, jobs, service, store
from greenbridge.answers.rules import deadlines
from greenbridge.answers.values import AnswerStatus, AskedBy, DeadlineState, DeclineReason, Demand, Offer, Owner, RequestState, Step
from greenbridge.catalog.values import Repayment
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from greenbridge.needs import service as needs
from greenbridge.needs.values import Mode, NeedStatus
from tests.builders import an_actor

WORDS = "贵企业的用电数据缺失，授权后可以再次发布。"


@pytest.mark.parametrize(("profile", "case"), gateway.cases(), ids=lambda one: one.name if hasattr(one, "name") else str(one["started_on"]))
def test_every_profile_keeps_its_own_cases(profile, case):
    due = deadlines.due_on(profile, Step(case["step"]), case["started_on"])
    assert (due, deadlines.remind_on(case["started_on"], due)) == (case["due_on"], case["remind_on"])


def test_the_profiles_of_the_domain():
    known = gateway.profiles()
    assert [known["ZJ-135"].days[s] for s in (Step.ACCEPT, Step.CONTACT, Step.LEND)] == [1, 3, 5]
    assert known["HZ-2019"].days[Step.CONTACT] == 5
    assert known["default"].days[Step.ACCEPT] == 2
    with pytest.raises(Invalid, match="ZJ-135"):
        gateway.profile("ZJ-531")


def test_an_unknown_year_fails_loudly():
    with pytest.raises(Problem) as raised:
        deadlines.due_on(gateway.profile("default"), Step.LEND, date(2099, 12, 30))
    assert raised.value.code == "unknown-calendar-year"


def test_days_left_and_what_was_left_before_a_pause():
    assert deadlines.days_left(date(2026, 3, 12), date(2026, 3, 10)) == 2
    assert deadlines.days_left(date(2026, 3, 6), date(2026, 3, 10)) == -2
    assert deadlines.paused_until(date(2026, 3, 10), 3) == date(2026, 3, 13)
    assert deadlines.paused_until(date(2026, 3, 10), -4) == date(2026, 3, 11)


async def topics(session, organisation_id):
    query = text("select topic from outbox_event where organisation_id = :id order by id")
    return list(await session.scalars(query, {"id": organisation_id}))


async def test_nobody_comes_three_banks_are_asked_and_then_the_operator(session, now, model, town):
    _firm, enterprise, publish = town
    need = await publish()
    seen = []
    for day in range(17):
        at = now + timedelta(days=day)
        await service.tick(session, need.id, model, at)
        seen.append((day, (await needs.get(session, need.id)).status, len(await store.requests_of(session, need.id))))
    asked = {day: n for day, _, n in seen}
    assert (asked[2], asked[3]) == (0, 1)  # two working days to the first bank, then one is asked
    requests = await store.requests_of(session, need.id)
    assert [r.state for r in requests] == [RequestState.LAPSED] * 3
    assert {r.asked_by for r in requests} == {AskedBy.PLATFORM}
    assert len({r.bank_id for r in requests}) == 3
    assert seen[-1][1] is NeedStatus.ESCALATED
    assert "answer.escalated" in await topics(session, enterprise.organisation_id)
    for r in requests:
        assert await topics(session, r.bank_id) == ["need.requested", "answer.reminded"]
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    (waiting,) = await service.board(session, operator, now + timedelta(days=17))
    assert (waiting.deadline.owner, waiting.deadline.step) == (Owner.OPERATOR, Step.OPERATE)


async def test_a_need_ends_only_after_an_answer(session, now, model, town):
    firm, _, publish = town
    need = await publish()
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    for day in range(0, 60, 3):
        await service.tick(session, need.id, model, now + timedelta(days=day))
    late = now + timedelta(days=60)
    assert (await needs.get(session, need.id)).status is NeedStatus.ESCALATED  # its 30 days are over, and nobody has said a word
    (waiting,) = await service.board(session, operator, late)
    assert waiting.left < 0
    with pytest.raises(Invalid):
        await service.reply(session, operator, need.id, "短", late)
    await service.reply(session, operator, need.id, WORDS, late)
    assert await service.board(session, operator, late) == []
    assert await service.tick(session, need.id, model, late) == 1
    assert (await needs.get(session, need.id)).status is NeedStatus.EXPIRED
    _, replies = await service.timeline(session, firm, need.id)
    assert [words for _, words in replies] == [WORDS]


async def test_an_answered_need_ends_with_its_time(session, now, model, town, officer_of):
    _, _, publish = town
    need = await publish()
    claimed = await service.claim(session, await officer_of(), need.id, model, now)
    await service.decline(session, await officer_of(), claimed.id, [DeclineReason.DEFAULT_RISK], "", now)
    for day in range(0, 35, 2):
        await service.tick(session, need.id, model, now + timedelta(days=day))
    assert (await needs.get(session, need.id)).status is NeedStatus.EXPIRED
    assert all(one.state is not DeadlineState.RUNNING for one in await store.deadlines_of(session, need.id))


async def test_the_operator_opens_it_again_and_asks_a_bank(session, now, model, town, officer_of):
    _, _, publish = town
    need = await publish()
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    with pytest.raises(NotFound):
        await service.escalated(session, operator, need.id, model, now)
    for day in range(20):
        await service.tick(session, need.id, model, now + timedelta(days=day))
    at = now + timedelta(days=20)
    _, fitting = await service.escalated(session, operator, need.id, model, at)
    with pytest.raises(Invalid):
        await service.assign(session, operator, need.id, "GB99-NO", model, at)
    request = await service.assign(session, operator, need.id, fitting[0].product.code, model, at)
    assert request.asked_by is AskedBy.OPERATOR
    assert (await needs.get(session, need.id)).status is NeedStatus.REOPENED
    officer = await officer_of(fitting[0].product.bank.code)
    assert [r.id for r in await service.requests_of_bank(session, officer)] == [request.id]
    await service.claim(session, officer, need.id, model, at)
    assert await service.requests_of_bank(session, officer) == []
    with pytest.raises(Forbidden):
        await service.board(session, officer, at)


async def test_a_claim_without_contact_ends_and_the_next_bank_is_asked(session, now, model, town, officer_of):
    _firm, _, publish = town
    need = await publish(profile="ZJ-135")
    officer = await officer_of()
    claimed = await service.claim(session, officer, need.id, model, now)
    assert claimed.act_by == date(2026, 3, 13)  # contact in three
    await service.tick(session, need.id, model, now + timedelta(days=1))
    assert await topics(session, officer.organisation.id) == []
    await service.tick(session, need.id, model, now + timedelta(days=2))
    assert await topics(session, officer.organisation.id) == ["answer.reminded"]
    await service.tick(session, need.id, model, now + timedelta(days=6))
    assert (await store.find(session, claimed.id)).status is AnswerStatus.EXPIRED
    (request,) = await store.requests_of(session, need.id)
    assert request.bank_id != officer.organisation.id
    assert await topics(session, officer.organisation.id) == ["answer.reminded", "answer.expired"]
    dues = [d for d in await store.deadlines_of(session, need.id) if d.answer_id == claimed.id]
    assert [d.state for d in dues] == [DeadlineState.MISSED]
    with pytest.raises(Conflict):
        await service.contact(session, officer, claimed.id, now + timedelta(days=6))


async def test_the_banks_clock_waits_for_the_firm_and_no_longer(session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish()
    officer = await officer_of()
    claimed = await service.claim(session, officer, need.id, model, now)
    surveying = await service.contact(session, officer, claimed.id, now)
    assert surveying.act_by == date(2026, 3, 17)  # five working days to an offer
    with pytest.raises(Invalid):
        await service.demand(session, officer, claimed.id, [], "", now)
    at = now + timedelta(days=3)  # Friday: three of five are used up
    asked = await service.demand(session, officer, claimed.id, [Demand.SALES_CONTRACTS], "", at)
    assert (asked.status, asked.demands) == (AnswerStatus.ACTION_REQUIRED, (Demand.SALES_CONTRACTS,))
    later = now + timedelta(days=7)  # Tuesday
    back = await service.supply(session, firm, claimed.id, later)
    assert (back.status, back.act_by, back.demands) == (AnswerStatus.SURVEYING, date(2026, 3, 19), ())  # two are left
    again = await service.demand(session, officer, claimed.id, [Demand.SITE_VISIT], "", later)
    for day in range(7, 20):
        await service.tick(session, need.id, model, now + timedelta(days=day))
    ended = await store.find(session, again.id)
    assert (ended.status, ended.reasons) == (AnswerStatus.RETURNED, (DeclineReason.DOCUMENTS_MISSING,))


async def test_late_money_is_the_operators_to_see_until_it_comes(session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish(profile="ZJ-135")
    officer = await officer_of()
    claimed = await service.claim(session, officer, need.id, model, now)
    await service.offer(session, officer, claimed.id, Offer("GB02-INV", 40_000_000, 520, 12, date(2026, 3, 20)), "", now)
    await service.accept(session, firm, claimed.id, now)
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    at = now + timedelta(days=10)
    await service.tick(session, need.id, model, at)
    (late,) = await service.board(session, operator, at)
    assert (late.deadline.step, late.deadline.state, late.left) == (Step.LEND, DeadlineState.MISSED, -3)
    await service.approve(session, officer, claimed.id, 40_000_000, 520, at)
    await service.sign(session, officer, claimed.id, "HT-1", at)
    await service.pay_out(session, officer, claimed.id, 40_000_000, date(2026, 3, 20), at)
    assert await service.board(session, operator, at) == []
    assert [d.state for d in await store.deadlines_of(session, need.id) if d.step is Step.LEND] == [DeadlineState.MISSED]


async def test_the_firm_picks_a_product_and_only_that_bank_sees_the_need(session, now, model, town, officer_of):
    firm, enterprise, publish = town
    need = await publish(mode=Mode.DIRECT)
    picked, other = await officer_of("GB02"), await officer_of("GB03")
    assert await service.work_list(session, other, model, now) == []
    with pytest.raises(NotFound):
        await service.open_need(session, other, need.id, model, now)
    with pytest.raises(NotFound):
        await service.claim(session, other, need.id, model, now)
    request = await service.request(session, firm, need.id, "GB02-INV", model, now)
    assert await topics(session, picked.organisation.id) == ["need.requested"]
    with pytest.raises(Conflict):
        await service.request(session, firm, need.id, "GB03-INV", model, now)  # one slot, and it is asked for
    with pytest.raises(NotFound):
        await service.request(session, firm, need.id, "GB03-NONE", model, now)
    assert (await service.open_need(session, picked, need.id, model, now)).asked.id == request.id
    with pytest.raises(NotFound):
        await service.claim(session, other, need.id, model, now)
    with pytest.raises(Invalid):
        await service.refuse(session, picked, request.id, [], now)
    with pytest.raises(NotFound):
        await service.refuse(session, other, request.id, [DeclineReason.NO_CAPACITY], now)
    await service.refuse(session, picked, request.id, [DeclineReason.NO_CAPACITY], now)
    assert "answer.declined" in await topics(session, enterprise.organisation_id)
    with pytest.raises(Conflict):
        await service.refuse(session, picked, request.id, [DeclineReason.NO_CAPACITY], now)
    for day in range(4):
        await service.tick(session, need.id, model, now + timedelta(days=day))
    assert [r.asked_by for r in await store.requests_of(session, need.id)] == [AskedBy.FIRM, AskedBy.PLATFORM]


async def test_a_second_tick_does_nothing(session, now, model, town):
    _, _, publish = town
    need = await publish()
    for day in (0, 1, 3, 5):
        at = now + timedelta(days=day)
        while await service.tick(session, need.id, model, at):
            pass
        assert await service.tick(session, need.id, model, at) == 0


async def test_the_scheduler_drives_it_by_the_clock_that_the_test_moves(sessions, session, clock, now, model, town):
    _, _, publish = town
    need = await publish()
    await session.commit()
    job = scheduler.Job("answers.deadlines", timedelta(minutes=5), jobs.deadlines(None, model))
    assert await scheduler.run(job, sessions, clock) == 1  # the wait for the first bank begins
    assert await scheduler.run(job, sessions, clock) is None  # the same slot
    clock.instant = now + timedelta(days=1)
    assert await scheduler.run(job, sessions, clock) == 0  # nobody in particular is there to be reminded
    clock.instant = now + timedelta(days=3)
    assert await scheduler.run(job, sessions, clock) == 2
    async with sessions() as looking:
        assert len(await store.requests_of(looking, need.id)) == 1


async def test_one_need_that_fails_keeps_no_other(sessions, session, clock, now, model, town):
    _, _enterprise, publish = town
    good, bad = await publish(), await publish(term_months=10)
    await session.execute(text("update need set profile = 'gone' where id = :id"), {"id": bad.id})
    await session.commit()
    work = jobs.deadlines(None, model)
    with pytest.raises(ExceptionGroup):
        await work(sessions, clock)
    async with sessions() as looking:
        assert len(await store.deadlines_of(looking, good.id)) == 1
        assert await store.deadlines_of(looking, bad.id) == []


def test_an_answer_that_nobody_gave_is_none():
    assert not deadlines.was_answered([], [], False)
    assert deadlines.was_answered([], [], True)


async def test_every_end_of_a_request_is_a_step_and_is_recorded(session, now, model, town, officer_of):
    firm, _, publish = town
    needs_of = {
        end: await publish(term_months=months) for end, months in (("taken", 12), ("refused", 11), ("lapsed", 10), ("cancelled", 9))
    }
    for need in needs_of.values():
        await service.request(session, firm, need.id, "GB02-INV", model, now)
    officer = await officer_of("GB02")
    await service.claim(session, officer, needs_of["taken"].id, model, now)
    (request,) = await store.requests_of(session, needs_of["refused"].id)
    await service.refuse(session, officer, request.id, [DeclineReason.NO_CAPACITY], now)
    await service.tick(session, needs_of["lapsed"].id, model, now + timedelta(days=3))
    await service.withdraw(session, firm, needs_of["cancelled"].id, now)
    query = text("select action from audit_event where subject = :need and action like 'request.%'")
    for end, need in needs_of.items():
        assert list(await session.scalars(query, {"need": f"need:{need.id}"})) == [f"request.{end}"]
        with pytest.raises(Conflict):
            (one, *_) = await store.requests_of(session, need.id)
            await service.refuse(session, officer, one.id, [DeclineReason.NO_CAPACITY], now)


async def test_a_bank_that_comes_on_the_last_day_has_its_days(session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish()
    last = now + timedelta(days=30)  # the need's last day, a Thursday
    assert need.open_until == last.date()
    officer, asked = await officer_of("GB02"), await officer_of("GB03")
    claimed = await service.claim(session, officer, need.id, model, last)
    request = await service.request(session, firm, need.id, "GB03-INV", model, last)
    after = last + timedelta(days=1)
    assert min(claimed.act_by, request.due_on) > need.open_until
    await service.tick(session, need.id, model, after)
    second = await service.claim(session, asked, need.id, model, after)  # it was asked until then
    with pytest.raises(Conflict):
        await service.claim(session, await officer_of("GB08"), need.id, model, after)
    await service.contact(session, officer, claimed.id, after)
    terms = Offer("GB02-INV", 40_000_000, 520, 12, after.date() + timedelta(days=5))
    await service.offer(session, officer, claimed.id, terms, "", after)
    await service.decline(session, asked, second.id, [DeclineReason.DEFAULT_RISK], "", after)
    for day in range(1, 5):
        await service.tick(session, need.id, model, after + timedelta(days=day))
    assert (await needs.get(session, need.id)).status is NeedStatus.IN_ANSWER  # an offer stands, and the firm may choose
    assert (await service.accept(session, firm, claimed.id, after + timedelta(days=5))).status is AnswerStatus.CHOSEN


@pytest.mark.parametrize("by", ["firm", "operator"])
async def test_a_firm_is_not_locked_in_by_a_bank_that_goes_silent(session, now, model, town, officer_of, by):
    firm, enterprise, publish = town
    need = await publish(profile="ZJ-135")
    officer = await officer_of()
    claimed = await service.claim(session, officer, need.id, model, now)
    await service.offer(session, officer, claimed.id, Offer("GB02-INV", 40_000_000, 520, 12, date(2026, 3, 20)), "", now)
    await service.accept(session, firm, claimed.id, now)
    await service.approve(session, officer, claimed.id, 40_000_000, 520, now)
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    actor = {"firm": firm, "operator": operator}[by]
    with pytest.raises(Conflict):
        await service.release(session, actor, claimed.id, now)  # it has its days
    at = now + timedelta(days=10)
    assert await service.releasable(session, need) == []
    await service.tick(session, need.id, model, at)
    assert await service.releasable(session, need) == [claimed.id]
    with pytest.raises(Forbidden):
        await service.release(session, officer, claimed.id, at)
    over = await service.release(session, actor, claimed.id, at)
    assert over.status is AnswerStatus.EXPIRED
    again = await needs.get(session, need.id)
    assert (again.status, again.open_until >= at.date() + timedelta(days=15)) == (NeedStatus.REOPENED, True)
    assert await service.board(session, operator, at) == []
    assert "answer.expired" in await topics(session, officer.organisation.id)
    assert "answer.expired" in await topics(session, enterprise.organisation_id)
    (dealing,) = await store.dealings(session, now.date())
    assert (dealing.chosen, dealing.released, dealing.lending, dealing.lapsed) == (True, True, False, False)
    (standing,), _ = await service.league(session, at)
    assert (standing.kept.hits, standing.kept.n, standing.paid.hits, standing.paid.n) == (0, 1, 0, 1)
    with pytest.raises(Conflict):
        await service.release(session, actor, claimed.id, at)
    assert (await service.claim(session, await officer_of("GB08"), need.id, model, at)).slot == 1


async def test_nobody_lets_go_of_a_bank_that_has_paid_out(session, now, model, town, officer_of):
    firm, _, publish = town
    need = await publish(profile="ZJ-135")
    officer = await officer_of()
    claimed = await service.claim(session, officer, need.id, model, now)
    terms = Offer("GB02-INV", 40_000_000, 520, 12, date(2026, 3, 20), Repayment.INTEREST_FIRST)
    await service.offer(session, officer, claimed.id, terms, "", now)
    await service.accept(session, firm, claimed.id, now)
    await service.approve(session, officer, claimed.id, 40_000_000, 520, now)
    await service.sign(session, officer, claimed.id, "HT-1", now)
    await service.pay_out(session, officer, claimed.id, 1_000_000, now.date(), now)
    at = now + timedelta(days=10)
    await service.tick(session, need.id, model, at)
    operator = await an_actor(session, now, Role.OPERATOR, "platform")
    assert [one.deadline.step for one in await service.board(session, operator, at)] == [Step.LEND]  # part of it is late
    assert await service.releasable(session, need) == []
    with pytest.raises(Conflict):
        await service.release(session, firm, claimed.id, at)
