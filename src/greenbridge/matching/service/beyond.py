"""Products of a kept run, those beyond its kept places too: a run keeps the first places, and the facts from which the rest follows."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.catalog.values import Eligibility
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.matching.rules import ranking
from greenbridge.matching.rules.bits import marked
from greenbridge.matching.service.engines import Engine, compiled, scores
from greenbridge.matching.store import books
from greenbridge.matching.values import Match, MatchRun


async def explained(session: AsyncSession, run: MatchRun, code: str, now: datetime) -> Match | None:
    """Return one listed product's match of a run, None where there is no such product."""
    engine = await compiled(session, business_date(now))
    return next(iter(await _matches(session, engine, run, {code})), None)


async def of_bank(session: AsyncSession, run: MatchRun, bank: str, now: datetime) -> list[Match]:
    """Return the matches of a bank's products of a run, best first."""
    engine = await compiled(session, business_date(now))
    return await _matches(session, engine, run, {p.code for p in engine.edition.products if p.bank.code == bank})


async def _matches(session: AsyncSession, engine: Engine, run: MatchRun, codes: Collection[str]) -> list[Match]:
    """Return the matches of some products; those beyond the kept places follow the kept ones of their kind, by merit."""
    kept = [m for m in run.matches if m.product.code in codes]
    listed = {p.code: place for place, p in enumerate(engine.edition.products)}
    known = {m.product.code for m in run.matches}
    wanted = {listed[code] for code in codes if code in listed and code not in known}
    if not wanted:
        return kept
    async with database.as_platform(session):
        behaviour = scores(await books.behaviour(session))
    rest = engine.compiled.all & ~marked(listed[code] for code in known if code in listed)
    opened = sum(m.eligibility is not Eligibility.NOT_ELIGIBLE for m in run.matches)
    refused = run.open_count + len(run.matches) - opened
    found = []
    for group in ranking.ranked(engine.compiled, engine.scorer, run.facts, behaviour, within=rest):
        before = refused if group.kind is Eligibility.NOT_ELIGIBLE else opened
        opened += len(group.places)
        found += [ranking.match(engine.scorer, group, i, before + i + 1) for i, place in enumerate(group.places) if place in wanted]
    return sorted([*kept, *found], key=lambda m: m.rank)
