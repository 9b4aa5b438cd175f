"""SQL of screening: which codes the platform knows, and by which names. Reads the tables of facts, as peers does, in sets."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


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
