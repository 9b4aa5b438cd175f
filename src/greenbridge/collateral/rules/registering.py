"""What may happen to a mortgage registration, how long the next attempt waits, and what the registry is told."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from greenbridge.collateral.values import OrderKind, Outcome, Registration, RegistrationEvent, RegistrationState

TRANSITIONS: Mapping[tuple[RegistrationState, RegistrationEvent], RegistrationState] = {
    (RegistrationState.DRAFT, RegistrationEvent.SUBMIT): RegistrationState.SUBMITTED,
    (RegistrationState.DRAFT, RegistrationEvent.DISCARD): RegistrationState.DISCARDED,
    (RegistrationState.SUBMITTED, RegistrationEvent.ACKNOWLEDGE): RegistrationState.ACCEPTED,
    # The registry did not take it in at all: its form is wrong, or the registry knows nothing of such a piece.
    (RegistrationState.SUBMITTED, RegistrationEvent.REJECT): RegistrationState.REJECTED,
    (RegistrationState.ACCEPTED, RegistrationEvent.REGISTER): RegistrationState.REGISTERED,
    (RegistrationState.ACCEPTED, RegistrationEvent.REJECT): RegistrationState.REJECTED,
    (RegistrationState.REGISTERED, RegistrationEvent.REQUEST_CANCELLATION): RegistrationState.CANCELLATION_REQUESTED,
    (RegistrationState.CANCELLATION_REQUESTED, RegistrationEvent.REFUSE_CANCELLATION): RegistrationState.REGISTERED,
    (RegistrationState.CANCELLATION_REQUESTED, RegistrationEvent.CANCEL): RegistrationState.CANCELLED,
}
# While one of these stands, the pledge behind it may not be released: the register would say more than the bank holds.
ON_THE_REGISTER = frozenset(
    {
        RegistrationState.SUBMITTED,
        RegistrationState.ACCEPTED,
        RegistrationState.REGISTERED,
        RegistrationState.CANCELLATION_REQUESTED,
    }
)
POLL = timedelta(minutes=2)
_FIRST_WAIT, _LAST_WAIT = timedelta(minutes=1), timedelta(hours=1)


def next_state(state: RegistrationState, event: RegistrationEvent) -> RegistrationState | None:
    """Return where an event leads; None: it cannot happen. Nothing leaves a final state."""
    return TRANSITIONS.get((state, event))


def wait(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts that failed: 1, 2, 4 ... minutes, an hour at most."""
    doubled: int = 2 ** min(max(attempts - 1, 0), 10)
    return min(_FIRST_WAIT * doubled, _LAST_WAIT)


def event_of(kind: OrderKind, outcome: Outcome) -> RegistrationEvent:
    """Return what the registry's last word on an application or a cancellation does to the registration."""
    if kind is OrderKind.CANCELLATION:
        return RegistrationEvent.CANCEL if outcome.granted else RegistrationEvent.REFUSE_CANCELLATION
    return RegistrationEvent.REGISTER if outcome.granted else RegistrationEvent.REJECT


def application(registration: Registration, mortgagor: str, mortgagee: str) -> dict[str, Any]:
    """Return what the registry is told of a mortgage: both sides, since they apply together (不动产登记暂行条例 art. 14)."""
    return {
        "application": registration.number,
        "certificate_no": registration.certificate_no,
        "unit_no": registration.unit_no,
        "mortgagor_uscc": mortgagor,
        "mortgagee": mortgagee,
        "secured_fen": registration.secured_fen,
    }
