"""Batches with their raw files, quarantine, invoices, facts with two times."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, fen, instant, json, key, reference


class BatchRow(SQLModel, table=True):
    __tablename__ = "batch"
    __table_args__ = (CheckConstraint("accepted + quarantined = delivered", name="nothing_lost"),)
    id: UUID = key()
    item: str = Field(index=True)
    file_name: str
    sha256: str
    # The file's hash together with how its columns were read: the same delivery twice is one batch.
    fingerprint: str = Field(unique=True)
    received_at: datetime = instant()
    delivered: int
    accepted: int
    quarantined: int
    covers_to: date | None
    generated: bool
    reasons: JsonObject = json()
    read_with: JsonObject = json()


class BatchPart(SQLModel, table=True):
    """The delivered file itself, byte for byte, in pieces: every row of a batch can be read again as it came."""

    __tablename__ = "batch_part"
    batch_id: UUID = Field(foreign_key="batch.id", primary_key=True)
    part: int = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)


class QuarantinedRow(SQLModel, table=True):
    __tablename__ = "quarantined_row"
    batch_id: UUID = Field(foreign_key="batch.id", primary_key=True)
    row_no: int = Field(primary_key=True)
    reason: str
    raw: JsonObject = json()


class VatInvoice(SQLModel, table=True):
    """One accepted invoice. The whole content is its key: an equal row that comes again is a duplicate."""

    __tablename__ = "vat_invoice"
    uscc: str = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    issued_on: date = Field(primary_key=True)
    invoice_no: str = Field(primary_key=True)
    counterparty: str = Field(primary_key=True)
    net_fen: int = Field(primary_key=True, sa_type=BigInteger)
    tax_fen: int = Field(primary_key=True, sa_type=BigInteger)
    status: str = Field(primary_key=True)
    batch_id: UUID = Field(foreign_key="batch.id")
    row_no: int


class InvoiceMonth(SQLModel, table=True):
    """A firm's VAT month, one direction, as known from `recorded_at` on. Amounts are net of tax unless named."""

    __tablename__ = "invoice_month"
    uscc: str = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    recorded_at: datetime = Field(primary_key=True, sa_type=instant().sa_type)
    valid_to: date
    batch_id: UUID = reference("batch.id", index=False)
    net_fen: int = fen()
    tax_fen: int = fen()
    absolute_fen: int = fen()
    red_fen: int = fen()
    void_fen: int = fen()
    invoices: int
    void_invoices: int
    red_invoices: int
    partners: int


class CounterpartyYear(SQLModel, table=True):
    """What a firm sold to (bought from) one counterparty in a calendar year, as known from `recorded_at` on."""

    __tablename__ = "counterparty_year"
    uscc: str = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    recorded_at: datetime = Field(primary_key=True, sa_type=instant().sa_type)
    counterparty: str = Field(primary_key=True)
    valid_to: date
    batch_id: UUID = reference("batch.id", index=False)
    net_fen: int = fen()
    invoices: int


class FactRow(SQLModel, table=True):
    __tablename__ = "fact"
    __table_args__ = (Index("ix_fact_uscc_item_key_recorded_at", "uscc", "item", "key", "recorded_at"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    item: str
    uscc: str
    key: str
    valid_from: date
    valid_to: date | None
    recorded_at: datetime = instant()
    batch_id: UUID = reference("batch.id")
    row_no: int
    values: JsonObject = json()
