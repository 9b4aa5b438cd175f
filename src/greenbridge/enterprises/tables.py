"""Enterprises."""

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from greenbridge.enterprises.values import EnterpriseStatus, Origin
from greenbridge.kit.columns import UUID, datetime, instant, key, one_of, reference


class EnterpriseRow(SQLModel, table=True):
    __tablename__ = "enterprise"
    __table_args__ = (
        one_of("status", EnterpriseStatus),
        one_of("origin", Origin),
        CheckConstraint("length(uscc) = 18", name="uscc_length"),
        CheckConstraint("(status = 'verified') = (verified_at is not null)", name="verified_has_time"),
    )
    id: UUID = key()
    uscc: str = Field(unique=True)
    name: str
    region_code: str = Field(index=True)
    status: str
    origin: str
    organisation_id: UUID = Field(foreign_key="organisation.id", unique=True)
    registered_at: datetime = instant()
    verified_at: datetime | None = instant(nullable=True)
    verified_batch_id: UUID | None = reference("batch.id", index=False, nullable=True)
