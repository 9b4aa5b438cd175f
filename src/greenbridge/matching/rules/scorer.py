"""The fits of many products at once: what `fits` says of one, in arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.values import LoanProduct, Rule, Value
from greenbridge.matching.rules import fits
from greenbridge.matching.rules.answers import Places, RuleTable
from greenbridge.matching.rules.columns import Floats
from greenbridge.matching.rules.judging import REGION
from greenbridge.matching.values import PARTS, Facts, Policy

ROWS = tuple(PARTS)
REGION_ROW, RULE_ROW, RISK_ROW, PRICE_ROW, SPEED_ROW, CAPACITY_ROW, GREEN_ROW, BEHAVIOUR_ROW = range(len(ROWS))
# Columns of what a product says whatever the applicant.
APPETITE, MOST_BP, FEE_BP, LEAST_BP, LEFT_FEN, SPEED, SOME_GREEN, COUNT = range(8)
# Totals are compared in nine digits; below them stand the lowest rate and the code, as one number a product.
DIGITS = 10**9
KEPT_REGIONS = 128  # a province has some hundred districts; one takes 40 bytes a product


@dataclass(frozen=True, slots=True)
class Scores:
    """The products at some places: `parts` float[8, n] in the order of PARTS, `totals`, how many hard rules `failed`; the `margins` of
    all ordered rules of the catalogue.
    """

    parts: Floats
    totals: Floats
    failed: NDArray[np.int_] | None
    margins: Floats


class Scorer:
    """A catalogue's fits, laid out once a version and policy."""

    def __init__(self, products: Sequence[LoanProduct], policy: Policy) -> None:
        self.products, self.policy = tuple(products), policy
        self.table = RuleTable(policy)
        rules = [[(self.table.place(r, p.branches), r) for r in verdicts.all_rules(p)] for p in self.products]
        self.table.close()
        by_size = self.table.by_size
        shape = len(rules), max((len(row) for row in rules), default=0)
        self._index = np.zeros(shape, dtype=np.intp)
        self._weight, self._hard = np.zeros(shape), np.zeros(shape, dtype=bool)
        rooms = [[by_size[place] for place, r in row if _counts_room(r)] for row in rules]
        self._rooms = np.full((len(rules), max(map(len, rooms), default=0)), len(by_size), dtype=np.intp)
        for i, row in enumerate(rules):
            for j, (place, rule) in enumerate(row):
                own = rule.kind not in fits.APART
                self._index[i, j], self._weight[i, j], self._hard[i, j] = place, rule.weight if own else 0.0, not rule.soft
            self._rooms[i, : len(rooms[i])] = rooms[i]
        self._weights = self._weight.sum(axis=1)
        self._some_soft = any(rule.soft for row in rules for _, rule in row)
        self._lay_out([len(row) for row in rooms])
        self._regions: dict[str, tuple[Floats, Floats]] = {}
        self._losses: dict[Value | None, Floats] = {}
        self._cuts: dict[Value | None, Floats] = {}
        self._behaviour: tuple[Mapping[str, float], Floats] | None = None

    def _lay_out(self, counts: Sequence[int]) -> None:
        of, policy = self.products, self.policy
        self._static = np.array(
            [
                (
                    p.max_default_probability,
                    p.max_annual_rate_bp,
                    p.yearly_fee_bp,
                    p.min_annual_rate_bp,
                    np.nan if p.capacity_left_fen is None else p.capacity_left_fen,
                    fits.clipped(1 - p.decision_working_days / policy.slowest_working_days),
                    bool(p.green_rate_cut_bp),
                    count,
                )
                for p, count in zip(of, counts, strict=True)
            ],
            dtype=float,
        ).reshape(len(of), 8)
        self._some_capacity = not np.isnan(self._static[:, LEFT_FEN]).all()
        self._some_green = bool(self._static[:, SOME_GREEN].any())
        self._banks = sorted({p.bank.code for p in of})
        self._bank = np.array([self._banks.index(p.bank.code) for p in of], dtype=np.intp)
        order = sorted(range(len(of)), key=lambda i: (of[i].min_annual_rate_bp, of[i].code))
        self._tie = np.empty(len(of), dtype=np.int64)
        self._tie[order] = np.arange(len(of))
        self.weights = np.array([policy.weights[name] for name in ROWS])
        self._near = np.array([policy.near[level] for level in fits.LEVELS])

    def score(self, facts: Facts, behaviour: Mapping[str, float], at: Places, *, eligible: bool = False) -> Scores:
        """Return the fits of the products at these places. `eligible`: all of them pass every hard rule."""
        margins, rooms = self.table.sizes(facts)
        static = self._static.take(at, axis=0).T
        parts = np.empty((len(ROWS), len(at)))
        share, failed = self._share(facts, margins, at, eligible=eligible)
        comfort = rooms.take(self._rooms.take(at, axis=0)).sum(axis=1) / np.maximum(static[COUNT], 1)
        comfort[static[COUNT] == 0] = 1.0
        least = self.policy.comfort_share
        cut = self._cut(facts, at)
        parts[REGION_ROW] = self._region(facts, at)
        parts[RULE_ROW] = (1 - least) * share + least * comfort
        parts[RISK_ROW] = self._risk(facts, at, static)
        parts[PRICE_ROW] = self._price(facts, static, cut)
        parts[SPEED_ROW] = static[SPEED]
        parts[CAPACITY_ROW] = self._capacity(facts, static)
        parts[GREEN_ROW] = static[SOME_GREEN] * fits.UNKNOWN if facts.get("green_grade") is None else cut > 0
        parts[BEHAVIOUR_ROW] = self._behaviours(behaviour).take(at)
        return Scores(parts, self.weights @ parts, failed, margins)

    def _share(self, facts: Facts, margins: Floats, at: Places, *, eligible: bool) -> tuple[Floats | float, NDArray[np.int_] | None]:
        """Return (the weight of passed rules of all, how many hard rules fail); who passes all need not be asked."""
        if eligible and not self._some_soft:
            return 1.0, None
        given = self.table.answers(facts, margins).take(self._index.take(at, axis=0))
        share = (given * self._weight.take(at, axis=0)).sum(axis=1) / self._weights.take(at)
        return share, ((given == 0) & self._hard.take(at, axis=0)).sum(axis=1)

    def order(self, of: Scores, at: Places, most: int | None, *, by_failed: bool = False) -> Places:
        """Return the order of the products at these places: by how many hard rules fail where asked, then total (nine digits), lowest
        rate, code; the first `most`.
        """
        keys = self._tie.take(at) - np.rint(of.totals * DIGITS).astype(np.int64) * len(self.products)
        if by_failed and of.failed is not None:
            return np.lexsort((keys, of.failed))[:most]
        if most is not None and len(keys) > 4 * most:
            first = np.argpartition(keys, most)[:most]
            return np.asarray(first[keys[first].argsort()])
        return keys.argsort()[:most]

    def _behaviours(self, behaviour: Mapping[str, float]) -> Floats:
        """Return how well each product's bank answered; kept as long as the same book is asked."""
        if self._behaviour is None or self._behaviour[0] is not behaviour:
            of_banks = np.array([behaviour.get(bank, fits.UNKNOWN) for bank in self._banks])
            self._behaviour = behaviour, of_banks[self._bank] if self._banks else of_banks
        return self._behaviour[1]

    def _region(self, facts: Facts, at: Places) -> Floats | float:
        code, asked = facts.get(REGION), facts.get("amount_fen")
        if not isinstance(code, str) or not isinstance(asked, (int, float)):
            return fits.UNKNOWN
        found = self._regions.get(code)
        if found is None:
            found = self._served(code)
            if len(self._regions) < KEPT_REGIONS:
                self._regions[code] = found
        nearest, limits = found
        able = limits.take(at, axis=0) >= asked
        deciding = np.where(able.any(axis=1), self._near.take(able.argmax(axis=1)), self.policy.near["none"])
        return (1 - self.policy.deciding_share) * nearest.take(at) + self.policy.deciding_share * deciding

    def _served(self, code: str) -> tuple[Floats, Floats]:
        nearest, limits = np.full(len(self.products), self.policy.near["none"]), np.full((len(self.products), 4), -np.inf)
        kept: dict[object, list[tuple[int, float]]] = {}
        for i, product in enumerate(self.products):
            asked = product.branches or product.regions
            served = kept.get(asked)
            if served is None:
                served = kept[asked] = [(fits.LEVELS.index(level), limit) for level, limit in fits.reach(product, code)]
            if served:
                nearest[i] = self._near[served[0][0]]
            for place, limit in served:
                limits[i, place] = max(limits[i, place], limit)
        return nearest, limits

    def _risk(self, facts: Facts, at: Places, static: Floats) -> Floats | float:
        policy, probability, most = self.policy, facts.get("default_probability"), facts.get("max_annual_rate_bp")
        grade = fits.grade(facts, policy)
        if not isinstance(probability, (int, float)):
            return (policy.appetite_share + policy.cover_share) * fits.UNKNOWN + policy.grade_share * grade
        appetite = _clipped(1 - probability / static[APPETITE])
        charged = np.minimum(static[MOST_BP], most) if isinstance(most, (int, float)) else static[MOST_BP]
        left = charged + static[FEE_BP] - policy.funding_bp
        lost = fits.BP * probability * self._loss(facts).take(at)
        cover = np.where(left > 0, _clipped(1 - lost / np.where(left > 0, left, 1)), 0.0)
        return np.asarray(policy.appetite_share * appetite + policy.cover_share * cover + policy.grade_share * grade)

    def _loss(self, facts: Facts) -> Floats:
        given = facts.get("guarantee_modes")
        modes = tuple(sorted({*given})) if isinstance(given, tuple) else None  # so many sets, not so many spellings
        found = self._losses.get(modes)
        if found is None:
            found = self._losses[modes] = np.array([fits.loss(p, modes, self.policy) for p in self.products])
        return found

    def _cut(self, facts: Facts, at: Places) -> Floats | float:
        grade = facts.get("green_grade")
        if grade is None or not self._some_green:
            return 0.0 if grade is None else np.zeros(len(at))
        found = self._cuts.get(grade)
        if found is None:
            found = self._cuts[grade] = np.array([fits.rate_cut_bp(p, facts) for p in self.products], dtype=float)
        return found.take(at)

    def _price(self, facts: Facts, static: Floats, cut: Floats | float) -> Floats | float:
        most = facts.get("max_annual_rate_bp")
        if not isinstance(most, (int, float)) or most <= 0:
            return fits.UNKNOWN
        saved = most - (static[LEAST_BP] + static[FEE_BP] - cut)
        return _clipped(saved / (self.policy.full_saving * most))

    def _capacity(self, facts: Facts, static: Floats) -> Floats | float:
        asked = facts.get("amount_fen")
        if not self._some_capacity or not isinstance(asked, (int, float)) or asked <= 0:
            return fits.UNKNOWN
        left = static[LEFT_FEN]
        return np.where(np.isnan(left), fits.UNKNOWN, _clipped((left / asked - 1) / (self.policy.capacity_times - 1)))


def _counts_room(rule: object) -> bool:
    return isinstance(rule, Rule) and rule.kind not in fits.APART and fits.has_room(rule)


def _clipped(values: Floats) -> Floats:
    """Return values held within [0, 1]: two ufuncs cost a third of `np.clip`."""
    return np.minimum(np.maximum(values, 0.0), 1.0)
