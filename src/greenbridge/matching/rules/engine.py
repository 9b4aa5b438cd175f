"""The catalogue compiled: one packed bit row a category and a threshold interval, a product a bit.

A decision takes one row of each fact and ANDs them; where a fact is unknown, the products that ask for it become unknown. The rows are
kept twice: as whole numbers, whose AND costs Python a tenth of a microsecond, and as an array for many needs at once.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.branches import branch_facts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import AnyRule, Branch, Group, LoanProduct, Outcome, Rule, Subject, Value
from greenbridge.matching.rules.bits import Rows, marked, packed, whole, words_of
from greenbridge.matching.rules.columns import Columns, bounds, is_ordered, number
from greenbridge.matching.rules.judging import FAIL, REGION, UNKNOWN, judge

Places = NDArray[np.intp]
Facts = Mapping[str, Value | None]
BLOCK = 512  # needs at a time: their rows stay in the cache
KEPT_VALUES = 8_192  # of one fact's words: there are some 3,000 districts; a flood of odd words is not kept


@dataclass(frozen=True, slots=True)
class Decision:
    """One bit a product: no hard rule fails; some hard rule is unknown. Whole numbers, the first product is the lowest bit."""

    passable: int
    unknown: int

    @property
    def eligible(self) -> int:
        """All hard rules pass."""
        return self.passable & ~self.unknown

    @property
    def conditional(self) -> int:
        """None fails, some are unknown."""
        return self.passable & self.unknown


class Intervals:
    """An ordered fact. Row 2i is the open interval under threshold i, row 2i+1 the threshold itself."""

    def __init__(self, fact: str, n: int, asked: Sequence[tuple[int, float, float]]) -> None:
        self.fact = fact
        low, high = np.full(n, -np.inf), np.full(n, np.inf)
        asks = np.zeros(n, dtype=bool)
        for place, lower, upper in asked:  # of several criteria on one fact the tightest counts
            low[place], high[place], asks[place] = max(low[place], lower), min(high[place], upper), True
        cuts = np.unique(np.concatenate([low[asks], high[asks]]))
        self.cuts = cuts[np.isfinite(cuts)]
        first = np.where(np.isfinite(low), 2 * np.searchsorted(self.cuts, low) + 1, 0)
        last = np.where(np.isfinite(high), 2 * np.searchsorted(self.cuts, high) + 1, 2 * len(self.cuts))
        rows = [packed((first <= row) & (row <= last) | ~asks) for row in range(2 * len(self.cuts) + 1)]
        rows.append(packed(np.ones(n, dtype=bool)))  # the last row: nothing known, nothing failed
        self._rows = np.array(rows)
        self._thresholds: list[float] = self.cuts.tolist()
        self._ints = [whole(row) for row in self._rows]
        self.asks_int = whole(packed(asks))

    def row(self, value: Value) -> int:
        """Return the products that a value does not fail."""
        exact = value if isinstance(value, (int, float)) else number(self.fact, value)
        place = bisect_left(self._thresholds, exact)
        return self._ints[2 * place + (place < len(self._thresholds) and self._thresholds[place] == exact)]

    def many(self, of: Columns) -> tuple[Rows, Places | None]:
        """Return the rows, and each applicant's place among them: the last one where the value is unknown; None: it is of nobody known."""
        values = of.numbers.get(self.fact)
        if values is None:
            return self._rows, None
        place = np.searchsorted(self.cuts, values)
        at = np.append(self.cuts, np.nan)[place] == values
        return self._rows, np.where(np.isnan(values), len(self._rows) - 1, 2 * place + at)


class Categories:
    """A fact of words: rows are made at the first use of a value, from the distinct criteria on the fact."""

    def __init__(self, n: int, criteria: Sequence[tuple[Rule, Sequence[int]]]) -> None:
        self.fact = criteria[0][0].fact
        self._n, self._all = n, (1 << n) - 1
        self._criteria = [(rule, marked(places)) for rule, places in criteria]
        self.asks_int = 0
        for _, products in self._criteria:
            self.asks_int |= products
        self._rows: dict[Value, int] = {}

    def row(self, value: Value) -> int:
        """Return the products that a value does not fail."""
        found = self._rows.get(value)
        if found is None:
            failed = 0
            for rule, products in self._criteria:
                if verdicts.verdict(rule, {rule.fact: value}).outcome is Outcome.FAIL:
                    failed |= products
            found = self._all & ~failed
            if len(self._rows) < KEPT_VALUES:
                self._rows[value] = found
        return found

    def many(self, of: Columns) -> tuple[Rows, Places | None]:
        """Return a row for each value of the column and one for no value, and each applicant's place among them."""
        codes, values = of.words.get(self.fact, (None, ()))
        rows = np.array([words_of(row, self._n) for row in [*map(self.row, values), self._all]])
        return rows, None if codes is None else np.where(codes < 0, len(rows) - 1, codes).astype(np.intp)


class Joint:
    """Rules that one row cannot hold, groups and those on branches: each distinct one is judged once, for all its products."""

    def __init__(self, rules: Mapping[tuple[AnyRule, tuple[Branch, ...]], Sequence[int]]) -> None:
        self.rules = [(rule, branches, marked(places)) for (rule, branches), places in rules.items()]

    def apply(self, facts: Facts) -> tuple[int, int]:
        """Return the products that fail one, and those for whom one is unknown."""
        failed = unknown = 0
        for rule, branches, products in self.rules:
            seen = {**facts, **branch_facts(branches, facts.get(REGION))} if branches else facts
            outcome = verdicts.verdict(rule, seen).outcome
            if outcome is Outcome.FAIL:
                failed |= products
            elif outcome is Outcome.UNKNOWN:
                unknown |= products
        return failed, unknown


class Compiled:
    """A catalogue, compiled once a version. `products[i]` is bit i."""

    def __init__(self, products: Sequence[LoanProduct]) -> None:
        self.products = tuple(products)
        self.n = len(self.products)
        self.all = (1 << self.n) - 1
        ordered: defaultdict[str, list[tuple[int, float, float]]] = defaultdict(list)
        words: defaultdict[str, defaultdict[Rule, list[int]]] = defaultdict(lambda: defaultdict(list))
        joint: defaultdict[tuple[AnyRule, tuple[Branch, ...]], list[int]] = defaultdict(list)
        for place, rule, branches in self._hard():
            if isinstance(rule, Group) or FACTS[rule.fact].about is Subject.BRANCH:
                joint[rule, branches].append(place)
            elif is_ordered(rule.fact):
                ordered[rule.fact].append((place, *bounds(rule)))
            else:
                words[rule.fact][rule].append(place)
        self.intervals = [Intervals(fact, self.n, asked) for fact, asked in ordered.items()]
        self.categories = [Categories(self.n, list(asked.items())) for asked in words.values()]
        self.joint = Joint(joint)
        self._tables: list[Intervals | Categories] = [*self.intervals, *self.categories]
        self._joined = bool(joint)

    def _hard(self) -> Iterator[tuple[int, AnyRule, tuple[Branch, ...]]]:
        for place, product in enumerate(self.products):
            for rule in verdicts.all_rules(product):
                if not rule.soft:
                    members = rule.members if isinstance(rule, Group) else (rule,)
                    local = any(FACTS[m.fact].about is Subject.BRANCH for m in members)
                    yield place, rule, product.branches if local else ()

    def decide(self, facts: Facts) -> Decision:
        """Return which products one applicant passes, fails, and leaves unknown."""
        passable, unknown = self.all, 0
        get = facts.get
        for table in self._tables:
            value = get(table.fact)
            if value is None or value != value:  # noqa: PLR0124  NaN is unknown
                unknown |= table.asks_int
            else:
                passable &= table.row(value)
        if self._joined:
            failed, open_ = self.joint.apply(facts)
            passable &= ~failed
            unknown |= open_
        return Decision(passable, unknown)

    def refusals(self, facts: Facts) -> dict[str, int]:
        """Return fact -> the products whose rules on it the applicant fails, from the same rows; groups are under `joined`."""
        found = {}
        for table in self._tables:
            value = facts.get(table.fact)
            failed = 0 if value is None else self.all & ~table.row(value)
            if failed:
                found[table.fact] = failed
        if failed := self.joint.apply(facts)[0]:
            found["joined"] = failed
        return found

    def decide_many(self, of: Columns) -> tuple[Rows, Rows]:
        """Return (passable uint64[n, words], unknown uint64[n, words]) of many applicants; a product a bit, lowest first."""
        passable = np.tile(words_of(self.all, self.n), (of.n, 1))
        unknown = np.zeros_like(passable)
        buffer = np.empty((min(BLOCK, of.n), passable.shape[1]), dtype=np.uint64)
        taken = [table.many(of) for table in self._tables]
        for start in range(0, of.n, BLOCK):
            block = passable[start : start + BLOCK]
            for rows, places in taken:
                if places is not None:
                    block &= np.take(rows, places[start : start + BLOCK], axis=0, out=buffer[: len(block)], mode="clip")
        for table, (rows, places) in zip(self._tables, taken, strict=True):
            missing = slice(None) if places is None else places == len(rows) - 1
            unknown[missing] |= words_of(table.asks_int, self.n)
        for rule, branches, products in self.joint.rules:
            answers = judge(rule, of, branches)
            passable[answers == FAIL] &= ~words_of(products, self.n)
            unknown[answers == UNKNOWN] |= words_of(products, self.n)
        return passable, unknown
