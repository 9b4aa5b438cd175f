"""What may happen to a pledge, and whether an asset has room for it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from greenbridge.collateral.values import Draft, Held, KindPolicy, Lending, PledgeEvent, PledgeState, Policy, Sharing
from greenbridge.kit.errors import FieldProblem
from greenbridge.kit.text import Text

# Who may cause an event is the service's to check; from where to where it leads stands here alone, and in the database's guard.
TRANSITIONS: Mapping[tuple[PledgeState, PledgeEvent], PledgeState] = {
    (PledgeState.OFFERED, PledgeEvent.ACCEPT): PledgeState.ACTIVE,
    (PledgeState.OFFERED, PledgeEvent.REFUSE): PledgeState.REFUSED,
    (PledgeState.OFFERED, PledgeEvent.DECLINE): PledgeState.DECLINED,
    (PledgeState.OFFERED, PledgeEvent.WITHDRAW): PledgeState.WITHDRAWN,
    (PledgeState.OFFERED, PledgeEvent.LAPSE): PledgeState.LAPSED,
    (PledgeState.ACTIVE, PledgeEvent.RELEASE): PledgeState.RELEASED,
    (PledgeState.ACTIVE, PledgeEvent.EXPIRE): PledgeState.EXPIRED,
    (PledgeState.ACTIVE, PledgeEvent.TRANSFER): PledgeState.TRANSFERRED,
}
OPEN = frozenset({PledgeState.OFFERED, PledgeState.ACTIVE})


def next_state(state: PledgeState, event: PledgeEvent) -> PledgeState | None:
    """Return where an event leads; None: it cannot happen. Nothing leaves a final state."""
    return TRANSITIONS.get((state, event))


def in_force(policies: Sequence[Policy], today: date) -> Policy | None:
    """Return the newest policy that is in force on a day."""
    return max((p for p in policies if p.in_force_from <= today), key=lambda p: p.in_force_from, default=None)


def room_fen(policy: KindPolicy, standing: Sequence[Held], whole_fen: int) -> int:
    """Return how much of an asset may still be pledged, in fen, 0 for nothing.

    Where the whole was stated differently, the least counts: who states more makes no room by it. An invoice of 100 yuan with 60
    pledged has 40 left; a warehouse receipt with any pledge has none.
    """
    if standing and (policy.sharing is Sharing.WHOLE or len(standing) >= policy.most):
        return 0
    whole = min([whole_fen, *(held.whole_fen for held in standing)])
    return max(0, int(whole * policy.ceiling) - sum(held.amount_fen for held in standing))


def fits(policy: KindPolicy, standing: Sequence[Held], whole_fen: int, amount_fen: int) -> bool:
    """Return whether one more pledge of an amount has room beside those that stand."""
    return 0 < amount_fen <= room_fen(policy, standing, whole_fen)


def rank(standing: Sequence[Held]) -> int:
    """Return the rank of the next pledge: after every one that stands."""
    return max((held.rank for held in standing), default=0) + 1


def problems(draft: Draft, policy: Policy, today: date) -> tuple[FieldProblem, ...]:
    """Return what keeps a pledge from being offered, whatever else is pledged; empty means good."""
    rule, found = policy.kinds[draft.stated.kind], []
    if draft.amount_fen <= 0:
        found.append(FieldProblem("amount_fen", Text("担保金额应大于零", "The secured amount must be above zero")))
    elif draft.amount_fen > int(draft.stated.whole_fen * rule.ceiling):
        found.append(FieldProblem("amount_fen", Text("担保金额超过资产全额", "The secured amount is above the asset's whole")))
    elif rule.sharing is Sharing.WHOLE and draft.amount_fen > draft.stated.whole_fen:
        found.append(FieldProblem("amount_fen", Text("该类资产不可分割", "Such an asset is not divisible")))
    last = today + timedelta(days=rule.max_days)
    if not today < draft.expires_on <= last:
        found.append(FieldProblem("expires_on", Text(f"到期日应在明日至 {last} 之间", f"It must end between tomorrow and {last}")))
    return tuple(found)


def lending(
    policy: KindPolicy, whole_fen: int, amount_fen: int, mode_rate: float | None, products: Sequence[tuple[str, Text, int]]
) -> Lending:
    """Return what an asset carries: value x the lower of both rates, at most the secured amount. Each product lends at most its own.

    1,000 yuan of real estate at 0.70 carry 700; secured for 500 they carry 500, a loan to value of 0.5.
    """
    rate = min([policy.advance_rate, *([mode_rate] if mode_rate is not None else [])])
    carries = min(int(whole_fen * rate), amount_fen)
    each = tuple((code, name, min(most, carries)) for code, name, most in products)
    return Lending(whole_fen, amount_fen, amount_fen / whole_fen, policy.advance_rate, mode_rate, carries, each)
