"""A product's fit to a need."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from greenbridge.catalog.values import Eligibility, LoanProduct, Verdict


@dataclass(frozen=True, slots=True)
class Fit:
    """Three fits in [0, 1], shown separately; `total` is their weighted sum, the bars that add up."""

    region: float
    rule: float
    risk: float
    total: float


@dataclass(frozen=True, slots=True)
class Match:
    """One product for one need: `rank` counts from 1."""

    rank: int
    product: LoanProduct
    eligibility: Eligibility
    fit: Fit
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class MatchRun:
    """All products ranked for a need at one instant, with the versions that made it."""

    need_id: UUID
    made_at: datetime
    policy_version: str
    model_version: str
    matches: tuple[Match, ...]
