"""A chosen bank that let the day of lending pass is let go: by its firm, or by the operator."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.answers import store
from greenbridge.answers.rules import life
from greenbridge.answers.service.choosing import firms_own
from greenbridge.answers.service.shared import at_least, happen, must_be_operator, stop, tell_bank, tell_firm
from greenbridge.answers.values import Answer, AnswerEvent, AnswerGuard, Deadline, DeadlineState, Step
from greenbridge.kit import states
from greenbridge.kit.errors import NotFound
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need, NeedEvent


async def release(session: AsyncSession, actor: Actor, answer_id: UUID, now: datetime) -> Answer:
    """Let go of the chosen bank that has not paid out in time: its answer is over, the need open to all banks again.

    Raises Conflict while its time is not over, or once money was paid out.
    """
    answer, need = await (firms_own if actor.role is Role.ENTERPRISE else _operators)(session, actor, answer_id)
    holds = {AnswerGuard.PAST_DUE} if late(await store.deadlines_of(session, need.id), answer) else set()
    over = await happen(session, answer, AnswerEvent.EXPIRE, now, holds, account_id=actor.account_id)
    await stop(session, need.id, now, every=True)
    until = at_least(need, now)
    await needs.happen(session, need, NeedEvent.FAIL, now, account_id=actor.account_id, open_until=until, answer=str(answer.id))
    await tell_bank(session, need, over, "answer.expired", now)
    await tell_firm(session, need, "answer.expired", now, answer)
    return over


async def _operators(session: AsyncSession, actor: Actor, answer_id: UUID) -> tuple[Answer, Need]:
    """Return an answer with its need, locked need first, for the operator."""
    must_be_operator(actor)
    answer = await store.find(session, answer_id)
    if answer is None:
        raise NotFound("no-answer", "没有这条应答。", "There is no such answer.")
    need = await needs.locked(session, answer.need_id)
    again = await store.find(session, answer_id)
    assert again is not None
    return again, need


def late(deadlines: Sequence[Deadline], answer: Answer) -> bool:
    """Return whether the chosen bank's day of lending has passed without the loan."""
    return any(one.step is Step.LEND and one.answer_id == answer.id and one.state is DeadlineState.MISSED for one in deadlines)


async def releasable(session: AsyncSession, need: Need) -> list[UUID]:
    """Return the answers to a need, for a caller that may see it, that its firm could let go of now."""
    due = await store.deadlines_of(session, need.id)
    return [answer.id for answer in await store.of_need(session, need.id) if _may_end(answer) and late(due, answer)]


def _may_end(answer: Answer) -> bool:
    held = frozenset({AnswerGuard.PAST_DUE})
    chosen = answer.status in life.LOANS
    return chosen and not isinstance(states.step(life.ANSWER, answer.status, AnswerEvent.EXPIRE, held), states.Refusal)
