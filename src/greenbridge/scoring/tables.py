"""Scores, appended, never updated."""

from datetime import date

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, instant, json, key, reference


class ScoreRow(SQLModel, table=True):
    __tablename__ = "default_score"
    __table_args__ = (CheckConstraint("default_probability between 0 and 1", name="probability"),)
    id: UUID = key()
    enterprise_id: UUID = reference("enterprise.id")
    as_of: date
    scored_at: datetime = instant()
    model_version: str
    default_probability: float
    band: str = Field(max_length=1)
    known_share: float
    reasons: list[JsonObject] = json()
    features: JsonObject = json()
