"""A draft product on a population, in counts that tell of nobody: coarse limits, small counts hidden, steady noise, rounding."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace
from math import floor, log10

import numpy as np

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.vocabulary import FACTS, NUMERIC_UNITS
from greenbridge.catalog.values import AnyRule, Branch, Group, LoanProduct, Operator, Rule, Subject
from greenbridge.matching.rules.bits import Rows, width
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


def counted(draft: LoanProduct, population: Population) -> tuple[AnyRule, ...]:
    """Return the hard rules that a draft is counted by, coarse, without those that alone keep out fewer than K firms.

    A rule that makes a difference of a few firms would tell of them: it is left out, so that the draft with and without it is one.
    """
    rules = tuple(dict.fromkeys(rule for rule in verdicts.all_rules(coarse(draft)) if not rule.soft))
    rows = {rule: population.rows(rule, draft.branches) for rule in rules}
    kept = list(rules)
    for rule in rules:
        others = [rows[other] for other in kept if other != rule]
        failed, unknown = _joined(others, population)
        mine = _joined([rows[rule]], population)
        alone = (mine[0] & ~failed) | (mine[1] & ~failed & ~unknown)
        if ones(alone) < K and len(kept) > 1:
            kept.remove(rule)
    return tuple(kept)


def _joined(rows: Sequence[tuple[Rows | None, Rows | None]], population: Population) -> tuple[Rows, Rows]:
    failed, unknown = np.zeros((2, width(population.of.n)), dtype=np.uint64)
    for fails, lacks in rows:
        if fails is not None:
            failed |= fails
        if lacks is not None:
            unknown |= lacks
    return failed, unknown


def told(count: int, of: int, asked: str, key: bytes) -> int | None:
    """Return a count as it may be told, in steps of 5; None for fewer than some ten, none included; nearly all is told as all.

    The noise, at most 4 either way, is drawn from what is asked: asked again it is the same, so that no average removes it, and two
    questions whose answers differ by one firm have noises of their own. From which count on a number is told is drawn too, 10 at the
    least: nine firms that somebody knows and one more are not told apart from nine.
    """
    drawn = int.from_bytes(hmac.new(key, asked.encode(), hashlib.sha256).digest()[:8], "big") % (2 * NOISE + 1) - NOISE
    if count + drawn < K + NOISE:
        return None
    if of - count - drawn < K + NOISE:
        return STEP * round(of / STEP)
    return max(K, STEP * round((count + drawn) / STEP))


def fingerprint(rules: Sequence[AnyRule], branches: Sequence[Branch]) -> str:
    """Return what tells one counted draft from another."""
    return "\n".join(sorted(map(repr, rules)) + sorted(map(repr, branches)))


def dry_run(draft: LoanProduct, others: Sequence[LoanProduct], population: Population, key: bytes, left_today: int) -> DryRun:
    """Return whom a draft would reach, which rules refuse how many, and how many of its firms other products take as well.

    The bank's own products one by one, other banks' together: a bank is not shown its rivals' products.
    """
    n = population.of.n
    rules = counted(draft, population)
    asked = fingerprint(rules, draft.branches)
    failed, unknown = _joined([population.rows(rule, draft.branches) for rule in rules], population)
    eligible = ~(failed | unknown)
    if n % 64:
        eligible[-1] &= (1 << n % 64) - 1
    refusals = []
    for rule in rules:
        fails, _ = population.rows(rule, draft.branches)
        if fails is not None:
            refusals.append((rule.name, told(ones(fails), n, f"refused by {rule!r}", key)))
    overlaps = []
    rivals = np.zeros_like(eligible)
    for other in others:
        found = population.reach(other)
        both = eligible & ~(found.failed | found.unknown)
        if other.bank.code == draft.bank.code:
            overlaps.append((other.code, told(ones(both), n, f"{asked} and {other.code} {other.version}", key)))
        else:
            rivals |= both
    return DryRun(
        STEP * round(n / STEP) if n >= K else None,
        told(ones(eligible), n, f"eligible {asked}", key),
        told(ones(unknown & ~failed), n, f"conditional {asked}", key),
        told(ones(failed), n, f"refused {asked}", key),
        tuple(sorted(refusals, key=lambda pair: (-(pair[1] or 0), pair[0]))),
        tuple(sorted(overlaps, key=lambda pair: (-(pair[1] or 0), pair[0]))),
        told(ones(rivals), n, f"others {asked}", key),
        left_today,
    )
