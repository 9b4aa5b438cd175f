"""SQL of answers."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.accounts.values import Organisation
from greenbridge.answers.tables import AnswerRow
from greenbridge.answers.values import Answer, AnswerFeedback, AnswerStatus, DeclineReason, Loan, Offer


def _value(row: AnswerRow) -> Answer:
    offer = None
    terms = (row.amount_fen, row.annual_rate_bp, row.term_months)
    if row.product_code is not None and row.valid_until is not None and all(term is not None for term in terms):
        offer = Offer(row.product_code, row.amount_fen or 0, row.annual_rate_bp or 0, row.term_months or 0, row.valid_until)
    return Answer(
        row.id,
        row.need_id,
        row.bank_id,
        row.officer_id,
        row.slot,
        AnswerStatus(row.status),
        row.claimed_at,
        row.act_by,
        offer,
        tuple(DeclineReason(reason) for reason in row.reasons),
        row.note,
        row.agreed_at,
    )


async def add(session: AsyncSession, need_id: UUID, bank: Organisation, officer_id: UUID, slot: int, now: datetime, act_by: date) -> Answer:
    row = AnswerRow(
        need_id=need_id,
        bank_id=bank.id,
        officer_id=officer_id,
        slot=slot,
        status=AnswerStatus.CLAIMED.value,
        claimed_at=now,
        act_by=act_by,
        product_code=None,
        annual_rate_bp=None,
        term_months=None,
        valid_until=None,
        reasons=[],
    )
    session.add(row)
    await session.flush()
    return _value(row)


async def find(session: AsyncSession, answer_id: UUID) -> Answer | None:
    row = await session.get(AnswerRow, answer_id, populate_existing=True)
    return _value(row) if row else None


async def of_need(session: AsyncSession, need_id: UUID) -> list[Answer]:
    query = select(AnswerRow).where(col(AnswerRow.need_id) == need_id).order_by(col(AnswerRow.claimed_at), col(AnswerRow.slot))
    return [_value(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def of_bank(session: AsyncSession, bank_id: UUID, limit: int) -> list[Answer]:
    query = select(AnswerRow).where(col(AnswerRow.bank_id) == bank_id).order_by(col(AnswerRow.claimed_at).desc()).limit(limit)
    return [_value(row) for row in await session.scalars(query)]


async def set_status(session: AsyncSession, answer_id: UUID, status: AnswerStatus) -> Answer:
    row = await session.get_one(AnswerRow, answer_id)
    row.status = status.value
    await session.flush()
    return _value(row)


async def set_agreed(session: AsyncSession, answer_id: UUID, now: datetime) -> Answer:
    row = await session.get_one(AnswerRow, answer_id)
    row.agreed_at = now
    await session.flush()
    return _value(row)


async def set_offer(session: AsyncSession, answer_id: UUID, offer: Offer, note: str) -> Answer:
    row = await session.get_one(AnswerRow, answer_id)
    row.status = AnswerStatus.OFFERED.value
    row.product_code, row.amount_fen, row.annual_rate_bp = offer.product_code, offer.amount_fen, offer.annual_rate_bp
    row.term_months, row.valid_until, row.note = offer.term_months, offer.valid_until, note
    await session.flush()
    return _value(row)


async def set_decline(session: AsyncSession, answer_id: UUID, reasons: Sequence[DeclineReason], note: str) -> Answer:
    row = await session.get_one(AnswerRow, answer_id)
    row.status, row.reasons, row.note = AnswerStatus.DECLINED.value, [reason.value for reason in reasons], note
    await session.flush()
    return _value(row)


async def overdue(session: AsyncSession, today: date) -> list[Answer]:
    """Return claims not acted on and offers past their day."""
    query = select(AnswerRow).where(
        ((col(AnswerRow.status) == AnswerStatus.CLAIMED.value) & (col(AnswerRow.act_by) < today))
        | ((col(AnswerRow.status) == AnswerStatus.OFFERED.value) & (col(AnswerRow.valid_until) < today))
    )
    return [_value(row) for row in await session.scalars(query)]


async def totals(session: AsyncSession) -> tuple[int, int, int]:
    """Return (offers made, accepted offers, accepted amount in fen)."""
    row = (
        await session.execute(
            text(
                "select count(*) filter (where product_code is not null), count(*) filter (where status = 'chosen'),"
                " coalesce(sum(amount_fen) filter (where status = 'chosen'), 0) from answer"
            )
        )
    ).one()
    return int(row[0]), int(row[1]), int(row[2])


async def feedback(session: AsyncSession) -> list[AnswerFeedback]:
    query = """
        select n.enterprise_id, a.status, a.reasons, a.claimed_at from answer a join need n on n.id = a.need_id
        order by a.claimed_at, a.id
    """
    return [AnswerFeedback(row[0], row[1], tuple(row[2]), row[3]) for row in await session.execute(text(query))]


# An answer in any other state is, or became, a loan.
_NO_LOAN = ("claimed", "offered", "not_chosen", "declined", "expired")


async def borrowers(session: AsyncSession) -> set[UUID]:
    query = "select distinct n.enterprise_id from answer a join need n on n.id = a.need_id where a.status <> all(:no_loan)"
    return set(await session.scalars(text(query), {"no_loan": list(_NO_LOAN)}))


async def loans(session: AsyncSession, bank_id: UUID) -> list[Loan]:
    query = """
        select a.id, n.id, n.number, n.enterprise_id, coalesce(a.amount_fen, 0) from answer a join need n on n.id = a.need_id
        where a.bank_id = :bank and a.status <> all(:no_loan) order by a.claimed_at desc, a.id
    """
    return [Loan(*row) for row in await session.execute(text(query), {"bank": bank_id, "no_loan": list(_NO_LOAN)})]
