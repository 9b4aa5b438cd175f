"""SQL of accounts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.accounts.tables import AccountRow, OrganisationRow, SignInRow
from greenbridge.accounts.values import Actor, Organisation, OrganisationKind, Role, SignIn, StaffFunction
from greenbridge.kit import database


def _organisation(row: OrganisationRow) -> Organisation:
    return Organisation(row.id, OrganisationKind(row.kind), row.code, row.name)


def _actor(account: AccountRow, organisation: OrganisationRow) -> Actor:
    function = StaffFunction(account.function) if account.function else None
    return Actor(account.id, account.login, Role(account.role), _organisation(organisation), function)


async def add_organisation(session: AsyncSession, kind: OrganisationKind, code: str, name: str) -> Organisation:
    row = OrganisationRow(kind=kind.value, code=code, name=name)
    session.add(row)
    await session.flush()
    return _organisation(row)


async def find_organisation(session: AsyncSession, kind: OrganisationKind, code: str) -> Organisation | None:
    query = select(OrganisationRow).where(col(OrganisationRow.kind) == kind.value, col(OrganisationRow.code) == code)
    row = (await session.scalars(query)).first()
    return _organisation(row) if row else None


async def organisations(session: AsyncSession, kind: OrganisationKind) -> list[Organisation]:
    query = select(OrganisationRow).where(col(OrganisationRow.kind) == kind.value).order_by(col(OrganisationRow.code))
    return [_organisation(row) for row in await session.scalars(query)]


async def add_account(
    session: AsyncSession,
    login: str,
    password_hash: str,
    role: Role,
    organisation: Organisation,
    now: datetime,
    function: StaffFunction | None,
) -> Actor:
    row = AccountRow(
        login=login,
        password_hash=password_hash,
        role=role.value,
        organisation_id=organisation.id,
        opened_at=now,
        function=function.value if function else None,
    )
    session.add(row)
    await session.flush()
    return Actor(row.id, login, role, organisation, function)


async def find_account(session: AsyncSession, login: str) -> tuple[Actor, str] | None:
    """Return the actor and the password hash."""
    query = select(AccountRow, OrganisationRow).join(OrganisationRow).where(col(AccountRow.login) == login)
    found = (await session.execute(query)).first()
    return (_actor(*found), found[0].password_hash) if found else None


async def set_password_hash(session: AsyncSession, account_id: UUID, password_hash: str) -> None:
    (await session.get_one(AccountRow, account_id)).password_hash = password_hash
    await session.flush()


async def set_function(session: AsyncSession, account_id: UUID, organisation_id: UUID, function: StaffFunction) -> bool:
    """Set the staff function of an officer's account of an organisation; False where there is no such account."""
    statement = """
        update account set function = %(function)s
        where id = %(id)s and organisation_id = %(organisation)s and role = 'officer' returning id
    """
    known = {"id": account_id, "organisation": organisation_id, "function": function.value}
    return bool(await database.rows(session, statement, known))


async def add_sign_in(session: AsyncSession, secret_hash: str, account_id: UUID, kind: str, expires_at: datetime) -> None:
    session.add(SignInRow(secret_hash=secret_hash, account_id=account_id, kind=kind, expires_at=expires_at))
    await session.flush()


# Asked with each request.
_SIGN_IN = """
    select s.expires_at, a.id, a.login, a.role, a.function, o.id, o.kind, o.code, o.name
    from sign_in s join account a on a.id = s.account_id join organisation o on o.id = a.organisation_id
    where s.secret_hash = %(secret_hash)s and s.kind = %(kind)s and s.expires_at > %(now)s
"""


async def find_sign_in(session: AsyncSession, secret_hash: str, kind: str, now: datetime) -> SignIn | None:
    found = await database.rows(session, _SIGN_IN, {"secret_hash": secret_hash, "kind": kind, "now": now})
    for expires_at, account_id, login, role, function, *organisation in found:
        organisation_id, organisation_kind, code, name = organisation
        belongs_to = Organisation(organisation_id, OrganisationKind(organisation_kind), code, name)
        return SignIn(Actor(account_id, login, Role(role), belongs_to, StaffFunction(function) if function else None), expires_at)
    return None


async def remove_sign_in(session: AsyncSession, secret_hash: str) -> None:
    await session.execute(delete(SignInRow).where(col(SignInRow.secret_hash) == secret_hash))


async def remove_expired(session: AsyncSession, now: datetime) -> int:
    done = await session.execute(delete(SignInRow).where(col(SignInRow.expires_at) <= now).returning(col(SignInRow.secret_hash)))
    return len(done.all())
