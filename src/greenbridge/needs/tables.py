"""Needs, forms put aside, and what happened to each need."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, fen, instant, json, key, one_of, reference, texts
from greenbridge.needs.values import Mode, NeedEvent, NeedStatus, Purpose

_OPEN = "status in ('published', 'in_answer', 'escalated', 'reopened')"


class NeedRow(SQLModel, table=True):
    __tablename__ = "need"
    __table_args__ = (
        # A draft is a form that is not finished: it has a table of its own, or these checks could not be.
        one_of("status", [status for status in NeedStatus if status is not NeedStatus.DRAFT]),
        one_of("purpose", Purpose),
        one_of("mode", Mode),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("max_annual_rate_bp between 1 and 2400", name="rate_range"),
        CheckConstraint("term_months between 1 and 360", name="term_range"),
        CheckConstraint("slots between 1 and 20", name="slots_range"),
        CheckConstraint("(mode = 'sealed') = (window_closes_at is not null)", name="sealed_has_a_window"),
        CheckConstraint("opened_at is null or window_closes_at is not null", name="only_a_window_opens"),
        Index("ix_need_open", "published_at", postgresql_where=_OPEN),
        Index("ix_need_listed", "listed_no", postgresql_where=_OPEN),
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
    mode: str
    pledges_purpose: bool
    region_code: str
    status: str
    published_at: datetime = instant()
    # The place in the list that banks read on in: drawn when it was published, and anew when it was opened again.
    listed_no: int | None = Field(default=None, sa_type=BigInteger)
    open_until: date
    slots: int
    profile: str
    window_closes_at: datetime | None = instant(nullable=True)
    opened_at: datetime | None = instant(nullable=True)
    # The five points as they were found at publication: [{point, verdict, because: [[zh, en]], bars}].
    findings: list[JsonObject] = json()


class NeedDraftRow(SQLModel, table=True):
    __tablename__ = "need_draft"
    id: UUID = key()
    enterprise_id: UUID = reference("enterprise.id")
    typed: JsonObject = json()
    saved_at: datetime = instant()


class NeedEventRow(SQLModel, table=True):
    __tablename__ = "need_event"
    __table_args__ = (
        one_of("event", NeedEvent),
        one_of("source", NeedStatus),
        one_of("target", NeedStatus),
        Index("ix_need_event_need_id_id", "need_id", "id"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    # Not a foreign key: the life of a need begins with its draft.
    need_id: UUID
    enterprise_id: UUID = reference("enterprise.id", index=False)
    at: datetime = instant()
    event: str
    source: str | None
    target: str
    account_id: UUID | None = reference("account.id", index=False, nullable=True)
    detail: JsonObject = json()
