"""The distinct rules of a catalogue, laid out by kind: each is judged once a need, whatever many products ask it."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.branches import branch_facts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import AnyRule, Branch, Connective, Group, Rule, Subject, Value
from greenbridge.matching.rules import fits
from greenbridge.matching.rules.columns import Floats, bounds, is_ordered, number
from greenbridge.matching.rules.judging import REGION
from greenbridge.matching.values import Facts, Policy

Key = tuple[AnyRule, tuple[Branch, ...]]
Places = NDArray[np.intp]
KEPT = 4_096  # distinct words whose answers are kept


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
        self._fact = np.array([self._facts.index(fact) for _, fact, *_ in ordered], dtype=np.intp)
        self._at = np.array([place for place, *_ in ordered], dtype=np.intp)
        self._low, self._high, self._full = (np.array([row[i] for row in ordered]) for i in (2, 3, 4))
        self._no_room = self._full == 0
        self._full = np.where(self._no_room, 1.0, self._full)
        self._all_have_room = not self._no_room.any()
        self._where = {key: np.array([place for place, *_ in asked], dtype=np.intp) for key, asked in self._words.items()}
        self.n = len(self.places) + 1
        self.by_size = {place: i for i, (place, *_) in enumerate(ordered)}

    def sizes(self, facts: Facts) -> tuple[Floats, Floats]:
        """Return (margins, NaN where unknown; rooms to the limits) of the rules in `by_size`; a last room, 0, is nobody's."""
        get, values = facts.get, []
        for fact in self._facts:
            held = get(fact)
            values.append(np.nan if held is None else held if held.__class__ is float else number(fact, held))
        of_rules = np.array(values).take(self._fact)
        margins = np.minimum(of_rules - self._low, self._high - of_rules)
        rooms = np.zeros(len(margins) + 1)
        inside = np.minimum(np.maximum(margins / self._full, 0.0), 1.0)
        if not self._all_have_room:
            inside = np.where(self._no_room, margins >= 0, inside)
        missing = np.isnan(margins)
        if missing.any():
            inside[missing] = fits.UNKNOWN
        rooms[:-1] = inside
        return margins, rooms

    def answers(self, facts: Facts, margins: Floats) -> Floats:
        """Return float[rules]: 0 failed, 0.5 unknown, 1 passed; `margins` are those of `sizes`."""
        answers = np.ones(self.n)
        answers[self._at] = np.where(np.isnan(margins), fits.UNKNOWN, margins >= 0)
        for key, where in self._where.items():
            answers[where] = self._by_word(key, facts)
        for place, connective, members in self._groups:
            joined = answers[members].min() if connective is Connective.ALL_OF else answers[members].max()
            answers[place] = 1 - joined if connective is Connective.NONE_OF else joined
        return answers

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
