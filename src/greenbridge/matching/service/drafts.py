"""A bank tries a product before it lists it, on counts that tell of no firm."""

import hashlib
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.catalog import service as catalog
from greenbridge.catalog.schemas import ProductFile
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Forbidden, Problem
from greenbridge.kit.text import Text
from greenbridge.matching.rules import dryrun
from greenbridge.matching.rules.columns import columns
from greenbridge.matching.rules.population import Population
from greenbridge.matching.store import books, runs
from greenbridge.matching.values import DryRun


class BudgetSpent(Problem):
    """So many different drafts a day: more would map the firms."""

    status = 429
    title = Text("今日次数已用完", "Too many requests")


async def dry_run(session: AsyncSession, actor: Actor, document: ProductFile, key: bytes, now: datetime) -> DryRun:
    """Return whom a draft of the actor's bank would reach among the firms that have asked, in anonymous counts; nothing is listed.

    A draft that asks what another of the day asked costs nothing, whatever its names, order, spelling and rules without effect; beside
    own products that ask something else now it is another one.
    Raises BudgetSpent after the day's drafts, Invalid for wrong rules.
    """
    if actor.role is not Role.BANK_ADMINISTRATOR or document.bank != actor.organisation.code:
        raise Forbidden("not-your-bank", "只能试算本行的产品。", "Only your own bank's products can be tried.")
    draft = catalog.parsed(document, actor.organisation)
    day = business_date(now)
    listed = [p for p in (await catalog.edition(session)).products if p.code != draft.code]
    async with database.as_platform(session):  # every firm that asks counts; no fact of one leaves these lines
        await database.lock(session, f"dry runs of {actor.organisation.id}")
        population = Population(columns(await runs.newest_facts(session)))
        asked = dryrun.asked(draft, listed, population)
        spelt = hashlib.sha256(asked.spelt.encode()).hexdigest()
        seen = await books.drafts_of_day(session, actor.organisation.id, day)
        if spelt not in seen:
            if len(seen) >= dryrun.DAILY_BUDGET:
                n = dryrun.DAILY_BUDGET
                raise BudgetSpent("dry-runs-spent", f"每日最多试算 {n} 个不同草案。", f"At most {n} different drafts a day can be tried.")
            await books.note_draft(session, actor.organisation.id, day, now, spelt)
            seen.add(spelt)
    return dryrun.dry_run(asked, population, key, dryrun.DAILY_BUDGET - len(seen))


async def drafts_left(session: AsyncSession, actor: Actor, now: datetime) -> int:
    """Return how many different drafts the actor's bank may still try today."""
    async with database.as_platform(session):
        seen = await books.drafts_of_day(session, actor.organisation.id, business_date(now))
    return max(0, dryrun.DAILY_BUDGET - len(seen))
