"""Plans: they really flip a refusal, ask the least, and never what nobody can change."""

from datetime import date
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from hypothesis import Phase, given, settings

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import Applicant, Connective, Eligibility, Group, Operator, Rule, Subject, Unit
from greenbridge.facts import service as departments
from greenbridge.matching import gateway
from greenbridge.matching.pages.places import places
from greenbridge.matching.rules import informing, plan
from greenbridge.matching.rules.engine import Compiled
from greenbridge.matching.rules.words import margin_text, rule_label
from greenbridge.matching.rules.words_of_plans import deliverer, plan_sentence, step_sentence
from greenbridge.matching.values import Basis, GradeOfDay, Plan, Step, StepKind
from greenbridge.needs.values import GuaranteeMode
from tests.builders import a_product
from tests.matching.worlds import applicants, catalogues

POLICY = gateway.policies()[0]
FIRM = {
    "amount_fen": 400_000_000, "term_months": 12, "max_annual_rate_bp": 500, "purpose": "working_capital", "guarantee_modes": ("credit",),
    "collateral": (), "region_code": "330502", "firm_age_months": 17, "default_probability": 0.05, "revenue_12m_fen": 500_000_000.0,
    "amount_to_revenue": 0.8, "tax_arrears_fen": 0, "abnormal_listed": False, "tax_grade": "B",
    "established_on": "2018-05-03",
}  # fmt: skip


def answer(product, facts):
    return verdicts.eligibility(verdicts.verdicts(product, Applicant(facts)))


def the_plan(*rules, facts=FIRM, **changes):
    product = a_product(entry_rules=rules, max_amount_fen=10**10, **changes)
    assert answer(product, facts) is Eligibility.NOT_ELIGIBLE
    found = plan.plans(Compiled([product]), facts, POLICY)
    for one in found:
        assert answer(product, plan.changed(facts, one.steps)) is not Eligibility.NOT_ELIGIBLE
    return found


def test_waiting_makes_a_firm_old_enough_and_says_how_long():
    (found,) = the_plan(Rule("firm_age_months", Operator.AT_LEAST, 24))
    (step,) = found.steps
    assert (step.kind, step.months, step.after) == (StepKind.WAIT, 7, 24)
    assert found.opened == ("TEST-1",)
    assert step_sentence(step).zh == "再等 7 个月，成立时间满 24 个月"
    assert plan_sentence(found).zh.endswith("新开放 1 个产品")


def test_a_smaller_amount_carries_its_ratio_along():
    (found,) = the_plan(Rule("amount_to_revenue", Operator.AT_MOST, 0.3))
    assert [(s.fact, s.after) for s in found.steps] == [("amount_fen", 150_000_000)]
    assert plan.changed(FIRM, found.steps)["amount_to_revenue"] == 0.3


def test_one_smaller_amount_does_for_the_limit_and_for_the_ratio():
    product = a_product(entry_rules=(Rule("amount_to_revenue", Operator.AT_MOST, 0.3),), max_amount_fen=300_000_000)
    (found,) = plan.plans(Compiled([product]), FIRM, POLICY)
    assert [(s.fact, s.after) for s in found.steps] == [("amount_fen", 150_000_000)]


def test_arrears_are_paid_and_a_list_is_left():
    facts = {**FIRM, "tax_arrears_fen": 5_000_000, "abnormal_listed": True}
    listed = Rule("abnormal_listed", Operator.IN, (True,))
    (found,) = the_plan(Rule("tax_arrears_fen", Operator.AT_MOST, 0), Group(Connective.NONE_OF, (listed,)), facts=facts)
    assert {s.kind for s in found.steps} == {StepKind.PAY_ARREARS, StepKind.LEAVE_LIST}
    assert found.months == 1


def test_of_a_group_only_what_can_be_changed_is_proposed():
    group = Group(Connective.ANY_OF, (Rule("tax_grade", Operator.IN, ("A",)), Rule("firm_age_months", Operator.AT_LEAST, 24)))
    (found,) = the_plan(group)
    assert [s.kind for s in found.steps] == [StepKind.WAIT]


def test_nothing_is_proposed_that_a_firm_cannot_change():
    for rule in (
        Rule("firm_age_months", Operator.AT_MOST, 12),
        Rule("established_on", Operator.BEFORE, "2010-01-01"),
        Rule("tax_grade", Operator.IN, ("A",)),
        Rule("default_probability", Operator.AT_MOST, 0.01),
        Rule("revenue_12m_fen", Operator.AT_LEAST, 10**10),
        Rule("region_code", Operator.IN, ("320000",)),
        Rule("purpose", Operator.IN, ("agriculture",)),
        Rule("firm_age_months", Operator.AT_LEAST, 24 + 17 + 1),
    ):
        assert the_plan(rule) == []


def test_a_plan_of_two_steps_is_not_told_where_one_of_them_opens_as_much():
    both = a_product(code="BOTH", entry_rules=(Rule("firm_age_months", Operator.AT_LEAST, 24),), max_amount_fen=300_000_000)
    one = a_product(code="ONE", max_amount_fen=300_000_000, entry_rules=())
    found = plan.plans(Compiled([both, one]), FIRM, POLICY)
    assert [(len(p.steps), p.opened) for p in found] == [(1, ("ONE",)), (2, ("BOTH", "ONE"))]


def test_what_is_missing_is_said_with_who_waits_for_it():
    product = a_product(entry_rules=(Rule("insured_staff", Operator.AT_LEAST, 5),), max_amount_fen=10**10)
    assert plan.missing(Compiled([product]), FIRM) == {"insured_staff": ("TEST-1",)}


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(catalogues(), applicants)
def test_every_plan_opens_what_it_says_and_touches_only_what_can_be_changed(products, facts):
    by_code = {p.code: p for p in products}
    for one in plan.plans(Compiled(products), facts, POLICY):
        assert {step.fact for step in one.steps} <= plan.CHANGEABLE
        assert all(not (s.kind is StepKind.WAIT and s.after <= s.before) for s in one.steps)
        later = plan.changed(facts, one.steps)
        for code in (*one.opened, *one.conditional):
            assert answer(by_code[code], facts) is Eligibility.NOT_ELIGIBLE
            expected = Eligibility.ELIGIBLE if code in one.opened else Eligibility.CONDITIONAL
            assert answer(by_code[code], later) is expected
        for code in one.lost:
            assert answer(by_code[code], later) is Eligibility.NOT_ELIGIBLE
        assert one.opened or one.conditional


def test_plans_say_one_and_many_and_what_runs_together():
    young = Step(StepKind.WAIT, "firm_age_months", 23, 24, 1)
    new = Step(StepKind.WAIT, "legal_representative_unchanged_months", 5, 12, 7)
    bare = Step(StepKind.GUARANTEE, "guarantee_modes", ("mortgage",), ("credit", "mortgage"), 0)
    assert step_sentence(young).en == "wait 1 month: Age of the firm will be 24 months"
    for mode in GuaranteeMode:
        assert step_sentence(Step(StepKind.GUARANTEE, "guarantee_modes", (), (mode.value,), 0)).en.startswith("also ")
    assert step_sentence(bare).en == "also accept an unsecured loan"
    both = plan_sentence(Plan((young, new), 7, ("P0",), (), (), None, None))
    assert "，同时再等 7 个月" in both.zh
    assert "; meanwhile wait 7 months" in both.en
    assert both.en.endswith("opens 1 product")
    with_terms = plan_sentence(Plan((young, bare), 1, ("P0", "P1"), (), (), None, None))
    assert with_terms.zh.startswith("担保方式增加信用")
    assert with_terms.en.endswith("opens 2 products")


def test_distances_and_rules_are_said_in_words():
    assert (margin_text(40_000_000, Unit.FEN).zh, margin_text(-7, Unit.MONTHS).zh) == ("+40 万元", "-7 个月")
    assert (rule_label("revenue_12m_fen").zh, rule_label("any_of").zh) == ("近 12 个月开票收入", "多选一条件")


def greenish(grade, possible):
    return GradeOfDay(grade, possible, 0.4, Basis.SYSTEM, "HZ-GREEN-RECON-1", date(2026, 3, 10))


def test_a_source_that_would_settle_a_product_is_named_with_what_it_would_have_to_tell():
    wants = (Rule("insured_staff", Operator.AT_LEAST, 20), Rule("electricity_growth_12m", Operator.AT_LEAST, 0.1))
    products = [a_product(code="P-1", entry_rules=wants[:1]), a_product(code="P-2", entry_rules=wants[1:])]
    facts = {**FIRM, "amount_fen": 100_000_000}
    assert {answer(p, facts) for p in products} == {Eligibility.CONDITIONAL}
    found = informing.informing(Compiled(products), facts, None, POLICY)
    assert {(p.steps[0].kind, p.steps[0].fact, p.steps[0].after, p.opened) for p in found} == {
        (StepKind.DELIVERY, "insured_staff", 20.0, ("P-1",)),
        (StepKind.DELIVERY, "electricity_growth_12m", 0.1, ("P-2",)),
    }
    for one in found:
        later = {**facts, **{s.fact: s.after for s in one.steps}}
        assert [p.code for p in products if answer(p, later) is Eligibility.ELIGIBLE] == list(one.opened)
    said = {plan_sentence(p).zh for p in found}
    assert "待人力资源和社会保障局交付社保缴费数据后可判断，如社保参保人数为 20：1 个产品由待定转为符合" in said
    assert not any("授权" in one for one in said)  # a firm's own match reads all that came, whatever it consented to


def test_who_must_deliver_is_who_the_catalogue_of_departments_says():
    known = departments.catalogue().items
    for fact in FACTS.values():
        item = informing.item_of(fact.name)
        assert (item is None) == (fact.about is not Subject.FIRM or fact.name == "green_grade")
        said = deliverer(fact.name)
        assert item is None or (said is not None and said.zh == known[item].department.zh)


def test_steps_that_have_a_place_in_the_product_lead_to_it():
    need, amount = UUID(int=7), Step(StepKind.AMOUNT, "amount_fen", 400_000_000, 150_000_000, 0)
    modes = Step(StepKind.GUARANTEE, "guarantee_modes", ("credit",), ("credit", "pledge"), 0)
    wait = Step(StepKind.WAIT, "firm_age_months", 23, 24, 1)

    def led(*steps):
        return [href for href, _ in places(Plan(steps, 0, ("P",), (), (), None, None), need)]

    (again,) = led(amount, modes, wait)
    assert parse_qs(urlsplit(again).query) == {"like": [str(need)], "amount_fen": ["150000000"], "guarantee_modes": ["credit,pledge"]}
    assert led(Step(StepKind.STATE, "first_loan", None, after=True, months=0)) == [f"/enterprise/needs/new?like={need}"]
    assert led(Step(StepKind.EVIDENCE, "green_grade", "light", "mid", 1)) == ["/enterprise/green"]
    assert led(Step(StepKind.LEAVE_LIST, "abnormal_listed", before=True, after=False, months=1)) == ["/enterprise/records"]
    assert led(wait) == led(Step(StepKind.DELIVERY, "insured_staff", None, 20.0, 0)) == []


def test_green_evidence_is_proposed_as_far_as_unknown_points_allow_and_no_further():
    product = a_product(code="G", entry_rules=(), green_grades=("deep", "mid"), min_annual_rate_bp=400, green_rate_cut_bp=(("mid", 30),))
    facts = {**FIRM, "amount_fen": 100_000_000, "green_grade": "light"}
    assert answer(product, facts) is Eligibility.NOT_ELIGIBLE
    assert informing.informing(Compiled([product]), facts, greenish("light", "light"), POLICY) == []
    (one,) = informing.informing(Compiled([product]), facts, greenish("light", "mid"), POLICY)
    (step,) = one.steps
    assert (step.kind, step.before, step.after, one.opened, one.rate_after_bp) == (StepKind.EVIDENCE, "light", "mid", ("G",), 370)
    assert one.months == POLICY.evidence_months
    assert answer(product, {**facts, "green_grade": step.after}) is Eligibility.ELIGIBLE


@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(catalogues(), applicants)
def test_what_settling_plans_promise_the_plain_engine_keeps(products, facts):
    for one in informing.informing(Compiled(products), facts, greenish(facts["green_grade"], "deep"), POLICY):
        later = {**facts, **{step.fact: step.after for step in one.steps}}
        before = {p.code for p in products if answer(p, facts) is Eligibility.ELIGIBLE}
        after = {p.code for p in products if answer(p, later) is Eligibility.ELIGIBLE}
        assert after - before == {*one.opened}
        assert one.opened
        assert {p.code for p in products if answer(p, facts) is not Eligibility.NOT_ELIGIBLE} - {
            p.code for p in products if answer(p, later) is not Eligibility.NOT_ELIGIBLE
        } == {*one.lost}
