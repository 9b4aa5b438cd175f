"""Answers, requests to banks, deadlines, what was paid, ratings, and what happened to each answer."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index
from sqlmodel import Field, SQLModel

from greenbridge.answers.values import (
    AnswerEvent,
    AnswerStatus,
    AskedBy,
    DeadlineState,
    LoanState,
    Owner,
    RequestState,
    Step,
)
from greenbridge.catalog.values import Repayment
from greenbridge.kit.columns import UUID, JsonObject, datetime, fen, instant, json, key, one_of, reference, texts

_HOLDS = "status not in ('not_chosen', 'declined', 'returned', 'expired')"
_IS_LOAN = "status in ('chosen', 'approved', 'signed', 'disbursed', 'closed')"


class AnswerRow(SQLModel, table=True):
    __tablename__ = "answer"
    __table_args__ = (
        one_of("status", AnswerStatus),
        one_of("repayment", Repayment),
        one_of("loan_state", LoanState),
        CheckConstraint("slot between 1 and 20", name="slot_range"),
        CheckConstraint(
            "status not in ('offered', 'chosen', 'approved', 'signed', 'disbursed', 'closed') or product_code is not null",
            name="offer_complete",
        ),
        CheckConstraint("status not in ('declined', 'returned') or cardinality(reasons) > 0", name="decline_has_reason"),
        CheckConstraint("status not in ('approved', 'signed', 'disbursed', 'closed') or approved_fen > 0", name="approved_has_an_amount"),
        CheckConstraint("approved_fen is null or approved_fen <= amount_fen", name="approved_within_the_offer"),
        CheckConstraint("status not in ('signed', 'disbursed', 'closed') or contract_number is not null", name="signed_has_a_number"),
        # Of a revolving loan what came back may go out again.
        CheckConstraint(
            "disbursed_fen between 0 and coalesce(approved_fen, 0) + case when repayment = 'revolving' then repaid_fen else 0 end",
            name="paid_within_the_approval",
        ),
        CheckConstraint("repaid_fen between 0 and disbursed_fen", name="repaid_within_what_was_paid"),
        CheckConstraint("(loan_state is not null) = (disbursed_fen > 0)", name="paid_out_is_a_loan"),
        # Atomic under concurrency: the index, not the code before it, decides who got the slot.
        Index("uq_answer_need_id_slot", "need_id", "slot", unique=True, postgresql_where=_HOLDS),
        Index("uq_answer_need_id_bank_id", "need_id", "bank_id", unique=True),
        Index("uq_answer_need_id_chosen", "need_id", unique=True, postgresql_where=_IS_LOAN),
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
    repayment: str | None = None
    upfront_fee_fen: int = Field(default=0, sa_type=BigInteger)
    yearly_fee_bp: int = 0
    guarantee_yearly_bp: int = 0
    reasons: list[str] = texts()
    demands: list[str] = texts()
    note: str = ""
    agreed_at: datetime | None = instant(nullable=True)
    approved_fen: int | None = Field(default=None, sa_type=BigInteger)
    approved_rate_bp: int | None = None
    contract_number: str | None = None
    disbursed_fen: int = Field(default=0, sa_type=BigInteger)
    first_paid_on: date | None = None
    repaid_fen: int = Field(default=0, sa_type=BigInteger)
    loan_state: str | None = None
    overdue_fen: int = Field(default=0, sa_type=BigInteger)


class AnswerEventRow(SQLModel, table=True):
    __tablename__ = "answer_event"
    __table_args__ = (
        one_of("event", AnswerEvent),
        one_of("source", AnswerStatus),
        one_of("target", AnswerStatus),
        Index("ix_answer_event_need_id_id", "need_id", "id"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    answer_id: UUID = reference("answer.id")
    need_id: UUID = reference("need.id", index=False)
    bank_id: UUID = reference("organisation.id", index=False)
    at: datetime = instant()
    event: str
    source: str | None
    target: str
    account_id: UUID | None = reference("account.id", index=False, nullable=True)
    detail: JsonObject = json()


class BankRequestRow(SQLModel, table=True):
    __tablename__ = "bank_request"
    __table_args__ = (
        one_of("state", RequestState),
        one_of("asked_by", AskedBy),
        CheckConstraint("state <> 'refused' or cardinality(reasons) > 0", name="refused_has_reason"),
        CheckConstraint("(state = 'waiting') = (closed_at is null)", name="closed_when_final"),
        # A bank is asked once for a need.
        Index("uq_bank_request_need_id_bank_id", "need_id", "bank_id", unique=True),
    )
    id: UUID = key()
    need_id: UUID = reference("need.id", index=False)
    bank_id: UUID = reference("organisation.id")
    product_code: str
    asked_by: str
    asked_at: datetime = instant()
    due_on: date
    state: str
    reasons: list[str] = texts()
    closed_at: datetime | None = instant(nullable=True)


class DeadlineRow(SQLModel, table=True):
    __tablename__ = "deadline"
    __table_args__ = (
        one_of("step", Step),
        one_of("owner", Owner),
        one_of("state", DeadlineState),
        CheckConstraint("started_on <= remind_on and remind_on <= due_on", name="in_order"),
        CheckConstraint("(owner = 'bank') = (bank_id is not null)", name="a_bank_owes_it"),
        # One clock of a kind runs for one thing: a second tick cannot start it twice.
        Index(
            "uq_deadline_running", "need_id", "step", "answer_id", "request_id", unique=True,
            postgresql_where="state = 'running'", postgresql_nulls_not_distinct=True,
        ),
        Index("ix_deadline_due", "due_on", postgresql_where="state in ('running', 'missed')"),
        Index("ix_deadline_need_id", "need_id"),
    )  # fmt: skip
    id: UUID = key()
    need_id: UUID = reference("need.id", index=False)
    step: str
    owner: str
    bank_id: UUID | None = reference("organisation.id", nullable=True)
    answer_id: UUID | None = reference("answer.id", index=False, nullable=True)
    request_id: UUID | None = reference("bank_request.id", index=False, nullable=True)
    started_on: date
    remind_on: date
    due_on: date
    state: str
    reminded_at: datetime | None = instant(nullable=True)
    closed_at: datetime | None = instant(nullable=True)


class LoanPaymentRow(SQLModel, table=True):
    __tablename__ = "loan_payment"
    __table_args__ = (
        CheckConstraint("kind in ('disbursed', 'repaid')", name="kind"),
        CheckConstraint("principal_fen >= 0 and interest_fen >= 0 and principal_fen + interest_fen > 0", name="something"),
        CheckConstraint("kind = 'repaid' or interest_fen = 0", name="interest_is_paid_back"),
        Index("ix_loan_payment_answer_id", "answer_id"),
    )
    id: UUID = key()
    answer_id: UUID = reference("answer.id", index=False)
    need_id: UUID = reference("need.id", index=False)
    bank_id: UUID = reference("organisation.id", index=False)
    kind: str
    paid_on: date
    principal_fen: int = fen()
    interest_fen: int = fen()
    reported_at: datetime = instant()


class BankRatingRow(SQLModel, table=True):
    __tablename__ = "bank_rating"
    __table_args__ = (
        CheckConstraint("stars between 1 and 5", name="stars_range"),
        CheckConstraint("cardinality(reasons) between 1 and 4", name="has_reasons"),
        Index("ix_bank_rating_bank_id", "bank_id"),
    )
    answer_id: UUID = Field(foreign_key="answer.id", primary_key=True)
    need_id: UUID = reference("need.id", index=False)
    bank_id: UUID = reference("organisation.id", index=False)
    stars: int
    reasons: list[str] = texts()
    rated_at: datetime = instant()


class OperatorAnswerRow(SQLModel, table=True):
    __tablename__ = "operator_answer"
    __table_args__ = (CheckConstraint("length(text) between 10 and 500", name="bounded"), Index("ix_operator_answer_need_id", "need_id"))
    id: UUID = key()
    need_id: UUID = reference("need.id", index=False)
    account_id: UUID = reference("account.id", index=False)
    at: datetime = instant()
    text: str
