"""A rule over many applicants in columns. Answers are small whole numbers, so that Kleene's logic is min and max."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.rules.branches import branch_facts
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import AnyRule, Branch, Connective, Group, Outcome, Rule, Subject
from greenbridge.matching.rules.columns import Columns, bounds, is_ordered

Answers = NDArray[np.int8]
FAIL, UNKNOWN, PASS = 0, 1, 2
ANSWER = {Outcome.FAIL: FAIL, Outcome.UNKNOWN: UNKNOWN, Outcome.PASS: PASS}
REGION = "region_code"


def judge(rule: AnyRule, of: Columns, branches: Sequence[Branch] = ()) -> Answers:
    """Return int8[n], 0 failed, 1 unknown, 2 passed. `branches` are the product's, for facts of its nearest branch."""
    if isinstance(rule, Group):
        members = np.array([judge(member, of, branches) for member in rule.members])
        if rule.connective is Connective.ALL_OF:
            return np.asarray(members.min(axis=0))
        some = members.max(axis=0)
        return np.asarray(some if rule.connective is Connective.ANY_OF else PASS - some, dtype=np.int8)
    if FACTS[rule.fact].about is Subject.BRANCH:
        return _by_word(rule, of, REGION, branches)
    if is_ordered(rule.fact):
        return _by_size(rule, of)
    return _by_word(rule, of, rule.fact, ())


def _by_size(rule: Rule, of: Columns) -> Answers:
    values = of.numbers.get(rule.fact)
    if values is None:
        return np.full(of.n, UNKNOWN, dtype=np.int8)
    low, high = bounds(rule)
    answers = ((values >= low) & (values <= high)).astype(np.int8) * np.int8(PASS)
    answers[np.isnan(values)] = UNKNOWN
    return answers


def _by_word(rule: Rule, of: Columns, key: str, branches: Sequence[Branch]) -> Answers:
    """Judge each distinct word once; a fact of the branch is a function of the region."""
    if key not in of.words:
        return np.full(of.n, UNKNOWN, dtype=np.int8)
    codes, values = of.words[key]
    facts = [branch_facts(branches, v) if key != rule.fact else {key: v} for v in values]
    table = np.array([ANSWER[verdicts.verdict(rule, one).outcome] for one in facts] + [UNKNOWN], dtype=np.int8)
    return table[codes]  # -1, unknown, is the last one
