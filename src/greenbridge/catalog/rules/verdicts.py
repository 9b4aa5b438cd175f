"""The plain reference of the rule language: a product's rules against an applicant, one after the other."""

import math
from collections.abc import Iterable, Mapping
from datetime import date

from greenbridge.catalog.rules.branches import branch_facts
from greenbridge.catalog.rules.language import covered, fits
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import (
    AnyRule,
    Applicant,
    Case,
    Connective,
    Eligibility,
    Group,
    LoanProduct,
    Operator,
    Outcome,
    Rule,
    Unit,
    Value,
    Verdict,
)

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


def all_rules(product: LoanProduct) -> tuple[AnyRule, ...]:
    """Return every rule of a product: its frame (region, amount, rate, term, purpose, security, whom it is for), its entry rules, its
    risk limit.
    """
    frame: list[AnyRule] = [
        Rule("region_code", Operator.IN, product.regions, "region"),
        Rule("amount_fen", Operator.AT_LEAST, product.min_amount_fen, "offer"),
        Rule("amount_fen", Operator.AT_MOST, product.max_amount_fen, "offer"),
        Rule("term_months", Operator.AT_LEAST, product.min_term_months, "offer"),
        Rule("term_months", Operator.AT_MOST, product.max_term_months, "offer"),
        Rule("max_annual_rate_bp", Operator.AT_LEAST, product.min_annual_rate_bp, "offer"),
        Rule("purpose", Operator.IN, tuple(product.purposes), "offer"),
        Rule("guarantee_modes", Operator.IN, tuple(product.guarantee_modes), "offer"),
    ]
    if product.collateral:
        frame.append(Rule("collateral", Operator.IN, tuple(product.collateral), "offer"))
    if product.capacity_left_fen is not None:
        frame.append(Rule("amount_fen", Operator.AT_MOST, product.capacity_left_fen, "capacity"))
    if product.industries:
        frame.append(Rule("industry", Operator.IN, product.industries))
    if product.industries_out:
        frame.append(Rule("industry", Operator.NOT_IN, product.industries_out))
    if product.sizes:
        frame.append(Rule("enterprise_size", Operator.IN, product.sizes))
    if product.first_loan_only:
        frame.append(Rule("first_loan", Operator.IN, (True,)))
    if product.green_grades:
        frame.append(Rule("green_grade", Operator.IN, product.green_grades))
    risk = Rule("default_probability", Operator.AT_MOST, product.max_default_probability, "risk")
    return (*frame, *product.entry_rules, risk)


def verdict(rule: AnyRule, facts: Mapping[str, Value | None]) -> Verdict:
    """Return one rule's answer; `age at_least 24` with 17 fails with margin -7."""
    if isinstance(rule, Group):
        members = tuple(verdict(member, facts) for member in rule.members)
        return Verdict(rule, joined(rule.connective, [m.outcome for m in members]), None, None, members)
    value = facts.get(rule.fact)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return Verdict(rule, UNKNOWN, None, None)
    passed, margin = compare(rule, value)
    return Verdict(rule, PASS if passed else FAIL, value, margin)


def joined(connective: Connective, outcomes: Iterable[Outcome]) -> Outcome:
    """Return a group's answer, Kleene's: `any_of` passes when one passes, whatever is unknown; fails when all fail; else is unknown.

    `all_of` is the mirror image; `none_of` is `any_of` turned round, where unknown stays unknown.
    """
    found = set(outcomes)
    if connective is Connective.ALL_OF:
        return FAIL if FAIL in found else UNKNOWN if UNKNOWN in found else PASS
    some = PASS if PASS in found else UNKNOWN if UNKNOWN in found else FAIL
    if connective is Connective.ANY_OF:
        return some
    return {PASS: FAIL, FAIL: PASS, UNKNOWN: UNKNOWN}[some]


def compare(rule: Rule, value: Value) -> tuple[bool, float | None]:
    """Return (whether a known value passes, its margin)."""
    unit, limit, operator = FACTS[rule.fact].unit, rule.limit, rule.operator
    if operator in {Operator.IN, Operator.NOT_IN}:
        allowed = limit if isinstance(limit, tuple) else (limit,)
        if isinstance(value, (bool, tuple)):
            held = bool(set(value) & set(allowed)) if isinstance(value, tuple) else value in allowed
        else:
            held = covered(unit, allowed, str(value))
        return held is (operator is Operator.IN), None
    low, high = limit if isinstance(limit, tuple) else (limit, limit)
    below, above = _distance(value, low, unit), _distance(high, value, unit)
    if operator is Operator.BETWEEN:
        margin = min(below, above)
    elif operator is Operator.AT_LEAST:
        margin = below
    else:  # the last day before a day is one day away from it, and has no distance left
        margin = above - (operator is Operator.BEFORE)
    return margin >= 0, margin


def _distance(more: Value | float | str, less: Value | float | str, unit: Unit) -> float:
    if unit is Unit.DATE:
        return float((date.fromisoformat(str(more)) - date.fromisoformat(str(less))).days)
    if isinstance(more, (str, tuple)) or isinstance(less, (str, tuple)):
        raise TypeError("not a number")
    return float(more - less)


def facts_for(product: LoanProduct, applicant: Applicant) -> Mapping[str, Value | None]:
    """Return the applicant's facts with those of the product's branch that is nearest."""
    return {**applicant.facts, **branch_facts(product.branches, applicant.facts.get("region_code"))}


def verdicts(product: LoanProduct, applicant: Applicant) -> tuple[Verdict, ...]:
    """Return the answers of all rules, in the product's order."""
    facts = facts_for(product, applicant)
    return tuple(verdict(rule, facts) for rule in all_rules(product))


def eligibility(found: Iterable[Verdict]) -> Eligibility:
    """Return the product's answer: one failed hard rule is enough to refuse; soft rules refuse nobody and withhold nothing."""
    outcomes = {v.outcome for v in found if not v.rule.soft}
    if FAIL in outcomes:
        return Eligibility.NOT_ELIGIBLE
    return Eligibility.CONDITIONAL if UNKNOWN in outcomes else Eligibility.ELIGIBLE


def case_problems(product: LoanProduct, case: Case, typical: Mapping[str, Value | None]) -> list[str]:
    """Return where a case's promise and the rules differ; facts that the case does not name are `typical` ones."""
    if unknown := set(case.facts) - set(FACTS):
        return [f"unknown facts {sorted(unknown)}"]
    if wrong := [name for name, value in case.facts.items() if value is not None and not fits(value, FACTS[name].unit)]:
        return [f"facts of the wrong kind {sorted(wrong)}"]
    found = [v for v in verdicts(product, Applicant({**typical, **case.facts})) if not v.rule.soft]
    got = eligibility(found)
    fails = {v.rule.name for v in found if v.outcome is FAIL}
    missing = {v.rule.name for v in found if v.outcome is UNKNOWN}
    problems = []
    if got is not case.expect:
        problems.append(f"expected {case.expect.value}, got {got.value}")
    if fails != case.fails:
        problems.append(f"expected to fail {sorted(case.fails)}, failed {sorted(fails)}")
    if missing != case.unknown:
        problems.append(f"expected unknown {sorted(case.unknown)}, unknown {sorted(missing)}")
    return problems
