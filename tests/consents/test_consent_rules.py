from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbridge.accounts.values import StaffFunction
from greenbridge.consents import gateway, rules
from greenbridge.consents.values import Consent, Narrowing, Purpose, Scope, View, Withheld, WorkStep
from greenbridge.facts import service as facts

TODAY = date(2026, 3, 10)
LOAN_REVIEW = gateway.template(Purpose.LOAN_REVIEW, TODAY)
RM, REVIEWER = StaffFunction.RELATIONSHIP_MANAGER, StaffFunction.CREDIT_REVIEWER
SURVEY, APPROVAL = WorkStep.SURVEY, WorkStep.APPROVAL


def a_consent(**changes):
    granted_at = datetime(2026, 3, 1, tzinfo=UTC)
    consent = Consent(
        uuid4(), "C1", uuid4(), uuid4(), Purpose.LOAN_REVIEW, (SURVEY, APPROVAL), (RM, REVIEWER), Scope(4, 36), 200, "2026-1", "", granted_at,
        date(2026, 5, 1), None, None, None, None,
    )  # fmt: skip
    return replace(consent, **changes)


def refused(consents, step=SURVEY, function=RM, used=(0, 0), template=LOAN_REVIEW, purpose=Purpose.LOAN_REVIEW, today=TODAY):
    found = rules.refusal(consents, purpose, step, function, template, used, today)
    return found.code if found else None


@pytest.mark.parametrize(("template", "case"), gateway.cases(), ids=lambda x: str(getattr(x, "purpose", "")))
def test_every_templates_own_cases(template, case):
    level = template.levels.get(WorkStep(case["step"]), {}).get(StaffFunction(case["function"]), 0)
    assert (case["level"] <= level) is case["allowed"]


def test_a_template_caps_months_days_reads_and_steps():
    def problems(steps=(SURVEY,), **changes):
        return {p.field for p in rules.grant_problems(LOAN_REVIEW, steps, Narrowing(**changes), facts.described())}

    assert problems() == set()
    assert problems(months=36, days=90, max_reads=200, max_level=4) == set()
    assert problems(months=37, days=91, max_reads=201, max_level=6) == {"months", "days", "max_reads", "max_level"}
    assert problems(months=0, days=0, max_reads=0) == {"months", "days", "max_reads"}
    assert problems(steps=(WorkStep.POST_LOAN,)) == {"steps"}
    assert problems(functions=(StaffFunction.POST_LOAN_MANAGER,)) == {"functions"}
    assert problems(withheld=frozenset({"tax.paid", "tax.vat_invoices.counterparty_id"})) == set()
    assert problems(withheld=frozenset({"tax.nothing"})) == {"withheld"}


@pytest.mark.parametrize(
    ("changes", "asked", "code"),
    [
        ({}, {}, None),
        ({}, {"step": WorkStep.DISBURSEMENT}, "step-not-agreed"),
        ({}, {"function": None}, "function-not-agreed"),
        ({}, {"function": StaffFunction.POST_LOAN_MANAGER}, "function-not-agreed"),
        ({"functions": (REVIEWER,)}, {}, "function-not-agreed"),
        ({}, {"step": APPROVAL, "function": StaffFunction.DISBURSEMENT_OFFICER}, "function-not-agreed"),
        ({"max_reads": 3}, {"used": (2, 0)}, None),
        ({"max_reads": 3}, {"used": (3, 0)}, "reads-used-up"),
        ({}, {"used": (40, 40)}, "reads-of-today-used-up"),
        ({"expires_on": TODAY}, {}, None),
        ({"expires_on": date(2026, 3, 9)}, {}, "consent-over"),
        ({"ended_at": datetime(2026, 3, 9, tzinfo=UTC)}, {}, "consent-withdrawn"),
        ({}, {"purpose": Purpose.POST_LOAN}, "no-consent"),
        # The policy became narrower after the consent was granted: it is asked again at the read.
        ({}, {"template": replace(LOAN_REVIEW, max_reads=1), "used": (1, 0)}, "reads-used-up"),
        ({}, {"template": replace(LOAN_REVIEW, levels={SURVEY: {REVIEWER: 3}})}, "function-not-agreed"),
    ],
)
def test_a_read_is_refused_with_what_is_in_the_way(changes, asked, code):
    assert refused([a_consent(**changes)], **asked) == code


def test_a_bank_that_never_had_a_consent_learns_nothing():
    assert refused([]) == "no-consent"
    replaced = a_consent(ended_at=datetime(2026, 3, 2, tzinfo=UTC), replaced_by=uuid4())
    assert refused([replaced]) == "no-consent"
    assert refused([replaced, a_consent()]) is None


KEYS = sorted(facts.levels())


@given(
    key=st.sampled_from(KEYS),
    months=st.integers(0, 60),
    level=st.integers(1, 5),
    less=st.integers(0, 4),
    range_months=st.integers(1, 36),
    hidden=st.sets(st.sampled_from(KEYS), max_size=5),
    step=st.sampled_from([SURVEY, APPROVAL]),
)
def test_narrowing_and_views_never_show_more(key, months, level, less, range_months, hidden, step):
    """What a narrower consent or a bank's view shows, the wider one shows too."""
    sensitivity = facts.levels()[key]
    wide = rules.access(a_consent(scope=Scope(level, range_months)), step, REVIEWER, LOAN_REVIEW, None)
    narrow_scope = Scope(max(1, level - less), max(1, range_months - less), frozenset(hidden))
    narrow = rules.access(a_consent(scope=narrow_scope), step, REVIEWER, LOAN_REVIEW, None)
    viewed = rules.access(
        a_consent(scope=Scope(level, range_months)), step, REVIEWER, LOAN_REVIEW, View(step, REVIEWER, level, frozenset(hidden))
    )
    for less_open in (narrow, viewed):
        if rules.withheld(less_open, key, sensitivity, months) is None:
            assert rules.withheld(wide, key, sensitivity, months) is None


def test_each_reason_for_withholding_is_its_own():
    found = rules.access(
        a_consent(scope=Scope(4, 24, frozenset({"tax.paid", "registration.basic.address"}))),
        SURVEY,
        RM,
        LOAN_REVIEW,
        View(SURVEY, RM, 3, frozenset({"courts.judgments", "registration.basic.staff_count"})),
    )

    def why(key, months=0):
        return rules.withheld(found, key, facts.levels()[key], months)

    assert why("tax.paid.paid") is Withheld.BY_FIRM
    assert why("registration.basic.address") is Withheld.BY_FIRM
    assert why("tax.credit_grade.grade", 25) is Withheld.BY_FIRM
    assert why("tax.credit_grade.grade", 24) is None
    assert why("tax.vat_invoices.counterparty_id") is Withheld.BY_STEP
    assert why("courts.judgments.case_no") is Withheld.BY_BANK
    assert why("registration.basic.staff_count") is Withheld.BY_BANK
    assert why("registration.basic.name") is None


def test_a_consent_in_words_names_every_field_once():
    found = rules.access(a_consent(), SURVEY, RM, LOAN_REVIEW, None)
    words = rules.in_words(found, facts.described())
    assert sum(len(item.shown) + len(item.withheld) for _, items in words for item in items) == len(facts.levels())
    invoices = next(item for _, items in words for item in items if item.label.zh == "增值税发票")
    assert len(invoices.withheld) == 2
    assert all(not item.shown for _, items in rules.in_words(replace(found, step_level=0), facts.described()) for item in items)
