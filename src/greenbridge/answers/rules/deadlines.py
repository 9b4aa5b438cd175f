"""When each step is due, when somebody is reminded, and whom the platform asks next."""

from collections.abc import Collection, Sequence
from datetime import date

from greenbridge.answers.values import Answer, AnswerStatus, Profile, Request, RequestState, Step
from greenbridge.catalog.values import Eligibility
from greenbridge.kit.calendar import add_working_days, working_days_between
from greenbridge.matching.values import Match


def due_on(profile: Profile, step: Step, started_on: date) -> date:
    """Return the last day of a step: 2 working days from 2026-03-13 (Friday) end on 2026-03-17. Raises Problem for an unknown year."""
    return add_working_days(started_on, profile.days[step])


def remind_on(started_on: date, due: date) -> date:
    """Return the day when half of the working days have passed: of 1 and 2 the first, of 3 and 4 the second, of 5 the third."""
    days = working_days_between(started_on, due)
    return add_working_days(started_on, (days + 1) // 2)


def days_left(due: date, today: date) -> int:
    """Return how many working days are left; below zero: how many it is late."""
    return working_days_between(today, due) if today <= due else -working_days_between(due, today)


def paused_until(today: date, left: int) -> date:
    """Return when a step is due that waited for the firm: what was left of it, one working day at least."""
    return add_working_days(today, max(left, 1))


def next_asked(matches: Sequence[Match], asked: Collection[str]) -> Match | None:
    """Return the best match of a bank that was neither asked nor answered; None when nobody is left. `asked`: codes of banks."""
    return next((m for m in matches if m.eligibility is not Eligibility.NOT_ELIGIBLE and m.product.bank.code not in asked), None)


def was_answered(answers: Sequence[Answer], requests: Sequence[Request], operator_answered: bool) -> bool:
    """Return whether the firm has had an answer: an offer, a refusal with reasons, or the operator's words."""
    said = any(a.offer is not None or a.status in {AnswerStatus.DECLINED, AnswerStatus.RETURNED} for a in answers)
    return operator_answered or said or any(r.state is RequestState.REFUSED for r in requests)
