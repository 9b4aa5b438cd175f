"""Batches with their raw files, quarantine, invoices, facts with two times."""

from datetime import date

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, fen, instant, json, key, reference


class BatchRow(SQLModel, table=True):
    __tablename__ = "batch"
    __table_args__ = (
        CheckConstraint("accepted + quarantined = delivered", name="nothing_lost"),
        UniqueConstraint("item", "batch_key"),
    )
    id: UUID = key()
    item: str = Field(index=True)
    file_name: str
    sha256: str
    # The file's hash together with how its columns were read: the same delivery twice is one batch.
    fingerprint: str = Field(unique=True)
    # The sender's own number of the delivery.
    batch_key: str | None
    stated_at: datetime | None = instant(nullable=True)
    received_at: datetime = instant()
    delivered: int
    accepted: int
    quarantined: int
    filled_cells: int = Field(sa_type=BigInteger)
    cells: int = Field(sa_type=BigInteger)
    late_rows: int | None
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
    # Rows that the operator let in later keep their place here, with the instant.
    released_at: datetime | None = instant(nullable=True)


class VatInvoice(SQLModel, table=True):
    """One accepted invoice, in the partition of its month. What identifies it is its key; its later states stand in `vat_invoice_change`.

    Without a foreign key to `batch`, as its months and years: on millions of rows the check costs more than the load, and batches
    are never deleted.
    """

    __tablename__ = "vat_invoice"
    __table_args__ = {"postgresql_partition_by": "RANGE (issued_on)"}
    uscc: str = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    issued_on: date = Field(primary_key=True)
    invoice_no: str = Field(primary_key=True)
    counterparty: str = Field(primary_key=True)
    net_fen: int = Field(primary_key=True, sa_type=BigInteger)
    tax_fen: int = Field(primary_key=True, sa_type=BigInteger)
    status: str
    batch_id: UUID
    row_no: int


class VatInvoiceChange(SQLModel, table=True):
    """A later state of an invoice (void, withdrawn). States only rise, so that the order of deliveries does not matter."""

    __tablename__ = "vat_invoice_change"
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
    batch_id: UUID
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
    """What a firm sold to (bought from) each counterparty in a calendar year, as known from `recorded_at` on.

    One row a version, whatever the number of counterparties; empty lists: nothing valid is left of the year.
    """

    __tablename__ = "counterparty_year"
    __table_args__ = (
        CheckConstraint(
            "cardinality(counterparties) = cardinality(net_fen) and cardinality(net_fen) = cardinality(invoices)", name="of_one_length"
        ),
    )
    uscc: str = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    recorded_at: datetime = Field(primary_key=True, sa_type=instant().sa_type)
    valid_to: date
    batch_id: UUID
    counterparties: list[str] = Field(sa_type=ARRAY(Text))
    net_fen: list[int] = Field(sa_type=ARRAY(BigInteger))
    invoices: list[int] = Field(sa_type=ARRAY(Integer))


class FactRow(SQLModel, table=True):
    """A version of a record (or of a state, then with `state_from`): appended, never changed."""

    __tablename__ = "fact"
    __table_args__ = (
        Index("ix_fact_uscc_item_key_recorded_at", "uscc", "item", "key", "recorded_at"),
        Index("ix_fact_item_recorded_at", "item", "recorded_at"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    item: str
    uscc: str
    key: str
    state_from: date | None
    valid_from: date
    valid_to: date | None
    stated_at: datetime = instant()
    recorded_at: datetime = instant()
    withdrawn: bool
    digest: str
    batch_id: UUID = reference("batch.id")
    row_no: int
    values: JsonObject = json()


class HiddenVersion(SQLModel, table=True):
    """A version of a record that is shown no more by a decision; another version of the record is shown again. Appended, never changed."""

    __tablename__ = "hidden_version"
    uscc: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    hidden_at: datetime = instant()
    # Whose decision it was, such as `objection:<id>`.
    basis: str


class SubjectAlias(SQLModel, table=True):
    """Another name of a firm in one source: an old registration number, a masked key, a name that the operator decided on."""

    __tablename__ = "subject_alias"
    source: str = Field(primary_key=True)
    alias: str = Field(primary_key=True)
    uscc: str = Field(index=True)


class FirmName(SQLModel, table=True):
    """A registered name as it is compared, for rows that name their firm only."""

    __tablename__ = "firm_name"
    name: str = Field(primary_key=True)
    uscc: str = Field(primary_key=True)
    core: str = Field(index=True)
    region_code: str


class IdentityQuestion(SQLModel, table=True):
    """A quarantined row of which the operator must say which firm it speaks of."""

    __tablename__ = "identity_question"
    batch_id: UUID = Field(foreign_key="batch.id", primary_key=True)
    row_no: int = Field(primary_key=True)
    given_name: str
    region_code: str | None
    candidates: JsonObject = json()
    asked_at: datetime = instant()
    decided_at: datetime | None = instant(nullable=True)
    uscc: str | None = None
    decided_by: UUID | None = None


class PullState(SQLModel, table=True):
    """How far a feed of a department was pulled, and how its last pull went."""

    __tablename__ = "pull_state"
    source: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    cursor: str | None
    pulled_at: datetime = instant()
    problem: str | None


class QualityDay(SQLModel, table=True):
    """An item's quality on a day, as shares in [0, 1]; null where nothing was to be measured."""

    __tablename__ = "quality_day"
    item: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    delivered: int
    completeness: float | None
    validity: float | None
    timeliness: float | None
    uniqueness: float | None
    consistency: float | None
    compliance: float | None


class QualityAlert(SQLModel, table=True):
    """An item that fell under its threshold, until it is back."""

    __tablename__ = "quality_alert"
    id: UUID = key()
    item: str = Field(index=True)
    measure: str
    threshold: float
    value: float
    opened_at: datetime = instant()
    closed_at: datetime | None = instant(nullable=True)
