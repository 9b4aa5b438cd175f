"""The quick JSON of an answer says what the plain one says."""

import json

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.values import Applicant
from greenbridge.matching import gateway
from greenbridge.matching.rules import ranking
from greenbridge.matching.rules.engine import Compiled
from greenbridge.matching.rules.explainer import Explainer
from greenbridge.matching.rules.scorer import Scorer
from greenbridge.matching.rules.wire import head_json, verdict_json
from tests.matching.worlds import applicants, catalogues

POLICY = gateway.policies()[0]


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(catalogues(), applicants, st.sampled_from(["zh", "en"]))
def test_quick_and_plain_json_are_one(products, facts, language):
    ranked = ranking.rank_plainly(products, Applicant(facts), POLICY, {})
    scorer = Scorer(products, POLICY)
    explainer = Explainer(scorer)
    quick = json.loads(explainer.of_matches(ranked, facts, language))
    straight = json.loads(explainer.encoded(ranking.ranked(Compiled(products), scorer, facts, {}), facts, language))
    assert [one["verdicts"] for one in straight] == [one["verdicts"] for one in quick]  # made a second time, of kept pieces
    for one, other in zip(straight, quick, strict=True):
        assert one["fit"]["total"] == pytest.approx(other["fit"]["total"], abs=2.1e-6)
        assert {**one, "fit": 0, "total_fit": 0, "region_fit": 0, "rule_fit": 0, "risk_fit": 0} == {
            **other, "fit": 0, "total_fit": 0, "region_fit": 0, "rule_fit": 0, "risk_fit": 0}  # fmt: skip
    for got, match in zip(quick, ranked, strict=True):
        rules = [verdict_json(v, language) for v in verdicts.verdicts(match.product, Applicant(facts))]
        plain = json.loads(json.dumps({**head_json(match, POLICY, language), "verdicts": rules}))
        assert got == plain
        assert sum(got["fit"]["points"].values()) == pytest.approx(got["fit"]["total"], abs=1e-9)
        assert got["total_fit"] == pytest.approx(got["fit"]["total"], abs=5.1e-5)
        assert got["fit"]["total"] == pytest.approx(match.fit.total, abs=5e-6)
