"""The fits of many products at once: what `fits` says of one, in arrays. Each distinct rule of the catalogue is judged once a need."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.branches import branch_facts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import AnyRule, Branch, Connective, Group, LoanProduct, Rule, Subject, Value
from greenbridge.matching.rules import fits
from greenbridge.matching.rules.columns import Floats, bounds, is_ordered, number
from greenbridge.matching.rules.judging import REGION
from greenbridge.matching.values import PARTS, Facts, Policy

Key = tuple[AnyRule, tuple[Branch, ...]]
Places = NDArray[np.intp]
KEPT = 4_096  # distinct values whose answers are kept


class RuleTable:
    """The distinct criteria and groups of a catalogue. Place 0 is nothing: rows of rules are filled up with it."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.places: dict[Key, int] = {}
        self._kept: dict[tuple[str, Value], Floats] = {}

    def place(self, rule: AnyRule, branches: tuple[Branch, ...]) -> int:
        """Return a rule's place; members of groups have places too, before their group's."""
        if isinstance(rule, Group):
            members = tuple(Rule(m.fact, m.operator, m.limit) for m in rule.members)
            for member in members:
                self.place(member, branches)
            local = any(FACTS[m.fact].about is Subject.BRANCH for m in members)
            return self.places.setdefault((Group(rule.connective, members), branches if local else ()), len(self.places) + 1)
        local = FACTS[rule.fact].about is Subject.BRANCH
        return self.places.setdefault((Rule(rule.fact, rule.operator, rule.limit), branches if local else ()), len(self.places) + 1)

    def close(self) -> None:
        """Lay the rules out by kind, once all are there."""
        ordered: list[tuple[int, str, float, float, float]] = []
        self._words: defaultdict[str, list[tuple[int, Rule, tuple[Branch, ...]]]] = defaultdict(list)
        self._groups: list[tuple[int, Connective, list[int]]] = []
        for (rule, branches), place in self.places.items():
            if isinstance(rule, Group):
                members = [self.place(member, branches) for member in rule.members]
                self._groups.append((place, rule.connective, members))
            elif FACTS[rule.fact].about is Subject.BRANCH:
                self._words[REGION + " of branch"].append((place, rule, branches))
            elif is_ordered(rule.fact):
                ordered.append((place, rule.fact, *bounds(rule), fits.full_room(rule, self._policy)))
            else:
                self._words[rule.fact].append((place, rule, ()))
        self._facts = sorted({fact for _, fact, *_ in ordered})
        self._at = np.array([place for place, *_ in ordered], dtype=np.intp)
        self._fact = np.array([self._facts.index(fact) for _, fact, *_ in ordered], dtype=np.intp)
        self._low, self._high, self._full = (np.array([row[i] for row in ordered]) for i in (2, 3, 4))
        self._no_room = self._full == 0
        self._full = np.where(self._no_room, 1.0, self._full)
        self._where = {key: np.array([place for place, *_ in asked], dtype=np.intp) for key, asked in self._words.items()}
        self.n = len(self.places) + 1

    def answers(self, facts: Facts) -> tuple[Floats, Floats]:
        """Return (float[rules]: 0 failed, 0.5 unknown, 1 passed; float[rules]: room to the limit, of ordered facts)."""
        answers, rooms = np.ones(self.n), np.zeros(self.n)
        held = [facts.get(fact) for fact in self._facts]
        values = np.array([np.nan if v is None else number(fact, v) for fact, v in zip(self._facts, held, strict=True)])[self._fact]
        margin = np.minimum(values - self._low, self._high - values)
        missing, passed = np.isnan(values), margin >= 0
        answers[self._at] = np.where(missing, fits.UNKNOWN, passed)
        inside = np.where(self._no_room, passed, np.clip(margin / self._full, 0, 1))
        rooms[self._at] = np.where(missing, fits.UNKNOWN, inside)
        for key, where in self._where.items():
            answers[where] = self._by_word(key, facts)
        for place, connective, members in self._groups:
            joined = answers[members].min() if connective is Connective.ALL_OF else answers[members].max()
            answers[place] = 1 - joined if connective is Connective.NONE_OF else joined
        return answers, rooms

    def _by_word(self, key: str, facts: Facts) -> Floats:
        fact = key.partition(" ")[0]
        value = facts.get(fact)
        if value is not None and (key, value) in self._kept:
            return self._kept[key, value]
        found = np.empty(len(self._words[key]))
        for i, (_, rule, branches) in enumerate(self._words[key]):
            seen = {fact: value} if key == fact else branch_facts(branches, value)
            found[i] = fits.POINTS[verdicts.verdict(rule, seen).outcome]
        if value is not None and len(self._kept) < KEPT:
            self._kept[key, value] = found
        return found


class Scorer:
    """A catalogue's fits, laid out once a version and policy."""

    def __init__(self, products: Sequence[LoanProduct], policy: Policy) -> None:
        self.products, self.policy = tuple(products), policy
        self._table = RuleTable(policy)
        rules = [[(self._table.place(r, p.branches), r) for r in verdicts.all_rules(p)] for p in self.products]
        self._table.close()
        shape = len(rules), max((len(row) for row in rules), default=0)
        self._index = np.zeros(shape, dtype=np.intp)
        self._weight, self._hard, self._ordered = np.zeros(shape), np.zeros(shape, dtype=bool), np.zeros(shape)
        for i, row in enumerate(rules):
            for j, (place, rule) in enumerate(row):
                own = rule.kind not in fits.APART
                self._index[i, j], self._weight[i, j], self._hard[i, j] = place, rule.weight if own else 0.0, not rule.soft
                self._ordered[i, j] = own and isinstance(rule, Rule) and fits.has_room(rule)
        self._weights, self._counts = self._weight.sum(axis=1), self._ordered.sum(axis=1)
        self._static()
        self._regions: dict[str, tuple[Floats, Floats]] = {}
        self._losses: dict[Value | None, Floats] = {}
        self._cuts: dict[Value | None, Floats] = {}

    def _static(self) -> None:
        of = self.products
        self._appetite = np.array([p.max_default_probability for p in of])
        self._most_bp = np.array([p.max_annual_rate_bp for p in of], dtype=float)
        self._fee = np.array([p.yearly_fee_bp for p in of], dtype=float)
        self._least_bp = np.array([p.min_annual_rate_bp for p in of], dtype=float)
        self._left = np.array([np.nan if p.capacity_left_fen is None else p.capacity_left_fen for p in of], dtype=float)
        days = np.array([p.decision_working_days for p in of], dtype=float)
        self._speed = np.clip(1 - days / self.policy.slowest_working_days, 0, 1)
        self._banks = sorted({p.bank.code for p in of})
        self._bank = np.array([self._banks.index(p.bank.code) for p in of], dtype=np.intp)
        by_code = {code: n for n, code in enumerate(sorted(p.code for p in of))}
        self._order = np.array([by_code[p.code] for p in of])
        self._some_green = np.array([bool(p.green_rate_cut_bp) for p in of], dtype=float)

    def score(self, facts: Facts, behaviour: Mapping[str, float], at: Places) -> tuple[dict[str, Floats], NDArray[np.int_]]:
        """Return (part -> float[len(at)], with `total`; how many hard rules fail) of the products at these places."""
        answers, rooms = self._table.answers(facts)
        index = self._index[at]
        given = answers[index]
        share = (given * self._weight[at]).sum(axis=1) / self._weights[at]
        counts = self._counts[at]
        comfort = np.where(counts > 0, (rooms[index] * self._ordered[at]).sum(axis=1) / np.maximum(counts, 1), 1.0)
        least = self.policy.comfort_share
        cut = self._cut(facts)[at]
        parts = {
            "region": self._region(facts, at),
            "rule": (1 - least) * share + least * comfort,
            "risk": self._risk(facts, at),
            "price": self._price(facts, at, cut),
            "speed": self._speed[at],
            "capacity": self._capacity(facts, at),
            "green": np.where(facts.get("green_grade") is None, self._some_green[at] * fits.UNKNOWN, cut > 0),
            "behaviour": np.array([behaviour.get(bank, fits.UNKNOWN) for bank in self._banks])[self._bank[at]],
        }
        parts["total"] = sum((self.policy.weights[name] * parts[name] for name in PARTS), np.zeros(len(at)))
        return parts, ((given == 0) & self._hard[at]).sum(axis=1)

    def order(self, totals: Floats, at: Places, *, first: Sequence[NDArray[np.int_]] = ()) -> Places:
        """Return the order of places: by `first`, then total (nine digits), lowest rate, code."""
        keys = (self._order[at], self._least_bp[at], -np.round(totals, 9), *reversed(first))
        return np.lexsort(keys)

    def _region(self, facts: Facts, at: Places) -> Floats:
        code, asked = facts.get(REGION), facts.get("amount_fen")
        if not isinstance(code, str) or not isinstance(asked, (int, float)):
            return np.full(len(at), fits.UNKNOWN)
        if code not in self._regions:
            found = self._served(code)
            if len(self._regions) < KEPT:
                self._regions[code] = found
            nearest, limits = found
        else:
            nearest, limits = self._regions[code]
        near = np.array([self.policy.near[level] for level in fits.LEVELS])
        able = limits[at] >= asked
        deciding = np.where(able.any(axis=1), near[able.argmax(axis=1)], self.policy.near["none"])
        return (1 - self.policy.deciding_share) * nearest[at] + self.policy.deciding_share * deciding

    def _served(self, code: str) -> tuple[Floats, Floats]:
        nearest, limits = np.full(len(self.products), self.policy.near["none"]), np.full((len(self.products), 4), -np.inf)
        for i, product in enumerate(self.products):
            served = fits.reach(product, code)
            if served:
                nearest[i] = self.policy.near[served[0][0]]
            for level, limit in served:
                place = fits.LEVELS.index(level)
                limits[i, place] = max(limits[i, place], limit)
        return nearest, limits

    def _risk(self, facts: Facts, at: Places) -> Floats:
        policy, probability, most = self.policy, facts.get("default_probability"), facts.get("max_annual_rate_bp")
        grade = fits.grade(facts, policy)
        if not isinstance(probability, (int, float)):
            return np.full(len(at), (policy.appetite_share + policy.cover_share) * fits.UNKNOWN + policy.grade_share * grade)
        modes = facts.get("guarantee_modes")
        if modes not in self._losses:
            self._losses[modes] = np.array([fits.loss(p, modes, policy) for p in self.products])
        appetite = np.clip(1 - probability / self._appetite[at], 0, 1)
        charged = np.minimum(self._most_bp[at], most) if isinstance(most, (int, float)) else self._most_bp[at]
        left = charged + self._fee[at] - policy.funding_bp
        lost = fits.BP * probability * self._losses[modes][at]
        cover = np.where(left > 0, np.clip(1 - lost / np.where(left > 0, left, 1), 0, 1), 0.0)
        return np.asarray(policy.appetite_share * appetite + policy.cover_share * cover + policy.grade_share * grade)

    def _cut(self, facts: Facts) -> Floats:
        grade = facts.get("green_grade")
        if grade not in self._cuts:
            self._cuts[grade] = np.array([fits.rate_cut_bp(p, facts) for p in self.products], dtype=float)
        return self._cuts[grade]

    def _price(self, facts: Facts, at: Places, cut: Floats) -> Floats:
        most = facts.get("max_annual_rate_bp")
        if not isinstance(most, (int, float)) or most <= 0:
            return np.full(len(at), fits.UNKNOWN)
        saved = most - (self._least_bp[at] + self._fee[at] - cut)
        return np.asarray(np.clip(saved / (self.policy.full_saving * most), 0, 1))

    def _capacity(self, facts: Facts, at: Places) -> Floats:
        asked = facts.get("amount_fen")
        if not isinstance(asked, (int, float)) or asked <= 0:
            return np.full(len(at), fits.UNKNOWN)
        left = self._left[at]
        return np.where(np.isnan(left), fits.UNKNOWN, np.clip((left / asked - 1) / (self.policy.capacity_times - 1), 0, 1))
