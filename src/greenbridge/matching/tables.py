"""Matches, appended run by run."""

from sqlalchemy import Index
from sqlmodel import SQLModel

from greenbridge.catalog.values import Eligibility
from greenbridge.kit.columns import UUID, JsonObject, datetime, instant, json, key, one_of, reference


class MatchRow(SQLModel, table=True):
    __tablename__ = "match"
    __table_args__ = (one_of("eligibility", Eligibility), Index("ix_match_need_id_made_at", "need_id", "made_at"))
    id: UUID = key()
    need_id: UUID = reference("need.id", index=False)
    made_at: datetime = instant()
    policy_version: str
    model_version: str
    rank: int
    product_code: str
    product_version: int
    eligibility: str
    region_fit: float
    rule_fit: float
    risk_fit: float
    total_fit: float
    verdicts: list[JsonObject] = json()
