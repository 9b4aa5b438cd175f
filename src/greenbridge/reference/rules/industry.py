"""Which industry a firm's name and business scope speak for (divisions of GB/T 4754-2017)."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping

from greenbridge.reference.values import IndustryGuess, IndustryWords

CLAUSES = 8  # later clauses of a scope are boilerplate more often than trade
SCOPE_WEIGHT = 6.0  # of the first clause; a word of two characters at a name's end weighs 8
STRONG = 4.0
HALF_EVIDENCE = 4.0  # confidence is halved where the evidence weighs no more than this
MAKING = "BC"
WHOLESALE, RETAIL = "51", "52"
_ASIDE = re.compile(r"\([^()]*\)")
_BREAK = re.compile(r"[;。,]")

Votes = dict[str, dict[str, float]]  # division -> word -> weight


class Matcher:
    """Finds the words of a list in a text: from left to right, the longest at each place."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._divisions = words
        starts: dict[str, list[str]] = defaultdict(list)
        for word in sorted(words, key=len, reverse=True):
            starts[word[0]].append(word)
        self._starts = dict(starts)

    def __call__(self, text: str) -> Iterator[tuple[str, str, int]]:
        """Yield (word, division, place of its end)."""
        place = 0
        while place < len(text):
            word = next((w for w in self._starts.get(text[place], ()) if text.startswith(w, place)), None)
            place += len(word) if word else 1
            if word:
                yield word, self._divisions[word], place


class Classifier:
    """The words, made ready to search: build once, ask often."""

    def __init__(self, words: IndustryWords) -> None:
        self._words = words
        self._in_name = Matcher({**words.words, **words.name_words})
        self._in_scope = Matcher(words.words)

    def __call__(self, name: str, scope: str | None = None) -> IndustryGuess | None:
        """Return the division with the most weight behind it; None when no word matches.

        A word of n characters in the name weighs n² times 1 to 2, more towards the name's end, where the trade stands; a word that
        decides alone weighs four times that. Clause k (from 0) of the scope shares 6 / (1 + k) among its words; a first clause of
        sales weighs four times that where the scope makes nothing. 湖州某纺织机械有限公司: 纺织机械 (4² x 1.6) beats all that the
        scope may say of 纺织.
        """
        votes: Votes = defaultdict(lambda: defaultdict(float))
        self._read_name(_plain(name), votes)
        if scope:
            self._read_scope(_ASIDE.sub("", _plain(scope)), votes)
        if not votes:
            return None
        totals = {division: sum(words.values()) for division, words in votes.items()}
        division = min(totals, key=lambda d: (-totals[d], d))
        top = totals[division]
        confidence = top / sum(totals.values()) * top / (top + HALF_EVIDENCE)
        evidence = sorted(votes[division], key=lambda word: (-votes[division][word], word))
        return IndustryGuess(self._words.sections[division], division, round(confidence, 3), tuple(evidence))

    def _read_name(self, name: str, votes: Votes) -> None:
        for word, division, end in self._in_name(name):
            strength = STRONG if word in self._words.strong else 1.0
            votes[division][word] += len(word) ** 2 * (1 + end / len(name)) * strength

    def _read_scope(self, scope: str, votes: Votes) -> None:
        clauses = (c for c in _BREAK.split(scope) if c and not any(b in c for b in self._words.boilerplate))
        trades_only = not any(verb in scope for verb in self._words.made)
        for k, clause in zip(range(CLAUSES), clauses, strict=False):
            found = dict(self._clause(clause))
            total = sum(found.values())
            for (word, division), weight in found.items():
                strength = STRONG if k == 0 and trades_only and division in (WHOLESALE, RETAIL) else 1.0
                votes[division][word] += SCOPE_WEIGHT / (1 + k) * strength * weight / total

    def _clause(self, clause: str) -> Iterator[tuple[tuple[str, str], float]]:
        """Yield ((word, division), weight): what is made counts for its maker, what is only sold for trade."""
        made = any(verb in clause for verb in self._words.made)
        sold = next((verb for verb in self._words.sold if verb in clause), None)
        if sold and not made:
            yield (sold, RETAIL if sold == "零售" else WHOLESALE), 1.0
            return
        for word, division, _ in self._in_scope(clause):
            half = self._words.sections[division] in MAKING and not made
            yield (word, division), len(word) ** 2 * (0.5 if half else 1.0)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
