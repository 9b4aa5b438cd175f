"""Dry runs: right in the large, and telling of nobody in the small."""

import numpy as np

from greenbridge.catalog.values import Bank, Operator, Rule
from greenbridge.matching.rules import dryrun
from greenbridge.matching.rules.columns import Columns
from greenbridge.matching.rules.population import Population
from tests.builders import a_product

KEY = b"a key of this test"


def firms(n=400, seed=1):
    rng = np.random.default_rng(seed)
    words = {name: (np.zeros(n, dtype=np.int32), (value,)) for name, value in (
        ("region_code", "330502"), ("purpose", "working_capital"), ("guarantee_modes", ("credit",)),
    )}  # fmt: skip
    numbers = {"amount_fen": 100_000_000, "term_months": 12, "max_annual_rate_bp": 500, "default_probability": 0.01}
    columns = {name: np.full(n, float(value)) for name, value in numbers.items()}
    return Columns(
        n,
        {
            **columns,
            "firm_age_months": rng.integers(0, 120, n).astype(float),
            "revenue_12m_fen": np.sort(rng.integers(10**7, 10**9, n)).astype(float),
        },
        words,
    )


def draft(*rules, **changes):
    return a_product(code="DRAFT", entry_rules=rules, **changes)


def tried(product, population, others=()):
    return dryrun.dry_run(product, others, population, KEY, 5)


def test_counts_are_near_the_truth_and_name_the_refusing_rules():
    of = firms()
    found = tried(draft(Rule("firm_age_months", Operator.AT_LEAST, 24)), Population(of))
    true = int((of.numbers["firm_age_months"] >= 24).sum())
    assert abs(found.eligible - true) <= dryrun.NOISE + dryrun.STEP / 2
    assert abs(dict(found.refusals)["firm_age_months"] - (400 - true)) <= dryrun.NOISE + dryrun.STEP / 2
    assert found.firms == 400


def test_nothing_below_ten_is_ever_told_and_none_looks_like_a_few():
    for count in range(30):
        told = [dryrun.told(count, 400, f"question {n}", KEY) for n in range(50)]
        assert all(one is None or (count >= dryrun.K and one >= dryrun.K) for one in told)
        assert count >= dryrun.K or set(told) == {None}
        near_all = {dryrun.told(400 - count, 400, f"question {n}", KEY) for n in range(50)}
        assert count >= dryrun.K or near_all == {400}


def test_limits_that_hardly_differ_are_one_draft():
    of = Population(firms())
    answers = {tried(draft(Rule("revenue_12m_fen", Operator.AT_LEAST, 312_000_000 + step)), of) for step in range(0, 2_000_000, 100_000)}
    assert len(answers) == 1


def test_a_rule_that_singles_out_one_firm_changes_nothing():
    """Fifteen firms are of an industry; of the counted ones the target alone is, or none. Leaving the industry out tells neither."""
    of = firms()
    ages, industry = of.numbers["firm_age_months"], np.zeros(of.n, dtype=np.int32)
    young, old = np.flatnonzero(ages < 24), np.flatnonzero(ages >= 24)
    answers = []
    for target in (young[20], old[0]):
        codes = industry.copy()
        codes[[*young[:14], target]] = 1
        seen = Columns(of.n, of.numbers, {**of.words, "industry": (codes, ("C1742", "F5171"))})
        grown = Rule("firm_age_months", Operator.AT_LEAST, 24)
        without = draft(grown, Rule("industry", Operator.NOT_IN, ("F",)))
        assert tried(draft(grown), Population(seen)) == tried(without, Population(seen))
        answers.append(tried(without, Population(seen)).eligible)
    assert answers[0] == answers[1]


def test_two_counts_hardly_say_whether_one_firm_lies_between_two_limits():
    """Whoever knows all firms but one asks for both limits. The best of three ways to guess is right little more than every other time."""
    rng = np.random.default_rng(3)
    inside = rng.integers(0, 2, 4_000).astype(bool)
    pairs = []
    for trial, one in enumerate(inside):
        n, key = int(rng.integers(30, 300)), b"key %d" % trial
        pairs.append((dryrun.told(n, 1_000, "from 310", key) or 0, dryrun.told(n + int(one), 1_000, "from 300", key) or 0))
    low, high = np.array(pairs).T
    right = [np.mean((high > low) == inside), np.mean((high != low) == inside), np.mean((high - low > 2) == inside)]
    assert max(right) < 0.58


def test_what_changes_nobody_costs_no_new_noise_to_average():
    of = Population(firms())
    plain = draft(Rule("firm_age_months", Operator.AT_LEAST, 24))
    vacuous = [draft(*plain.entry_rules, Rule("revenue_12m_fen", Operator.AT_LEAST, limit)) for limit in range(0, 10_000_000, 1_000_000)]
    assert {tried(one, of) for one in (plain, *vacuous)} == {tried(plain, of)}


def test_asking_the_same_again_brings_nothing_new():
    of = Population(firms())
    product = draft(Rule("firm_age_months", Operator.AT_LEAST, 60))
    assert len({tried(product, of) for _ in range(20)}) == 1


def test_rivals_products_are_told_together_and_own_ones_by_code():
    of = Population(firms())
    own, rival = a_product(code="OWN", entry_rules=()), a_product(code="RIVAL", bank=Bank("GB02", "他行"), entry_rules=())
    found = tried(draft(), of, [own, rival])
    assert [code for code, _ in found.overlaps] == ["OWN"]
    assert found.other_banks is not None
