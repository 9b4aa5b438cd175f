"""Listed products, one row per version."""

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, fen, instant, json, reference


class LoanProductRow(SQLModel, table=True):
    __tablename__ = "loan_product"
    code: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    bank_id: UUID = reference("organisation.id")
    listed: bool
    listed_at: datetime = instant()
    document: JsonObject = json()


class ProductDraftRow(SQLModel, table=True):
    """What a bank is writing; it may be wrong. `source`: the TOML it came as, for the lines of its problems."""

    __tablename__ = "product_draft"
    bank_id: UUID = Field(primary_key=True, foreign_key="organisation.id")
    code: str = Field(primary_key=True)
    document: JsonObject = json()
    source: str | None
    revision: int
    saved_at: datetime = instant()
    saved_by: UUID = reference("account.id", index=False)


class ProductCapacityRow(SQLModel, table=True):
    """What a product may still lend, as its bank stated it; the newest counts. None: no end stated. `stated_by` None: in a
    product file.
    """

    __tablename__ = "product_capacity"
    __table_args__ = (CheckConstraint("left_fen >= 0", name="left"), Index("ix_product_capacity_code_id", "code", "id"))
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    bank_id: UUID = reference("organisation.id", index=False)
    code: str
    left_fen: int | None = fen(nullable=True)
    stated_at: datetime = instant()
    stated_by: UUID | None = reference("account.id", index=False, nullable=True)
