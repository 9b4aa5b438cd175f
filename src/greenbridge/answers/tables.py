"""Answers."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from greenbridge.answers.values import AnswerStatus
from greenbridge.kit.columns import UUID, datetime, instant, key, one_of, reference, texts

_HOLDS = "status not in ('declined', 'expired')"


class AnswerRow(SQLModel, table=True):
    __tablename__ = "answer"
    __table_args__ = (
        one_of("status", AnswerStatus),
        CheckConstraint("slot between 1 and 3", name="slot_range"),
        CheckConstraint("status not in ('offered', 'chosen') or product_code is not null", name="offer_complete"),
        CheckConstraint("status <> 'declined' or cardinality(reasons) > 0", name="decline_has_reason"),
        # Atomic under concurrency: the index, not the code before it, decides who got the slot.
        Index("uq_answer_need_id_slot", "need_id", "slot", unique=True, postgresql_where=_HOLDS),
        Index("uq_answer_need_id_bank_id", "need_id", "bank_id", unique=True),
        Index("uq_answer_need_id_chosen", "need_id", unique=True, postgresql_where="status = 'chosen'"),
    )
    id: UUID = key()
    need_id: UUID = reference("need.id", index=False)
    bank_id: UUID = reference("organisation.id")
    officer_id: UUID = reference("account.id", index=False)
    slot: int
    status: str
    claimed_at: datetime = instant()
    act_by: date
    product_code: str | None
    amount_fen: int | None = Field(default=None, sa_type=BigInteger)
    annual_rate_bp: int | None
    term_months: int | None
    valid_until: date | None
    reasons: list[str] = texts()
    note: str = ""
    agreed_at: datetime | None = instant(nullable=True)
