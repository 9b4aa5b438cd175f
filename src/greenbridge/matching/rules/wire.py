"""Ranked, explained matches as JSON. Each distinct rule of the shown products is judged and put into words once an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.branches import branch_facts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import AnyRule, Branch, Group, LoanProduct, Rule, Subject, Value, Verdict
from greenbridge.kit.text import Language, Text
from greenbridge.matching.rules.words import criterion_sentence, demand, sentence
from greenbridge.matching.values import PARTS, Facts, Match, Policy

_encode = msgspec.json.Encoder().encode
Key = tuple[AnyRule, tuple[Branch, ...]]


def verdict_json(v: Verdict, language: Language, asked: Text | None = None) -> dict[str, Any]:
    """Return one rule's answer. `margin` is in `unit` (days for dates), 0 or more inside the limit, negative short of it.

    A group's `operator` is any_of, all_of or none_of, and its `members` have the values. `asked`: the demand, in words already.
    """
    rule = v.rule
    if isinstance(rule, Group):
        fact, label, operator, limit, unit = None, "", rule.connective.value, None, ""
        text = sentence(v)
    else:
        name = FACTS[rule.fact]
        fact, label, operator, limit, unit = name.name, name.label.in_(language), rule.operator.value, rule.limit, name.unit.value
        text = criterion_sentence(rule, name, asked or demand(rule), v.outcome, v.value, v.margin)
    return {
        "fact": fact,
        "label": label,
        "operator": operator,
        "outcome": v.outcome.value,
        "value": v.value,
        "limit": limit,
        "margin": v.margin,
        "unit": unit,
        "soft": rule.soft,
        "weight": rule.weight,
        "text": text.in_(language),
        "members": [verdict_json(member, language) for member in v.members],
    }


def head_json(m: Match, policy: Policy, language: Language) -> dict[str, Any]:
    """Return a match without its rules: place, product, the parts of its total and what each adds."""
    product, fit = m.product, m.fit
    parts = {name: round(getattr(fit, name), 6) for name in PARTS}
    return {
        "rank": m.rank,
        "merit_rank": m.merit_rank,
        "product_code": product.code,
        "product_version": product.version,
        "product": product.name_en if language == "en" else product.name,
        "bank": product.bank.name,
        "eligibility": m.eligibility.value,
        "region_fit": round(fit.region, 4),
        "rule_fit": round(fit.rule, 4),
        "risk_fit": round(fit.risk, 4),
        "total_fit": round(fit.total, 4),
        "fit": {
            "parts": parts,
            "points": {name: round(policy.weights[name] * part, 6) for name, part in parts.items()},
            "total": round(fit.total, 6),
        },
        "min_annual_rate_bp": product.min_annual_rate_bp,
        "max_annual_rate_bp": product.max_annual_rate_bp,
    }


class Explainer:
    """The distinct rules of a catalogue, their demands in words already."""

    def __init__(self, products: Sequence[LoanProduct]) -> None:
        places: dict[Key, int] = {}
        self._of: dict[int, tuple[int, ...]] = {}
        for product in products:
            own = []
            for rule in verdicts.all_rules(product):
                members = rule.members if isinstance(rule, Group) else (rule,)
                local = any(FACTS[m.fact].about is Subject.BRANCH for m in members)
                own.append(places.setdefault((rule, product.branches if local else ()), len(places)))
            self._of[id(product)] = tuple(own)
        self._products = tuple(products)  # their identities are kept alive
        self._rules = list(places)
        self._demands = [demand(rule) if isinstance(rule, Rule) else None for rule, _ in self._rules]

    def encoded(self, matches: Sequence[Match], facts: Facts, policy: Policy, language: Language) -> bytes:
        """Return the matches as a JSON list, with every rule of each."""
        made: dict[int, bytes] = {}
        found = []
        for match in matches:
            rules = []
            for place in self._of[id(match.product)]:
                piece = made.get(place)
                if piece is None:
                    piece = made[place] = self._piece(place, facts, language)
                rules.append(piece)
            head = _encode(head_json(match, policy, language))
            found.append(head[:-1] + b',"verdicts":[' + b",".join(rules) + b"]}")
        return b"[" + b",".join(found) + b"]"

    def _piece(self, place: int, facts: Mapping[str, Value | None], language: Language) -> bytes:
        rule, branches = self._rules[place]
        seen = {**facts, **branch_facts(branches, facts.get("region_code"))} if branches else facts
        return _encode(verdict_json(verdicts.verdict(rule, seen), language, self._demands[place]))
