"""Consents, banks' views, the ledger of reads."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, text
from sqlmodel import Field, SQLModel

from greenbridge.accounts.values import StaffFunction
from greenbridge.consents.values import Purpose, ReadKind, WorkStep
from greenbridge.kit.columns import UUID, datetime, instant, key, one_of, reference, texts


class ConsentRow(SQLModel, table=True):
    __tablename__ = "consent"
    __table_args__ = (
        one_of("purpose", Purpose),
        CheckConstraint("max_level between 1 and 5 and months > 0 and max_reads > 0", name="limits"),
        CheckConstraint("replaced_by is null or withdrawn_at is not null", name="replaced_is_ended"),
        # One at most stands for a purpose: a withdrawal ends it, and nothing else is left to read under.
        Index("uq_consent_standing", "enterprise_id", "bank_id", "purpose", unique=True, postgresql_where=text("withdrawn_at is null")),
        CheckConstraint("receipt_at is null or receipt_due_on is not null", name="receipt_was_owed"),
    )
    id: UUID = key()
    number: str = Field(unique=True)
    enterprise_id: UUID = reference("enterprise.id")
    bank_id: UUID = reference("organisation.id")
    purpose: str
    steps: list[str] = texts()
    functions: list[str] = texts()
    max_level: int
    months: int
    withheld: list[str] = texts()
    max_reads: int
    template_version: str
    basis: str
    granted_by: UUID | None = reference("account.id", index=False, nullable=True)
    granted_at: datetime = instant()
    expires_on: date
    # When it ended before its time: withdrawn by the firm, or replaced by a wider one.
    withdrawn_at: datetime | None = instant(nullable=True)
    replaced_by: UUID | None
    receipt_due_on: date | None
    receipt_at: datetime | None = instant(nullable=True)
    receipt_by: UUID | None = reference("account.id", index=False, nullable=True)


class StaffView(SQLModel, table=True):
    """A version of what a bank shows a staff function at a step; the newest counts."""

    __tablename__ = "staff_view"
    __table_args__ = (
        one_of("step", WorkStep),
        one_of("function", StaffFunction),
        CheckConstraint("max_level between 1 and 5", name="limits"),
    )
    bank_id: UUID = Field(foreign_key="organisation.id", primary_key=True)
    step: str = Field(primary_key=True)
    function: str = Field(primary_key=True)
    set_at: datetime = Field(primary_key=True, sa_type=instant().sa_type)
    set_by: UUID = reference("account.id", index=False)
    max_level: int
    hidden: list[str] = texts()


class DataRead(SQLModel, table=True):
    """The ledger: appended only (a trigger refuses the rest), kept as long as policy says."""

    __tablename__ = "data_read"
    __table_args__ = (
        one_of("kind", ReadKind),
        Index("ix_data_read_enterprise_id_at", "enterprise_id", "at"),
        Index("ix_data_read_consent_id_at", "consent_id", "at"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    at: datetime = instant()
    enterprise_id: UUID = reference("enterprise.id", index=False)
    organisation_id: UUID | None = reference("organisation.id", index=False, nullable=True)
    # As they were called when they read.
    organisation_name: str
    login: str
    account_id: UUID | None = reference("account.id", index=False, nullable=True)
    function: str | None
    purpose: str | None
    step: str | None
    consent_id: UUID | None = reference("consent.id", index=False, nullable=True)
    kind: str
    report_number: str | None
    fields: list[str] = texts()
