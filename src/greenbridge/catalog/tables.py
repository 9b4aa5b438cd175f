"""Listed products, one row per version."""

from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, instant, json, reference


class LoanProductRow(SQLModel, table=True):
    __tablename__ = "loan_product"
    code: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    bank_id: UUID = reference("organisation.id")
    listed: bool
    listed_at: datetime = instant()
    document: JsonObject = json()
