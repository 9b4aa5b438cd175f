"""One match, one verdict as JSON, plainly: the reference of `explainer`."""

from typing import Any

import numpy as np

from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import Group, LoanProduct, Verdict
from greenbridge.kit.text import Language
from greenbridge.matching.rules.words import sentence
from greenbridge.matching.values import PARTS, Match, Policy


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


def rounded(value: float, digits: int) -> float:
    """Return a number in so many digits, a half going to the even neighbour as arrays do it. `rounded(0.12345678, 6) == 0.123457`."""
    return float(np.rint(value * 10**digits) / 10**digits)


def place_json(m: Match, policy: Policy) -> dict[str, Any]:
    """Return a match's place and fits: the parts of its total, and what each adds in six digits, of which the total is the sum."""
    fit = m.fit
    parts = {name: getattr(fit, name) for name in PARTS}
    points = {name: rounded(policy.weights[name] * part, 6) for name, part in parts.items()}
    total = rounded(sum(points.values()), 6)
    return {
        "rank": m.rank,
        "merit_rank": m.merit_rank,
        "eligibility": m.eligibility.value,
        "region_fit": rounded(fit.region, 4),
        "rule_fit": rounded(fit.rule, 4),
        "risk_fit": rounded(fit.risk, 4),
        "total_fit": rounded(total, 4),
        "fit": {"parts": {name: rounded(part, 6) for name, part in parts.items()}, "points": points, "total": total},
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
