"""Decisions on proposals, appended, never updated."""

from datetime import date

from sqlalchemy import CheckConstraint, Index
from sqlmodel import SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, fen, instant, json, key, one_of, reference, texts
from greenbridge.underwriting.values import Choice

_NEWEST_OF_NEED = ("need_id", "bank_id", "decided_at")


class UnderwritingDecisionRow(SQLModel, table=True):
    __tablename__ = "underwriting_decision"
    __table_args__ = (
        one_of("choice", Choice),
        CheckConstraint("amount_fen >= 0", name="amount"),
        CheckConstraint("(amount_fen = 0) = (annual_rate_bp is null and term_months is null)", name="terms_complete"),
        CheckConstraint("choice <> 'overridden' or (cardinality(reasons) > 0 and length(note) >= 5)", name="override_has_reason"),
        Index("ix_underwriting_decision_need_id_bank_id_decided_at", *_NEWEST_OF_NEED),
    )
    id: UUID = key()
    need_id: UUID = reference("need.id", index=False)
    enterprise_id: UUID = reference("enterprise.id")
    bank_id: UUID = reference("organisation.id", index=False)
    decided_by: UUID = reference("account.id", index=False)
    decided_at: datetime = instant()
    choice: str
    reasons: list[str] = texts()
    note: str = ""
    amount_fen: int = fen()
    annual_rate_bp: int | None
    term_months: int | None
    # What it rests on: the report as its reader saw it, and so the day, the facts known then, the model.
    report_number: str
    as_of: date
    known_at: datetime = instant()
    model_version: str
    policy_version: str
    product_code: str
    product_version: int
    proposal: JsonObject = json()
