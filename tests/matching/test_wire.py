"""The quick JSON of an answer says what the plain one says."""

import json

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.values import Applicant
from greenbridge.matching import gateway
from greenbridge.matching.rules import ranking
from greenbridge.matching.rules.wire import Explainer, head_json, verdict_json
from tests.matching.worlds import applicants, catalogues

POLICY = gateway.policies()[0]


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(catalogues(), applicants, st.sampled_from(["zh", "en"]))
def test_quick_and_plain_json_are_one(products, facts, language):
    ranked = ranking.rank_plainly(products, Applicant(facts), POLICY, {})
    quick = json.loads(Explainer(products).encoded(ranked, facts, POLICY, language))
    for got, match in zip(quick, ranked, strict=True):
        rules = [verdict_json(v, language) for v in verdicts.verdicts(match.product, Applicant(facts))]
        plain = json.loads(json.dumps({**head_json(match, POLICY, language), "verdicts": rules}))
        assert got == plain
        assert sum(got["fit"]["points"].values()) == pytest.approx(got["fit"]["total"], abs=1e-9)
        assert got["total_fit"] == pytest.approx(got["fit"]["total"], abs=5.1e-5)
        assert got["fit"]["total"] == pytest.approx(match.fit.total, abs=5e-6)
