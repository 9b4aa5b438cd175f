"""Rules of objections: pure."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.disputes import gateway, rules
from greenbridge.disputes.values import Answer, Deadlines, Draft, Escalation, Event, Ground, Objection, Outcome, Present, State
from greenbridge.facts.rules import items
from greenbridge.facts.values import Fact
from greenbridge.kit.calendar import add_working_days, business_date

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
FACT = Fact("penalties.administrative", "U", "K", date(2025, 6, 7), None, NOW, UUID(int=1), False, {}, NOW, "d1")


def an_objection(**changes):
    one = Objection(
        uuid4(), UUID(int=2), FACT.item, FACT.key, FACT.digest, Ground.WRONG, "金额有误，应为五百元。", "ZJ-2018", NOW, UUID(int=3),
        Deadlines(date(2026, 3, 17), date(2026, 4, 8)), State.OPEN,
    )  # fmt: skip
    return replace(one, **changes)


@given(st.lists(st.sampled_from(Event), max_size=8))
@settings(max_examples=100)
def test_no_event_leaves_a_final_state(events):
    state, was_final = State.OPEN, False
    for event in events:
        following = rules.next_state(state, event)
        assert (following is None) == was_final
        state, was_final = following or state, True
        assert state is not State.OPEN


def test_every_final_state_is_reached_by_one_event():
    assert {rules.next_state(State.OPEN, event) for event in Event} == set(State) - {State.OPEN}


@pytest.mark.parametrize(("policy", "case"), gateway.cases())
def test_policies_prove_themselves(policy, case):
    assert rules.deadlines(policy, case["raised_on"]) == Deadlines(case["due_on"], case["last_on"])


def test_the_policy_in_force_is_the_newest_that_has_begun():
    (policy,) = gateway.policies()
    later = replace(policy, version="X", in_force_from=date(2026, 4, 1))
    assert rules.in_force([policy, later], date(2026, 3, 31)) == policy
    assert rules.in_force([policy, later], date(2026, 4, 1)) == later
    assert rules.in_force([policy], date(2017, 12, 31)) is None


def test_an_unknown_year_leaves_the_day_open_and_guesses_nothing():
    (policy,) = gateway.policies()
    assert rules.deadlines(policy, date(2090, 12, 20)) == Deadlines(None, None)
    unknown = an_objection(deadlines=Deadlines(None, None))
    assert rules.days_left(unknown, date(2090, 12, 31)) is None
    assert rules.escalation(unknown, date(2090, 12, 31)) is None


@given(st.dates(date(2025, 1, 1), date(2026, 6, 30)), st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_what_is_left_runs_down_and_escalation_only_rises(raised_on, days):
    (policy,) = gateway.policies()
    raised_at = datetime.combine(raised_on, datetime.min.time(), UTC)
    one = an_objection(raised_at=raised_at, deadlines=rules.deadlines(policy, raised_on))
    today, tomorrow = raised_on + timedelta(days=days), raised_on + timedelta(days=days + 1)
    assert rules.days_left(one, tomorrow) <= rules.days_left(one, today)
    order = [None, Escalation.LATE, Escalation.OVERDUE]
    assert order.index(rules.escalation(one, tomorrow)) >= order.index(rules.escalation(one, today))
    assert (rules.escalation(one, today) is None) == (today <= one.deadlines.due_on)
    assert (rules.escalation(one, today) is Escalation.OVERDUE) == (today > add_working_days(raised_on, 20))
    assert rules.escalation(replace(one, state=State.UPHELD), tomorrow) is None


def test_days_left_on_and_after_the_day():
    one = an_objection()
    assert [rules.days_left(one, date(2026, 3, d)) for d in (10, 17, 18)] == [5, 0, -1]


@pytest.mark.parametrize(
    ("shown", "newest", "present"),
    [
        (FACT, FACT, Present.SAME),
        (replace(FACT, digest="d2"), replace(FACT, digest="d2"), Present.CHANGED),
        (None, replace(FACT, withdrawn=True), Present.TAKEN_BACK),
        (None, FACT, Present.LAPSED),
        (None, None, Present.LAPSED),
    ],
)
def test_how_a_record_stands(shown, newest, present):
    assert rules.present("d1", shown, newest) is present


WORDS = "已与提供部门核对，文书编号一致。"


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("present", Present)
def test_an_answer_says_of_the_record_only_what_is_so(outcome, present):
    listed = an_objection(item=items.ABNORMAL_LIST)
    found = rules.answer_problems(listed, Answer(outcome, WORDS), present)
    assert [problem.field for problem in found] == ([] if present in rules.NEEDS[outcome] else ["outcome"])


def test_only_lists_are_left_and_a_registration_is_never_hidden():
    changed = Answer(Outcome.DELISTED, WORDS)
    assert [p.field for p in rules.answer_problems(an_objection(), changed, Present.CHANGED)] == ["outcome"]
    stopped = Answer(Outcome.DISPLAY_STOPPED, WORDS)
    assert rules.answer_problems(an_objection(), stopped, Present.SAME) == ()
    register = an_objection(item=items.REGISTRATION)
    assert [p.field for p in rules.answer_problems(register, stopped, Present.SAME)] == ["outcome"]


@pytest.mark.parametrize("present", Present)
@pytest.mark.parametrize("item", [items.REGISTRATION, items.PENALTIES, items.ABNORMAL_LIST])
def test_why_an_outcome_is_barred_is_so_and_offers_nothing_that_is_barred_too(item, present):
    barred = rules.barred(item, present)
    assert set(barred) == {o for o in Outcome if rules.answer_problems(an_objection(item=item), Answer(o, WORDS), present)}
    assert Outcome.NOT_UPHELD not in barred
    if Outcome.DISPLAY_STOPPED in barred:
        assert not [why for why in barred.values() if "或选择停止展示" in why.zh or "or stop its showing" in why.en]
    if Outcome.DELETED in barred:
        assert not [why for why in barred.values() if "请选择“已由提供部门撤回”" in why.zh]
    if item not in rules.LISTS:
        assert barred[Outcome.DELISTED].zh == "该数据项不是名单"


def test_stopping_the_showing_is_offered_where_it_can_be():
    assert rules.barred(items.REGISTRATION, Present.SAME)[Outcome.CORRECTED].zh == "部门尚未交付与异议时不同的内容；请先请部门更正"
    assert rules.barred(items.PENALTIES, Present.SAME)[Outcome.CORRECTED].zh.endswith("请先请部门更正，或选择停止展示")
    assert rules.barred(items.ABNORMAL_LIST, Present.LAPSED)[Outcome.DELISTED].zh.endswith("请先请部门更新，或选择停止展示")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("太短", True),
        ("　　　　　　　　　　　　", True),
        ("字" * 501, True),
        ("字" * 500, False),
        ("请联系 13812345678 核对该记录。", True),
        ("法定代表人身份证 33050119800101123X 有误。", True),
        ("统一社会信用代码 91330500123456789X 的处罚编号有误", False),
        ("文书 20250613812345678901 号已撤销，请更正", False),
    ],
)
def test_texts_are_bounded_and_hold_no_personal_numbers(text, wrong):
    assert bool(rules.problems(Draft(Ground.WRONG, text))) is wrong
    assert bool(rules.answer_problems(an_objection(), Answer(Outcome.NOT_UPHELD, text), Present.SAME)) is wrong


@given(st.lists(st.tuples(st.sampled_from(State), st.sampled_from(["d1", "d2"])), max_size=5))
@settings(max_examples=100)
def test_an_open_objection_or_a_rejected_one_of_the_same_content_bars_another(earlier):
    made = [an_objection(state=state, digest=digest) for state, digest in earlier]
    barred = any(state is State.OPEN or (state, digest) == (State.REJECTED, "d1") for state, digest in earlier)
    assert (rules.repeats(made, "d1") is not None) == barred


def test_numbers_are_said_by_day_and_id():
    one = an_objection(id=UUID("3fa2c1aa-0000-4000-8000-000000000000"))
    assert one.number == "Y260310-3FA2C1"
    assert one.since == business_date(NOW)
