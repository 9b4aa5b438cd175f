"""SQL of the chain."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.audit.tables import AuditEvent
from greenbridge.audit.values import Event


async def last_hash(session: AsyncSession) -> str | None:
    return (await session.execute(select(col(AuditEvent.hash)).order_by(col(AuditEvent.number).desc()).limit(1))).scalar()


async def add(session: AsyncSession, event: Event, previous_hash: str, event_hash: str) -> None:
    session.add(
        AuditEvent(
            at=event.at,
            account_id=event.account_id,
            action=event.action,
            subject=event.subject,
            detail=event.detail,
            previous_hash=previous_hash,
            hash=event_hash,
        )
    )
    await session.flush()


async def first_times(session: AsyncSession, action: str, subjects: Sequence[str]) -> dict[str, datetime]:
    query = select(col(AuditEvent.subject), func.min(col(AuditEvent.at)))
    query = query.where(col(AuditEvent.action) == action, col(AuditEvent.subject).in_(subjects)).group_by(col(AuditEvent.subject))
    return {subject: at.astimezone(UTC) for subject, at in await session.execute(query)}


async def events(session: AsyncSession) -> list[tuple[Event, str]]:
    rows = (await session.scalars(select(AuditEvent).order_by(col(AuditEvent.number)))).all()
    return [(Event(r.at.astimezone(UTC), r.account_id, r.action, r.subject, r.detail), r.hash) for r in rows]
