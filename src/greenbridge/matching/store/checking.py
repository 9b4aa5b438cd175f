"""SQL of looking at needs again: what was kept of them, and when they were looked at last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database
from greenbridge.matching.store.reaching import ALIVE
from greenbridge.matching.store.runs import green_of, thawed
from greenbridge.matching.values import Facts, GradeOfDay


@dataclass(frozen=True, slots=True)
class Kept:
    """What a need's newest run was made of."""

    facts: Facts
    policy_version: str
    model_version: str
    catalogue: str
    green: GradeOfDay | None


@dataclass(frozen=True, slots=True)
class Looked:
    """A need as it was looked at last; None where it never was. `listed`: it stands in the lists of needs that fit products."""

    need_id: UUID
    enterprise_id: UUID
    uscc: str
    kept: Kept | None
    checked_at: datetime | None
    listed: bool


async def due(session: AsyncSession, today: date) -> list[UUID]:
    """Return all open needs: those never looked at, by age, then those that were looked at longest ago."""
    query = f"""
        select n.id from need n left join need_fit f on f.need_id = n.id where {ALIVE}
        order by f.checked_at nulls first, n.published_at, n.id
    """  # noqa: S608  of constants
    return [row[0] for row in await database.rows(session, query, {"today": today})]


async def looked(session: AsyncSession, needs: Sequence[UUID]) -> list[Looked]:
    """Return needs as they were looked at last, in the order given."""
    query = """
        select n.id, n.enterprise_id, e.uscc, greatest(f.checked_at, r.made_at), r.facts, r.policy_version, r.model_version, r.catalogue,
            r.green, f.need_id is not null
        from unnest(%(needs)s::uuid[]) with ordinality as w(id, place) join need n on n.id = w.id
            join enterprise e on e.id = n.enterprise_id left join need_fit f on f.need_id = n.id
            left join lateral (select * from match_run m where m.need_id = n.id order by m.made_at desc limit 1) as r on true
        order by w.place
    """
    found = []
    rows = await database.rows(session, query, {"needs": list(needs)})
    for need_id, firm, uscc, checked_at, facts, policy, model, catalogue, green, listed in rows:
        kept = None if facts is None else Kept(thawed(facts), policy, model, catalogue, green_of(green))
        found.append(Looked(need_id, firm, uscc, kept, checked_at, listed))
    return found


async def note_looked(session: AsyncSession, needs: Sequence[UUID], now: datetime) -> None:
    """Note that needs were looked at; in one order, so that two who look wait for each other and do not block."""
    query = """
        update need_fit f set checked_at = %(now)s
        from (select need_id from need_fit where need_id = any(%(needs)s) order by need_id for update) as held
        where f.need_id = held.need_id
    """
    await database.rows(session, query, {"needs": list(needs), "now": now})
