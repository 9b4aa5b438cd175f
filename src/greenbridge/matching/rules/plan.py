"""What a firm can change so that products open: the least steps, each plan re-run on the engine before it is told.

Only what a firm can rightly change is ever proposed: the terms it asks for, security it may offer, time, debts to pay, a list to leave.
Age backwards, invoices, court records, the grades others give are nobody's to change here.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.values import AnyRule, Applicant, Connective, Group, LoanProduct, Operator, Outcome, Rule, Value
from greenbridge.kit.money import FEN_PER_WAN
from greenbridge.matching.rules.bits import places_of
from greenbridge.matching.rules.engine import Compiled
from greenbridge.matching.rules.fits import all_in_bp
from greenbridge.matching.values import Facts, Plan, Policy, Step, StepKind

GROWS_WITH_TIME = ("firm_age_months", "legal_representative_unchanged_months")
OF_AMOUNT = {"amount_to_revenue": "revenue_12m_fen", "amount_to_vat": "vat_12m_fen"}
_TERMS = {"amount_fen": StepKind.AMOUNT, "term_months": StepKind.TERM, "max_annual_rate_bp": StepKind.RATE}
_SECURITY = {"guarantee_modes": StepKind.GUARANTEE, "collateral": StepKind.COLLATERAL}
_PUT_RIGHT = {"tax_arrears_fen": StepKind.PAY_ARREARS, "abnormal_listed": StepKind.LEAVE_LIST}
CHANGEABLE = frozenset({*_TERMS, *_SECURITY, *_PUT_RIGHT, *GROWS_WITH_TIME, *OF_AMOUNT})


def plans(compiled: Compiled, facts: Facts, policy: Policy, *, most: int = 8) -> list[Plan]:
    """Return the plans that open products, the fewest steps first, then the shortest time, the most opened, the lowest rate.

    A plan is not told that another one covers: no more steps, no later, all that it opens.
    """
    before = compiled.decide(facts)
    found: dict[tuple[Step, ...], Plan] = {}
    for place in places_of(compiled.all & ~before.passable, compiled.n):
        steps = repair(compiled.products[place], facts, policy)
        if steps is None or not 1 <= len(steps) <= policy.most_steps or steps in found:
            continue
        if plan := least(compiled, facts, steps, int(place), before.passable):
            found[plan.steps] = plan
    told = sorted(found.values(), key=_rank)
    return [p for i, p in enumerate(told) if not any(_covers(q, p) for q in told[:i])][:most]


def _rank(plan: Plan) -> tuple[int, int, int, int, tuple[str, ...]]:
    rate = plan.rate_after_bp if plan.rate_after_bp is not None else 10**6
    return len(plan.steps), plan.months, -len(plan.opened) - len(plan.conditional), rate, plan.opened


def _covers(one: Plan, other: Plan) -> bool:
    """Return whether one plan asks no more than another and opens all that it opens."""
    opened = {*one.opened, *one.conditional} >= {*other.opened, *other.conditional}
    return opened and len(one.steps) <= len(other.steps) and one.months <= other.months and not {*one.lost} - {*other.lost}


def least(compiled: Compiled, facts: Facts, steps: Sequence[Step], place: int, open_before: int) -> Plan | None:
    """Return the plan of the fewest of these steps that opens a product; None when the engine says that none does."""
    for size in range(1, len(steps) + 1):
        for some in combinations(steps, size):
            after = compiled.decide(changed(facts, some))
            if after.passable >> place & 1:
                return _plan(compiled, facts, some, open_before)
    return None


def _plan(compiled: Compiled, facts: Facts, steps: Sequence[Step], open_before: int) -> Plan:
    later = changed(facts, steps)
    after = compiled.decide(later)

    def codes(bits: int) -> tuple[str, ...]:
        return tuple(compiled.products[i].code for i in places_of(bits, compiled.n))

    def lowest(bits: int, seen: Facts) -> int | None:
        return min((all_in_bp(compiled.products[i], seen) for i in places_of(bits, compiled.n)), default=None)

    return Plan(
        tuple(steps),
        max(step.months for step in steps),
        codes(after.eligible & ~open_before),
        codes(after.conditional & ~open_before),
        codes(open_before & ~after.passable),
        lowest(open_before, facts),
        lowest(after.passable, later),
    )


def changed(facts: Facts, steps: Iterable[Step]) -> dict[str, Value | None]:
    """Return the facts after some steps: what time and the amount carry with them is carried too.

    Waiting seven months makes a firm of 17 months one of 24; half the amount halves its ratio to the revenue.
    """
    found = dict(facts)
    steps = tuple(steps)
    for step in steps:
        if step.kind is not StepKind.WAIT:
            found[step.fact] = step.after
    months = max((step.months for step in steps if step.kind is StepKind.WAIT), default=0)
    for fact in GROWS_WITH_TIME:
        held = found.get(fact)
        if months and isinstance(held, (int, float)):
            found[fact] = held + months
    asked = found.get("amount_fen")
    for ratio, whole in OF_AMOUNT.items():
        total = found.get(whole)
        if isinstance(asked, (int, float)) and isinstance(total, (int, float)) and total > 0 and facts.get(ratio) is not None:
            found[ratio] = asked / total
    return found


def repair(product: LoanProduct, facts: Facts, policy: Policy) -> tuple[Step, ...] | None:
    """Return the steps that mend every failed hard rule of a product, one a fact; None where one of them cannot be mended."""
    demands: list[Rule] = []
    for verdict in verdicts.verdicts(product, Applicant(facts)):
        if verdict.outcome is Outcome.FAIL and not verdict.rule.soft:
            mended = _mendable(verdict.rule, facts, policy)
            if mended is None:
                return None
            demands += mended
    steps: dict[str, Step] = {}
    for rule in demands:
        step = _step(rule, product, facts, policy)
        if step is None:
            return None
        known = steps.get(step.fact)
        steps[step.fact] = step if known is None else _stronger(known, step)
    return tuple(steps[fact] for fact in sorted(steps))


def _mendable(rule: AnyRule, facts: Facts, policy: Policy) -> list[Rule] | None:
    """Return the criteria to mend: of `any_of` the one that takes least time, of `all_of` each that fails."""
    if isinstance(rule, Rule):
        return [rule] if rule.fact in CHANGEABLE else None
    failed = [m for m in rule.members if verdicts.verdict(m, facts).outcome is Outcome.FAIL]
    if rule.connective is Connective.ALL_OF:
        return failed if all(m.fact in CHANGEABLE for m in failed) else None
    if rule.connective is Connective.NONE_OF:
        held = [m for m in rule.members if verdicts.verdict(m, facts).outcome is Outcome.PASS]
        return held if all(m.fact == "abnormal_listed" for m in held) else None
    options = [(step.months, i) for i, m in enumerate(failed) if (step := _step(m, None, facts, policy))]
    return [failed[min(options)[1]]] if options else None


def _stronger(one: Step, other: Step) -> Step:
    """Return the step that does both: of two waits the longer, of two amounts the smaller one asked for last, of two modes both."""
    if one.kind is StepKind.WAIT:
        return max(one, other, key=lambda step: step.months)
    if isinstance(one.after, tuple) and isinstance(other.after, tuple):
        return replace(one, after=tuple(sorted({*one.after, *other.after})))
    if isinstance(one.after, (int, float)) and isinstance(other.after, (int, float)):
        return one if one.after <= other.after else other
    return other


def _step(rule: Rule, product: LoanProduct | None, facts: Facts, policy: Policy) -> Step | None:
    held = facts.get(rule.fact)
    if rule.fact in GROWS_WITH_TIME:
        return _wait(rule, held, policy)
    if rule.fact in OF_AMOUNT:
        return _smaller_amount(rule, facts)
    if rule.fact in _SECURITY:
        return _security(rule, held)
    if rule.fact in _PUT_RIGHT:
        return _put_right(rule, held, policy)
    return _terms(rule, held, product)


def _terms(rule: Rule, held: Value | None, product: LoanProduct | None) -> Step | None:
    kind = _TERMS.get(rule.fact)
    if kind is None or isinstance(rule.limit, str) or not isinstance(held, (int, float)):
        return None
    low, high = (float(end) for end in rule.limit) if isinstance(rule.limit, tuple) else (float(rule.limit), float(rule.limit))
    after = int(low if held < low and rule.operator is not Operator.AT_MOST else high)
    if kind is StepKind.AMOUNT and product is not None and after < held:
        after = min(after, product.max_amount_fen, product.capacity_left_fen if product.capacity_left_fen is not None else after)
    return Step(kind, rule.fact, held, after, 0) if after > 0 else None


def _wait(rule: Rule, held: Value | None, policy: Policy) -> Step | None:
    if rule.operator is Operator.AT_MOST or not isinstance(held, (int, float)) or isinstance(rule.limit, str):
        return None
    wanted = float(rule.limit[0] if isinstance(rule.limit, tuple) else rule.limit)
    months = math.ceil(wanted - held)
    if not 0 < months <= policy.longest_wait_months:
        return None
    return Step(StepKind.WAIT, rule.fact, held, held + months, months)


def _smaller_amount(rule: Rule, facts: Facts) -> Step | None:
    whole, asked = facts.get(OF_AMOUNT[rule.fact]), facts.get("amount_fen")
    if rule.operator is Operator.AT_LEAST or not isinstance(whole, (int, float)) or isinstance(rule.limit, str):
        return None
    share = float(rule.limit[1] if isinstance(rule.limit, tuple) else rule.limit)
    after = int(share * whole // FEN_PER_WAN) * FEN_PER_WAN
    return Step(StepKind.AMOUNT, "amount_fen", asked, after, 0) if after > 0 else None


def _security(rule: Rule, held: Value | None) -> Step | None:
    if rule.operator is not Operator.IN or not isinstance(rule.limit, tuple):
        return None
    offered = held if isinstance(held, tuple) else ()
    return Step(_SECURITY[rule.fact], rule.fact, offered, tuple(sorted({*offered, str(rule.limit[0])})), 0)


def _put_right(rule: Rule, held: Value | None, policy: Policy) -> Step:
    if rule.fact == "tax_arrears_fen":
        return Step(StepKind.PAY_ARREARS, rule.fact, held, 0, policy.arrears_months)
    return Step(StepKind.LEAVE_LIST, rule.fact, held, after=False, months=policy.removal_months)


def missing(compiled: Compiled, facts: Facts) -> Mapping[str, tuple[str, ...]]:
    """Return unknown fact -> the products that fail nothing and ask for it: what a consent or a statement would settle."""
    decided = compiled.decide(facts)
    found: dict[str, list[str]] = {}
    for place in places_of(decided.conditional, compiled.n):
        product = compiled.products[place]
        for verdict in verdicts.verdicts(product, Applicant(facts)):
            if verdict.outcome is Outcome.UNKNOWN and not verdict.rule.soft:
                lacking = [m.rule for m in verdict.members if m.outcome is Outcome.UNKNOWN] or [verdict.rule]
                for rule in lacking:
                    if not isinstance(rule, Group) and product.code not in found.setdefault(rule.fact, []):
                        found[rule.fact].append(product.code)
    return {fact: tuple(codes) for fact, codes in sorted(found.items())}
