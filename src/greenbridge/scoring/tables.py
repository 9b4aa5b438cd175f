"""Scores and acts on models, appended, never updated; which version stands where."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, text
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, instant, json, key, one_of, reference
from greenbridge.scoring.values import ModelAct, ModelState


class ScoreRow(SQLModel, table=True):
    __tablename__ = "default_score"
    __table_args__ = (CheckConstraint("default_probability between 0 and 1", name="probability"),)
    id: UUID = key()
    enterprise_id: UUID = reference("enterprise.id")
    as_of: date
    scored_at: datetime = instant()
    model_version: str
    default_probability: float
    band: str = Field(max_length=8)
    # Scores from before there were ten bands have neither.
    points: int | None = None
    band_policy: str | None = None
    known_share: float
    reasons: list[JsonObject] = json()
    features: JsonObject = json()


class BulkScoreRow(SQLModel, table=True):
    """Scores of a whole run over the city, the champion's beside the challengers': for monitoring, shown to no bank."""

    __tablename__ = "bulk_score"
    __table_args__ = (
        CheckConstraint("default_probability between 0 and 1", name="probability"),
        CheckConstraint("state in ('challenger', 'champion')", name="state"),
    )
    as_of: date = Field(primary_key=True)
    model_version: str = Field(primary_key=True)
    enterprise_id: UUID = Field(primary_key=True, foreign_key="enterprise.id")
    scored_at: datetime = instant()
    state: str
    default_probability: float
    known_share: float


class BulkDistributionRow(SQLModel, table=True):
    """How a run's scores and features lie, in the bins that its model's card names or its first run made: what drift is measured by."""

    __tablename__ = "bulk_distribution"
    as_of: date = Field(primary_key=True)
    model_version: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    scored_at: datetime = instant()
    edges: list[float] = json()
    counts: list[float] = json()


class ModelVersionRow(SQLModel, table=True):
    """A version as it stands; `model_event` says how it came to."""

    __tablename__ = "model_version"
    __table_args__ = (
        one_of("state", ModelState),
        Index("uq_model_version_champion", "kind", unique=True, postgresql_where=text("state = 'champion'")),
    )
    version: str = Field(primary_key=True)
    kind: str
    sha256: str
    state: str


class ModelEventRow(SQLModel, table=True):
    __tablename__ = "model_event"
    __table_args__ = (one_of("act", ModelAct), one_of("after", ModelState))
    number: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    version: str = Field(foreign_key="model_version.version", index=True)
    act: str
    before: str | None = None
    after: str
    at: datetime = instant()
    who: str
    why: str
