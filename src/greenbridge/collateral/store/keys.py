"""SQL of the generations of keys: which one is current, and moving everything under the next."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database

_LOCK = "select pg_advisory_xact_lock{}(hashtextextended('pledge-keys', 0))"


async def lock(session: AsyncSession, *, alone: bool) -> None:
    """Hold the keys until the transaction ends: together with others who commit under them, or alone to change them."""
    await session.execute(text(_LOCK.format("" if alone else "_shared")))


async def current(session: AsyncSession) -> tuple[int, str, datetime] | None:
    """Return (serial, key id, when made) of the key in use; None before the first one."""
    found = await database.rows(session, "select serial, key_id, made_at from pledge_key where current")
    return (found[0][0], found[0][1], found[0][2]) if found else None


async def set_current(session: AsyncSession, serial: int, key_id: str, now: datetime) -> None:
    await session.execute(text("update pledge_key set current = null where current"))
    await session.execute(
        text("insert into pledge_key (serial, key_id, made_at, current) values (:serial, :key_id, :now, true)"),
        {"serial": serial, "key_id": key_id, "now": now},
    )


async def sealed(session: AsyncSession) -> list[tuple[UUID, UUID | None, str, bytes, int]]:
    """Return (pledge, asset, kind, what was sealed, whole in fen) of every pledge there ever was."""
    found = await database.rows(session, "select id, asset_id, kind, sealed, whole_fen from pledge order by id")
    return [(a, b, c, bytes(d), e) for a, b, c, d, e in found]


async def put(session: AsyncSession, pledge_id: UUID, sealed_again: bytes, statement: str) -> None:
    await database.rows(
        session,
        "update pledge set sealed = %(sealed)s, statement = %(statement)s where id = %(id)s",
        {"id": pledge_id, "sealed": sealed_again, "statement": statement},
    )


async def put_asset(session: AsyncSession, asset_id: UUID, commitment: str) -> None:
    await database.rows(
        session, "update pledged_asset set commitment = %(commitment)s where id = %(id)s", {"id": asset_id, "commitment": commitment}
    )
