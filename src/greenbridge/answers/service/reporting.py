"""One door for all that a bank reports of its answer: page and API say what happened, and here it happens."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.answers.service import answering, lending
from greenbridge.answers.values import Answer, BankEvent, Report
from greenbridge.kit.calendar import business_date


async def report(session: AsyncSession, actor: Actor, answer_id: UUID, said: Report, now: datetime) -> Answer:
    """Let what a bank reports happen; raises as the single step does. A payment without a day was made today."""
    to = (session, actor, answer_id)
    if said.event in {BankEvent.CONTACT, BankEvent.DEMAND, BankEvent.RETURN}:
        return await _before(*to, said, now)
    return await _loan(*to, said, said.paid_on or business_date(now), now)


async def _before(session: AsyncSession, actor: Actor, answer_id: UUID, said: Report, now: datetime) -> Answer:
    to = (session, actor, answer_id)
    match said.event:
        case BankEvent.CONTACT:
            return await answering.contact(*to, now)
        case BankEvent.DEMAND:
            return await answering.demand(*to, said.demands, said.note, now)
        case _:
            return await answering.give_back(*to, said.reasons, said.note, now)


async def _loan(session: AsyncSession, actor: Actor, answer_id: UUID, said: Report, paid_on: date, now: datetime) -> Answer:
    to = (session, actor, answer_id)
    if said.event in {BankEvent.FALL_OVERDUE, BankEvent.CATCH_UP, BankEvent.CLOSE}:
        return await _standing(*to, said, paid_on, now)
    match said.event:
        case BankEvent.APPROVE:
            return await lending.approve(*to, said.amount_fen, said.annual_rate_bp, now)
        case BankEvent.SIGN:
            return await lending.sign(*to, said.contract_number, now)
        case BankEvent.PAY_OUT:
            return await lending.pay_out(*to, said.amount_fen, paid_on, now)
        case _:
            return await lending.repay(*to, said.principal_fen, said.interest_fen, paid_on, now)


async def _standing(session: AsyncSession, actor: Actor, answer_id: UUID, said: Report, paid_on: date, now: datetime) -> Answer:
    to = (session, actor, answer_id)
    match said.event:
        case BankEvent.FALL_OVERDUE:
            return await lending.fall_overdue(*to, said.amount_fen, now)
        case BankEvent.CLOSE:
            return await lending.close(*to, paid_on, now)
        case _:
            return await lending.catch_up(*to, now)
