"""SQL of matches."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.catalog.values import Eligibility, LoanProduct, Operator, Outcome, Rule, Verdict
from greenbridge.matching.tables import MatchRow
from greenbridge.matching.values import Fit, Match, MatchRun


def _verdict_json(v: Verdict) -> dict[str, Any]:
    return {
        "fact": v.rule.fact,
        "operator": v.rule.operator.value,
        "limit": v.rule.limit,
        "kind": v.rule.kind,
        "outcome": v.outcome.value,
        "value": v.value,
        "margin": v.margin,
    }


def _verdict(kept: Mapping[str, Any]) -> Verdict:
    def thaw(value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    rule = Rule(kept["fact"], Operator(kept["operator"]), thaw(kept["limit"]), kept["kind"])
    return Verdict(rule, Outcome(kept["outcome"]), thaw(kept["value"]), kept["margin"])


async def add(session: AsyncSession, run: MatchRun) -> None:
    rows = [
        {
            "id": uuid4(),
            "need_id": run.need_id,
            "made_at": run.made_at,
            "policy_version": run.policy_version,
            "model_version": run.model_version,
            "rank": match.rank,
            "product_code": match.product.code,
            "product_version": match.product.version,
            "eligibility": match.eligibility.value,
            "region_fit": match.fit.region,
            "rule_fit": match.fit.rule,
            "risk_fit": match.fit.risk,
            "total_fit": match.fit.total,
            "verdicts": [_verdict_json(v) for v in match.verdicts],
        }
        for match in run.matches
    ]
    if rows:
        await session.execute(insert(MatchRow), rows)


async def newest(session: AsyncSession, need_id: UUID, products: Mapping[tuple[str, int], LoanProduct]) -> MatchRun | None:
    """Return the newest run; matches of products that are listed no more are left out."""
    latest = select(func.max(col(MatchRow.made_at))).where(col(MatchRow.need_id) == need_id).scalar_subquery()
    query = select(MatchRow).where(col(MatchRow.need_id) == need_id, col(MatchRow.made_at) == latest).order_by(col(MatchRow.rank))
    rows = list(await session.scalars(query))
    if not rows:
        return None
    matches = tuple(
        Match(
            row.rank,
            products[row.product_code, row.product_version],
            Eligibility(row.eligibility),
            Fit(row.region_fit, row.rule_fit, row.risk_fit, row.total_fit),
            tuple(_verdict(kept) for kept in row.verdicts),
        )
        for row in rows
        if (row.product_code, row.product_version) in products
    )
    return MatchRun(need_id, rows[0].made_at, rows[0].policy_version, rows[0].model_version, matches)


async def count(session: AsyncSession) -> int:
    """Return how many need-product pairs do not fail a rule."""
    query = "select count(*) from match where eligibility <> 'not_eligible'"
    return int((await session.execute(text(query))).scalar_one())
