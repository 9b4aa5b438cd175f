"""When an objection is due, what may happen to it, and what an answer needs."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from greenbridge.disputes.values import Answer, Deadlines, Draft, Escalation, Event, Objection, Outcome, Policy, Present, State
from greenbridge.facts.rules import items
from greenbridge.facts.values import Fact
from greenbridge.kit.calendar import add_working_days, working_days_between
from greenbridge.kit.errors import FieldProblem, Problem
from greenbridge.kit.text import Text

LEAST, MOST = 10, 500  # characters of a reason or an answer: enough to look into, short enough to read
# Who may cause an event is the service's to check; from where to where it leads stands here alone.
TRANSITIONS: Mapping[tuple[State, Event], State] = {
    (State.OPEN, Event.WITHDRAW): State.WITHDRAWN,
    (State.OPEN, Event.UPHOLD): State.UPHELD,
    (State.OPEN, Event.REJECT): State.REJECTED,
}
# What an outcome says of the record must be so. A record is corrected by its department's delivery: here it can only be found.
NEEDS: Mapping[Outcome, frozenset[Present]] = {
    Outcome.DELETED: frozenset({Present.TAKEN_BACK}),
    Outcome.CORRECTED: frozenset({Present.CHANGED}),
    Outcome.COMPLETED: frozenset({Present.CHANGED}),
    Outcome.DELISTED: frozenset({Present.CHANGED, Present.TAKEN_BACK}),
    Outcome.DISPLAY_STOPPED: frozenset({Present.SAME, Present.CHANGED, Present.LAPSED}),
    Outcome.NOT_UPHELD: frozenset(Present),
}
LISTS = frozenset({items.ABNORMAL_LIST, items.SEVERE_LIST, items.DISHONESTY, "courts.consumption_limits", "tax.major_illegality"})
# A mobile number, and an identity number with its date of birth: what has no place in a text that others read.
_PERSONAL = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")


def next_state(state: State, event: Event) -> State | None:
    """Return where an event leads; None: it cannot happen. Nothing leaves a final state."""
    return TRANSITIONS.get((state, event))


def in_force(policies: Sequence[Policy], day: date) -> Policy | None:
    """Return the newest policy that is in force on a day."""
    return max((p for p in policies if p.in_force_from <= day), key=lambda p: p.in_force_from, default=None)


def deadlines(policy: Policy, raised_on: date) -> Deadlines:
    """Return until when an objection is answered: of 2026-03-02 (Monday) with 5 and 20 working days 2026-03-09 and 2026-03-30.

    Where the holidays of a year are not known, the day is None: the objection stands all the same, and nothing is guessed.
    """
    return Deadlines(_day(raised_on, policy.answer_working_days), _day(raised_on, policy.last_working_days))


def _day(start: date, days: int) -> date | None:
    try:
        return add_working_days(start, days)
    except Problem:
        return None


def days_left(objection: Objection, today: date) -> int | None:
    """Return the working days until the answer is due, 0 on the day itself, less than 0 when it is late; None: not known."""
    due = objection.deadlines.due_on
    if due is None:
        return None
    try:
        return working_days_between(today, due) if today <= due else -working_days_between(due, today)
    except Problem:
        return None


def escalation(objection: Objection, today: date) -> Escalation | None:
    """Return how late an objection is on a day; None: in time, or answered. The due day itself is in time."""
    if objection.state is not State.OPEN:
        return None
    due, last = objection.deadlines.due_on, objection.deadlines.last_on
    if last is not None and last < today:
        return Escalation.OVERDUE
    return Escalation.LATE if due is not None and due < today else None


def present(disputed: str, shown: Fact | None, newest: Fact | None) -> Present:
    """Return how a record stands against the disputed version (its digest): `shown` is what is shown of it today, `newest` the last
    version that is known.
    """
    if shown is not None:
        return Present.SAME if shown.digest == disputed else Present.CHANGED
    return Present.TAKEN_BACK if newest is not None and newest.withdrawn else Present.LAPSED


def problems(draft: Draft) -> tuple[FieldProblem, ...]:
    """Return what keeps an objection from being raised; empty means good."""
    return _text_problems(draft.text, Text("请说明哪里不对、依据是什么", "Say what is wrong, and what shows it"))


def answer_problems(objection: Objection, answer: Answer, standing: Present) -> tuple[FieldProblem, ...]:
    """Return what keeps an answer from being given: its outcome must be so, and it must say why."""
    found = list(_text_problems(answer.text, Text("请说明核查结果和理由", "Say what was found, and why")))
    if why := _not_so(answer.outcome, objection.item, standing):
        found.append(FieldProblem("outcome", why))
    return tuple(found)


def barred(item: str, standing: Present) -> dict[Outcome, Text]:
    """Return the outcomes that are not so of a record of an item as it stands, each with why."""
    return {outcome: why for outcome in Outcome if (why := _not_so(outcome, item, standing))}


def _not_so(outcome: Outcome, item: str, standing: Present) -> Text | None:
    """Return why an outcome cannot be said; what can never be so of an item comes before what is not so yet."""
    if why := _never(outcome, item):
        return why
    if standing in NEEDS[outcome]:
        return None
    if standing is Present.TAKEN_BACK:
        return _TAKEN_BACK
    why = _not_yet(outcome)
    if item == items.REGISTRATION:
        return why
    return Text(f"{why.zh}，或选择停止展示", f"{why.en}, or stop its showing")


def _never(outcome: Outcome, item: str) -> Text | None:
    if outcome is Outcome.DELISTED and item not in LISTS:
        return Text("该数据项不是名单", "This item is no list")
    return _NEVER_HIDDEN if outcome is Outcome.DISPLAY_STOPPED and item == items.REGISTRATION else None


def _not_yet(outcome: Outcome) -> Text:
    if outcome is Outcome.DELETED:
        return Text("部门尚未撤回该记录；请先请部门撤回", "The department has not taken it back: let it do so first")
    if outcome is Outcome.DELISTED:
        return Text("部门尚未交付移出名单的记录；请先请部门更新", "No removal has been delivered: let the department update it first")
    return Text("部门尚未交付与异议时不同的内容；请先请部门更正", "No other content came yet: let the department correct it first")


_NEVER_HIDDEN = Text("登记信息只能由部门更正，不能停止展示", "Registration is corrected by its department, never hidden")
_TAKEN_BACK = Text("部门已撤回该记录，请选择“已由提供部门撤回”", "Its department has taken it back: answer so")


def _text_problems(text: str, ask: Text) -> tuple[FieldProblem, ...]:
    size = len(text.strip())
    if size < LEAST:
        return (FieldProblem("text", Text(f"{ask.zh}，至少 {LEAST} 个字", f"{ask.en}: {LEAST} characters at least")),)
    if size > MOST:
        return (FieldProblem("text", Text(f"不超过 {MOST} 个字，现有 {size} 个", f"At most {MOST} characters; these are {size}")),)
    if _PERSONAL.search(text):
        return (FieldProblem("text", Text("请删去身份证号、手机号等个人信息", "Leave out identity and telephone numbers")),)
    return ()


def repeats(earlier: Sequence[Objection], digest: str) -> Objection | None:
    """Return the objection that bars another one: it is open, or the same version of the record has been looked into and stands."""
    barring = (o for o in earlier if o.state is State.OPEN or (o.state is State.REJECTED and o.digest == digest))
    return next(barring, None)
