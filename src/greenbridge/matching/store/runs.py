"""SQL of runs: what a need was matched with, on which facts."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.catalog.values import Eligibility, LoanProduct, Value
from greenbridge.matching.tables import MatchRunRow
from greenbridge.matching.values import Basis, Facts, Fit, GradeOfDay, Match, MatchRun, Reason

PARTS = tuple(Fit.__dataclass_fields__)
# So many open and so many refused products are kept in order; the rest follows from the facts.
KEPT_OPEN, KEPT_REFUSED = 500, 200


def _place(match: Match) -> dict[str, Any]:
    return {
        "code": match.product.code,
        "version": match.product.version,
        "eligibility": match.eligibility.value,
        "merit_rank": match.merit_rank,
        "fit": [getattr(match.fit, part) for part in PARTS],
    }


def thawed(facts: Mapping[str, Any]) -> dict[str, Value | None]:
    """Return facts as they came from JSON: lists are tuples again."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}


async def add(session: AsyncSession, run: MatchRun) -> None:
    """Keep a run: of its products the first places of the open ones and of the refused ones."""
    open_ = [m for m in run.matches if m.eligibility is not Eligibility.NOT_ELIGIBLE][:KEPT_OPEN]
    refused = [m for m in run.matches if m.eligibility is Eligibility.NOT_ELIGIBLE][:KEPT_REFUSED]
    row = {
        "id": uuid4(),
        "need_id": run.need_id,
        "made_at": run.made_at,
        "reason": run.reason.value,
        "policy_version": run.policy_version,
        "model_version": run.model_version,
        "catalogue": run.catalogue,
        "facts": dict(run.facts),
        "places": [_place(match) for match in (*open_, *refused)],
        "eligible": run.counts[Eligibility.ELIGIBLE],
        "conditional": run.counts[Eligibility.CONDITIONAL],
        "refused": run.counts[Eligibility.NOT_ELIGIBLE],
        "green": None if run.green is None else {**asdict(run.green), "rated_on": run.green.rated_on.isoformat()},
    }
    await session.execute(insert(MatchRunRow).values(row))


async def newest(session: AsyncSession, need_id: UUID, products: Mapping[tuple[str, int], LoanProduct]) -> MatchRun | None:
    """Return the newest run with its kept places; matches of products that are listed no more are left out."""
    query = select(MatchRunRow).where(col(MatchRunRow.need_id) == need_id).order_by(col(MatchRunRow.made_at).desc()).limit(1)
    row = (await session.scalars(query)).first()
    if row is None:
        return None
    kept = [(place, products[key]) for place in row.places if (key := (place["code"], place["version"])) in products]
    counts = dict(zip(Eligibility, (row.eligible, row.conditional, row.refused), strict=True))
    opened = [one for one in kept if one[0]["eligibility"] != Eligibility.NOT_ELIGIBLE]
    refused, first_refused = kept[len(opened) :], row.eligible + row.conditional + 1
    ranked = (*enumerate(opened, start=1), *enumerate(refused, start=first_refused))
    matches = tuple(Match(rank, of, Eligibility(p["eligibility"]), Fit(*p["fit"]), p["merit_rank"]) for rank, (p, of) in ranked)
    of_run = thawed(row.facts), matches, counts, Reason(row.reason), row.catalogue, green_of(row.green)
    return MatchRun(need_id, row.made_at, row.policy_version, row.model_version, *of_run)


def green_of(kept: Mapping[str, Any] | None) -> GradeOfDay | None:
    """Return a grade as it came from JSON."""
    if kept is None:
        return None
    basis, rated_on = Basis(kept["basis"]), date.fromisoformat(kept["rated_on"])
    return GradeOfDay(kept["grade"], kept["possible"], kept["coverage"], basis, kept["scheme"], rated_on)


async def count(session: AsyncSession) -> int:
    """Return how many need-product pairs do not fail a rule, by each need's newest run."""
    query = """
        select coalesce(sum(eligible + conditional), 0)
        from (select distinct on (need_id) eligible, conditional from match_run order by need_id, made_at desc) as newest
    """
    return int((await session.execute(text(query))).scalar_one())


async def newest_facts(session: AsyncSession) -> list[Facts]:
    """Return the facts of every firm's newest need that was matched: the population of dry runs."""
    query = """
        select distinct on (n.enterprise_id) r.facts
        from match_run r join need n on n.id = r.need_id order by n.enterprise_id, r.made_at desc
    """
    return [thawed(facts) for facts in (await session.execute(text(query))).scalars()]
