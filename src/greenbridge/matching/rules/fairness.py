"""Near-equal products take turns, bank by bank; what each bank has had and what it deserved is kept, so that it evens out."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2

from greenbridge.catalog.values import Eligibility
from greenbridge.matching.values import Match, Policy


@dataclass(frozen=True, slots=True)
class Shown:
    """What one place of one ranking gave a product, and what its bank deserved of it."""

    product_code: str
    bank_code: str
    attention: float
    deserved: float


def attention(rank: int, policy: Policy) -> float:
    """Return how much a place is looked at: 1 / log2(1 + rank) over the first places (the discount of DCG), then nothing.

    The first place has 1, the third 0.5.
    """
    return 1 / log2(1 + rank) if rank <= policy.places else 0.0


def take_turns(matches: Sequence[Match], balances: Mapping[str, float], seed: str, policy: Policy) -> tuple[list[Match], list[Shown]]:
    """Return the matches with near-equals reordered, and what it gave whom.

    `matches` come by merit. Near-equal are those of one eligibility whose totals lie less than epsilon under the first one's. Within
    them each place goes to the bank that is furthest behind what it deserved so far (`balances`: attention less deserved), with its
    best product; equal banks are drawn by the seed. Refused products do not take turns. The same input gives the same order.
    """
    order: list[Match] = []
    for band in bands(matches, policy):
        given = _given(band, len(order), policy)
        picked = _pick(band, given, balances, seed)
        order += [replace(match, rank=place) for place, match in enumerate(picked, start=len(order) + 1)]
    return order, shown(matches, order, policy)


def shown(by_merit: Sequence[Match], order: Sequence[Match], policy: Policy) -> list[Shown]:
    """Return what an order gave each product, and its part of what its bank deserved by merit; refused products are not counted."""
    attentions = {match.product.code: attention(match.rank, policy) for match in order}
    found: list[Shown] = []
    before = 0
    for band in bands(by_merit, policy):
        counts = _counts(band)
        deserved = shares(counts, _given(band, before, policy))
        before += len(band)
        for match in band:
            code, bank = match.product.code, match.product.bank.code
            if match.eligibility is not Eligibility.NOT_ELIGIBLE and code in attentions:
                found.append(Shown(code, bank, attentions[code], deserved[bank] / counts[bank]))
    return [one for one in found if one.attention or one.deserved]


def _given(band: Sequence[Match], before: int, policy: Policy) -> list[float]:
    return [attention(place, policy) for place in range(before + 1, before + len(band) + 1)]


def _counts(band: Sequence[Match]) -> dict[str, int]:
    return {bank: len(own) for bank, own in _by_bank(band).items()}


def bands(matches: Sequence[Match], policy: Policy) -> Iterator[list[Match]]:
    """Yield runs of near-equal matches; a refused match is a run of its own."""
    band: list[Match] = []
    for match in matches:
        refused = match.eligibility is Eligibility.NOT_ELIGIBLE
        near = band and match.eligibility is band[0].eligibility and band[0].fit.total - match.fit.total < policy.epsilon
        if band and (refused or not near):
            yield band
            band = []
        band.append(match)
    if band:
        yield band


def shares(counts: Mapping[str, int], given: Sequence[float]) -> dict[str, float]:
    """Return what each bank deserves of a band's attention: as equal as can be (max-min), since few products fill few places.

    Over places of 1, 0.63 and 0.5, banks with one and two products: 1 and 1.13.
    """
    return {bank: part for banks, part in tiers(counts, given) for bank in banks}


def tiers(counts: Mapping[str, int], given: Sequence[float]) -> list[tuple[list[str], float]]:
    """Return (banks, what each of them deserves), tier by tier; a tier fills the places behind the tiers before it.

    The banks with the fewest products that cannot reach the others' part share the first places evenly; the rest is shared the same
    way. Four banks with one product each and one with ten: the four share the first four places, whatever the one lists.
    """
    banks, left = sorted(counts, key=lambda bank: (counts[bank], bank)), list(given)
    found: list[tuple[list[str], float]] = []
    while banks:
        parts = []
        for size in range(1, len(banks) + 1):
            places = sum(counts[bank] for bank in banks[:size])
            parts.append((round(sum(left[:places]) / size, 12), -size, places))
        part, size, places = min(parts)
        found.append((banks[:-size], part))
        banks, left = banks[-size:], left[places:]
    return found


def _by_bank(band: Sequence[Match]) -> dict[str, list[Match]]:
    found: defaultdict[str, list[Match]] = defaultdict(list)
    for match in band:
        found[match.product.bank.code].append(match)
    return found


def _pick(band: Sequence[Match], given: Sequence[float], balances: Mapping[str, float], seed: str) -> Iterator[Match]:
    left = _by_bank(band)
    attentions = iter(given)
    for banks, part in tiers(_counts(band), given):
        behind = {bank: balances.get(bank, 0.0) - part for bank in banks}
        draw = {bank: hashlib.sha256(f"{seed}|{bank}".encode()).digest() for bank in banks}
        while behind:
            bank = min(behind, key=lambda b: (round(behind[b], 9), draw[b]))
            yield left[bank].pop(0)
            behind[bank] += next(attentions)
            if not left[bank]:
                del behind[bank]
