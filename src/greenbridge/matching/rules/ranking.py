"""Order of products: the plain way, and the fast way over a compiled catalogue. Both give the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from greenbridge.catalog.rules import verdicts as verdict_rules
from greenbridge.catalog.values import Applicant, Eligibility, LoanProduct, Outcome
from greenbridge.matching.rules import fits
from greenbridge.matching.rules.bits import places_of
from greenbridge.matching.rules.engine import Compiled
from greenbridge.matching.rules.scorer import Scorer
from greenbridge.matching.values import Facts, Fit, Match, Policy

KINDS = (Eligibility.ELIGIBLE, Eligibility.CONDITIONAL, Eligibility.NOT_ELIGIBLE)


def rank_plainly(
    products: Iterable[LoanProduct], applicant: Applicant, policy: Policy, behaviour: Mapping[str, float]
) -> tuple[Match, ...]:
    """Return all products, best first: eligible, then conditional, then near misses by how few rules fail; by fit, lowest rate, code.

    The order of the products given does not matter.
    """
    judged = []
    for product in products:
        found = verdict_rules.verdicts(product, applicant)
        failed = sum(v.outcome is Outcome.FAIL and not v.rule.soft for v in found)
        judged.append(
            (failed, Match(0, product, verdict_rules.eligibility(found), fits.fit(product, applicant.facts, found, policy, behaviour)))
        )
    judged.sort(
        key=lambda j: (KINDS.index(j[1].eligibility), j[0], -round(j[1].fit.total, 9), j[1].product.min_annual_rate_bp, j[1].product.code)
    )
    return tuple(replace(match, rank=place, merit_rank=place) for place, (_, match) in enumerate(judged, start=1))


def rank(
    compiled: Compiled,
    scorer: Scorer,
    facts: Facts,
    behaviour: Mapping[str, float],
    *,
    most: int | None = None,
    refused: int | None = None,
) -> list[Match]:
    """Return the same by the compiled catalogue: at most `most` products that are not refused, and `refused` that are (None: all)."""
    decided = compiled.decide(facts)
    found: list[Match] = []
    for kind, bits, limit in (
        (KINDS[0], decided.eligible, most),
        (KINDS[1], decided.conditional, most),
        (KINDS[2], compiled.all & ~decided.passable, refused),
    ):
        left = limit if limit is None or kind is KINDS[2] else limit - len(found)
        if bits and (left is None or left > 0):
            found += _ranked(scorer, facts, behaviour, bits, kind, left, len(found))
    return found


def _ranked(
    scorer: Scorer, facts: Facts, behaviour: Mapping[str, float], bits: int, kind: Eligibility, most: int | None, before: int
) -> Sequence[Match]:
    at = places_of(bits, len(scorer.products))
    parts, failed = scorer.score(facts, behaviour, at)
    order = scorer.order(parts["total"], at, first=(failed,) if kind is Eligibility.NOT_ELIGIBLE else ())[:most]
    columns = {name: values[order].tolist() for name, values in parts.items()}
    rows = zip(*(columns[name] for name in Fit.__dataclass_fields__), strict=True)
    places = at[order].tolist()
    return [
        Match(rank, scorer.products[place], kind, Fit(*row), rank)
        for rank, (place, row) in enumerate(zip(places, rows, strict=True), start=before + 1)
    ]
