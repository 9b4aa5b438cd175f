"""Wire types of matches."""

from datetime import datetime
from typing import Any
from uuid import UUID

from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import Eligibility, Operator, Outcome, Verdict
from greenbridge.kit.text import Language
from greenbridge.kit.wire import Closed
from greenbridge.matching.rules.words import sentence
from greenbridge.matching.values import Match, MatchRun


class VerdictOut(Closed):
    """One rule's answer. `margin` is in `unit`, positive inside the limit, negative short of it."""

    fact: str
    label: str
    operator: Operator
    outcome: Outcome
    value: Any
    limit: Any
    margin: float | None
    unit: str
    text: str

    @classmethod
    def of(cls, v: Verdict, language: Language) -> "VerdictOut":
        """Return the wire form."""
        fact = FACTS[v.rule.fact]
        return cls(
            fact=fact.name,
            label=fact.label.in_(language),
            operator=v.rule.operator,
            outcome=v.outcome,
            value=v.value,
            limit=v.rule.limit,
            margin=v.margin,
            unit=fact.unit.value,
            text=sentence(v).in_(language),
        )


class MatchOut(Closed):
    """One product: rank, eligibility, the three fits and every rule."""

    rank: int
    product_code: str
    product_version: int
    product: str
    bank: str
    eligibility: Eligibility
    region_fit: float
    rule_fit: float
    risk_fit: float
    total_fit: float
    min_annual_rate_bp: int
    max_annual_rate_bp: int
    verdicts: list[VerdictOut]

    @classmethod
    def of(cls, m: Match, language: Language) -> "MatchOut":
        """Return the wire form."""
        return cls(
            rank=m.rank,
            product_code=m.product.code,
            product_version=m.product.version,
            product=m.product.name_en if language == "en" else m.product.name,
            bank=m.product.bank.name,
            eligibility=m.eligibility,
            region_fit=round(m.fit.region, 4),
            rule_fit=round(m.fit.rule, 4),
            risk_fit=round(m.fit.risk, 4),
            total_fit=round(m.fit.total, 4),
            min_annual_rate_bp=m.product.min_annual_rate_bp,
            max_annual_rate_bp=m.product.max_annual_rate_bp,
            verdicts=[VerdictOut.of(v, language) for v in m.verdicts],
        )


class MatchRunOut(Closed):
    """All products ranked for a need."""

    need_id: UUID
    made_at: datetime
    policy_version: str
    model_version: str
    matches: list[MatchOut]

    @classmethod
    def of(cls, run: MatchRun, language: Language) -> "MatchRunOut":
        """Return the wire form."""
        return cls(
            need_id=run.need_id,
            made_at=run.made_at,
            policy_version=run.policy_version,
            model_version=run.model_version,
            matches=[MatchOut.of(m, language) for m in run.matches],
        )
