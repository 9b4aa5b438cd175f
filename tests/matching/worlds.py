"""Random products and firms: for properties, and for benchmarks."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from greenbridge.catalog.rules.vocabulary import FACTS, GREEN_GRADES, SIZES, TAX_GRADES
from greenbridge.catalog.values import Bank, Branch, Connective, Group, LoanProduct, Operator, Rule, Unit
from greenbridge.needs.values import Collateral, GuaranteeMode, Purpose
from tests.builders import a_product

REGIONS = ("330502", "330503", "330521", "330500", "330000", "330402", "320102", "000000")
PLACES = ("330502", "330503", "330521", "330402", "320102", "110101")
INDUSTRIES = ("C1742", "C17", "F5171", "I6510", "A0141")
DATES = ("2019-12-31", "2020-01-01", "2020-02-29", "2024-06-30")
# Few values, so that limits and facts meet exactly often.
NUMBERS = {
    Unit.FEN: (0, 5_000_000, 100_000_000, 100_000_001, 300_000_000),
    Unit.BASIS_POINTS: (350, 400, 435, 500),
    Unit.MONTHS: (0, 6, 12, 24, 36),
    Unit.SHARE: (-0.1, 0.0, 0.1, 0.12, 0.2, 0.3),
    Unit.COUNT: (0, 1, 2, 20),
    Unit.TIMES: (0.5, 5, 7.5),
}
WORDS = {"tax_grade": TAX_GRADES, "enterprise_size": SIZES, "green_grade": GREEN_GRADES, "purpose": tuple(Purpose)}
SETS = {"guarantee_modes": tuple(GuaranteeMode), "collateral": tuple(Collateral)}


def some(options: tuple[Any, ...], least: int = 1, most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(options), min_size=least, max_size=most, unique=True).map(tuple)


def values(fact: str) -> st.SearchStrategy[Any]:
    """A value of a fact, or unknown."""
    unit = FACTS[fact].unit
    if unit in NUMBERS:
        known: st.SearchStrategy[Any] = st.sampled_from(NUMBERS[unit])
    elif fact in SETS:
        known = some(SETS[fact], 0)
    else:
        by_unit = {Unit.DATE: DATES, Unit.YES_NO: (False, True), Unit.REGION: PLACES, Unit.INDUSTRY: INDUSTRIES}
        known = st.sampled_from(WORDS.get(fact) or by_unit[unit])
    return st.one_of(known, known, known, st.none())


@st.composite
def criteria(draw: st.DrawFn) -> Rule:
    fact = draw(st.sampled_from(sorted(FACTS)))
    unit = FACTS[fact].unit
    if unit in NUMBERS or unit is Unit.DATE:
        options = DATES if unit is Unit.DATE else NUMBERS[unit]
        operator = draw(st.sampled_from([Operator.AT_LEAST, Operator.AT_MOST, Operator.BETWEEN]))
        if unit is Unit.DATE and draw(st.booleans()):
            operator = Operator.BEFORE
        if operator is Operator.BETWEEN:
            low, high = sorted((draw(st.sampled_from(options)), draw(st.sampled_from(options))))
            return Rule(fact, operator, (low, high))
        return Rule(fact, operator, draw(st.sampled_from(options)))
    words = {Unit.REGION: REGIONS, Unit.INDUSTRY: ("C", "17", "C1742", "F", "A"), Unit.YES_NO: (False, True)}
    limit = draw(some(words.get(unit) or FACTS[fact].words))
    operator = Operator.IN if unit is Unit.YES_NO else draw(st.sampled_from([Operator.IN, Operator.NOT_IN]))
    return Rule(fact, operator, limit)


@st.composite
def rules(draw: st.DrawFn) -> Rule | Group:
    soft, weight = draw(st.booleans()), draw(st.sampled_from([0.5, 1.0, 3.0]))
    if draw(st.integers(0, 3)):
        return replace(draw(criteria()), soft=soft, weight=weight)
    members = tuple(draw(st.lists(criteria(), min_size=1, max_size=3)))
    return Group(draw(st.sampled_from(list(Connective))), members, soft=soft, weight=weight)


@st.composite
def products(draw: st.DrawFn, number: int = 0) -> LoanProduct:
    bank = draw(st.sampled_from(["GB01", "GB02", "GB03"]))
    amounts = sorted(draw(st.lists(st.sampled_from([5_000_000, 100_000_000, 300_000_000]), min_size=2, max_size=2)))
    return a_product(
        code=f"P{number}",
        bank=Bank(bank, bank),
        min_amount_fen=amounts[0],
        max_amount_fen=amounts[1],
        min_annual_rate_bp=draw(st.sampled_from([350, 400, 435])),
        max_annual_rate_bp=draw(st.sampled_from([500, 700])),
        guarantee_modes=draw(some(SETS["guarantee_modes"])),
        collateral=draw(some(SETS["collateral"], 0, 2)),
        purposes=draw(some(WORDS["purpose"])),
        regions=draw(some(REGIONS)),
        max_default_probability=draw(st.sampled_from([0.1, 0.2])),
        decision_working_days=draw(st.sampled_from([1, 5, 30])),
        entry_rules=tuple(draw(st.lists(rules(), max_size=5))),
        branches=tuple(Branch(r, a) for r in draw(some(REGIONS, 0)) for a in [draw(st.sampled_from([0, 100_000_000, 10**10]))]),
        capacity_left_fen=draw(st.sampled_from([None, 50_000_000, 10**10])),
        yearly_fee_bp=draw(st.sampled_from([0, 50])),
        industries_out=draw(some(("C17", "F"), 0, 1)),
        sizes=draw(some(SIZES, 0, 2)),
        first_loan_only=draw(st.booleans()),
        green_rate_cut_bp=draw(st.sampled_from([(), (("deep", 30), ("mid", 20))])),
    )


@st.composite
def catalogues(draw: st.DrawFn, most: int = 6) -> list[LoanProduct]:
    return [draw(products(number)) for number in range(draw(st.integers(1, most)))]


applicants = st.fixed_dictionaries({fact: values(fact) for fact in FACTS if not fact.startswith("branch_")})
