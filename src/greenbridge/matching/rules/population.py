"""The other direction: one product against millions of firms, a bit a firm and rule.

Each ordered fact is cut once into at most 253 buckets, a byte a firm: a threshold fails whole buckets, and only the firms in the bucket
that it cuts through are compared by their exact value. The row of bits that comes of a rule is kept for the next product that asks the
same, so that a product of known rules is an OR of a dozen rows.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import AnyRule, Branch, Group, LoanProduct, Rule, Subject
from greenbridge.matching.rules.bits import Rows, packed, width
from greenbridge.matching.rules.columns import Columns, Floats, bounds, is_ordered
from greenbridge.matching.rules.judging import FAIL, REGION, UNKNOWN, Answers, judge

BUCKETS = 253
SAMPLE = 200_000
KEPT_BYTES = 256 * 2**20
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Bucketed:
    """An ordered fact in buckets: code 0 is unknown, code k holds [edges[k-1], edges[k]). `lacking`: the row of unknown values."""

    codes: Bytes
    edges: Floats
    lacking: Rows | None


@dataclass(frozen=True, slots=True)
class Reach:
    """One product against all firms, a bit each: `failed` a hard rule; a hard rule is `unknown`."""

    n: int
    failed: Rows
    unknown: Rows

    @property
    def eligible(self) -> int:
        """How many firms pass all hard rules."""
        return self.n - ones(self.failed | self.unknown)

    @property
    def conditional(self) -> int:
        """How many fail none, with something unknown."""
        return ones(self.unknown & ~self.failed)

    def firms(self) -> NDArray[np.intp]:
        """Return the places of the firms that pass all hard rules."""
        taken = ~(self.failed | self.unknown)
        return np.flatnonzero(np.unpackbits(taken.view(np.uint8), count=self.n, bitorder="little"))


def ones(row: Rows) -> int:
    """Return how many bits are set."""
    return int(np.bitwise_count(row).sum())


class Population:
    """Firms in columns. A firm costs a byte for each ordered fact, beside the columns; kept rows take at most KEPT_BYTES."""

    def __init__(self, of: Columns) -> None:
        self.of = of
        self._buckets = {fact: _bucketed(values) for fact, values in of.numbers.items()}
        self._small = {fact: _narrow(codes, len(values)) for fact, (codes, values) in of.words.items()}
        self._kept: OrderedDict[tuple[AnyRule, tuple[Branch, ...]], tuple[Rows | None, Rows | None]] = OrderedDict()
        self._most = max(16, KEPT_BYTES // (2 * 8 * max(1, width(of.n))))

    def reach(self, product: LoanProduct) -> Reach:
        """Return which firms a product would take, and for which a hard rule is unknown."""
        failed, unknown = np.zeros((2, width(self.of.n)), dtype=np.uint64)
        for rule in verdicts.all_rules(product):
            if not rule.soft:
                fails, lacks = self.rows(rule, product.branches)
                if fails is not None:
                    failed |= fails
                if lacks is not None:
                    unknown |= lacks
        return Reach(self.of.n, failed, unknown)

    def rows(self, rule: AnyRule, branches: Sequence[Branch] = ()) -> tuple[Rows | None, Rows | None]:
        """Return (the firms that fail a rule, those of whom it is unknown); None for nobody."""
        members = rule.members if isinstance(rule, Group) else (rule,)
        key = rule, tuple(branches) if any(FACTS[m.fact].about is Subject.BRANCH for m in members) else ()
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        found = self._made(rule, key[1])
        self._kept[key] = found
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return found

    def _made(self, rule: AnyRule, branches: tuple[Branch, ...]) -> tuple[Rows | None, Rows | None]:
        if isinstance(rule, Rule) and rule.fact in self._buckets and FACTS[rule.fact].about is not Subject.BRANCH:
            return self._by_size(rule), self._buckets[rule.fact].lacking
        if isinstance(rule, Rule) and not is_ordered(rule.fact):
            key = REGION if FACTS[rule.fact].about is Subject.BRANCH else rule.fact
            if key in self._small:
                table = self._table(rule, key, branches)
                answers = table[self._small[key]]
                return _row(answers, FAIL, table), _row(answers, UNKNOWN, table)
        answers = judge(rule, self.of, branches)
        return _row(answers, FAIL, answers), _row(answers, UNKNOWN, answers)

    def _table(self, rule: Rule, key: str, branches: tuple[Branch, ...]) -> Answers:
        """Return the answer of each word of a fact, the last one of no word."""
        values = self.of.words[key][1]
        codes = np.array([*range(len(values)), -1], dtype=np.int32)
        return judge(rule, Columns(len(codes), {}, {key: (codes, values)}), branches)

    def _by_size(self, rule: Rule) -> Rows | None:
        bucketed, values = self._buckets[rule.fact], self.of.numbers[rule.fact]
        low, high = bounds(rule)
        codes, edges = bucketed.codes, bucketed.edges
        first, last = (int(np.searchsorted(edges, limit, side="right")) for limit in (low, high))
        failing = np.zeros(len(codes), dtype=bool)
        if np.isfinite(low):
            failing |= codes < first
            if first and edges[first - 1] != low:
                near = np.flatnonzero(codes == first)
                failing[near] = values[near] < low
            if bucketed.lacking is not None:
                failing &= codes != 0
        if np.isfinite(high):
            failing |= codes > last
            if last:
                near = np.flatnonzero(codes == last)
                failing[near] |= values[near] > high
        return packed(failing) if failing.any() else None


def _row(answers: Answers, wanted: int, table: Answers) -> Rows | None:
    return packed(answers == wanted) if wanted in table else None


def _narrow(codes: NDArray[np.int32], n: int) -> NDArray[np.unsignedinteger]:
    """Return codes in as few bytes as hold them, no word being the last one."""
    kind = np.uint8 if n < 256 else np.uint16 if n < 65_536 else np.uint32
    return np.where(codes < 0, n, codes).astype(kind)


def _bucketed(values: Floats) -> Bucketed:
    """Cut a column into buckets: one a distinct value where there are few, else of about equal size by a sample."""
    missing = np.isnan(values)
    known = values[~missing]
    sample = known[:: max(1, len(known) // SAMPLE)]
    edges = np.unique(sample)
    if len(edges) > BUCKETS:
        edges = np.unique(np.quantile(sample, np.linspace(0, 1, BUCKETS), method="lower"))
    if len(edges):
        edges[0] = min(edges[0], known.min())
    codes = np.searchsorted(edges, values, side="right").astype(np.uint8)
    codes[missing] = 0
    return Bucketed(codes, edges, packed(missing) if missing.any() else None)
