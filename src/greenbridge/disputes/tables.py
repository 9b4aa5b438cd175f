"""Objections."""

from datetime import date

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from greenbridge.disputes.values import Escalation, Ground, Outcome, State
from greenbridge.kit.columns import UUID, datetime, instant, key, one_of, reference


class ObjectionRow(SQLModel, table=True):
    """An objection. What was objected never changes, and nothing leaves a final state: a trigger refuses it."""

    __tablename__ = "objection"
    __table_args__ = (
        one_of("ground", Ground),
        one_of("state", State),
        one_of("outcome", Outcome),
        one_of("escalation", Escalation),
        CheckConstraint("(state = 'open') = (closed_at is null)", name="closed_when_final"),
        CheckConstraint("(state in ('upheld', 'rejected')) = (outcome is not null)", name="answered_with_an_outcome"),
        CheckConstraint("(state = 'rejected') = (outcome is not distinct from 'not_upheld')", name="rejected_is_not_upheld"),
        CheckConstraint("outcome is null or length(answer) >= 10", name="an_answer_says_why"),
        CheckConstraint("length(text) between 10 and 500 and length(answer) <= 500", name="bounded"),
        CheckConstraint("closed_at is null or closed_at >= raised_at", name="raised_before_closed"),
        # One at most waits for a record: the index, not the code before it, decides of two that come at once.
        Index("uq_objection_open", "enterprise_id", "item", "record_key", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_objection_waiting", "due_on", postgresql_where=text("state = 'open'")),
    )
    id: UUID = key()
    enterprise_id: UUID = reference("enterprise.id")
    item: str
    record_key: str
    digest: str
    ground: str
    text: str
    policy: str
    raised_at: datetime = instant()
    raised_by: UUID = reference("account.id", index=False)
    due_on: date | None
    last_on: date | None
    state: str
    escalation: str | None
    outcome: str | None
    answer: str = Field(default="")
    closed_at: datetime | None = instant(nullable=True)
    closed_by: UUID | None = reference("account.id", index=False, nullable=True)
    # The delivery that put the record right.
    corrected_by: UUID | None = reference("batch.id", index=False, nullable=True)
