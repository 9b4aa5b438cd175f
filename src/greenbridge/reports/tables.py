"""Reports, appended, never updated."""

from datetime import date

from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, instant, json, key, reference


class CreditReportRow(SQLModel, table=True):
    __tablename__ = "credit_report"
    id: UUID = key()
    number: str = Field(unique=True)
    enterprise_id: UUID = reference("enterprise.id")
    as_of: date
    made_at: datetime = instant()
    made_for: UUID | None = reference("account.id", index=False, nullable=True)
    score_id: UUID | None = reference("default_score.id", index=False, nullable=True)
    content: JsonObject = json()
    sha256: str
    # What an offline check needs; a report made before reports were signed has none.
    head: JsonObject | None = json(nullable=True)
    seed: str | None
    signature: JsonObject | None = json(nullable=True)
