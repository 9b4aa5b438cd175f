"""Banks side by side: how they answer, lend and keep their word; drawn towards the place where little is known.

What it resists: a claim that is given back for a reason known before counts against its bank; what a bank was asked and let lapse counts
as much as what it picked; time runs from the ask until the firm has a real answer, and who never answers waits without end.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from math import inf
from statistics import median

from greenbridge.answers.values import Dealing, DeclineReason, LeaguePolicy, Share, Standing, Suspect
from greenbridge.kit.text import Text

# A bank that lists its own products knows these before it takes a slot.
KNOWN_BEFORE = frozenset(
    {DeclineReason.NO_CAPACITY, DeclineReason.OUTSIDE_REGION, DeclineReason.PRICE_BELOW_COST, DeclineReason.RULE_NOT_MET}
)


def share(hits: float, n: int, middle: float, prior: float) -> Share:
    """Return a share drawn towards the middle as if `prior` more cases stood there: 1 of 1 with middle 0.5 and prior 4 is 0.6."""
    return Share(hits, n, (hits + prior * middle) / (n + prior))


def _answered(one: Dealing) -> bool:
    return one.offered or (one.declined and not one.avoidable)


def _due(one: Dealing) -> bool:
    """Return whether an answer can be expected of it by now: it was asked or took a slot, and its time is over or it has answered."""
    return (one.asked or one.claimed) and (not one.open or _answered(one))


def _median_hours(own: Sequence[Dealing]) -> float | None:
    """Return the median time to an answer, who never answered counting as without end; None where that is the middle."""
    waits = [one.waited_hours if one.waited_hours is not None else inf for one in own if _due(one)]
    middle = median(waits) if waits else inf
    return middle if middle < inf else None


def standings(dealings: Sequence[Dealing], policy: LeaguePolicy) -> tuple[Standing, ...]:
    """Return the banks, best first; those with too few dealings come after them, without a place that means anything."""
    by_bank: dict[str, list[Dealing]] = defaultdict(list)
    for one in dealings:
        by_bank[one.bank_code].append(one)
    counted = {code: _counts(own) for code, own in by_bank.items()}
    middle = [_middle([counts[k] for counts in counted.values()]) for k in range(5)]
    found = []
    for code, own in by_bank.items():
        answer, approval, kept, paid, stars = [share(hits, n, middle[k], policy.prior) for k, (hits, n) in enumerate(counted[code])]
        hours = _median_hours(own)
        # Half speed at `full_hours`: 0 h is 1, `full_hours` 0.5, never answered 0; few cases are drawn towards the middle of the scale.
        speed = policy.full_hours / (policy.full_hours + hours) if hours is not None else 0.0
        n_due = sum(map(_due, own))
        speed = (speed * n_due + 0.5 * policy.prior) / (n_due + policy.prior)
        parts = {
            "answer_rate": answer.shrunk, "approval": approval.shrunk, "kept": kept.shrunk, "paid": paid.shrunk,
            "speed": speed, "stars": stars.shrunk,
        }  # fmt: skip
        rates = [one.approved_rate_bp - one.offered_rate_bp for one in own if one.approved_rate_bp is not None and one.offered_rate_bp]
        found.append(
            Standing(
                0, code, own[0].bank_name, len(own), answer, approval, kept, paid, hours,
                sum(rates) / len(rates) if rates else None, stars,
                sum(policy.weights[name] * value for name, value in parts.items()), n_due >= policy.least,
            )
        )  # fmt: skip
    ordered = sorted(found, key=lambda s: (not s.ranked, -s.score, s.bank_code))
    return tuple(
        Standing(place, *(getattr(s, name) for name in Standing.__slots__ if name != "place")) for place, s in enumerate(ordered, 1)
    )


def _counts(own: Sequence[Dealing]) -> tuple[tuple[float, int], ...]:
    """Return (hits, n) of: answered of what was due; offers of what was due; approved as offered of chosen; paid of approved; stars."""
    due = [one for one in own if _due(one)]
    settled = [one for one in own if one.chosen and (one.approved or not one.lending)]
    approved = [one for one in own if one.approved and (one.disbursed_fen or not one.lending)]
    kept = sum(_as_offered(one) for one in settled)
    rated = [one.stars for one in own if one.stars is not None]
    return (
        (sum(map(_answered, due)), len(due)),
        (sum(one.offered for one in due), len(due)),
        (kept, len(settled)),
        # Each loan counts once, by the share of it that was paid out (a revolving one at most once): a large loan does not speak for many
        # small ones.
        (sum(min(1.0, one.disbursed_fen / one.approved_fen) for one in approved), len(approved)),
        (sum((stars - 1) / 4 for stars in rated), len(rated)),
    )


def _as_offered(one: Dealing) -> bool:
    """Return whether a loan was approved at no more than the rate that was offered, and its bank not let go for its silence."""
    return (
        not one.released
        and one.approved_rate_bp is not None
        and one.offered_rate_bp is not None
        and one.approved_rate_bp <= one.offered_rate_bp
    )


def _middle(counts: Sequence[tuple[float, int]]) -> float:
    """Return the place's own share, every bank counting alike, or a half: a bank with many cases does not set its own yardstick."""
    shares = [hits / n for hits, n in counts if n]
    return sum(shares) / len(shares) if shares else 0.5


def suspects(dealings: Sequence[Dealing], policy: LeaguePolicy, since: date) -> tuple[Suspect, ...]:
    """Return ghost products (asked for and never lent) and slow banks, since a day."""
    found: list[Suspect] = []
    recent = [one for one in dealings if one.on >= since]
    products: dict[tuple[str, str], list[Dealing]] = defaultdict(list)
    banks: dict[str, list[Dealing]] = defaultdict(list)
    for one in recent:
        banks[one.bank_code].append(one)
        if one.product_code is not None:
            products[one.bank_code, one.product_code].append(one)
    for (code, product), own in sorted(products.items()):
        over = [one for one in own if _due(one)]
        empty = sum(one.no_capacity for one in over)
        if len(over) >= policy.ghost_least and not any(one.offered for one in over):
            n = len(over)
            zh, en = (
                f"被申请 {n} 次，从未报价（其中 {empty} 次称额度用完）",
                f"Asked for {n} times, never offered ({empty} times: no money left)",
            )
            found.append(Suspect(code, own[0].bank_name, product, n, Text(zh, en)))
    for code, own in sorted(banks.items()):
        due = [one for one in own if _due(one)]
        if len(due) < policy.ghost_least:
            continue
        hours, missed = _median_hours(own), sum(one.lapsed for one in due)
        if missed / len(due) >= policy.slow_share:
            zh, en = f"{len(due)} 次中有 {missed} 次到期未答复", f"{missed} of {len(due)} were not answered in time"
            found.append(Suspect(code, own[0].bank_name, None, len(due), Text(zh, en)))
        elif hours is None or hours > policy.slow_hours:
            said = (
                ("超过一半未答复", "more than half were never answered") if hours is None else (f"{hours:.0f} 小时", f"{hours:.0f} hours")
            )
            found.append(
                Suspect(code, own[0].bank_name, None, len(due), Text(f"答复时间中位数：{said[0]}", f"Median to an answer: {said[1]}"))
            )
    return tuple(found)
