"""Needs."""

from datetime import date

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, datetime, fen, instant, key, one_of, reference, texts
from greenbridge.needs.values import NeedStatus, Purpose


class NeedRow(SQLModel, table=True):
    __tablename__ = "need"
    __table_args__ = (
        one_of("status", NeedStatus),
        one_of("purpose", Purpose),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("max_annual_rate_bp between 1 and 2400", name="rate_range"),
        CheckConstraint("term_months between 1 and 360", name="term_range"),
        Index("ix_need_open", "published_at", postgresql_where="status in ('published', 'in_answer')"),
    )
    id: UUID = key()
    number: str = Field(unique=True)
    enterprise_id: UUID = reference("enterprise.id")
    amount_fen: int = fen()
    max_annual_rate_bp: int
    term_months: int
    purpose: str
    guarantee_modes: list[str] = texts()
    collateral: list[str] = texts()
    first_loan: bool | None
    agrees_to_report: bool
    region_code: str
    status: str
    published_at: datetime = instant()
    open_until: date
