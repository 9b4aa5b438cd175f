"""SQL of requests and deadlines."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.answers.tables import BankRequestRow, DeadlineRow
from greenbridge.answers.values import AskedBy, Deadline, DeadlineState, DeclineReason, Owner, Request, RequestState, Step


def _request(row: BankRequestRow) -> Request:
    return Request(
        row.id,
        row.need_id,
        row.bank_id,
        row.product_code,
        AskedBy(row.asked_by),
        row.asked_at,
        row.due_on,
        RequestState(row.state),
        tuple(DeclineReason(reason) for reason in row.reasons),
    )


async def add_request(
    session: AsyncSession, need_id: UUID, bank_id: UUID, product_code: str, asked_by: AskedBy, now: datetime, due_on: date
) -> Request:
    row = BankRequestRow(
        need_id=need_id,
        bank_id=bank_id,
        product_code=product_code,
        asked_by=asked_by.value,
        asked_at=now,
        due_on=due_on,
        state=RequestState.WAITING.value,
        reasons=[],
    )
    session.add(row)
    await session.flush()
    return _request(row)


async def find_request(session: AsyncSession, request_id: UUID) -> Request | None:
    row = await session.get(BankRequestRow, request_id, populate_existing=True)
    return _request(row) if row else None


async def requests_of(session: AsyncSession, need_id: UUID) -> list[Request]:
    query = (
        select(BankRequestRow).where(col(BankRequestRow.need_id) == need_id).order_by(col(BankRequestRow.asked_at), col(BankRequestRow.id))
    )
    return [_request(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def requests_of_bank(session: AsyncSession, bank_id: UUID, *, waiting: bool) -> list[Request]:
    query = select(BankRequestRow).where(col(BankRequestRow.bank_id) == bank_id)
    if waiting:
        query = query.where(col(BankRequestRow.state) == RequestState.WAITING.value)
    return [
        _request(row) for row in await session.scalars(query.order_by(col(BankRequestRow.due_on), col(BankRequestRow.asked_at)).limit(200))
    ]


async def close_request(
    session: AsyncSession, request_id: UUID, state: RequestState, now: datetime, reasons: Sequence[DeclineReason] = ()
) -> Request:
    row = await session.get_one(BankRequestRow, request_id)
    row.state, row.closed_at, row.reasons = state.value, now, [reason.value for reason in reasons]
    await session.flush()
    return _request(row)


def _deadline(row: DeadlineRow) -> Deadline:
    return Deadline(
        row.id,
        row.need_id,
        Step(row.step),
        Owner(row.owner),
        row.bank_id,
        row.answer_id,
        row.request_id,
        row.started_on,
        row.remind_on,
        row.due_on,
        DeadlineState(row.state),
        row.reminded_at,
        row.closed_at,
    )


async def add_deadline(
    session: AsyncSession,
    need_id: UUID,
    step: Step,
    owner: Owner,
    days: tuple[date, date, date],
    *,
    bank_id: UUID | None = None,
    answer_id: UUID | None = None,
    request_id: UUID | None = None,
) -> Deadline:
    """Start a clock; `days`: when it starts, when somebody is reminded, when it is due."""
    row = DeadlineRow(
        need_id=need_id,
        step=step.value,
        owner=owner.value,
        bank_id=bank_id,
        answer_id=answer_id,
        request_id=request_id,
        started_on=days[0],
        remind_on=days[1],
        due_on=days[2],
        state=DeadlineState.RUNNING.value,
    )
    session.add(row)
    await session.flush()
    return _deadline(row)


async def deadlines_of(session: AsyncSession, need_id: UUID) -> list[Deadline]:
    query = select(DeadlineRow).where(col(DeadlineRow.need_id) == need_id).order_by(col(DeadlineRow.started_on), col(DeadlineRow.due_on))
    return [_deadline(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def close_deadline(session: AsyncSession, deadline_id: UUID, state: DeadlineState, closed_at: datetime | None) -> Deadline:
    row = await session.get_one(DeadlineRow, deadline_id)
    row.state, row.closed_at = state.value, closed_at
    await session.flush()
    return _deadline(row)


async def reminded(session: AsyncSession, deadline_id: UUID, now: datetime) -> None:
    row = await session.get_one(DeadlineRow, deadline_id)
    row.reminded_at = now
    await session.flush()


async def board(session: AsyncSession, bank_id: UUID | None = None, limit: int = 500) -> list[Deadline]:
    """Return what is running or was missed and not done yet, the most urgent first; of all banks or of one."""
    owed = col(DeadlineRow.state).in_([DeadlineState.RUNNING.value, DeadlineState.MISSED.value])
    query = select(DeadlineRow).where(owed, col(DeadlineRow.closed_at).is_(None))
    if bank_id is not None:
        query = query.where(col(DeadlineRow.bank_id) == bank_id)
    return [_deadline(row) for row in await session.scalars(query.order_by(col(DeadlineRow.due_on), col(DeadlineRow.id)).limit(limit))]
