"""SQL of clients."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.accounts.values import Actor, Organisation, OrganisationKind, Role, StaffFunction
from greenbridge.clients.tables import ApiClientRow, UsedJtiRow
from greenbridge.clients.values import Client, Proof
from greenbridge.kit import database
from greenbridge.kit.paging import wrong_cursor


def _value(row: ApiClientRow, function: str) -> Client:
    return Client(
        row.id,
        row.organisation_id,
        row.account_id,
        row.name,
        frozenset(row.scopes),
        Proof(row.method),
        row.jwks,
        row.jwks_uri,
        row.dpop_required,
        row.revision,
        row.created_at,
        row.revoked_at,
        row.last_token_at,
        StaffFunction(function),
    )


async def _functions(session: AsyncSession, account_ids: Sequence[UUID]) -> dict[UUID, str]:
    query = "select id, function from account where id = any(%(ids)s)"
    async with database.as_platform(session):  # accounts are closed to requests; these are of programs that the caller has found
        return dict(await database.rows(session, query, {"ids": list(account_ids)}))


async def add(session: AsyncSession, row: ApiClientRow) -> Client:
    session.add(row)
    await session.flush()
    return _value(row, (await _functions(session, [row.account_id]))[row.account_id])


async def find(session: AsyncSession, client_id: UUID) -> tuple[Client, str | None] | None:
    """Return a client and the hash of its secret."""
    row = await session.get(ApiClientRow, client_id, populate_existing=True)
    return (_value(row, (await _functions(session, [row.account_id]))[row.account_id]), row.secret_hash) if row else None


async def of_organisation(session: AsyncSession, organisation_id: UUID, limit: int, after: UUID | None) -> list[Client]:
    """Return a bank's clients, newest first, those behind one; those that were revoked stay to be seen. Raises Invalid."""
    query = select(ApiClientRow).where(col(ApiClientRow.organisation_id) == organisation_id)
    if after is not None:
        mark = await session.get(ApiClientRow, after)
        if mark is None or mark.organisation_id != organisation_id:
            raise wrong_cursor()
        query = query.where(tuple_(col(ApiClientRow.created_at), col(ApiClientRow.id)) < (mark.created_at, mark.id))
    query = query.order_by(col(ApiClientRow.created_at).desc(), col(ApiClientRow.id).desc()).limit(limit)
    rows = list(await session.scalars(query))
    functions = await _functions(session, [row.account_id for row in rows])
    return [_value(row, functions[row.account_id]) for row in rows]


async def change(session: AsyncSession, client_id: UUID, revision: int, **values: Any) -> Client | None:
    """Change a client that stands at a revision; None when it has moved on."""
    known = (col(ApiClientRow.id) == client_id, col(ApiClientRow.revision) == revision)
    done = await session.execute(update(ApiClientRow).where(*known).values(revision=revision + 1, **values).returning(col(ApiClientRow.id)))
    if done.first() is None:
        return None
    found = await find(session, client_id)
    return found[0] if found else None


async def had_token(session: AsyncSession, client_id: UUID, now: datetime) -> None:
    await session.execute(update(ApiClientRow).where(col(ApiClientRow.id) == client_id).values(last_token_at=now))


async def use_jti(session: AsyncSession, owner: str, jti: str, expires_at: datetime) -> bool:
    """Take an id; False when it was taken before."""
    statement = """
        insert into used_jti (owner, jti, expires_at) values (%(owner)s, %(jti)s, %(until)s) on conflict do nothing returning jti
    """
    return bool(await database.rows(session, statement, {"owner": owner, "jti": jti, "until": expires_at}))


async def forget_jtis(session: AsyncSession, now: datetime) -> int:
    done = await session.execute(delete(UsedJtiRow).where(col(UsedJtiRow.expires_at) < now).returning(col(UsedJtiRow.jti)))
    return len(done.all())


# Asked with each call of a program.
_ACTING = """
    select a.id, a.login, a.function, o.id, o.kind, o.code, o.name, c.scopes, c.dpop_required
    from api_client c join account a on a.id = c.account_id join organisation o on o.id = c.organisation_id
    where c.id = %(client_id)s and c.revoked_at is null
"""


async def acting(session: AsyncSession, client_id: UUID) -> tuple[Actor, frozenset[str], bool] | None:
    """Return (actor, scopes it has now, whether it must prove possession) of a client that was not revoked."""
    for account_id, login, function, organisation_id, kind, code, name, scopes, bound in await database.rows(
        session, _ACTING, {"client_id": client_id}
    ):
        organisation = Organisation(organisation_id, OrganisationKind(kind), code, name)
        return Actor(account_id, login, Role.OFFICER, organisation, StaffFunction(function)), frozenset(scopes), bound
    return None
