"""Dry runs: right in the large, and telling of nobody in the small."""

from datetime import date

import numpy as np
import pytest

from greenbridge.catalog.values import Bank, Branch, Connective, Group, Operator, Rule
from greenbridge.matching.rules import dryrun
from greenbridge.matching.rules.bits import packed
from greenbridge.matching.rules.columns import Columns
from greenbridge.matching.rules.population import Population
from tests.builders import a_product

KEY = b"a key of this test"
FAR = dryrun.FEW - 1 + dryrun.NOISE + dryrun.STEP / 2


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


def tried(product, population, others=(), key=KEY):
    asked = dryrun.asked(product, others, population)
    return dryrun.dry_run(asked, population, key, 5)


def said(count, of, question, key=KEY):
    bits = np.zeros(-(-of // 64) * 64, dtype=bool)
    bits[:count] = True
    return dryrun.told(packed(bits), of, question, key)


def test_counts_are_near_the_truth_and_name_the_refusing_rules():
    of = firms()
    found = tried(draft(Rule("firm_age_months", Operator.AT_LEAST, 24)), Population(of))
    true = int((of.numbers["firm_age_months"] >= 24).sum())
    assert abs(found.eligible - true) <= FAR
    assert abs(dict(found.refusals)["firm_age_months"] - (400 - true)) <= FAR
    assert found.firms == 400


def test_nothing_below_ten_is_ever_told_and_none_looks_like_a_few():
    for count in range(30):
        told = [said(count, 400, f"question {n}") for n in range(50)]
        assert all(one is None or (count >= dryrun.K and one >= dryrun.K) for one in told)
        assert count >= dryrun.K or set(told) == {None}
        near_all = {said(400 - count, 400, f"question {n}") for n in range(50)}
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
        pairs.append((said(n, 1_000, "from 310", key) or 0, said(n + int(one), 1_000, "from 300", key) or 0))
    low, high = np.array(pairs).T
    right = [np.mean((high > low) == inside), np.mean((high != low) == inside), np.mean((high - low > 2) == inside)]
    assert max(right) < 0.58


def test_what_changes_nobody_costs_no_new_noise_to_average():
    of = Population(firms())
    plain = draft(Rule("firm_age_months", Operator.AT_LEAST, 24))
    vacuous = [draft(*plain.entry_rules, Rule("revenue_12m_fen", Operator.AT_LEAST, limit)) for limit in range(0, 10_000_000, 1_000_000)]
    assert {tried(one, of) for one in (plain, *vacuous)} == {tried(plain, of)}


def test_one_set_of_firms_put_in_other_words_is_one_draft_with_one_noise():
    """Names of branches, their order, the order of words and of rules, a rule said twice, as a group, or one that refuses nobody."""
    of = Population(firms())
    grown, sized = Rule("firm_age_months", Operator.AT_LEAST, 24), Rule("revenue_12m_fen", Operator.AT_LEAST, 300_000_000)
    here = Rule("region_code", Operator.IN, ("330502", "330503"))
    branches = [Branch("330502", 10**9, "East"), Branch("330503", 10**9, "West")]
    drafts = [
        draft(grown, sized, here, branches=tuple(branches)),
        draft(sized, Rule("region_code", Operator.IN, ("330503", "330502")), grown, branches=tuple(branches)),
        *(draft(grown, sized, branches=(Branch("330503", 10**9), Branch("330502", 10**9, f"No. {n}"))) for n in range(20)),
        draft(grown, grown, sized, Rule("firm_age_months", Operator.BETWEEN, (24, 900))),
        draft(grown, Rule("industry", Operator.NOT_IN, ("Z",), soft=True), sized),
        draft(Group(Connective.NONE_OF, (Rule("firm_age_months", Operator.AT_MOST, 900_000),), soft=True), grown, sized),
        *(draft(grown, sized, Rule("amount_fen", Operator.AT_LEAST, n)) for n in range(20)),
    ]
    assert len({dryrun.counted(one, of).asked for one in drafts}) == 1
    assert len({tried(one, of) for one in drafts}) == 1
    assert dryrun.counted(draft(grown), of).asked != dryrun.counted(draft(grown, sized), of).asked


def test_no_average_over_spellings_finds_the_number():
    """What else comes to the same firms has its own noise in part; the other part is of the firms, and stays."""
    errors = []
    for seed in range(40):
        key = b"key %d" % seed
        errors.append(np.mean([said(200, 1_000, f"spelling {n}", key) for n in range(200)]) - 200)
    assert np.std(errors) > 1
    assert len({round(error) for error in errors}) > 2


def test_noise_differs_where_the_firms_do():
    """Else noise that is known of one count would be known of all."""
    assert len({said(100 + n, 400, "one question") - n for n in range(0, 100, 5)}) > 1


def overlapping(n=59, eligible=8):
    """A few firms that pass, and many that each of five rules refuses, all of them by several: no rule alone keeps ten out."""
    facts = ("firm_age_months", "revenue_12m_fen", "insured_staff", "vat_12m_fen", "sales_active_months_12")
    rng = np.random.default_rng(4)
    numbers = {fact: np.full(n, 50.0) for fact in facts}
    for firm in range(eligible, n):
        for fact in rng.choice(facts, 3, replace=False):
            numbers[fact][firm] = 1.0
    of = firms(n)
    return Columns(n, {**of.numbers, **numbers}, of.words), tuple(Rule(fact, Operator.AT_LEAST, 40) for fact in facts)


def test_rules_that_overlap_do_not_fall_one_after_the_other():
    of, rules = overlapping()
    found = tried(draft(*rules), Population(of))
    assert (found.firms, found.eligible, found.refused) == (60, None, 60)
    of, rules = overlapping(400, 200)
    found = tried(draft(*rules), Population(of))
    assert abs(found.eligible - 200) <= FAR


@pytest.mark.parametrize("seed", range(20))
def test_no_count_is_far_from_that_of_all_rules_and_the_three_add_up(seed):
    rng = np.random.default_rng(seed)
    of = firms(seed=seed)
    for name in ("vat_12m_fen", "sales_active_months_12"):
        of.numbers[name] = np.where(rng.random(of.n) < 0.1, np.nan, rng.integers(0, 100, of.n))
    rules = [
        Rule("firm_age_months", Operator.AT_LEAST, int(rng.integers(0, 60))),
        Rule("vat_12m_fen", Operator.AT_LEAST, int(rng.integers(1, 10))),
        Rule("sales_active_months_12", Operator.AT_LEAST, int(rng.integers(1, 10))),
        Rule("revenue_12m_fen", Operator.AT_LEAST, int(rng.integers(0, 10**8))),
    ]
    population = Population(of)
    true = population.reach(dryrun.coarse(draft(*rules)))
    found = tried(draft(*rules), population)
    for found_n, exact in ((found.eligible, true.eligible), (found.conditional, true.conditional)):
        assert abs(found_n - exact) <= FAR if found_n is not None else exact < dryrun.K + 2 * dryrun.NOISE + 2 * dryrun.FEW
    assert found.firms == sum(part or 0 for part in (found.eligible, found.conditional, found.refused))


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


def founded(n=400, seed=6):
    """Firms with a founding day each; of the middle one of the sorted revenues the number of staff is nobody else's either."""
    of = firms(n, seed)
    days = np.random.default_rng(seed).permutation(np.arange(n))
    staff = np.where(np.arange(n) == n // 2, 37.0, 1.0 + days % 30)
    return Columns(n, {**of.numbers, "established_on": 736_000.0 + days, "insured_staff": staff}, of.words)


def day_of(of, firm):
    return date.fromordinal(int(of.numbers["established_on"][firm])).isoformat()


def asking(of, firm, limit, way, copy):
    """A listed product that asks for a revenue or for what everybody knows of one firm; and the same without the firm."""
    sold = Rule("revenue_12m_fen", Operator.AT_LEAST, limit)
    day = Rule("established_on", Operator.BETWEEN, (day_of(of, firm),) * 2)
    only = {"a day": day, "a number": Rule("insured_staff", Operator.BETWEEN, (37, 37)), "nobody": day}[way]
    # Every copy another spelling of the same: a member that is true of nobody.
    never = (Rule("established_on", Operator.BETWEEN, (f"{1900 + copy}-01-01", f"{1900 + copy}-12-31")),) if way == "nobody" else ()
    return Group(Connective.ANY_OF, (sold, only, *never)), Group(Connective.ANY_OF, (sold, *never)) if never else sold


@pytest.mark.parametrize("way", ["a day", "a number", "nobody"])
def test_a_list_of_own_products_does_not_say_what_one_firm_sells(way):
    """Sixty copies each, one with the firm let in by what is public of it: where both are told alike, it sells as much as was asked."""
    of, right = founded(), []
    population, firm = Population(of), of.n // 2
    sold = of.numbers["revenue_12m_fen"][firm]
    for trial in range(60):
        limit = float(f"{sold * (0.8 - trial / 300 if trial % 2 else 1.2 + trial / 300):.1e}")
        own = [
            a_product(code=f"{copy:02}{name}", version=copy + 1, entry_rules=(rule,))
            for copy in range(60)
            for name, rule in zip("PR", asking(of, firm, limit, way, copy), strict=True)
        ]
        found = tried(draft(), population, own, b"key %d" % trial)
        told = {name: [n or 0 for code, n in found.overlaps if code.endswith(name)] for name in "PR"}
        same = abs(np.mean(told["P"]) - np.mean(told["R"])) < 0.7
        right.append(same == (sold >= limit))
    assert np.mean(right) < 0.62
