"""Order of products: the plain way, and the fast way over a compiled catalogue. Both give the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from greenbridge.catalog.rules import verdicts as verdict_rules
from greenbridge.catalog.values import Applicant, Eligibility, LoanProduct, Outcome
from greenbridge.matching.rules import fits
from greenbridge.matching.rules.bits import places_of
from greenbridge.matching.rules.columns import Floats
from greenbridge.matching.rules.engine import Compiled
from greenbridge.matching.rules.scorer import Scorer
from greenbridge.matching.values import PARTS, Facts, Fit, Match, Policy

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


@dataclass(frozen=True, slots=True)
class Ranked:
    """Products of one eligibility, best first: their places in the catalogue, and float[8, n] of their parts in the order of PARTS.

    `margins` are the applicant's, of all ordered rules of the catalogue.
    """

    kind: Eligibility
    places: list[int]
    parts: Floats
    totals: Floats
    margins: Floats


def ranked(
    compiled: Compiled,
    scorer: Scorer,
    facts: Facts,
    behaviour: Mapping[str, float],
    *,
    most: int | None = None,
    refused: int | None = None,
    within: int | None = None,
) -> list[Ranked]:
    """Return the same by the compiled catalogue, group by group: at most `most` products that are not refused, and `refused` that are
    (None: all); `within`: of these products only, a bit each.
    """
    decided = compiled.decide(facts)
    asked = compiled.all if within is None else within
    found: list[Ranked] = []
    shown = 0
    for kind, bits, limit in (
        (KINDS[0], decided.eligible & asked, most),
        (KINDS[1], decided.conditional & asked, most),
        (KINDS[2], asked & ~decided.passable, refused),
    ):
        left = limit if limit is None or kind is KINDS[2] else limit - shown
        if bits and (left is None or left > 0):
            at = places_of(bits, compiled.n)
            scores = scorer.score(facts, behaviour, at, eligible=kind is KINDS[0])
            order = scorer.order(scores, at, left, by_failed=kind is KINDS[2])
            found.append(Ranked(kind, at.take(order).tolist(), scores.parts.take(order, axis=1), scores.totals.take(order), scores.margins))
            shown += len(order)
    return found


def rank(
    compiled: Compiled,
    scorer: Scorer,
    facts: Facts,
    behaviour: Mapping[str, float],
    *,
    most: int | None = None,
    refused: int | None = None,
) -> list[Match]:
    """Return the same as matches."""
    found: list[Match] = []
    for group in ranked(compiled, scorer, facts, behaviour, most=most, refused=refused):
        rows = zip(group.places, group.parts.T.tolist(), group.totals.tolist(), strict=True)
        for rank, (place, parts, total) in enumerate(rows, start=len(found) + 1):
            found.append(_match(scorer.products[place], group.kind, parts, total, rank))
    return found


def match(scorer: Scorer, group: Ranked, i: int, rank: int) -> Match:
    """Return one product of a group as a match at a rank."""
    return _match(scorer.products[group.places[i]], group.kind, group.parts[:, i].tolist(), float(group.totals[i]), rank)


def _match(product: LoanProduct, kind: Eligibility, parts: Iterable[float], total: float, rank: int) -> Match:
    return Match(rank, product, kind, Fit(**dict(zip(PARTS, parts, strict=True)), total=total), rank)
