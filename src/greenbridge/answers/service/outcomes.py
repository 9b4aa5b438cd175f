"""What became of answers, for those who watch loans and models."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.answers import store
from greenbridge.answers.service.shared import must_be_officer
from greenbridge.answers.values import AnswerFeedback, Loan
from greenbridge.green.values import ReportedLoan


async def feedback(session: AsyncSession) -> Sequence[AnswerFeedback]:
    """Return how every answer of the place came out, oldest first, for a caller that is the platform itself."""
    return await store.feedback(session)


async def borrowers(session: AsyncSession) -> set[UUID]:
    """Return the firms that took a bank's offer, whatever became of it since; for the platform, which watches its models by them."""
    return await store.borrowers(session)


async def disbursed(
    session: AsyncSession, *, enterprise_id: UUID | None = None, contracts: Sequence[str] | None = None
) -> list[ReportedLoan]:
    """Return loans as their banks reported them, newest first: of a firm, or of contract numbers; those that the session may see.

    Several payments under a contract are one loan: all that was paid, from the first day.
    """
    return await store.disbursed(session, enterprise_id, contracts)


async def loans(session: AsyncSession, actor: Actor) -> Sequence[Loan]:
    """Return the loans of the officer's bank, newest first: answers that a firm accepted, whatever became of them since."""
    must_be_officer(actor)
    return await store.loans(session, actor.organisation.id)
