"""Consents."""

from datetime import date

from sqlmodel import SQLModel

from greenbridge.consents.values import Purpose
from greenbridge.kit.columns import UUID, datetime, instant, key, one_of, reference


class ConsentRow(SQLModel, table=True):
    __tablename__ = "consent"
    __table_args__ = (one_of("purpose", Purpose),)
    id: UUID = key()
    enterprise_id: UUID = reference("enterprise.id")
    bank_id: UUID = reference("organisation.id")
    purpose: str
    granted_at: datetime = instant()
    expires_on: date
    withdrawn_at: datetime | None = instant(nullable=True)
