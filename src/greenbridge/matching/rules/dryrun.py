"""A draft product on a population, in counts that tell of nobody: coarse limits, small counts hidden, steady noise, rounding."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import floor, log10

import numpy as np

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.vocabulary import FACTS, NUMERIC_UNITS
from greenbridge.catalog.values import AnyRule, Branch, Connective, Group, LoanProduct, Operator, Rule, Subject
from greenbridge.matching.rules.bits import Rows, width
from greenbridge.matching.rules.population import Population, ones
from greenbridge.matching.values import DryRun

K = 10
STEP = 5
OF_FIRMS, OF_QUESTION = 2, 3
NOISE = OF_FIRMS + OF_QUESTION
FEW = 3
DAILY_BUDGET = 20


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """A draft as it is counted: the rules that stand, each with the firms that it refuses, and what becomes of every firm, a bit each.

    `asked` says what is asked in one spelling: two drafts that differ in names, order, spelling or in rules without effect have one.
    """

    n: int
    rules: tuple[tuple[AnyRule, str, Rows], ...]
    eligible: Rows
    conditional: Rows
    failed: Rows

    @property
    def asked(self) -> str:
        """What tells one counted draft from another."""
        return "\n".join(sorted({said for _, said, _ in self.rules}))


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


def counted(draft: LoanProduct, population: Population) -> Counted:
    """Return a draft as it is counted: by all its hard rules, coarse, but for those that together decide on fewer than FEW firms.

    Such rules would tell of those firms: the draft with and without them is one. What goes is bounded for all of them together, the
    narrowest first, so that rules that overlap do not fall one after the other: no count is further than FEW - 1 from that of all rules.
    """
    n = population.of.n
    rules = tuple(dict.fromkeys(rule for rule in verdicts.all_rules(coarse(draft)) if not rule.soft))
    rows = {rule: _filled(population.rows(rule, draft.branches), n) for rule in rules}
    failed, unknown = _joined(rows.values(), n)
    spelt = {rule: spelling(rule, draft.branches) for rule in rules}

    def narrowest(rule: AnyRule) -> tuple[int, bytes, bytes, int, str]:
        fails, lacks = rows[rule]
        return ones(fails | lacks), fails.tobytes(), lacks.tobytes(), -len(spelt[rule]), spelt[rule]

    standing = sorted(rules, key=narrowest)
    for rule in tuple(standing):
        others = [other for other in standing if other is not rule]
        fails, lacks = _joined([rows[other] for other in others], n)
        if ones((failed ^ fails) | ((unknown & ~failed) ^ (lacks & ~fails))) < FEW:
            standing = others
    failed, unknown = _joined([rows[rule] for rule in standing], n)
    told_of = tuple((rule, spelt[rule], rows[rule][0]) for rule in standing)
    return Counted(n, told_of, _within(~(failed | unknown), n), unknown & ~failed, failed)


def spelling(rule: AnyRule, branches: Sequence[Branch]) -> str:
    """Return a rule in the one spelling of all that ask the same: words sorted, a group of one as its member, branches without names."""
    members = rule.members if isinstance(rule, Group) else (rule,)
    said = sorted({f"{m.fact} {m.operator.value} {_limit(m)}" for m in members})
    joined = rule.connective.value if isinstance(rule, Group) else ""
    if len(said) == 1 and joined != Connective.NONE_OF.value:
        joined = ""
    local = any(FACTS[m.fact].about is Subject.BRANCH for m in members)
    return f"{joined} {said} {sorted({(b.region_code, b.approval_limit_fen) for b in branches}) if local else ''}"


def _limit(rule: Rule) -> str:
    if rule.operator in {Operator.IN, Operator.NOT_IN} and isinstance(rule.limit, tuple):
        return repr(sorted({str(one) for one in rule.limit}))
    ends = rule.limit if isinstance(rule.limit, tuple) else (rule.limit,)
    return repr([end if isinstance(end, str) else float(end) for end in ends])


def _filled(rows: tuple[Rows | None, Rows | None], n: int) -> tuple[Rows, Rows]:
    fails, lacks = (np.zeros(width(n), dtype=np.uint64) if row is None else row for row in rows)
    return fails, lacks


def _joined(rows: Iterable[tuple[Rows, Rows]], n: int) -> tuple[Rows, Rows]:
    failed, unknown = np.zeros((2, width(n)), dtype=np.uint64)
    for fails, lacks in rows:
        failed |= fails
        unknown |= lacks
    return failed, unknown


def _within(row: Rows, n: int) -> Rows:
    """Return a row without the bits behind the last firm."""
    if n % 64:
        row[-1] &= (1 << n % 64) - 1
    return row


def told(row: Rows, of: int, asked: str, key: bytes) -> int | None:
    """Return a count of firms as it may be told, in steps of 5; None for fewer than some ten, none included; nearly all is told as all.

    The noise, at most 5 either way, has two parts. One, of at most 2, is drawn from the firms counted and a secret: however a question
    is put, the same firms have the same, so that no average over spellings removes it. One, of at most 3, is drawn from what is asked
    (in one spelling): without it, equal answers to two questions would say that no firm lies between them. From which count on a number
    is told is drawn too, 10 at the least with the FEW - 1 firms that a count may be off: nine firms that somebody knows and one more
    are not told apart.
    """
    count = ones(row)
    drawn = _noise(row.tobytes(), key, OF_FIRMS) + _noise(f"{of} {asked}".encode(), key, OF_QUESTION)
    least = K + NOISE + FEW - 1
    if count + drawn < least:
        return None
    if of - count - drawn < least:
        return STEP * round(of / STEP)
    return max(K, STEP * round((count + drawn) / STEP))


def _noise(of: bytes, key: bytes, most: int) -> int:
    return int.from_bytes(hmac.new(key, of, hashlib.sha256).digest()[:8], "big") % (2 * most + 1) - most


def parts(eligible: int | None, conditional: int | None, of: int) -> tuple[int | None, int | None, int | None]:
    """Return (eligible, conditional, refused) as told, that add up to all firms as told: the refused are what the others leave.

    Numbers under ten stay hidden and are counted with the refused: `parts(None, 20, 60) == (None, 20, 40)`; where noise brought the two
    above all, the larger gives way: `parts(45, 20, 60) == (40, 20, None)`.
    """
    first, second = eligible or 0, conditional or 0
    if first + second > of:
        first, second = (of - second, second) if first >= second else (first, of - first)
    refused = of - first - second
    return first if first >= K else None, second if second >= K else None, refused if refused >= K else None


def dry_run(of: Counted, bank: str, others: Sequence[LoanProduct], population: Population, key: bytes, left_today: int) -> DryRun:
    """Return whom a draft of a bank would reach, which rules refuse how many, and how many of its firms other products take as well.

    The bank's own products one by one, other banks' together: a bank is not shown its rivals' products.
    """
    n = of.n

    refusals = [(rule.name, told(rows, n, f"refused by {said}", key)) for rule, said, rows in of.rules if rows.any()]
    overlaps = []
    rivals = np.zeros_like(of.eligible)
    for other in others:
        found = population.reach(other)
        both = of.eligible & ~(found.failed | found.unknown)
        if other.bank.code == bank:
            overlaps.append((other.code, told(both, n, f"{of.asked} and {other.code} {other.version}", key)))
        else:
            rivals |= both
    firms = STEP * round(n / STEP) if n >= K else None
    taken = told(of.eligible, n, f"eligible {of.asked}", key)
    waiting = told(of.conditional, n, f"conditional {of.asked}", key)
    eligible, conditional, refused = parts(taken, waiting, firms or 0)
    return DryRun(
        firms,
        eligible,
        conditional,
        refused,
        tuple(sorted(refusals, key=lambda pair: (-(pair[1] or 0), pair[0]))),
        tuple(sorted(overlaps, key=lambda pair: (-(pair[1] or 0), pair[0]))),
        told(rivals, n, f"others {of.asked}", key),
        left_today,
    )
