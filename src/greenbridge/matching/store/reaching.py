"""SQL of the other direction: open needs that fit a product, and who is told of new ones."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.catalog.values import Eligibility
from greenbridge.kit import database
from greenbridge.matching.values import FittingNeed, Subscription

# A need that banks may answer, published since the product is listed as it stands: a product listed after the need could be made to ask
# for one figure of its firm.
ALIVE = "n.status in ('published', 'in_answer', 'escalated', 'reopened') and n.open_until >= %(today)s"
# One that asks a bank by name is for that bank alone.
_ASKS_ALL = f"{ALIVE} and n.mode <> 'direct'"
_OPEN = f"{_ASKS_ALL} and n.published_at >= %(listed_at)s"
_FITS = "(f.eligible @> array[%(code)s::text] or (%(conditional)s and f.conditional @> array[%(code)s::text]))"
_KIND = "f.eligible @> array[%(code)s::text]"


async def set_fits(session: AsyncSession, need_id: UUID, at: datetime, eligible: Sequence[str], conditional: Sequence[str]) -> None:
    """Keep which products take a need, by code, and that it was looked at."""
    query = """
        insert into need_fit (need_id, made_at, checked_at, eligible, conditional)
        values (%(need)s, %(at)s, %(at)s, %(eligible)s, %(conditional)s)
        on conflict (need_id) do update set made_at = excluded.made_at, checked_at = excluded.checked_at, eligible = excluded.eligible,
            conditional = excluded.conditional
    """
    given = {"need": need_id, "at": at, "eligible": list(eligible), "conditional": list(conditional)}
    await database.rows(session, query, given)


async def forget_closed(session: AsyncSession, today: date) -> None:
    """Drop the lists of needs that are open no more."""
    await database.rows(session, f"delete from need_fit f using need n where n.id = f.need_id and not ({ALIVE})", {"today": today})  # noqa: S608  constants


async def fitting(
    session: AsyncSession,
    code: str,
    today: date,
    listed_at: datetime,
    *,
    conditional: bool,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[FittingNeed]:
    """Return open needs that a product fits, the newest first, `after` a place in that order."""
    beyond = "and (n.published_at, n.id) < (%(at)s, %(id)s)" if after else ""
    query = f"""
        select n.id, n.number, n.published_at, n.open_until, {_KIND} from need_fit f join need n on n.id = f.need_id
        where {_OPEN} and {_FITS} {beyond} order by n.published_at desc, n.id desc limit %(limit)s
    """  # noqa: S608  of constants
    given = {"code": code, "today": today, "listed_at": listed_at, "conditional": conditional, "limit": limit}
    if after:
        given |= {"at": after[0], "id": after[1]}
    kinds = {True: Eligibility.ELIGIBLE, False: Eligibility.CONDITIONAL}
    return [FittingNeed(row[0], row[1], row[2], row[3], kinds[row[4]]) for row in await database.rows(session, query, given)]


async def untold(
    session: AsyncSession, code: str, today: date, listed_at: datetime, now: datetime, *, conditional: bool
) -> list[FittingNeed]:
    """Note the open needs that a product fits and nobody was told of yet, and return them, the oldest first."""
    query = f"""
        with told as (
            insert into match_new_fit (need_id, product_code, told_at)
            select n.id, %(code)s::text, %(now)s from need_fit f join need n on n.id = f.need_id where {_OPEN} and {_FITS}
            on conflict do nothing returning need_id
        )
        select n.id, n.number, n.published_at, n.open_until, {_KIND}
        from told join need n on n.id = told.need_id join need_fit f on f.need_id = n.id order by n.published_at, n.id
    """  # noqa: S608  of constants
    given = {"code": code, "today": today, "listed_at": listed_at, "conditional": conditional, "now": now}
    kinds = {True: Eligibility.ELIGIBLE, False: Eligibility.CONDITIONAL}
    return [FittingNeed(row[0], row[1], row[2], row[3], kinds[row[4]]) for row in await database.rows(session, query, given)]


async def subscriptions(session: AsyncSession, bank_id: UUID | None = None) -> list[tuple[UUID, Subscription]]:
    """Return (bank, subscription), all or of one bank, by product."""
    query = """
        select bank_id, product_code, conditional from match_subscription
        where %(bank)s::uuid is null or bank_id = %(bank)s order by product_code
    """
    found = await database.rows(session, query, {"bank": bank_id})
    return [(row[0], Subscription(row[1], on=True, conditional=row[2])) for row in found]


async def subscribe(session: AsyncSession, bank_id: UUID, wanted: Subscription, now: datetime) -> None:
    """Write a subscription, or end it."""
    if not wanted.on:
        query = "delete from match_subscription where product_code = %(code)s and bank_id = %(bank)s"
    else:
        query = """
            insert into match_subscription (product_code, bank_id, conditional, since) values (%(code)s, %(bank)s, %(conditional)s, %(now)s)
            on conflict (product_code) do update set bank_id = excluded.bank_id, conditional = excluded.conditional
        """
    given = {"code": wanted.product_code, "bank": bank_id, "conditional": wanted.conditional, "now": now}
    await database.rows(session, query, given)


async def counts(session: AsyncSession, listed_at: Mapping[str, datetime], today: date) -> dict[str, tuple[int, int]]:
    """Return product -> (open needs that fit, that wait for data), of needs published since it is listed as it stands."""
    query = f"""
        select p.code, count(*) filter (where f.eligible @> array[p.code]), count(*) filter (where f.conditional @> array[p.code])
        from unnest(%(codes)s::text[], %(ats)s::timestamptz[]) as p(code, at)
            join need_fit f on f.eligible @> array[p.code] or f.conditional @> array[p.code]
            join need n on n.id = f.need_id
        where {_ASKS_ALL} and n.published_at >= p.at
        group by p.code
    """  # noqa: S608  of constants
    given = {"codes": list(listed_at), "ats": list(listed_at.values()), "today": today}
    return {row[0]: (int(row[1]), int(row[2])) for row in await database.rows(session, query, given)}
