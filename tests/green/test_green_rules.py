"""The state machine, publicity, uploads, what counts, the formula and the ledger: pure."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbridge.green import gateway
from greenbridge.green.rules import classes, evidence, flow, subsidy, worsening
from greenbridge.green.values import (
    CLAIM_FINAL,
    FINAL,
    Account,
    Agreement,
    Author,
    Certificate,
    Claim,
    ClaimEvent,
    ClaimState,
    Event,
    FileKind,
    Loan,
    Period,
    ReportedLoan,
    Speaker,
    State,
    Statement,
    Subject,
    Upload,
)
from greenbridge.kit.text import Text
from greenbridge.reference.values import Entry, Kind
from greenbridge.schemes import gateway as scheme_gateway
from greenbridge.schemes.rules.rating import rate
from greenbridge.schemes.values import Evidence, InputKind, Known

LAWS = settings(max_examples=100, deadline=None)
POLICY = gateway.subsidy_policies()[0]
VOCABULARY = scheme_gateway.vocabulary()
GREEN = next(one.scheme for one in scheme_gateway.shipped() if one.scheme.code == "green-enterprise")
NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


# The flow


@LAWS
@given(st.lists(st.sampled_from(Event), max_size=40))
def test_no_event_leaves_a_final_state_but_forgery_found_later(events):
    state, ended = State.DRAFT, None
    for event in events:
        after = flow.next_state(state, event)
        if ended and after:
            assert (event, after) == (Event.FIND_FORGERY, State.FORGED)
        if after:
            assert flow.SPEAKERS[event]
            state = after
            ended = state if state in FINAL else None


def test_each_state_is_reached_and_each_that_is_not_final_is_left():
    reached = {State.DRAFT, *flow.TRANSITIONS.values()}
    assert reached == set(State)
    left = {state for (state, event) in flow.TRANSITIONS if event is not Event.FIND_FORGERY}
    assert left == set(State) - FINAL
    forgeable = {state for (state, event) in flow.TRANSITIONS if event is Event.FIND_FORGERY}
    assert forgeable & FINAL == {State.SUPERSEDED, State.EXPIRED, State.REMOVED}


def test_nobody_certifies_but_the_clock_and_nobody_passes_but_a_reviewer():
    for state in State:
        for speaker in Speaker:
            may = flow.possible(state, speaker)
            if speaker is not Speaker.CLOCK:
                assert Event.CERTIFY not in may
            if speaker is not Speaker.REVIEWER:
                assert not {Event.CONFIRM, Event.CHANGE} & set(may)


@pytest.mark.parametrize("case", gateway.flow_cases(), ids=lambda c: c[0])
def test_publicity_is_counted_as_the_policy_s_cases_say(case):
    _, began, stops, days, ends = case
    given_stops = [(s[0], s[1] if len(s) > 1 else None) for s in stops]
    found = flow.period(began, given_stops, began + timedelta(days=60), days)
    assert found.ends_on == ends
    assert found.stopped == (ends is None)


@LAWS
@given(st.dates(date(2025, 1, 2), date(2025, 6, 1)), st.integers(0, 20), st.integers(0, 20), st.integers(1, 15))
def test_an_objection_never_brings_the_end_nearer(began, after, lasting, days):
    plain = flow.period(began, [], began, days)
    stop = began + timedelta(days=after)
    if stop > plain.ends_on:
        return
    stopped = flow.period(began, [(stop, stop + timedelta(days=lasting))], began, days)
    assert stopped.ends_on >= plain.ends_on


def test_a_certificate_holds_a_year_to_the_day():
    rule = gateway.flow_policies()[0]
    assert flow.validity(date(2026, 3, 16), rule) == (date(2026, 3, 16), date(2027, 3, 15))
    assert not flow.may_renew(date(2027, 3, 15), date(2026, 12, 1), rule)
    assert flow.may_renew(date(2027, 3, 15), date(2027, 2, 1), rule)


# Uploads

PDF = b"%PDF-1.7\n" + b"x" * 100 + b"\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 50 + b"IEND\xaeB`\x82"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pdf", PDF, FileKind.PDF),
        ("A.PDF", PDF, FileKind.PDF),
        ("a.png", PNG, FileKind.PNG),
        ("a.jpeg", b"\xff\xd8\xff\xe0xx\xff\xd9", FileKind.JPEG),
        ("a.png", PDF, None),
        ("a.pdf.exe", PDF, None),
        ("a.pdf", b"MZ" + PDF, None),
        ("a.pdf", PDF[:50], None),
        ("a.html", b"<html>", None),
        ("a.pdf", b"", None),
    ],
)
def test_a_file_is_what_its_content_and_its_name_say_or_is_not_taken(name, content, kind):
    assert evidence.kind_of(Upload(name, content)) is kind
    assert bool(evidence.file_problems(Upload(name, content), 1000)) == (kind is None)


def test_a_file_over_the_limit_is_not_taken():
    assert evidence.file_problems(Upload("a.pdf", PDF), len(PDF)) == ()
    assert "0.0001 MB" in evidence.file_problems(Upload("a.pdf", PDF), 100)[0].message.zh


@given(st.text(max_size=200))
def test_a_tidy_name_has_no_folder_and_no_control_characters(name):
    found = evidence.tidy_name(name)
    assert 0 < len(found) <= evidence.NAME_LENGTH
    assert found.isprintable()
    assert "/" not in found
    assert "\\" not in found


# What counts


def a_statement(name, value, author=Author.FIRM, minutes=0):
    return Statement(uuid4(), uuid4(), name, value, author, "理由理由理由理由理由", NOW + timedelta(minutes=minutes), "firm", "P")


def typed(name):
    n = VOCABULARY[name]
    if n.kind is InputKind.YES_NO:
        return st.booleans()
    return st.sampled_from(list(n.words)) if n.kind is InputKind.WORD else st.floats(0, 1)


STATED = [n for n in GREEN.names if VOCABULARY[n].given_by in evidence.STATED_BY_FIRM]
FROM_FACTS = [n for n in GREEN.names if n not in STATED]


@LAWS
@given(st.data())
def test_removing_a_statement_or_a_fact_never_raises_points_or_grade(data):
    facts = {n: Known(data.draw(typed(n))) for n in FROM_FACTS if data.draw(st.integers(0, 5))}
    statements = [a_statement(n, data.draw(typed(n))) for n in STATED if data.draw(st.integers(0, 5))]
    whole = rate(GREEN, evidence.combined(facts, statements))
    fewer_statements = [s for s in statements if data.draw(st.integers(0, 6))]
    fewer_facts = {n: k for n, k in facts.items() if data.draw(st.integers(0, 6))}
    less = rate(GREEN, evidence.combined(fewer_facts, fewer_statements))
    assert less.points <= whole.points
    assert GREEN.rank(less.grade) >= GREEN.rank(whole.grade)
    assert less.coverage <= whole.coverage


@LAWS
@given(st.data())
def test_points_of_24_indicators_sum_to_the_total(data):
    statements = [a_statement(n, data.draw(typed(n))) for n in STATED]
    r = rate(GREEN, evidence.combined({}, statements))
    assert len(r.indicators) == 24
    assert round(sum(i.points or 0 for i in r.indicators), 6) == r.points


def test_taking_a_value_back_is_as_if_it_was_never_stated_and_the_newest_counts():
    first, back, again = (
        a_statement("green_purpose", True),
        a_statement("green_purpose", None, minutes=1),
        a_statement("green_purpose", False, minutes=2),
    )
    assert evidence.combined({}, [first])["green_purpose"].value is True
    assert evidence.combined({}, [back, first]) == {}
    assert evidence.combined({}, [again, first, back])["green_purpose"].value is False


def test_a_department_stands_before_the_firm_and_the_reviewer_before_both():
    facts = {"tax_grade": Known("C")}
    assert evidence.combined(facts, [a_statement("tax_grade", "A")])["tax_grade"].value == "C"
    reviewed = a_statement("tax_grade", "B", Author.REVIEWER)
    assert evidence.combined(facts, [reviewed])["tax_grade"].value == "B"
    unproven = a_statement("green_revenue_share", None, Author.REVIEWER)
    assert evidence.combined({}, [a_statement("green_revenue_share", 0.6), unproven]) == {}


def test_a_firm_states_what_no_department_gives_and_nothing_of_the_platform():
    assert evidence.may_state(VOCABULARY["green_revenue_share"], GREEN.names)
    for name in ("tax_grade", "environment_colour", "evidence_forged", "public_credit_points", "co2_cut_tonnes"):
        assert not evidence.may_state(VOCABULARY[name], GREEN.names), name


def test_a_grade_is_worse_from_the_day_of_the_evidence_that_made_it_so():
    def at(value, *days):
        return Known(value, tuple(Evidence("x", Text("部门", "a department"), day) for day in days))

    full = next(c for c in GREEN.cases if c.name == "everything full").inputs
    before = {name: Known(value) for name, value in full.items()}
    early, late, today = date(2026, 3, 5), date(2026, 3, 20), date(2026, 4, 1)

    def since(*, is_worse=lambda grade: grade != "deep", **changes):
        return worsening.worse_from(GREEN, "industry", before, {**before, **changes}, VOCABULARY, is_worse, today)

    assert since(environment_colour=at("red", late)) == late
    assert since(environment_penalties_12m=at(1.0, early), environment_colour=at("red", late)) == late
    assert since(is_worse=lambda grade: grade == "non_green", tax_grade=at("D", early), environment_colour=at("black", late)) == late
    assert since(environment_colour=at("red", date(2027, 1, 1))) == today  # nothing begins later than today
    assert since(green_revenue_share=at(0.0, early), green_investment_share=at(0.0, early)) == today  # what got less has no day of its own


# The subsidy


@pytest.mark.parametrize("case", gateway.subsidy_cases(), ids=lambda c: c[1])
def test_the_formula_gives_what_the_policy_s_cases_say(case):
    rule, _, principal, grade, days, fen = case
    assert subsidy.forecast(rule, rule.base_rate_bp, grade, principal, days, date(2026, 3, 10)).amount_fen == fen


def test_five_million_at_4_35_percent_and_12_percent_is_26_100_yuan():
    assert subsidy.amount(500_000_000, 435, 1200, 365) == 2_610_000


money, days_ = st.integers(1, 10**12), st.integers(0, 2000)


@LAWS
@given(money, days_, st.integers(0, 400))
def test_more_days_and_better_grades_never_bring_less_and_the_caps_hold(principal, days, more):
    by_grade = [
        subsidy.forecast(POLICY, 435, grade, principal, days, date(2026, 3, 10)).amount_fen
        for grade in ("ordinary", "light", "mid", "deep")
    ]
    assert by_grade == sorted(by_grade)
    longer = subsidy.forecast(POLICY, 435, "deep", principal, days + more, date(2026, 3, 10)).amount_fen
    assert by_grade[-1] <= longer <= POLICY.max_year_fen * 4


def a_certificate(grade, first, last, number="Z1", ended=None):
    return Certificate(number, uuid4(), uuid4(), Subject.ENTERPRISE, grade, 70, 0.9, first, last, {}, {}, "", {}, NOW, ended)


def test_each_day_earns_by_the_grade_that_was_certified_on_it():
    loan = Loan("L1", 500_000_000, date(2026, 1, 1), date(2027, 1, 1))
    whole = subsidy.entitlement(POLICY, 435, loan, [Period("deep", date(2026, 1, 1), date(2026, 12, 31))], date(2027, 6, 1))
    assert (whole.amount_fen, whole.days) == (2_610_000, 365)
    halves = [Period("deep", date(2026, 1, 1), date(2026, 6, 30)), Period("light", date(2026, 7, 1), date(2027, 5, 1))]
    split = subsidy.entitlement(POLICY, 435, loan, halves, date(2027, 6, 1))
    assert [(s.grade, s.days) for s in split.segments] == [("deep", 181), ("light", 184)]
    assert split.amount_fen == subsidy.amount(500_000_000, 435, 1200, 181) + subsidy.amount(500_000_000, 435, 600, 184)
    none = subsidy.entitlement(POLICY, 435, loan, [Period("deep", date(2027, 1, 1), date(2027, 12, 31))], date(2027, 6, 1))
    assert none.amount_fen == 0  # the day of repayment does not count


def test_a_certificate_that_never_held_brings_nothing_and_a_later_one_takes_over():
    forged = a_certificate("deep", date(2026, 1, 1), date(2026, 12, 31), ended=date(2025, 12, 31))
    assert subsidy.periods([forged]) == ()
    first = a_certificate("deep", date(2026, 1, 1), date(2026, 12, 31))
    second = a_certificate("light", date(2026, 5, 1), date(2026, 12, 31), "Z2")
    assert [(p.grade, p.first, p.last) for p in subsidy.periods([first, second])] == [
        ("deep", date(2026, 1, 1), date(2026, 4, 30)),
        ("light", date(2026, 5, 1), date(2026, 12, 31)),
    ]


@LAWS
@given(
    st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.integers(1, 700), st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.integers(0, 700)
)
def test_ending_a_certificate_earlier_never_brings_more(drawn, out, until, cut):
    loan = Loan("L1", 300_000_000, drawn, drawn + timedelta(days=out))
    full = a_certificate("deep", date(2025, 6, 1), date(2026, 5, 31))
    ended = replace(full, ended_on=date(2026, 5, 31) - timedelta(days=cut))
    before = subsidy.entitlement(POLICY, 435, loan, subsidy.periods([full]), until)
    after = subsidy.entitlement(POLICY, 435, loan, subsidy.periods([ended]), until)
    assert after.amount_fen <= before.amount_fen


@LAWS
@given(
    st.lists(
        st.tuples(st.integers(1, 10**10), st.lists(st.tuples(st.sampled_from(ClaimEvent), st.integers(0, 100)), max_size=14)), max_size=6
    )
)
def test_the_ledger_balances_and_no_event_leaves_a_final_state(claims):
    """Whatever happens to whatever claims: debits and credits are equal, nothing promised, paid or owed is below zero, and what is out of
    the budget is what is promised, with firms, or on its way back."""
    postings = []
    for amount, events in claims:
        state, asked, came = ClaimState.CLAIMED, 0, 0
        for event, share in events:
            after = subsidy.next_state(state, event)
            assert not (state in CLAIM_FINAL and after)
            if after is None:
                continue
            # Of what is with the firm some part turns out to be over, again and again; what was asked back comes whole.
            part = (amount - asked) * share // 100 if event is ClaimEvent.CLAW_BACK else asked - came
            if moved := subsidy.move(state, event, amount, part):
                postings.append(moved)
            asked += part if event is ClaimEvent.CLAW_BACK else 0
            came += part if event is ClaimEvent.RECOVER else 0
            state = after
    found = subsidy.balances(postings)
    assert sum(found.values()) == 0
    assert found[Account.BUDGET] <= 0
    assert min(found[a] for a in (Account.PAYABLE, Account.PAID, Account.RECEIVABLE)) >= 0


def test_claims_reach_every_state():
    assert {ClaimState.CLAIMED, *subsidy.TRANSITIONS.values()} == set(ClaimState)
    assert {s for s, _ in subsidy.TRANSITIONS} == set(ClaimState) - CLAIM_FINAL


def test_the_cap_is_of_a_calendar_year_and_does_not_double_on_day_366():
    rule = replace(POLICY, max_year_fen=1_000_000)
    loan = Loan("L1", 500_000_000, date(2026, 1, 1), None)
    certified = [Period("deep", date(2026, 1, 1), date(2027, 12, 31))]

    def earned(until, taken=subsidy.NOTHING_TAKEN):
        return subsidy.entitlement(rule, 435, loan, certified, until, taken).amount_fen

    day = subsidy.amount(500_000_000, 435, 1200, 1)
    assert earned(date(2026, 12, 31)) == 1_000_000
    assert earned(date(2027, 1, 1)) == 1_000_000 + day  # the new year's first day, not a whole new cap
    assert earned(date(2027, 12, 31)) == 2_000_000
    assert earned(date(2027, 12, 31), {2026: 400_000}) == 1_600_000
    assert subsidy.forecast(rule, 435, "deep", 500_000_000, 366, date(2026, 1, 1)).amount_fen == 1_000_000 + day
    (segment,) = subsidy.entitlement(POLICY, 435, loan, certified, date(2027, 3, 1)).segments
    assert sum(subsidy.taken_by([segment]).values()) in {segment.amount_fen, segment.amount_fen - 1}
    assert set(subsidy.taken_by([segment])) == {2026, 2027}


def test_a_statement_is_dated_by_the_day_in_the_city():
    late = replace(a_statement("green_purpose", True), at=datetime(2026, 3, 10, 17, 0, tzinfo=UTC))
    assert evidence.known(late).evidence[0].on == date(2026, 3, 11)


def test_a_claim_is_compared_with_what_its_bank_reported():
    bank, firm, other = uuid4(), uuid4(), uuid4()
    loan = Loan("HT-1", 100_000_000, date(2026, 1, 5), None, bank, "银行")
    claim = Claim(
        uuid4(), "S1", firm, "", "", loan, date(2026, 3, 1), "P", 435, 1, (), ClaimState.CLAIMED, 1, NOW, NOW,
    )  # fmt: skip

    def found(*reported):
        return subsidy.compared(claim, reported)

    assert found().agreement is Agreement.NOT_REPORTED
    assert found(ReportedLoan(firm, replace(loan, bank_id=other))).agreement is Agreement.NOT_REPORTED
    assert found(ReportedLoan(other, loan)).agreement is Agreement.ANOTHERS
    assert found(ReportedLoan(other, loan), ReportedLoan(firm, loan)).agreement is Agreement.AGREES
    differs = found(ReportedLoan(firm, replace(loan, principal_fen=30_000_000, repaid_on=date(2026, 2, 1))))
    assert (differs.agreement, [t.zh for t in differs.differs]) == (
        Agreement.DIFFERS,
        ["本金：银行报送 300,000.00 元", "还款日：银行报送 2026-02-01"],
    )


# Catalogue and classes


def test_catalogue_entries_are_found_by_words_names_first():
    def entry(code, name, **extra):
        return Entry(Kind.GREEN_CATALOGUE, code, name, date(2019, 2, 14), extra=extra)

    known = [
        entry("1", "节能环保产业"),
        entry("1.1", "高效节能装备制造"),
        entry("1.5", "节能改造", explanation="锅炉"),
        entry("2.1", "园区"),
    ]
    assert [e.code for e in classes.found(known, "节能")] == ["1", "1.1", "1.5"]
    assert [e.code for e in classes.found(known, "节能 锅炉")] == ["1.5"]
    assert classes.found(known, "  ") == []
    assert classes.class_of("C") == "industry"
    assert classes.class_of("I") == "services"
    assert classes.class_of(None) == "industry"
    assert {classes.class_of(s) for s in "ABCDEFGHIJKLMNOPQRST"} == {c.code for c in GREEN.classes}
