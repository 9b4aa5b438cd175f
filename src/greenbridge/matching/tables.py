"""Matches, appended run by run; what banks were shown; what the dry runs of a day were."""

from datetime import date

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from greenbridge.kit.columns import UUID, JsonObject, datetime, instant, json, key, one_of, reference, texts
from greenbridge.matching.values import Basis, Reason


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
    green: JsonObject | None = json(nullable=True)


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
    well: int
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


class NeedFitRow(SQLModel, table=True):
    """Which products take an open need, by its newest run: what a bank's list of needs asks; when it was looked at last."""

    __tablename__ = "need_fit"
    __table_args__ = (
        Index("ix_need_fit_eligible", "eligible", postgresql_using="gin"),
        Index("ix_need_fit_conditional", "conditional", postgresql_using="gin"),
    )
    need_id: UUID = Field(primary_key=True, foreign_key="need.id")
    made_at: datetime = instant()
    checked_at: datetime = instant()
    eligible: list[str] = texts()
    conditional: list[str] = texts()


class SubscriptionRow(SQLModel, table=True):
    """A bank is told of new needs that fit a product of its own."""

    __tablename__ = "match_subscription"
    product_code: str = Field(primary_key=True)
    bank_id: UUID = reference("organisation.id")
    conditional: bool
    since: datetime = instant()


class NewFitRow(SQLModel, table=True):
    """A need of which a bank was told for a product: once, whatever changes later."""

    __tablename__ = "match_new_fit"
    need_id: UUID = Field(primary_key=True, foreign_key="need.id")
    product_code: str = Field(primary_key=True)
    told_at: datetime = instant()


class FirmGreenRow(SQLModel, table=True):
    """A firm's green grade as it was when its facts were read last."""

    __tablename__ = "firm_green"
    __table_args__ = (one_of("basis", Basis),)
    enterprise_id: UUID = Field(primary_key=True, foreign_key="enterprise.id")
    grade: str | None
    possible: str | None
    coverage: float
    basis: str
    scheme: str
    rated_on: date
