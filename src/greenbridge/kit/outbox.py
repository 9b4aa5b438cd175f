"""Events for the outside, written in the transaction of what they tell: sent after the commit, or never."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from greenbridge.kit import database
from greenbridge.kit.columns import JsonObject, instant, json, reference


class OutboxEvent(SQLModel, table=True):
    """An event for one organisation; `taken_at` is set by whoever handed it on. One that could not be is tried again at `next_at`, and is
    given up at `dead_at`.
    """

    __tablename__ = "outbox_event"
    __table_args__ = (
        Index("ix_outbox_event_waiting", "id", postgresql_where="taken_at is null and dead_at is null"),
        Index("ix_outbox_event_dead", "id", postgresql_where="dead_at is not null"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    at: datetime = instant()
    organisation_id: UUID = reference("organisation.id")
    topic: str
    payload: JsonObject = json()
    taken_at: datetime | None = instant(nullable=True)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    next_at: datetime | None = instant(nullable=True)
    dead_at: datetime | None = instant(nullable=True)
    problem: str = Field(default="", sa_column_kwargs={"server_default": ""})


async def publish(session: AsyncSession, organisation_id: UUID, topic: str, payload: JsonObject, now: datetime) -> None:
    """Write an event for an organisation (`consent.withdrawn`) in the caller's transaction."""
    async with database.as_platform(session):  # an event is for somebody else's eyes than the writer's
        session.add(OutboxEvent(at=now, organisation_id=organisation_id, topic=topic, payload=payload))
        await session.flush()
