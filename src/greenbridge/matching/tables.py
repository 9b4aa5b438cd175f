"""Matches, appended run by run; what banks were shown; what the dry runs of a day were."""

from datetime import date

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, instant, json, key, one_of, reference
from greenbridge.matching.values import Reason


class MatchRunRow(SQLModel, table=True):
    """One run. `facts` and the versions make every verdict again; `places` are the ranked products, best first."""

    __tablename__ = "match_run"
    __table_args__ = (one_of("reason", Reason), Index("ix_match_run_need_id_made_at", "need_id", "made_at"))
    id: UUID = key()
    need_id: UUID = reference("need.id", index=False)
    made_at: datetime = instant()
    reason: str
    policy_version: str
    model_version: str
    catalogue: str
    facts: JsonObject = json()
    places: list[JsonObject] = json()
    eligible: int
    conditional: int
    refused: int


class ProductExposureRow(SQLModel, table=True):
    """A day's sums of what a product was shown, and of what it deserved."""

    __tablename__ = "product_exposure"
    day: date = Field(primary_key=True)
    product_code: str = Field(primary_key=True)
    bank_code: str
    shown: int
    attention: float
    deserved: float


class BankBehaviourRow(SQLModel, table=True):
    """How well a bank answered so far, in [0, 1], of `asked` answers; measured anew from time to time."""

    __tablename__ = "bank_behaviour"
    bank_code: str = Field(primary_key=True)
    score: float
    asked: int
    measured_at: datetime = instant()


class DryRunRow(SQLModel, table=True):
    """A dry run that a bank made: its draft as it was counted."""

    __tablename__ = "product_dry_run"
    id: UUID = key()
    bank_id: UUID = reference("organisation.id")
    day: date
    made_at: datetime = instant()
    draft: str
