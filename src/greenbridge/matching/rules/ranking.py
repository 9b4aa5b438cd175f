"""Fits and order."""

from collections.abc import Iterable, Sequence

from greenbridge.catalog.rules import verdicts as verdict_rules
from greenbridge.catalog.rules.verdicts import Covers
from greenbridge.catalog.values import Applicant, Eligibility, LoanProduct, Outcome, Verdict
from greenbridge.matching.values import Fit, Match

POLICY_VERSION = "match-2026.1"
# Shares of the total. Region decides access to a branch, rules decide admission, risk decides price and appetite.
WEIGHTS = {"region": 0.2, "rule": 0.5, "risk": 0.3}
_ORDER = {Eligibility.ELIGIBLE: 0, Eligibility.CONDITIONAL: 1, Eligibility.NOT_ELIGIBLE: 2}
_POINTS = {Outcome.PASS: 1.0, Outcome.UNKNOWN: 0.5, Outcome.FAIL: 0.0}


def fit(product: LoanProduct, applicant: Applicant, found: Sequence[Verdict]) -> Fit:
    """Return the three fits.

    Region: 1 for a product of the district or city, 0.8 for one of the whole province, 0 outside. Rule: the share of frame
    and entry rules passed, an unknown one counting half. Risk: how far the probability of default lies under the product's
    limit; at half the limit 0.5, 0.5 when unknown.
    """
    by_kind = {kind: [v for v in found if v.rule.kind == kind] for kind in ("region", "risk")}
    region = _POINTS[by_kind["region"][0].outcome]
    if region == 1.0 and all(code.endswith("0000") for code in product.regions):
        region = 0.8
    others = [v for v in found if v.rule.kind not in by_kind]
    rule = sum(_POINTS[v.outcome] for v in others) / len(others)
    probability = applicant.facts.get("default_probability")
    risk = 0.5 if not isinstance(probability, float) else max(0.0, 1 - probability / product.max_default_probability)
    total = WEIGHTS["region"] * region + WEIGHTS["rule"] * rule + WEIGHTS["risk"] * risk
    return Fit(region, rule, risk, total)


def rank(products: Iterable[LoanProduct], applicant: Applicant, covers: Covers) -> tuple[Match, ...]:
    """Return all products, best first: eligible, then conditional, then near misses; by fit, lowest rate, code.

    The order of the products given does not matter.
    """
    judged = []
    for product in products:
        found = verdict_rules.verdicts(product, applicant, covers)
        judged.append((product, verdict_rules.eligibility(found), fit(product, applicant, found), found))
    judged.sort(key=lambda j: (_ORDER[j[1]], -round(j[2].total, 9), j[0].min_annual_rate_bp, j[0].code))
    return tuple(Match(place, *entry) for place, entry in enumerate(judged, start=1))
