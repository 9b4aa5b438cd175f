"""Ranked, explained matches as JSON bytes, the same as `wire` says one by one.

What an answer to a criterion says whatever the applicant is in JSON beforehand, once a version of the catalogue: only value, outcome and
distance are filled in. Numbers are rounded in arrays and encoded in one go. Each distinct rule of the shown products is put into words
once an answer, and of values that come again and again (words, terms of needs, months) once for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.branches import branch_facts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import AnyRule, Branch, Eligibility, Group, LoanProduct, Rule, Subject, Unit, Value
from greenbridge.kit.text import Language
from greenbridge.matching.rules.columns import Floats, is_ordered
from greenbridge.matching.rules.ranking import Ranked
from greenbridge.matching.rules.scorer import Scorer
from greenbridge.matching.rules.wire import product_json, verdict_json
from greenbridge.matching.rules.words import amount, demand, short_by
from greenbridge.matching.values import PARTS, Facts, Match

_encode = msgspec.json.Encoder().encode
Key = tuple[AnyRule, tuple[Branch, ...]]
KEPT_PIECES = 40_000  # some 300 bytes each
KEPT_VALUES = 512
LANGUAGES: tuple[Language, Language] = ("zh", "en")
_NUMBERS = ",".join(f'"{name}":%b' for name in PARTS)
# region, rule, risk, total in four digits; parts, points, total in six.
_HEAD = (
    '{"rank":%d,"merit_rank":%d,"eligibility":"%b","region_fit":%b,"rule_fit":%b,"risk_fit":%b,"total_fit":%b,'
    f'"fit":{{"parts":{{{_NUMBERS}}},"points":{{{_NUMBERS}}},"total":%b}},'
).encode()
# Facts whose values come again and again: words, terms of needs, months and counts; not what is one firm's own.
_FEW_VALUES = {
    fact.name
    for fact in FACTS.values()
    if not is_ordered(fact.name) or fact.about is Subject.NEED or fact.unit in {Unit.MONTHS, Unit.COUNT}
}
_KINDS = {kind: kind.value.encode() for kind in Eligibility}
_WIDTH = 4 + 2 * len(PARTS) + 1


@dataclass(frozen=True, slots=True)
class _Static:
    """A criterion in JSON around what is filled in, per language: `passes` before the value, `closing` after value and distance."""

    rule: Rule
    passes: tuple[bytes, bytes]
    fails: tuple[bytes, bytes]
    closing: tuple[bytes, bytes]
    demand: tuple[bytes, bytes]

    @classmethod
    def of(cls, rule: Rule) -> "_Static":
        fact, asked = FACTS[rule.fact], demand(rule)
        heads = [
            f'{{"fact":"{fact.name}","label":{_text(fact.label.in_(language))},"operator":"{rule.operator.value}","outcome":"'
            for language in LANGUAGES
        ]
        passes, fails = ([f'{head}{outcome}","value":'.encode() for head in heads] for outcome in ("pass", "fail"))
        limit, soft = _encode(rule.limit).decode(), "true" if rule.soft else "false"
        close = f'","limit":{limit},"unit":"{fact.unit.value}","soft":{soft},"weight":{rule.weight!r},"members":[]}}'
        asks = f"，{_text(asked.zh)[1:-1]}".encode(), f"; {_text(asked.en)[1:-1]}".encode()
        closing = asks[0] + close.encode(), asks[1] + close.encode()
        return cls(rule, (passes[0], passes[1]), (fails[0], fails[1]), closing, asks)

    def piece(self, said: "_Said", margin: float | None, number: bytes, at: int, *, passed: bool) -> bytes:
        """Return the answer's JSON for a known value."""
        if passed:
            return b"".join((self.passes[at], said.value, number, said.text, self.closing[at]))
        short = b""
        if margin is not None:
            short = _text(short_by(self.rule, FACTS[self.rule.fact], margin).in_(LANGUAGES[at]))[1:-1].encode()
        closing = self.closing[at][len(self.demand[at]) :]
        return b"".join((self.fails[at], said.value, number, said.text, self.demand[at], short, closing))


@dataclass(slots=True)
class _Said:
    """One value of a fact in one language: in JSON, in words, and the pieces that it made."""

    value: bytes
    text: bytes
    pieces: dict[int, bytes]


def _text(text: str) -> str:
    return _encode(text).decode()


def _said(fact_name: str, value: Value, at: int) -> _Said:
    fact = FACTS[fact_name]
    label = fact.label.en + ": " if at else fact.label.zh + " "
    words = _text(label + amount(fact.unit, value).in_(LANGUAGES[at]))[1:-1]
    return _Said(_encode(value) + b',"margin":', f',"text":"{words}'.encode(), {})


class Explainer:
    """The distinct rules of a catalogue, and of each product what an answer says whatever the applicant."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer, products, table = scorer, scorer.products, scorer.table
        places: dict[Key, int] = {}
        self._rules_of: list[list[int]] = []
        self._heads: list[tuple[bytes, bytes]] = []
        for product in products:
            own = []
            for rule in verdicts.all_rules(product):
                members = rule.members if isinstance(rule, Group) else (rule,)
                local = any(FACTS[m.fact].about is Subject.BRANCH for m in members)
                own.append(places.setdefault((rule, product.branches if local else ()), len(places)))
            self._rules_of.append(own)
            self._heads.append((_head(product, "zh"), _head(product, "en")))
        self._place_of = {id(product): place for place, product in enumerate(products)}
        self._rules = list(places)
        self.static = [_Static.of(rule) if isinstance(rule, Rule) and not branches else None for rule, branches in self._rules]
        self.facts = sorted({one.rule.fact for one in self.static if one is not None})
        sizes = [table.by_size.get(table.place(rule, branches), -1) for rule, branches in self._rules]
        self.sizes = [size if one is not None and is_ordered(one.rule.fact) else -1 for size, one in zip(sizes, self.static, strict=True)]
        self._kept: tuple[dict[tuple[str, Value], _Said], ...] = {}, {}
        self.kept_pieces = 0

    def encoded(self, found: Sequence[Ranked], facts: Facts, language: Language) -> bytes:
        """Return ranked groups as a JSON list, with every rule of each product; ranks are counted on from group to group."""
        if not found:
            return b"[]"
        rows = [(group.kind, place) for group in found for place in group.places]
        parts = found[0].parts if len(found) == 1 else np.concatenate([group.parts for group in found], axis=1)
        shown = [(kind, place, rank, rank) for rank, (kind, place) in enumerate(rows, start=1)]
        return self._encoded(shown, parts, found[0].margins, facts, language)

    def of_matches(self, matches: Sequence[Match], facts: Facts, language: Language) -> bytes:
        """Return matches in the same form: those of a kept run."""
        rows = [(m.eligibility, self._place_of[id(m.product)], m.rank, m.merit_rank) for m in matches]
        parts = np.array([[getattr(m.fit, name) for name in PARTS] for m in matches]).reshape(len(matches), len(PARTS)).T
        return self._encoded(rows, parts, self._scorer.table.sizes(facts)[0], facts, language)

    def _encoded(
        self, rows: Sequence[tuple[Eligibility, int, int, int]], parts: Floats, margins: Floats, facts: Facts, language: Language
    ) -> bytes:
        at = 1 if language == "en" else 0
        numbers = self._numbers(parts)
        piece = _Pieces(self, facts, margins, at).__getitem__
        found = []
        for i, (kind, place, rank, merit_rank) in enumerate(rows):
            head = _HEAD % (rank, merit_rank, _KINDS[kind], *numbers[i * _WIDTH : (i + 1) * _WIDTH])
            found.append(b"".join((head, self._heads[place][at], b",".join(map(piece, self._rules_of[place])), b"]}")))
        return b"[" + b",".join(found) + b"]"

    def _numbers(self, parts: Floats) -> list[bytes]:
        """Return the numbers of all heads in JSON, _WIDTH a product."""
        rows = np.empty((_WIDTH, parts.shape[1]))
        n = len(PARTS)
        rows[4 : 4 + n] = parts
        rows[4 + n : 4 + 2 * n] = parts * self._scorer.weights[:, None]
        six = rows[4:-1]
        six *= 1e6
        np.rint(six, out=six)
        rows[-1] = np.rint(rows[4 + n : -1].sum(axis=0)) / 1e6
        six /= 1e6
        rows[:3], rows[3] = parts[:3], rows[-1]
        rows[:4] = np.rint(rows[:4] * 1e4) / 1e4
        return bytes(_encode(rows.T.ravel().tolist()))[1:-1].split(b",")

    def said(self, fact: str, value: Value, at: int) -> _Said:
        """Return a value of a fact in words; of words and whole numbers kept with the pieces that it makes."""
        kept, key = self._kept[at], (fact, value)
        found = kept.get(key)
        if found is None:
            found = _said(fact, value, at)
            if fact in _FEW_VALUES:
                if len(kept) >= KEPT_VALUES or self.kept_pieces >= KEPT_PIECES:
                    for one in self._kept:
                        one.clear()
                    self.kept_pieces = 0
                kept[key] = found
        return found

    def plainly(self, place: int, facts: Facts, language: Language) -> bytes:
        """Return a rule's answer as the reference gives it: of groups, branches, unknown values."""
        rule, branches = self._rules[place]
        seen = {**facts, **branch_facts(branches, facts.get("region_code"))} if branches else facts
        return bytes(_encode(verdict_json(verdicts.verdict(rule, seen), language)))


class _Pieces(dict[int, bytes]):
    """The answers of one applicant by rule: those kept of the same values from the start, others made when first asked for."""

    def __init__(self, of: Explainer, facts: Facts, margins: Floats, at: int) -> None:
        super().__init__()
        self._of, self._facts, self._at = of, facts, at
        self._margins: list[float] = margins.tolist()
        self._numbers = bytes(_encode(self._margins))[1:-1].split(b",")
        self._said: dict[str, _Said] = {}
        for fact in of.facts:
            value = facts.get(fact)
            if value is not None and value == value:  # noqa: PLR0124  NaN is unknown
                said = self._said[fact] = of.said(fact, value, at)
                self.update(said.pieces)

    def __missing__(self, place: int) -> bytes:
        static = self._of.static[place]
        said = None if static is None else self._said.get(static.rule.fact)
        if static is None or said is None:
            found = self[place] = self._of.plainly(place, self._facts, LANGUAGES[self._at])
            return found
        size = self._of.sizes[place]
        if size >= 0:
            margin = self._margins[size]
            found = static.piece(said, margin, self._numbers[size], self._at, passed=margin >= 0)
        else:
            value = self._facts[static.rule.fact]
            assert value is not None
            found = static.piece(said, None, b"null", self._at, passed=verdicts.compare(static.rule, value)[0])
        self[place] = found
        if static.rule.fact in _FEW_VALUES:
            said.pieces[place] = found
            self._of.kept_pieces += 1
        return found


def _head(product: LoanProduct, language: Language) -> bytes:
    return bytes(_encode(product_json(product, language)))[1:-1] + b',"verdicts":['
