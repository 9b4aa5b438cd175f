"""SQL of mortgage registrations and of orders to the land registry."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.collateral.tables import OrderRow, RegistrationRow
from greenbridge.collateral.values import (
    Acknowledgement,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    Registration,
    RegistrationState,
)
from greenbridge.kit import database
from greenbridge.kit.paging import wrong_cursor


def _registration(row: RegistrationRow) -> Registration:
    return Registration(
        row.id,
        row.pledge_id,
        row.enterprise_id,
        row.bank_id,
        row.certificate_no,
        row.unit_no,
        row.secured_fen,
        RegistrationState(row.state),
        row.drafted_at,
        row.submitted_at,
        row.accepted_at,
        row.reference,
        row.registry_number,
        row.registry_rank,
        row.registered_at,
        tuple(row.reasons),
        row.ended_at,
        tuple(row.receipts),
    )


def _order(row: OrderRow) -> Order:
    return Order(
        row.id,
        OrderKind(row.kind),
        OrderState(row.state),
        row.enterprise_id,
        row.bank_id,
        row.registration_id,
        row.body,
        row.made_at,
        row.attempts,
        row.due_at,
        row.reference,
        row.answer,
        row.answered_at,
        row.last_problem,
    )


async def add(session: AsyncSession, registration: Registration, by: UUID) -> Registration:
    """Write a draft; raises IntegrityError where the pledge has a registration on its way already."""
    row = RegistrationRow(
        id=registration.id,
        pledge_id=registration.pledge_id,
        enterprise_id=registration.enterprise_id,
        bank_id=registration.bank_id,
        certificate_no=registration.certificate_no,
        unit_no=registration.unit_no,
        secured_fen=registration.secured_fen,
        state=registration.state.value,
        drafted_at=registration.drafted_at,
        drafted_by=by,
        reference=None,
        registry_number=None,
        registry_rank=None,
        reasons=[],
        receipts=[],
    )
    session.add(row)
    await session.flush()
    return _registration(row)


async def find(session: AsyncSession, registration_id: UUID, *, lock: bool = False) -> Registration | None:
    row = await session.get(RegistrationRow, registration_id, populate_existing=True, with_for_update=lock)
    return _registration(row) if row else None


async def of_pledge(session: AsyncSession, pledge_id: UUID) -> list[Registration]:
    """Return a pledge's registrations, newest first."""
    query = select(RegistrationRow).where(col(RegistrationRow.pledge_id) == pledge_id).order_by(col(RegistrationRow.drafted_at).desc())
    return [_registration(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def of_organisation(
    session: AsyncSession, column: str, of: UUID, limit: int | None = None, after: UUID | None = None
) -> list[Registration]:
    """Return the registrations of a bank (`bank_id`) or of a firm (`enterprise_id`), newest first; those behind one. Raises Invalid."""
    at, key = col(RegistrationRow.drafted_at), col(RegistrationRow.id)
    query = select(RegistrationRow).where(getattr(RegistrationRow, column) == of).order_by(at.desc(), key.desc()).limit(limit)
    if after is not None:
        mark = await session.get(RegistrationRow, after)
        if mark is None or getattr(mark, column) != of:
            raise wrong_cursor()
        query = query.where(tuple_(at, key) < (mark.drafted_at, mark.id))
    return [_registration(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def move(session: AsyncSession, registration_id: UUID, state: RegistrationState, **changes: Any) -> Registration:
    row = await session.get_one(RegistrationRow, registration_id)
    row.state = state.value
    for name, value in changes.items():
        setattr(row, name, value)
    await session.flush()
    return _registration(row)


async def add_order(session: AsyncSession, order: Order, by: UUID) -> Order:
    row = OrderRow(
        id=order.id,
        kind=order.kind.value,
        state=order.state.value,
        enterprise_id=order.enterprise_id,
        bank_id=order.bank_id,
        registration_id=order.registration_id,
        body=dict(order.body),
        made_at=order.made_at,
        made_by=by,
        due_at=order.due_at,
        reference=None,
    )
    session.add(row)
    await session.flush()
    return _order(row)


async def find_order(session: AsyncSession, order_id: UUID, *, lock: bool = False) -> Order | None:
    row = await session.get(OrderRow, order_id, populate_existing=True, with_for_update=lock)
    return _order(row) if row else None


async def queries_of_bank(session: AsyncSession, bank_id: UUID, limit: int = 100, after: UUID | None = None) -> list[Order]:
    """Return a bank's queries, newest first; those behind one. Raises Invalid."""
    at, key = col(OrderRow.made_at), col(OrderRow.id)
    query = select(OrderRow).where(col(OrderRow.bank_id) == bank_id, col(OrderRow.kind) == OrderKind.QUERY.value)
    if after is not None:
        mark = await session.get(OrderRow, after)
        if mark is None or mark.bank_id != bank_id:
            raise wrong_cursor()
        query = query.where(tuple_(at, key) < (mark.made_at, mark.id))
    query = query.order_by(at.desc(), key.desc()).limit(limit)
    return [_order(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def waiting(session: AsyncSession, limit: int) -> list[Order]:
    """Return orders without an answer, those that failed most first."""
    query = select(OrderRow).where(col(OrderRow.answered_at).is_(None))
    query = query.order_by(col(OrderRow.attempts).desc(), col(OrderRow.made_at)).limit(limit)
    return [_order(row) for row in await session.scalars(query)]


async def take_due(session: AsyncSession, now: datetime, lease: timedelta, limit: int) -> list[Order]:
    """Take orders whose turn it is, for as long as the lease: another worker leaves them alone until then."""
    query = select(OrderRow).where(col(OrderRow.answered_at).is_(None), col(OrderRow.due_at) <= now)
    query = query.order_by(col(OrderRow.due_at)).limit(limit).with_for_update(skip_locked=True)
    rows = (await session.scalars(query)).all()
    for row in rows:
        row.due_at = now + lease
    await session.flush()
    return [_order(row) for row in rows]


async def acknowledge(session: AsyncSession, order_id: UUID, found: Acknowledgement, due_at: datetime) -> None:
    row = await session.get_one(OrderRow, order_id)
    row.state, row.reference, row.due_at = OrderState.ACKNOWLEDGED.value, found.reference, due_at
    row.attempts, row.last_problem = 0, ""
    await session.flush()


async def answer(session: AsyncSession, order_id: UUID, found: Outcome, now: datetime) -> None:
    row = await session.get_one(OrderRow, order_id)
    row.state = (OrderState.ANSWERED if found.granted else OrderState.REJECTED).value
    row.answer = {
        "granted": found.granted,
        "at": found.at.isoformat(),
        "number": found.number,
        "reasons": list(found.reasons),
        "facts": dict(found.facts),
        "receipt": dict(found.receipt),
    }
    row.answered_at, row.last_problem = now, ""
    await session.flush()


async def postpone(session: AsyncSession, order_id: UUID, due_at: datetime, problem: str | None) -> None:
    """Let an order wait; with a problem, one more attempt has failed."""
    row = await session.get_one(OrderRow, order_id)
    row.due_at = due_at
    row.attempts, row.last_problem = (row.attempts + 1, problem) if problem else (0, "")
    await session.flush()


async def counts(session: AsyncSession) -> Mapping[RegistrationState, int]:
    rows = await database.rows(session, "select state, count(*) from mortgage_registration group by state")
    found = Counter({RegistrationState(state): n for state, n in rows})
    return {state: found[state] for state in RegistrationState}
