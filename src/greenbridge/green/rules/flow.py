"""The state machine of a green case, as data: where each event leads, and whose it is."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from greenbridge.green.values import Event, FlowPolicy, Happened, Publicity, Speaker, State
from greenbridge.kit.calendar import add_working_days, business_date, same_day_after, working_days_between
from greenbridge.kit.errors import Problem

# (state, event) -> state. What stands here is all that can happen. Under a final state stands one thing alone: that what was certified
# stood on forged evidence, which may come to light when the certificate has long run out.
TRANSITIONS: Mapping[tuple[State, Event], State] = {
    (State.DRAFT, Event.SUBMIT): State.RATED,
    (State.DRAFT, Event.WITHDRAW): State.WITHDRAWN,
    (State.RATED, Event.REVISE): State.DRAFT,
    (State.RATED, Event.REQUEST_REVIEW): State.IN_REVIEW,
    (State.RATED, Event.WITHDRAW): State.WITHDRAWN,
    (State.IN_REVIEW, Event.CONFIRM): State.PUBLISHED,
    (State.IN_REVIEW, Event.CHANGE): State.PUBLISHED,
    (State.IN_REVIEW, Event.REJECT): State.REJECTED,
    (State.IN_REVIEW, Event.WITHDRAW): State.WITHDRAWN,
    (State.IN_REVIEW, Event.FIND_FORGERY): State.FORGED,
    (State.PUBLISHED, Event.OBJECT): State.OBJECTED,
    (State.PUBLISHED, Event.CERTIFY): State.CERTIFIED,
    (State.PUBLISHED, Event.WITHDRAW): State.WITHDRAWN,
    (State.PUBLISHED, Event.REMOVE): State.REMOVED,
    (State.PUBLISHED, Event.FIND_FORGERY): State.FORGED,
    (State.OBJECTED, Event.DISMISS): State.PUBLISHED,
    (State.OBJECTED, Event.UPHOLD): State.ANNULLED,
    (State.OBJECTED, Event.REMOVE): State.REMOVED,
    (State.OBJECTED, Event.FIND_FORGERY): State.FORGED,
    (State.CERTIFIED, Event.DOWNGRADE): State.CERTIFIED,
    (State.CERTIFIED, Event.REMOVE): State.REMOVED,
    (State.CERTIFIED, Event.EXPIRE): State.EXPIRED,
    (State.CERTIFIED, Event.SUPERSEDE): State.SUPERSEDED,
    (State.CERTIFIED, Event.FIND_FORGERY): State.FORGED,
    (State.SUPERSEDED, Event.FIND_FORGERY): State.FORGED,
    (State.EXPIRED, Event.FIND_FORGERY): State.FORGED,
    (State.REMOVED, Event.FIND_FORGERY): State.FORGED,
}
SPEAKERS: Mapping[Event, frozenset[Speaker]] = {
    Event.OPEN: frozenset({Speaker.FIRM}),
    Event.SUBMIT: frozenset({Speaker.FIRM}),
    Event.REVISE: frozenset({Speaker.FIRM}),
    Event.REQUEST_REVIEW: frozenset({Speaker.FIRM}),
    Event.WITHDRAW: frozenset({Speaker.FIRM}),
    Event.CONFIRM: frozenset({Speaker.REVIEWER}),
    Event.CHANGE: frozenset({Speaker.REVIEWER}),
    Event.REJECT: frozenset({Speaker.REVIEWER}),
    Event.OBJECT: frozenset({Speaker.PUBLIC, Speaker.OPERATOR}),
    Event.DISMISS: frozenset({Speaker.OPERATOR}),
    Event.UPHOLD: frozenset({Speaker.OPERATOR}),
    Event.FIND_FORGERY: frozenset({Speaker.REVIEWER, Speaker.OPERATOR}),
    Event.CERTIFY: frozenset({Speaker.CLOCK}),
    Event.DOWNGRADE: frozenset({Speaker.CLOCK}),
    Event.REMOVE: frozenset({Speaker.CLOCK}),
    Event.EXPIRE: frozenset({Speaker.CLOCK}),
    Event.SUPERSEDE: frozenset({Speaker.CLOCK}),
}
# What may not be said without a reason.
REASONED = frozenset({Event.CHANGE, Event.REJECT, Event.OBJECT, Event.DISMISS, Event.UPHOLD, Event.FIND_FORGERY})
LEAST_REASON, MOST_REASON = 10, 1000
TOPICS: Mapping[Event, str] = {
    Event.SUBMIT: "green.rated",
    Event.CONFIRM: "green.reviewed",
    Event.CHANGE: "green.reviewed",
    Event.REJECT: "green.reviewed",
    Event.OBJECT: "green.published",
    Event.DISMISS: "green.published",
    Event.UPHOLD: "green.published",
    Event.CERTIFY: "green.certified",
    Event.DOWNGRADE: "green.downgraded",
    Event.REMOVE: "green.downgraded",
    Event.EXPIRE: "green.downgraded",
    Event.FIND_FORGERY: "green.downgraded",
}


def next_state(state: State, event: Event) -> State | None:
    """Return where an event leads, None where it cannot happen."""
    return TRANSITIONS.get((state, event))


def possible(state: State, speaker: Speaker) -> tuple[Event, ...]:
    """Return what somebody may do now, in the order of the table."""
    return tuple(event for (at, event) in TRANSITIONS if at is state and speaker in SPEAKERS[event])


def reason_problem(event: Event, reason: str) -> bool:
    """Return whether an event lacks a reason that says something (10 to 1,000 characters)."""
    return event in REASONED and not LEAST_REASON <= len(reason.strip()) <= MOST_REASON


def publicity(history: Iterable[Happened], today: date, days: int) -> Publicity | None:
    """Return how the publicity period of a case stands on a day; None where it never began.

    Working days are counted from the day after publication; those while an objection is looked into do not count.
    """
    began: date | None = None
    stops: list[tuple[date, date | None]] = []
    for h in history:
        on = business_date(h.at)
        if h.state is State.PUBLISHED and began is None:
            began = on
        elif h.event is Event.OBJECT:
            stops.append((on, None))
        elif h.event in {Event.DISMISS, Event.UPHOLD} and stops:
            stops[-1] = (stops[-1][0], on)
    return None if began is None else period(began, stops, today, days)


def period(began: date, stops: Sequence[tuple[date, date | None]], today: date, days: int) -> Publicity:
    """Return a period that began on a day, with stops (from, until or None).

    From Friday 2026-03-06 five working days end on 2026-03-13; with a stop from the 10th to the 12th on the 17th.
    """
    used, running = 0, began
    try:
        for stop, go in stops:
            used += working_days_between(running, stop)
            if go is None:
                return Publicity(days, used, None, stopped=True)
            running = go
        ends = add_working_days(running, max(0, days - used))
        return Publicity(days, min(days, used + working_days_between(running, min(today, ends))), ends, stopped=False)
    except Problem:  # a year whose holidays are not known yet: the end is said once they are
        return Publicity(days, used, None, stopped=False)


def validity(first: date, policy: FlowPolicy) -> tuple[date, date]:
    """Return the first and last day of a certificate: from 2026-03-16, 12 months, to 2027-03-15."""
    return first, same_day_after(first, policy.valid_months) - timedelta(days=1)


def may_renew(valid_to: date, today: date, policy: FlowPolicy) -> bool:
    """Return whether a certificate may be renewed: in its last days."""
    return (valid_to - today).days < policy.renew_before_days


def in_force(policies: Iterable[FlowPolicy], on: date) -> FlowPolicy | None:
    """Return the newest edition in force on a day."""
    return max((p for p in policies if p.in_force_from <= on), key=lambda p: p.in_force_from, default=None)
