"""A draft product on a population, in counts that tell of nobody: coarse limits, small counts hidden, steady noise, rounding."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import floor, log10

import numpy as np

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.vocabulary import FACTS, NUMERIC_UNITS
from greenbridge.catalog.values import AnyRule, Branch, Connective, Group, LoanProduct, Operator, Rule, Subject, Unit
from greenbridge.matching.rules.bits import Rows, width
from greenbridge.matching.rules.population import Population, ones
from greenbridge.matching.values import DryRun

K = 10
STEP = 5
OF_FIRMS, OF_QUESTION = 2, 3
NOISE = OF_FIRMS + OF_QUESTION
FEW = 3
DAILY_BUDGET = 20
OVERLAPS = 20  # own products that are told of: each is a question more


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


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A draft with the products that it is laid beside, all as they are counted: some of the bank's own by code, the rivals' together."""

    draft: Counted
    own: tuple[tuple[str, Counted], ...]
    rivals: Rows

    @property
    def spelt(self) -> str:
        """What is asked in one spelling, own products included: a list that asks something else is another question."""
        return repr((self.draft.asked, sorted({product.asked for _, product in self.own})))


def coarse(product: LoanProduct) -> LoanProduct:
    """Return a product as it is counted: limits on firms' numbers in two digits, on dates in whole years, so that two that hardly differ
    are one.

    3,127,000 yuan of revenue counts as 3,100,000, founded between 3 and 5 May 2018 as founded in 2018; terms of the need are left as they
    are, they are the bank's own frame.
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
    if fact.unit is Unit.DATE:
        return _whole_years(rule)
    if fact.unit not in NUMERIC_UNITS or fact.about is Subject.BRANCH or rule.operator is Operator.IN:
        return rule
    if isinstance(rule.limit, tuple):
        return replace(rule, limit=tuple(_two_digits(float(end)) for end in rule.limit))
    return replace(rule, limit=_two_digits(float(rule.limit)))


def _whole_years(rule: Rule) -> Rule:
    """Return a criterion on a date with each end moved out to the edge of its year: `before 2018-05-03` is before 2019-01-01."""
    if isinstance(rule.limit, tuple):
        return replace(rule, limit=(f"{str(rule.limit[0])[:4]}-01-01", f"{str(rule.limit[1])[:4]}-12-31"))
    year, day = str(rule.limit)[:4], str(rule.limit)[4:]
    if rule.operator is Operator.AT_MOST:
        return replace(rule, limit=f"{year}-12-31")
    later = rule.operator is Operator.BEFORE and day != "-01-01"
    return replace(rule, limit=f"{int(year) + later:04}-01-01")


def _two_digits(value: float) -> float:
    """Return a number in two digits: `_two_digits(312_700) == 310_000`."""
    return value if value == 0 else round(value, 1 - floor(log10(abs(value))))


def counted(draft: LoanProduct, population: Population) -> Counted:
    """Return a draft as it is counted: by all its hard rules, coarse, but for those rules and members of groups that together decide on
    fewer than FEW firms.

    They would tell of those firms: the draft with and without them is one. What goes is bounded for all of it together, the narrowest
    first, so that rules that overlap do not fall one after the other: no count is further than FEW - 1 from that of all rules.
    """
    n = population.of.n
    rules = tuple(dict.fromkeys(rule for rule in verdicts.all_rules(coarse(draft)) if not rule.soft))

    def rows(rule: AnyRule) -> tuple[Rows, Rows]:
        return _filled(population.rows(rule, draft.branches), n)

    def narrowest(rule: AnyRule) -> tuple[int, bytes, bytes, int, str]:
        fails, lacks = rows(rule)
        said = spelling(rule, draft.branches)
        return ones(fails | lacks), fails.tobytes(), lacks.tobytes(), -len(said), said

    failed, unknown = _joined(map(rows, rules), n)

    def changed(some: Sequence[AnyRule]) -> int:
        fails, lacks = _joined(map(rows, some), n)
        return ones((failed ^ fails) | ((unknown & ~failed) ^ (lacks & ~fails)))

    standing = sorted(rules, key=narrowest)
    for rule in tuple(standing):
        others = [other for other in standing if other is not rule]
        if changed(others) < FEW:
            standing = others
    for place, rule in enumerate(standing):
        if isinstance(rule, Group):
            standing[place] = _without_the_few(rule, standing[:place], standing[place + 1 :], changed)
    failed, unknown = _joined(map(rows, standing), n)
    told_of = tuple((rule, spelling(rule, draft.branches), rows(rule)[0]) for rule in standing)
    return Counted(n, told_of, _within(~(failed | unknown), n), unknown & ~failed, failed)


def _without_the_few(
    group: Group, before: Sequence[AnyRule], after: Sequence[AnyRule], changed: Callable[[Sequence[AnyRule]], int]
) -> Group:
    """Return a group, among other rules, without the members that decide on fewer than FEW firms, those that change least first."""

    def less(one: Group, member: Rule) -> Group:
        return replace(one, members=tuple(other for other in one.members if other is not member))

    def decided(one: Group) -> int:
        return changed([*before, one, *after])

    found = group
    if len(group.members) > 1:
        for member in sorted(group.members, key=lambda m: (decided(less(group, m)), spelling(m, ()))):
            if len(found.members) > 1 and decided(less(found, member)) < FEW:
                found = less(found, member)
    return found


def asked(draft: LoanProduct, others: Sequence[LoanProduct], population: Population) -> Asked:
    """Return a draft beside the listed products: of its own bank's the first OVERLAPS by code, of other banks' all together.

    A listed product is counted as a draft is: else a bank would list what it may not try.
    """
    of = counted(draft, population)
    mine = sorted((p for p in others if p.bank.code == draft.bank.code), key=lambda p: p.code)[:OVERLAPS]
    rivals = np.zeros_like(of.eligible)
    for other in others:
        if other.bank.code != draft.bank.code:
            rivals |= counted(other, population).eligible
    return Asked(of, tuple((p.code, counted(p, population)) for p in mine), rivals & of.eligible)


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


def dry_run(asked: Asked, population: Population, key: bytes, left_today: int) -> DryRun:
    """Return whom a draft of a bank would reach, which rules refuse how many, and how many of its firms other products take as well.

    The bank's own products one by one, other banks' together: a bank is not shown its rivals' products. The noise of an overlap is drawn
    from what both ask, not from the product: copies and new versions of a product that ask the same are told alike.
    """
    of, n = asked.draft, population.of.n
    refusals = [(rule.name, told(rows, n, f"refused by {said}", key)) for rule, said, rows in of.rules if rows.any()]
    overlaps = [(code, told(of.eligible & own.eligible, n, f"{of.asked} and {own.asked}", key)) for code, own in asked.own]
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
        told(asked.rivals, n, f"others {of.asked}", key),
        left_today,
    )
