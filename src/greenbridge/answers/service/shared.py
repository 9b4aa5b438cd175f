"""What both sides of an answer share: who may act, from which state, and what the firm has granted."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.answers import rules, store
from greenbridge.answers.values import ANSWER_STATUS_NAMES, Answer, AnswerStatus
from greenbridge.consents import service as consents
from greenbridge.consents.values import Narrowing, WorkStep
from greenbridge.facts import service as facts
from greenbridge.kit import database
from greenbridge.kit.errors import Conflict, Forbidden
from greenbridge.needs import service as needs
from greenbridge.needs.values import Need, NeedStatus

# Which work steps the firm opens to a bank: when it lets it look, and when it accepts its offer.
SURVEY = (WorkStep.SURVEY,)
CHOSEN = (WorkStep.SURVEY, WorkStep.APPROVAL, WorkStep.DISBURSEMENT)


def must_be_officer(actor: Actor) -> None:
    if actor.role is not Role.OFFICER:
        raise Forbidden("not-an-officer", "只有信贷员可以办理。", "Only a loan officer may do this.")


def must_be_able(answer: Answer, status: AnswerStatus) -> None:
    if not rules.may_become(answer.status, status):
        zh, en = ANSWER_STATUS_NAMES[answer.status].zh, ANSWER_STATUS_NAMES[answer.status].en
        raise Conflict("answer-state", f"应答当前“{zh}”，不能进行此操作。", f"The answer is now: {en}; this cannot be done.")


async def grant(
    session: AsyncSession,
    need: Need,
    answer: Answer,
    steps: Sequence[WorkStep],
    now: datetime,
    *,
    told_by: UUID | None,
    narrowing: Narrowing | None,
) -> None:
    """Grant the answering bank what the firm has agreed to: with its need, with its agreement, with its acceptance."""
    known, basis = facts.described(), f"need:{need.number}"
    await consents.grant(session, need.enterprise_id, answer.bank_id, steps, known, now, told_by=told_by, narrowing=narrowing, basis=basis)


async def reopen_if_unanswered(session: AsyncSession, need: Need, now: datetime) -> None:
    async with database.as_platform(session):
        left = [a for a in await store.of_need(session, need.id) if rules.takes_slot(a.status)]
        if not left and need.status is NeedStatus.IN_ANSWER:
            await needs.move(session, need.id, NeedStatus.PUBLISHED, now)
