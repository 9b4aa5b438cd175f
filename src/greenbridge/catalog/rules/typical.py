"""An applicant whom a product takes: what a case changes one thing of."""

from collections.abc import Iterator

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import Connective, Group, LoanProduct, Operator, Outcome, Rule, Unit, Value

_USUAL: dict[Unit, tuple[Value, ...]] = {
    Unit.YES_NO: (False, True),
    Unit.DATE: ("2000-01-01", "2099-12-31"),
    Unit.REGION: ("330502", "110101"),
    Unit.INDUSTRY: ("C1742", "F5171", "A0141"),
    Unit.WORDS: ((),),
    Unit.WORD: ("other",),
}


def typical_facts(product: LoanProduct) -> dict[str, Value | None]:
    """Return facts that pass every rule of the product, where any do: for each fact the first candidate that keeps all demands.

    Of `any_of` the first member is kept, of `none_of` every member is broken.
    """
    demands: dict[str, list[tuple[Rule, Outcome]]] = {}
    for rule in verdicts.all_rules(product):
        members = rule.members if isinstance(rule, Group) else (rule,)
        if isinstance(rule, Group) and rule.connective is Connective.ANY_OF:
            members = members[:1]
        wanted = Outcome.FAIL if isinstance(rule, Group) and rule.connective is Connective.NONE_OF else Outcome.PASS
        for member in members:
            demands.setdefault(member.fact, []).append((member, wanted))
    return {fact: _first(fact, asked) for fact, asked in demands.items()}


def _first(fact: str, asked: list[tuple[Rule, Outcome]]) -> Value:
    offered = list(_candidates(fact, [rule for rule, _ in asked]))
    kept = (v for v in offered if all(verdicts.verdict(rule, {fact: v}).outcome is wanted for rule, wanted in asked))
    return next(kept, offered[0])


def _candidates(fact: str, rules: list[Rule]) -> Iterator[Value]:
    unit, words = FACTS[fact].unit, FACTS[fact].words
    for rule in reversed(rules):
        limits = rule.limit if isinstance(rule.limit, tuple) else (rule.limit,)
        if unit is Unit.WORDS and rule.operator is Operator.IN:
            yield tuple(str(limit) for limit in limits)
        for limit in limits:
            yield (str(limit),) if unit is Unit.WORDS else _inside(unit, limit)
            if isinstance(limit, (int, float)) and not isinstance(limit, bool):
                yield limit - 1
                yield limit + 1
    yield from ((word,) for word in words) if unit is Unit.WORDS else words
    yield from _USUAL.get(unit, (0, 1))


def _inside(unit: Unit, limit: str | bool | float) -> Value:
    """Return a value inside a node of a tree: section C holds C1742; a city's code stands for its district."""
    if unit is Unit.INDUSTRY and isinstance(limit, str):
        return limit if limit[:1].isalpha() and len(limit) > 1 else f"{limit}1742" if limit.isalpha() else f"C{limit}"
    return limit
