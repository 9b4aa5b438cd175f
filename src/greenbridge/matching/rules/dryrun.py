"""A draft product on a population, in counts that tell of nobody: coarse limits, small counts hidden, steady noise, rounding."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace
from math import floor, log10

import numpy as np

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.vocabulary import FACTS, NUMERIC_UNITS
from greenbridge.catalog.values import AnyRule, Group, LoanProduct, Operator, Rule, Subject
from greenbridge.matching.rules.bits import Rows
from greenbridge.matching.rules.population import Population, ones
from greenbridge.matching.values import DryRun

K = 10
STEP = 5
NOISE = 4
DAILY_BUDGET = 20


def coarse(product: LoanProduct) -> LoanProduct:
    """Return a draft as it is counted: limits on firms' numbers in two digits, so that two drafts that hardly differ are one.

    3,127,000 yuan of revenue counts as 3,100,000; terms of the need are left as they are, they are the bank's own frame.
    """
    return replace(
        product,
        entry_rules=tuple(_coarse(rule) for rule in product.entry_rules),
        max_default_probability=_two_digits(product.max_default_probability),
    )


def _coarse(rule: AnyRule) -> AnyRule:
    if isinstance(rule, Group):
        return replace(rule, members=tuple(_coarse_criterion(member) for member in rule.members))
    return _coarse_criterion(rule)


def _coarse_criterion(rule: Rule) -> Rule:
    fact = FACTS[rule.fact]
    if fact.unit not in NUMERIC_UNITS or fact.about is Subject.BRANCH or rule.operator is Operator.IN:
        return rule
    if isinstance(rule.limit, tuple):
        return replace(rule, limit=tuple(_two_digits(float(end)) for end in rule.limit))
    return replace(rule, limit=_two_digits(float(rule.limit)))


def _two_digits(value: float) -> float:
    """Return a number in two digits: `_two_digits(312_700) == 310_000`."""
    return value if value == 0 else round(value, 1 - floor(log10(abs(value))))


def told(count: int, of: int, who: bytes, key: bytes) -> int | None:
    """Return a count as it may be told, in steps of 5; None for fewer than some ten, none included; nearly all is told as all.

    The noise, at most 4 either way, is drawn from the set of firms itself: asked again it is the same, so that no average removes it,
    and a set that differs by one firm has another one, so that no difference of two counts says whether that firm is in it. From which
    count on a number is told is drawn too, 10 at the least: nine firms that somebody knows and one more are not told apart from nine.
    """
    drawn = int.from_bytes(hmac.new(key, who, hashlib.sha256).digest()[:8], "big") % (2 * NOISE + 1) - NOISE
    if count + drawn < K + NOISE:
        return None
    if of - count - drawn < K + NOISE:
        return STEP * round(of / STEP)
    return max(K, STEP * round((count + drawn) / STEP))


def count(row: Rows, of: int, key: bytes) -> int | None:
    """Return how many firms are in a row, as it may be told."""
    return told(ones(row), of, row.tobytes(), key)


def dry_run(draft: LoanProduct, others: Sequence[LoanProduct], population: Population, key: bytes, left_today: int) -> DryRun:
    """Return whom a draft would reach, which rules refuse how many, and how many of its firms other products take as well.

    The bank's own products one by one, other banks' together: a bank is not shown its rivals' products.
    """
    n = population.of.n
    counted = coarse(draft)
    reach = population.reach(counted)
    eligible = ~(reach.failed | reach.unknown)
    _clear_rest(eligible, n)
    conditional = reach.unknown & ~reach.failed
    refusals = []
    for rule in verdicts.all_rules(counted):
        fails, _ = population.rows(rule, counted.branches)
        if fails is not None and not rule.soft:
            refusals.append((rule.name, count(fails, n, key)))
    overlaps = []
    rivals = np.zeros_like(eligible)
    for other in others:
        found = population.reach(other)
        both = eligible & ~(found.failed | found.unknown)
        if other.bank.code == draft.bank.code:
            overlaps.append((other.code, count(both, n, key)))
        else:
            rivals |= both
    shown = sorted(overlaps, key=lambda pair: (-(pair[1] or 0), pair[0]))
    return DryRun(
        STEP * round(n / STEP) if n >= K else None,
        count(eligible, n, key),
        count(conditional, n, key),
        count(reach.failed, n, key),
        tuple(sorted(refusals, key=lambda pair: (-(pair[1] or 0), pair[0]))),
        tuple(shown),
        count(rivals, n, key),
        left_today,
    )


def _clear_rest(row: Rows, n: int) -> None:
    """Clear the bits behind the last firm."""
    used = n % 64
    if used and len(row):
        row[-1] &= (1 << used) - 1
