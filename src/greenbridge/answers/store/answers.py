"""SQL of answers."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.accounts.values import Organisation
from greenbridge.answers.rules import life
from greenbridge.answers.tables import AnswerEventRow, AnswerRow, LoanPaymentRow
from greenbridge.answers.values import (
    Answer,
    AnswerEvent,
    AnswerFeedback,
    AnswerHappened,
    AnswerStatus,
    Contract,
    DeclineReason,
    Demand,
    Loan,
    LoanState,
    Offer,
)
from greenbridge.catalog.values import Repayment
from greenbridge.green.values import Loan as GreenLoan
from greenbridge.green.values import ReportedLoan
from greenbridge.kit import database


def _value(row: AnswerRow) -> Answer:
    offer = None
    terms = (row.amount_fen, row.annual_rate_bp, row.term_months)
    if row.product_code is not None and row.valid_until is not None and all(term is not None for term in terms):
        offer = Offer(
            row.product_code,
            row.amount_fen or 0,
            row.annual_rate_bp or 0,
            row.term_months or 0,
            row.valid_until,
            Repayment(row.repayment) if row.repayment else None,
            row.upfront_fee_fen,
            row.yearly_fee_bp,
            row.guarantee_yearly_bp,
        )
    contract = Contract(
        row.approved_fen,
        row.approved_rate_bp,
        row.contract_number,
        row.disbursed_fen,
        row.first_paid_on,
        row.repaid_fen,
        LoanState(row.loan_state) if row.loan_state else None,
        row.overdue_fen,
    )
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
        tuple(Demand(demand) for demand in row.demands),
        contract,
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
        demands=[],
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


async def change(session: AsyncSession, answer_id: UUID, status: AnswerStatus | None = None, **columns: Any) -> Answer:
    """Write a state and some columns; lists of words are enums' values."""
    row = await session.get_one(AnswerRow, answer_id)
    if status is not None:
        row.status = status.value
    for name, value in columns.items():
        setattr(row, name, value)
    await session.flush()
    return _value(row)


async def set_agreed(session: AsyncSession, answer_id: UUID, now: datetime) -> Answer:
    return await change(session, answer_id, agreed_at=now)


async def set_offer(session: AsyncSession, answer_id: UUID, offer: Offer, note: str) -> Answer:
    return await change(
        session,
        answer_id,
        AnswerStatus.OFFERED,
        product_code=offer.product_code,
        amount_fen=offer.amount_fen,
        annual_rate_bp=offer.annual_rate_bp,
        term_months=offer.term_months,
        valid_until=offer.valid_until,
        repayment=offer.repayment.value if offer.repayment else None,
        upfront_fee_fen=offer.upfront_fee_fen,
        yearly_fee_bp=offer.yearly_fee_bp,
        guarantee_yearly_bp=offer.guarantee_yearly_bp,
        note=note,
    )


async def totals(session: AsyncSession) -> tuple[int, int, int]:
    """Return (offers made, accepted offers, accepted amount in fen)."""
    row = (
        await session.execute(
            text(
                "select count(*) filter (where product_code is not null), count(*) filter (where status = any(:loans)),"
                " coalesce(sum(amount_fen) filter (where status = any(:loans)), 0) from answer"
            ),
            {"loans": [status.value for status in life.LOANS]},
        )
    ).one()
    return int(row[0]), int(row[1]), int(row[2])


async def feedback(session: AsyncSession) -> list[AnswerFeedback]:
    query = """
        select n.enterprise_id, a.status, a.reasons, a.claimed_at, (select max(e.at) from answer_event e where e.answer_id = a.id)
        from answer a join need n on n.id = a.need_id order by a.claimed_at, a.id
    """
    return [AnswerFeedback(row[0], row[1], tuple(row[2]), row[3], row[4]) for row in await session.execute(text(query))]


async def borrowers(session: AsyncSession) -> set[UUID]:
    query = "select distinct n.enterprise_id from answer a join need n on n.id = a.need_id where a.status = any(:lent)"
    return set(await session.scalars(text(query), {"lent": [s.value for s in life.LOANS]}))


async def loans(session: AsyncSession, bank_id: UUID) -> list[Loan]:
    query = """
        select a.id, n.id, n.number, n.enterprise_id, coalesce(a.approved_fen, a.amount_fen, 0)
        from answer a join need n on n.id = a.need_id
        where a.bank_id = :bank and a.status = any(:loans) order by a.claimed_at desc, a.id
    """
    return [Loan(*row) for row in await session.execute(text(query), {"bank": bank_id, "loans": [s.value for s in life.LOANS]})]


async def disbursed(session: AsyncSession, enterprise_id: UUID | None, contracts: Sequence[str] | None) -> list[ReportedLoan]:
    query = """
        select n.enterprise_id, a.contract_number, a.disbursed_fen, a.first_paid_on,
            case when a.loan_state in ('repaid', 'repaid_early') then (
                select max(p.paid_on) from loan_payment p where p.answer_id = a.id and p.kind = 'repaid') end,
            a.bank_id, coalesce((select o.name from organisation o where o.id = a.bank_id), '')
        from answer a join need n on n.id = a.need_id
        where a.first_paid_on is not null and (%(firm)s::uuid is null or n.enterprise_id = %(firm)s)
            and (%(contracts)s::text[] is null or a.contract_number = any(%(contracts)s))
        order by a.first_paid_on desc, a.contract_number
    """
    given = {"firm": enterprise_id, "contracts": list(contracts) if contracts is not None else None}
    return [ReportedLoan(firm, GreenLoan(*rest)) for firm, *rest in await database.rows(session, query, given)]


async def add_event(session: AsyncSession, answer: Answer, happened: AnswerHappened, account_id: UUID | None) -> None:
    session.add(
        AnswerEventRow(
            answer_id=answer.id,
            need_id=answer.need_id,
            bank_id=answer.bank_id,
            at=happened.at,
            event=happened.event.value,
            source=happened.source.value if happened.source else None,
            target=happened.target.value,
            account_id=account_id,
            detail=dict(happened.detail),
        )
    )
    await session.flush()


async def events(session: AsyncSession, need_id: UUID) -> list[tuple[UUID, AnswerHappened]]:
    """Return (bank, what happened to its answer), oldest first."""
    query = select(AnswerEventRow).where(col(AnswerEventRow.need_id) == need_id).order_by(col(AnswerEventRow.id))
    return [
        (
            r.bank_id,
            AnswerHappened(
                r.at, r.answer_id, AnswerEvent(r.event), AnswerStatus(r.source) if r.source else None, AnswerStatus(r.target), r.detail
            ),
        )
        for r in await session.scalars(query)
    ]


async def add_payment(
    session: AsyncSession, answer: Answer, kind: str, paid_on: date, principal_fen: int, interest_fen: int, now: datetime
) -> None:
    session.add(
        LoanPaymentRow(
            answer_id=answer.id,
            need_id=answer.need_id,
            bank_id=answer.bank_id,
            kind=kind,
            paid_on=paid_on,
            principal_fen=principal_fen,
            interest_fen=interest_fen,
            reported_at=now,
        )
    )
    await session.flush()


async def payments(session: AsyncSession, answer_id: UUID) -> list[tuple[str, date, int, int]]:
    """Return (disbursed or repaid, day, principal, interest), by day."""
    query = select(LoanPaymentRow).where(col(LoanPaymentRow.answer_id) == answer_id)
    found = await session.scalars(query.order_by(col(LoanPaymentRow.paid_on), col(LoanPaymentRow.reported_at)))
    return [(row.kind, row.paid_on, row.principal_fen, row.interest_fen) for row in found]
