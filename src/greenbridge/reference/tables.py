"""Imported entries of code lists."""

from datetime import date

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import JsonObject, datetime, instant, json, one_of
from greenbridge.reference.values import Kind


class ReferenceRow(SQLModel, table=True):
    __tablename__ = "reference_row"
    __table_args__ = (one_of("kind", Kind), CheckConstraint("valid_to >= valid_from", name="valid_period"))
    kind: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = None
    name: str
    parent: str | None = None
    extra: JsonObject = json()
    source: str
    imported_at: datetime = instant()
