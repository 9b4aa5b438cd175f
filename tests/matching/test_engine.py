"""The fast path and the slow path agree on everything."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.values import Applicant, Eligibility, Outcome
from greenbridge.matching import gateway
from greenbridge.matching.rules import ranking
from greenbridge.matching.rules.bits import bools_of
from greenbridge.matching.rules.columns import columns
from greenbridge.matching.rules.engine import Compiled
from greenbridge.matching.rules.population import Population
from greenbridge.matching.rules.scorer import Scorer
from tests.matching.worlds import applicants, catalogues

POLICY = gateway.policies()[0]
# Shrinking a whole catalogue takes minutes and shows little more than the failing world itself.
PHASES = (Phase.explicit, Phase.generate)


def plainly(product, facts):
    found = verdicts.verdicts(product, Applicant(facts))
    hard = {v.outcome for v in found if not v.rule.soft}
    return Outcome.FAIL not in hard, Outcome.UNKNOWN in hard, found


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(catalogues(), st.lists(applicants, min_size=1, max_size=4))
def test_bits_say_what_the_plain_engine_says_of_one_need_of_many_and_of_all_firms(products, firms):
    compiled = Compiled(products)
    passable, unknown = compiled.decide_many(columns(firms))
    population = Population(columns(firms))
    for i, facts in enumerate(firms):
        one = compiled.decide(facts)
        many = (np.unpackbits(bits[i].view(np.uint8), count=len(products), bitorder="little") for bits in (passable, unknown))
        expected = np.array([plainly(p, facts)[:2] for p in products])
        assert bools_of(one.passable, compiled.n).tolist() == expected[:, 0].tolist()
        assert bools_of(one.unknown, compiled.n).tolist() == expected[:, 1].tolist()
        assert [bits.tolist() for bits in many] == [expected[:, 0].astype(int).tolist(), expected[:, 1].astype(int).tolist()]
    for j, product in enumerate(products):
        reach = population.reach(product)
        answers = [plainly(product, facts)[:2] for facts in firms]
        assert reach.eligible == sum(passes and not open_ for passes, open_ in answers), j
        assert reach.conditional == sum(passes and open_ for passes, open_ in answers)
        assert reach.firms().tolist() == [i for i, (passes, open_) in enumerate(answers) if passes and not open_]


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(catalogues(), applicants)
def test_the_rows_explain_every_refusal(products, facts):
    compiled = Compiled(products)
    refusals = compiled.refusals(facts)
    for j, product in enumerate(products):
        failed = [v for v in plainly(product, facts)[2] if v.outcome is Outcome.FAIL and not v.rule.soft]
        simple = {v.rule.fact for v in failed if not v.members and not v.rule.fact.startswith("branch_")}
        assert {fact for fact, bits in refusals.items() if fact != "joined" and bits >> j & 1} == simple
        assert bool(refusals.get("joined", 0) >> j & 1) == any(v.members or v.rule.name.startswith("branch_") for v in failed)


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(catalogues(), applicants, st.dictionaries(st.sampled_from(["GB01", "GB02"]), st.floats(0, 1)))
def test_the_fast_ranking_is_the_plain_one_part_by_part(products, facts, behaviour):
    slow = ranking.rank_plainly(products, Applicant(facts), POLICY, behaviour)
    fast = ranking.rank(Compiled(products), Scorer(products, POLICY), facts, behaviour)
    assert [(m.rank, m.product.code, m.eligibility) for m in fast] == [(m.rank, m.product.code, m.eligibility) for m in slow]
    for one, other in zip(fast, slow, strict=True):
        for part in one.fit.__dataclass_fields__:
            assert getattr(one.fit, part) == pytest.approx(getattr(other.fit, part), abs=1e-12)
            assert 0 <= getattr(one.fit, part) <= 1


@settings(max_examples=50, deadline=None, phases=PHASES)
@given(catalogues(), applicants)
def test_the_top_is_the_top_of_the_whole(products, facts):
    compiled, scorer = Compiled(products), Scorer(products, POLICY)
    whole = ranking.rank(compiled, scorer, facts, {})
    top = ranking.rank(compiled, scorer, facts, {}, most=2, refused=0)
    assert top == [m for m in whole if m.eligibility is not Eligibility.NOT_ELIGIBLE][:2]


@settings(max_examples=50, deadline=None, phases=PHASES)
@given(catalogues(), applicants)
def test_no_product_that_fails_a_hard_rule_ranks_among_the_eligible(products, facts):
    kinds = [m.eligibility for m in ranking.rank(Compiled(products), Scorer(products, POLICY), facts, {})]
    assert kinds == sorted(kinds, key=ranking.KINDS.index)
