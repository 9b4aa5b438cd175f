"""The chain's rows."""

from sqlalchemy import BigInteger, Identity
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, instant, json


class AuditEvent(SQLModel, table=True):
    __tablename__ = "audit_event"
    number: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    at: datetime = instant()
    account_id: UUID | None = Field(default=None, foreign_key="account.id")
    action: str
    subject: str = Field(index=True)
    detail: JsonObject = json()
    previous_hash: str
    hash: str
