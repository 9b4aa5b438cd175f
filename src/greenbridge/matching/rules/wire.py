"""Ranked, explained matches as JSON. Each distinct rule of the shown products is judged and put into words once an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.branches import branch_facts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import AnyRule, Branch, Group, LoanProduct, Rule, Subject, Verdict
from greenbridge.kit.text import Language
from greenbridge.matching.rules.words import amount, demand, sentence, short_by
from greenbridge.matching.values import PARTS, Facts, Match, Policy

_encode = msgspec.json.Encoder().encode
Key = tuple[AnyRule, tuple[Branch, ...]]


def verdict_json(v: Verdict, language: Language) -> dict[str, Any]:
    """Return one rule's answer. `margin` is in `unit` (days for dates), 0 or more inside the limit, negative short of it.

    A group's `operator` is any_of, all_of or none_of, and its `members` have the values.
    """
    rule = v.rule
    if isinstance(rule, Group):
        fact, label, operator, limit, unit = None, "", rule.connective.value, None, ""
    else:
        name = FACTS[rule.fact]
        fact, label, operator, limit, unit = name.name, name.label.in_(language), rule.operator.value, rule.limit, name.unit.value
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
        "text": sentence(v).in_(language),
        "members": [verdict_json(member, language) for member in v.members],
    }


def place_json(m: Match, policy: Policy) -> dict[str, Any]:
    """Return a match's place and fits: the parts of its total, and what each adds in six digits, of which the total is the sum."""
    fit = m.fit
    parts = {name: getattr(fit, name) for name in PARTS}
    points = {name: round(policy.weights[name] * part, 6) for name, part in parts.items()}
    total = round(sum(points.values()), 6)
    return {
        "rank": m.rank,
        "merit_rank": m.merit_rank,
        "eligibility": m.eligibility.value,
        "region_fit": round(fit.region, 4),
        "rule_fit": round(fit.rule, 4),
        "risk_fit": round(fit.risk, 4),
        "total_fit": round(total, 4),
        "fit": {"parts": {name: round(part, 6) for name, part in parts.items()}, "points": points, "total": total},
    }


def product_json(product: LoanProduct, language: Language) -> dict[str, Any]:
    """Return what a match says of its product, whoever asks."""
    return {
        "product_code": product.code,
        "product_version": product.version,
        "product": product.name_en if language == "en" else product.name,
        "bank": product.bank.name,
        "min_annual_rate_bp": product.min_annual_rate_bp,
        "max_annual_rate_bp": product.max_annual_rate_bp,
    }


def head_json(m: Match, policy: Policy, language: Language) -> dict[str, Any]:
    """Return a match without its rules: place, fits, product."""
    return {**place_json(m, policy), **product_json(m.product, language)}


@dataclass(frozen=True, slots=True)
class _Static:
    """What an answer to a criterion says whatever the applicant: JSON around the values, the demand in both languages, escaped."""

    rule: Rule
    fact: str
    opening: tuple[str, str]
    demand: tuple[str, str]
    closing: str

    @classmethod
    def of(cls, rule: Rule) -> "_Static":
        fact, asked = FACTS[rule.fact], demand(rule)
        openings = [
            f'{{"fact":"{fact.name}","label":{_text(label)},"operator":"{rule.operator.value}","outcome":"'
            for label in (fact.label.zh, fact.label.en)
        ]
        limit, soft = _encode(rule.limit).decode(), "true" if rule.soft else "false"
        closing = f'","limit":{limit},"unit":"{fact.unit.value}","soft":{soft},"weight":{rule.weight:g},"members":[]}}'
        demands = (f"，{_text(asked.zh)[1:-1]}", f"; {_text(asked.en)[1:-1]}")
        return cls(rule, fact.name, (openings[0], openings[1]), demands, closing)


def _text(text: str) -> str:
    return _encode(text).decode()


def _members(found: dict[str, Any]) -> str:
    """Return an object in JSON without its braces."""
    return _encode(found).decode()[1:-1]


class Explainer:
    """The distinct rules of a catalogue, and of each product what an answer says whatever the applicant."""

    def __init__(self, products: Sequence[LoanProduct]) -> None:
        places: dict[Key, int] = {}
        self._of: dict[int, tuple[int, ...]] = {}
        self._heads: dict[int, tuple[str, str]] = {}
        for product in products:
            own = []
            for rule in verdicts.all_rules(product):
                members = rule.members if isinstance(rule, Group) else (rule,)
                local = any(FACTS[m.fact].about is Subject.BRANCH for m in members)
                own.append(places.setdefault((rule, product.branches if local else ()), len(places)))
            self._of[id(product)] = tuple(own)
            self._heads[id(product)] = _members(product_json(product, "zh")), _members(product_json(product, "en"))
        self._products = tuple(products)  # their identities are kept alive
        self._rules = list(places)
        self._static = [_Static.of(rule) if isinstance(rule, Rule) and not branches else None for rule, branches in self._rules]

    def encoded(self, matches: Sequence[Match], facts: Facts, policy: Policy, language: Language) -> bytes:
        """Return the matches as a JSON list, with every rule of each: the bytes of `head_json` and `verdict_json`, key by key."""
        made: dict[int, str] = {}
        held: dict[str, tuple[str, str]] = {}
        at = 1 if language == "en" else 0
        found = []
        for match in matches:
            rules = []
            for place in self._of[id(match.product)]:
                piece = made.get(place)
                if piece is None:
                    piece = made[place] = self._piece(place, facts, language, at, held)
                rules.append(piece)
            found.append(f'{{{_members(place_json(match, policy))},{self._heads[id(match.product)][at]},"verdicts":[{",".join(rules)}]}}')
        return f"[{','.join(found)}]".encode()

    def _piece(self, place: int, facts: Facts, language: Language, at: int, held: dict[str, tuple[str, str]]) -> str:
        static = self._static[place]
        value = facts.get(static.fact) if static else None
        if static is None or value is None or value != value:  # noqa: PLR0124  NaN is unknown
            rule, branches = self._rules[place]
            seen = {**facts, **branch_facts(branches, facts.get("region_code"))} if branches else facts
            return _encode(verdict_json(verdicts.verdict(rule, seen), language)).decode()
        said = held.get(static.fact)
        if said is None:
            fact = FACTS[static.fact]
            label = fact.label.en + ": " if at else fact.label.zh + " "
            said = held[static.fact] = _encode(value).decode(), _text(label + amount(fact.unit, value).in_(language))[1:-1]
        passed, margin = verdicts.compare(static.rule, value)
        outcome = "pass" if passed else "fail"
        number = "null" if margin is None else repr(float(margin))
        short = short_by(static.rule, FACTS[static.fact], margin).in_(language) if not passed and margin is not None else ""
        head = f'{static.opening[at]}{outcome}","value":{said[0]},"margin":{number},"text":"{said[1]}'
        return f"{head}{static.demand[at]}{_text(short)[1:-1] if short else ''}{static.closing}"
