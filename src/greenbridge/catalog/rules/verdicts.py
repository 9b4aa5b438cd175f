"""A product's rules against an applicant: pass, fail or unknown, with value, limit, margin and unit."""

import math
from collections.abc import Callable, Iterable, Mapping

from greenbridge.catalog.rules.vocabulary import FACTS, NUMERIC_UNITS
from greenbridge.catalog.values import (
    Applicant,
    Case,
    Eligibility,
    LoanProduct,
    Operator,
    Outcome,
    Rule,
    Unit,
    Value,
    Verdict,
)

Covers = Callable[[tuple[str, ...], str], bool]


def all_rules(product: LoanProduct) -> tuple[Rule, ...]:
    """Return every rule of a product: its frame (amount, rate, term, purpose, security, region), its entry rules, its risk limit."""
    frame = [
        Rule("region_code", Operator.IN_REGION, product.regions, "region"),
        Rule("amount_fen", Operator.AT_LEAST, product.min_amount_fen, "offer"),
        Rule("amount_fen", Operator.AT_MOST, product.max_amount_fen, "offer"),
        Rule("term_months", Operator.AT_LEAST, product.min_term_months, "offer"),
        Rule("term_months", Operator.AT_MOST, product.max_term_months, "offer"),
        Rule("max_annual_rate_bp", Operator.AT_LEAST, product.min_annual_rate_bp, "offer"),
        Rule("purpose", Operator.ONE_OF, tuple(product.purposes), "offer"),
        Rule("guarantee_modes", Operator.INCLUDES_ANY, tuple(product.guarantee_modes), "offer"),
    ]
    if product.collateral:
        frame.append(Rule("collateral", Operator.INCLUDES_ANY, tuple(product.collateral), "offer"))
    risk = Rule("default_probability", Operator.AT_MOST, product.max_default_probability, "risk")
    return (*frame, *product.entry_rules, risk)


def verdict(rule: Rule, value: Value | None, covers: Covers) -> Verdict:
    """Return one rule's answer; `age at_least 24` with 17 fails with margin -7."""
    if value is None:
        return Verdict(rule, Outcome.UNKNOWN, None, None)
    passed, margin = _compare(rule, value, covers)
    return Verdict(rule, Outcome.PASS if passed else Outcome.FAIL, value, margin)


def _compare(rule: Rule, value: Value, covers: Covers) -> tuple[bool, float | None]:
    limit = rule.limit
    if rule.operator in {Operator.AT_LEAST, Operator.AT_MOST}:
        if isinstance(value, (str, tuple)) or isinstance(limit, (str, tuple)):
            raise TypeError(f"{rule.fact} is not a number")
        margin = float(value - limit) if rule.operator is Operator.AT_LEAST else float(limit - value)
        return margin >= 0, margin
    if rule.operator is Operator.IS:
        return value == limit, None
    allowed = limit if isinstance(limit, tuple) else (str(limit),)
    if rule.operator is Operator.IN_REGION:
        return covers(allowed, str(value)), None
    if rule.operator is Operator.ONE_OF:
        return str(value) in allowed, None
    held = value if isinstance(value, tuple) else (str(value),)
    return bool(set(held) & set(allowed)), None


def verdicts(product: LoanProduct, applicant: Applicant, covers: Covers) -> tuple[Verdict, ...]:
    """Return the answers of all rules, in the product's order."""
    return tuple(verdict(rule, applicant.facts.get(rule.fact), covers) for rule in all_rules(product))


def eligibility(found: Iterable[Verdict]) -> Eligibility:
    """Return the product's answer: one failed rule is enough to refuse."""
    outcomes = {v.outcome for v in found}
    if Outcome.FAIL in outcomes:
        return Eligibility.NOT_ELIGIBLE
    return Eligibility.CONDITIONAL if Outcome.UNKNOWN in outcomes else Eligibility.ELIGIBLE


def rule_problem(rule: Rule) -> str | None:
    """Return what is wrong with a rule as written: unknown fact, an operator that does not fit, a limit of the wrong kind."""
    fact = FACTS.get(rule.fact)
    if fact is None:
        return f"unknown fact {rule.fact!r}; known: {', '.join(sorted(FACTS))}"
    comparisons = {Operator.AT_LEAST, Operator.AT_MOST}
    if (fact.unit in NUMERIC_UNITS) != (rule.operator in comparisons):
        return f"{rule.fact} ({fact.unit.value}) cannot be compared with {rule.operator.value}"
    if not _fits(rule.limit, fact.unit):
        return f"the limit of {rule.fact} must be {_KINDS.get(fact.unit, 'a number')}"
    return None


_KINDS = {Unit.YES_NO: "true or false", Unit.WORD: "one word or more"}


def _fits(value: Value, unit: Unit) -> bool:
    if unit is Unit.YES_NO:
        return isinstance(value, bool)
    if unit is Unit.WORD:
        return isinstance(value, (str, tuple)) and len(value) > 0
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def case_problems(product: LoanProduct, case: Case, typical: Mapping[str, Value | None], covers: Covers) -> list[str]:
    """Return where a case's promise and the rules differ; facts that the case does not name are `typical` ones."""
    if unknown := set(case.facts) - set(FACTS):
        return [f"unknown facts {sorted(unknown)}"]
    if wrong := [name for name, value in case.facts.items() if value not in (None, ()) and not _fits(value, FACTS[name].unit)]:
        return [f"facts of the wrong kind {sorted(wrong)}"]
    found = verdicts(product, Applicant({**typical, **case.facts}), covers)
    got = eligibility(found)
    fails = {v.rule.fact for v in found if v.outcome is Outcome.FAIL}
    missing = {v.rule.fact for v in found if v.outcome is Outcome.UNKNOWN}
    problems = []
    if got is not case.expect:
        problems.append(f"expected {case.expect.value}, got {got.value}")
    if fails != case.fails:
        problems.append(f"expected to fail {sorted(case.fails)}, failed {sorted(fails)}")
    if missing != case.unknown:
        problems.append(f"expected unknown {sorted(case.unknown)}, unknown {sorted(missing)}")
    return problems


def typical_facts(product: LoanProduct) -> dict[str, Value | None]:
    """Return facts that pass every rule of the product: what a case changes one thing of."""
    facts: dict[str, Value | None] = {}
    for rule in all_rules(product):
        if rule.operator is Operator.INCLUDES_ANY:
            facts[rule.fact] = rule.limit if isinstance(rule.limit, tuple) else (str(rule.limit),)
        elif rule.operator in {Operator.ONE_OF, Operator.IN_REGION}:
            facts[rule.fact] = rule.limit[0] if isinstance(rule.limit, tuple) else rule.limit
        else:
            facts[rule.fact] = rule.limit
    return facts
