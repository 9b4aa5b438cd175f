"""Measurements of contagion and checks of the model, appended; alerts are closed once.

No request reads them as itself: paths and findings name third parties. What of them may be told is decided when it is told.
"""

from datetime import date

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, instant, json, key, one_of
from greenbridge.monitoring.values import AlertKind


class ContagionRunRow(SQLModel, table=True):
    __tablename__ = "contagion_run"
    __table_args__ = (CheckConstraint("bound < 1", name="converges"), Index("ix_contagion_run_as_of_made_at", "as_of", "made_at"))
    id: UUID = key()
    as_of: date
    made_at: datetime = instant()
    policy_version: str
    period: int | None
    firms: int
    edges: int
    rounds: int
    bound: float
    error: float
    known_share: float | None
    kept: int


class ContagionRiskRow(SQLModel, table=True):
    """One firm of the platform in one run. `paths` hold codes and risks of third parties."""

    __tablename__ = "contagion_risk"
    __table_args__ = (
        CheckConstraint("reached between 0 and 1", name="reached"),
        CheckConstraint("own_risk between 0 and 1", name="own"),
    )
    run_id: UUID = Field(foreign_key="contagion_run.id", primary_key=True)
    uscc: str = Field(primary_key=True, index=True)
    own_risk: float | None
    reached: float
    known_share: float | None
    exposures: int
    paths: list[JsonObject] = json()


class ModelCheckRow(SQLModel, table=True):
    """One check of a model; `found` holds indices, vintages and feedback, as values with names."""

    __tablename__ = "model_check"
    model_version: str = Field(primary_key=True)
    made_at: datetime = Field(primary_key=True, sa_type=instant().sa_type)
    as_of: date
    policy_version: str
    found: JsonObject = json()


class ModelAlertRow(SQLModel, table=True):
    __tablename__ = "model_alert"
    __table_args__ = (
        one_of("kind", AlertKind),
        # One open alert for one thing, also with two checks at once.
        Index("uq_model_alert_open", "model_version", "kind", "subject", unique=True, postgresql_where="closed_at is null"),
    )
    id: UUID = key()
    model_version: str
    kind: str
    subject: str
    value: float
    limit: float
    opened_at: datetime = instant()
    closed_at: datetime | None = instant(nullable=True)
