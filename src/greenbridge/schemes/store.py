"""SQL of screening and lists: which codes the platform knows, by which names; who stands on a list, and which banks want it.

Reads the tables of facts, as peers does, in sets.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database
from greenbridge.schemes.tables import ListEntryRow, ListMemberRow, ListSubscriptionRow
from greenbridge.schemes.values import Listed, Member


async def known(session: AsyncSession, usccs: Collection[str]) -> dict[str, list[str]]:
    """Return code -> its registered names, as they are compared, of those codes that any department spoke of; a code may have no name."""
    rows = await session.execute(
        text("""
        select given.uscc, array_remove(array_agg(distinct n.name), null)
        from unnest(cast(:usccs as text[])) given(uscc) left join firm_name n on n.uscc = given.uscc
        where n.uscc is not null or exists (select 1 from fact f where f.uscc = given.uscc)
            or exists (select 1 from invoice_month m where m.uscc = given.uscc)
        group by given.uscc
        """),
        {"usccs": sorted(set(usccs))},
    )
    return {row[0]: list(row[1]) for row in rows}


async def of_names(session: AsyncSession, names: Collection[str]) -> dict[str, list[str]]:
    """Return normalised name -> the codes that are or were registered under it."""
    rows = await session.execute(
        text("select name, array_agg(distinct uscc order by uscc) from firm_name where name = any(:names) group by name"),
        {"names": sorted(set(names))},
    )
    return {row[0]: list(row[1]) for row in rows}


async def members(session: AsyncSession, code: str) -> list[Member]:
    """Return the verified firms that let themselves be named on a list."""
    query = """
        select e.id, e.organisation_id, e.uscc, e.name from list_member m join enterprise e on e.id = m.enterprise_id
        where m.list_code = %(code)s and m.ended_at is null and e.status = 'verified' order by e.uscc
    """
    return [Member(*row) for row in await database.rows(session, query, {"code": code})]


async def is_member(session: AsyncSession, enterprise_id: UUID, code: str) -> bool:
    query = "select 1 from list_member where enterprise_id = %(firm)s and list_code = %(code)s and ended_at is null"
    return bool(await database.rows(session, query, {"firm": enterprise_id, "code": code}))


async def join(session: AsyncSession, enterprise_id: UUID, code: str, account_id: UUID, now: datetime) -> None:
    session.add(ListMemberRow(enterprise_id=enterprise_id, list_code=code, since=now, ended_at=None, account_id=account_id))
    await session.flush()


async def leave(session: AsyncSession, enterprise_id: UUID, code: str, now: datetime) -> None:
    """End a firm's membership; what stands on the list goes with the next push, or at once by `end_entry`."""
    query = "update list_member set ended_at = :now where enterprise_id = :firm and list_code = :code and ended_at is null"
    await session.execute(text(query), {"firm": enterprise_id, "code": code, "now": now})


async def subscribers(session: AsyncSession, code: str) -> list[UUID]:
    query = "select bank_id from list_subscription where list_code = %(code)s and ended_at is null order by since, bank_id"
    return [bank for (bank,) in await database.rows(session, query, {"code": code})]


async def subscribed(session: AsyncSession, bank_id: UUID) -> set[str]:
    query = "select list_code from list_subscription where bank_id = %(bank)s and ended_at is null"
    return {code for (code,) in await database.rows(session, query, {"bank": bank_id})}


async def subscribe(session: AsyncSession, bank_id: UUID, code: str, account_id: UUID, now: datetime) -> None:
    session.add(ListSubscriptionRow(bank_id=bank_id, list_code=code, since=now, ended_at=None, account_id=account_id))
    await session.flush()


async def unsubscribe(session: AsyncSession, bank_id: UUID, code: str, now: datetime) -> None:
    query = "update list_subscription set ended_at = :now where bank_id = :bank and list_code = :code and ended_at is null"
    await session.execute(text(query), {"bank": bank_id, "code": code, "now": now})


async def entries(session: AsyncSession, code: str) -> list[Listed]:
    """Return who stands on a list, the most points first; a bank sees lists that it subscribed to, a firm its own entry."""
    query = """
        select enterprise_id, list_code, uscc, name, scheme_version, points, coverage, entered_at, pushed from list_entry
        where list_code = %(code)s and left_at is null order by points desc, uscc
    """
    return [Listed(*row) for row in await database.rows(session, query, {"code": code})]


async def enter(session: AsyncSession, entry: Listed) -> None:
    row = ListEntryRow(
        enterprise_id=entry.enterprise_id,
        list_code=entry.list_code,
        uscc=entry.uscc,
        name=entry.name,
        scheme_version=entry.scheme_version,
        points=entry.points,
        coverage=entry.coverage,
        entered_at=entry.entered_at,
        left_at=None,
        pushed=entry.pushed,
    )
    session.add(row)
    await session.flush()


async def refresh(session: AsyncSession, entry: Listed) -> None:
    """Set a standing entry's points, coverage and edition to what they are now."""
    query = """
        update list_entry set points = :points, coverage = :coverage, scheme_version = :version, name = :name
        where enterprise_id = :firm and list_code = :code and left_at is null
    """
    given = {"points": entry.points, "coverage": entry.coverage, "version": entry.scheme_version, "name": entry.name}
    await session.execute(text(query), {**given, "firm": entry.enterprise_id, "code": entry.list_code})


async def end_entry(session: AsyncSession, enterprise_id: UUID, code: str, now: datetime) -> None:
    query = "update list_entry set left_at = :now where enterprise_id = :firm and list_code = :code and left_at is null"
    await session.execute(text(query), {"firm": enterprise_id, "code": code, "now": now})
