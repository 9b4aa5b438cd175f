"""What would settle products that wait for data: evidence of green business, a department's delivery, a word with the need.

What a source will tell is not known beforehand. A plan says what it would have to be, and what the engine answers then; of several
values the one is told that settles the most products and closes the fewest, and of those the least demanding one.
"""

from collections.abc import Iterator, Mapping, Sequence

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.vocabulary import FACTS, GREEN_GRADES
from greenbridge.catalog.values import Group, LoanProduct, Rule, Subject, Unit, Value
from greenbridge.facts.rules import items
from greenbridge.kit.text import Text
from greenbridge.matching.rules.bits import places_of
from greenbridge.matching.rules.columns import ORDERED_UNITS
from greenbridge.matching.rules.engine import Compiled, Decision
from greenbridge.matching.rules.fits import all_in_bp
from greenbridge.matching.rules.plan import missing
from greenbridge.matching.values import Facts, GradeOfDay, Plan, Policy, Step, StepKind

GREEN = "green_grade"
OF_INVOICES = "revenue_12m_fen"
# Which day a firm was founded, and where it lies: no value of these is better than another.
_UNTOLD = frozenset({Unit.DATE, Unit.REGION, Unit.INDUSTRY})


_DELIVERED = {
    "tax_grade": items.TAX_GRADE,
    "tax_arrears_fen": items.TAX_ARREARS,
    "defendant_cases_24m": items.JUDGMENTS,
    "open_enforcements": items.ENFORCEMENT,
    "dishonesty_listed": items.DISHONESTY,
    "penalties_24m": items.PENALTIES,
    "abnormal_listed": items.ABNORMAL_LIST,
    "severe_listed": items.SEVERE_LIST,
    "insured_staff": items.SOCIAL_INSURANCE,
    "electricity_growth_12m": items.ELECTRICITY,
    **dict.fromkeys(
        ("region_code", "industry", "enterprise_size", "established_on", "firm_age_months", "legal_representative_unchanged_months"),
        items.REGISTRATION,
    ),
}


def source_of(fact: str) -> Text:
    """Return which data would make a fact known: a model's answer comes of the data that it reads."""
    return FACTS[OF_INVOICES if fact == "default_probability" else fact].source


def item_of(fact: str) -> str | None:
    """Return the code of the item without which a fact is unknown; None for what no department delivers."""
    if fact == GREEN or FACTS[fact].about is not Subject.FIRM:
        return None
    return _DELIVERED.get(fact, items.VAT_INVOICES)


def informing(compiled: Compiled, facts: Facts, green: GradeOfDay | None, policy: Policy, *, most: int = 4) -> list[Plan]:
    """Return plans that settle products, those that make the most eligible first; each is the engine's answer to its own steps."""
    before = compiled.decide(facts)
    waiting = missing(compiled, facts)
    found = [_settling(compiled, facts, before, steps) for steps in _asked(compiled, facts, waiting)]
    found += [_settling(compiled, facts, before, (step,)) for step in _greener(facts, green, policy)]
    told = [plan for plan in found if plan is not None]
    return sorted(told, key=lambda p: (-len(p.opened), len(p.lost), p.months, p.steps[0].fact))[:most]


def _asked(compiled: Compiled, facts: Facts, waiting: Mapping[str, Sequence[str]]) -> Iterator[tuple[Step, ...]]:
    """Yield the steps of each source: what it would have to tell of every fact that products wait for."""
    by_source: dict[str, list[Step]] = {}
    products = {p.code: p for p in compiled.products}
    for fact, codes in waiting.items():
        name = FACTS[fact]
        if fact == GREEN or name.unit in _UNTOLD or name.about is Subject.BRANCH:
            continue
        value = _best(compiled, facts, fact, [products[code] for code in codes])
        if value is not None:
            kind = StepKind.STATE if name.about is Subject.NEED else StepKind.DELIVERY
            by_source.setdefault(source_of(fact).zh, []).append(Step(kind, fact, None, value, 0))
    yield from (tuple(steps) for steps in by_source.values())


def _best(compiled: Compiled, facts: Facts, fact: str, products: Sequence[LoanProduct]) -> Value | None:
    """Return the value of a fact that fails the fewest of the products that wait for it; of equal ones the first."""
    before = compiled.decide(facts).passable
    ranked = []
    for place, value in enumerate(_candidates(fact, products)):
        after = compiled.decide({**facts, fact: value})
        ranked.append(((before & ~after.passable).bit_count(), -after.eligible.bit_count(), place, value))
    return min(ranked, key=lambda one: one[:3])[3] if ranked else None


def _candidates(fact: str, products: Sequence[LoanProduct]) -> list[Value]:
    """Return values to try: the limits of the rules on a fact, the smallest first; its words; yes and no."""
    unit = FACTS[fact].unit
    if unit is Unit.YES_NO:
        return [False, True]
    if unit not in ORDERED_UNITS:
        return [(word,) if unit is Unit.WORDS else word for word in FACTS[fact].words]
    limits: set[float] = set()
    for product in products:
        for rule in verdicts.all_rules(product):
            for one in rule.members if isinstance(rule, Group) else (rule,):
                limits |= _limits(one) if one.fact == fact else set()
    return sorted(limits)


def _limits(rule: Rule) -> set[float]:
    ends = rule.limit if isinstance(rule.limit, tuple) else (rule.limit,)
    return {float(end) for end in ends if isinstance(end, (int, float))}


def _greener(facts: Facts, green: GradeOfDay | None, policy: Policy) -> Iterator[Step]:
    """Yield the better grades that a firm may still prove, the nearest first: none above what its unknown points allow."""
    if green is None or green.possible is None:
        return
    held = facts.get(GREEN)
    better = GREEN_GRADES[GREEN_GRADES.index(green.possible) : GREEN_GRADES.index(str(held)) if held in GREEN_GRADES else -1]
    for grade in reversed(better):
        yield Step(StepKind.EVIDENCE, GREEN, held, grade, policy.evidence_months)


def _settling(compiled: Compiled, facts: Facts, before: Decision, steps: Sequence[Step]) -> Plan | None:
    """Return what the engine says of the facts after the steps; None where no product becomes eligible."""
    later: dict[str, Value | None] = {**facts, **{step.fact: step.after for step in steps}}
    after = compiled.decide(later)
    opened = after.eligible & ~before.eligible
    if not opened:
        return None

    def codes(bits: int) -> tuple[str, ...]:
        return tuple(compiled.products[i].code for i in places_of(bits, compiled.n))

    def lowest(bits: int, seen: Facts) -> int | None:
        return min((all_in_bp(compiled.products[i], seen) for i in places_of(bits, compiled.n)), default=None)

    return Plan(
        tuple(steps),
        max(step.months for step in steps),
        codes(opened),
        (),
        codes(before.passable & ~after.passable),
        lowest(before.eligible, facts),
        lowest(after.eligible, later),
    )
