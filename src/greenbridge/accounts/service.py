"""Signing up, signing in, opening accounts."""

import asyncio
import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Literal
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import rules, store
from greenbridge.accounts.values import ORGANISATION_OF_ROLE, Actor, Organisation, OrganisationKind, Role, SignIn, StaffFunction
from greenbridge.audit import service as audit
from greenbridge.kit import database
from greenbridge.kit.errors import Forbidden, Invalid, NotFound, NotSignedIn

SignInKind = Literal["session", "token"]
LIFETIME = {"session": timedelta(hours=12), "token": timedelta(hours=8)}
_hasher = PasswordHasher()  # argon2id with the library's present defaults (RFC 9106, low-memory profile)


@cache
def _decoy() -> str:
    """Return a hash to verify against when the log-in is unknown, so that the answer takes as long as for a known one."""
    return _hasher.hash(secrets.token_urlsafe(16))


def hashed(secret: str) -> str:
    """Return what is kept of a session or token secret; it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def sign_up(session: AsyncSession, login: str, password: str, now: datetime) -> Actor:
    """Open an enterprise account; anyone may. Raises Invalid with the fields that are wrong."""
    async with database.as_platform(session):
        circle = await store.add_organisation(session, OrganisationKind.ENTERPRISE, str(uuid4()), login)
        return await _open(session, login, password, Role.ENTERPRISE, circle, now, by=None)


async def open_account(
    session: AsyncSession,
    opener: Actor | None,
    login: str,
    password: str,
    role: Role,
    organisation: Organisation,
    now: datetime,
    function: StaffFunction | None = None,
) -> Actor:
    """Open an account for somebody else; `opener=None` is the command line on the machine itself.

    An officer of whom nothing else is said is a relationship manager.
    """
    if opener and not rules.may_open(opener.role, role, same_organisation=opener.organisation.id == organisation.id):
        raise Forbidden("may-not-open", "您不能开设此类账户。", "You may not open an account of this kind.")
    if organisation.kind is not ORGANISATION_OF_ROLE[role]:
        raise Invalid.at(
            "wrong-organisation",
            "organisation",
            "角色与机构类型不符。",
            "This role does not belong to such an organisation.",
        )
    if role is not Role.OFFICER and function is not None:
        raise Invalid.at("no-function", "function", "只有信贷员账户有岗位。", "Only an officer has a staff function.")
    if role is Role.OFFICER:
        function = function or StaffFunction.RELATIONSHIP_MANAGER
    async with database.as_platform(session):
        return await _open(session, login, password, role, organisation, now, by=opener, function=function)


async def set_function(session: AsyncSession, opener: Actor, account_id: UUID, function: StaffFunction) -> None:
    """Set the staff function of an officer's account of the opener's own organisation. Raises Forbidden, NotFound."""
    if not rules.may_open(opener.role, Role.OFFICER, same_organisation=True):
        raise Forbidden("may-not-open", "您不能管理此类账户。", "You may not manage an account of this kind.")
    async with database.as_platform(session):  # accounts are closed to requests
        if not await store.set_function(session, account_id, opener.organisation.id, function):
            raise NotFound("no-account", "没有这个账户。", "There is no such account.")


async def _open(
    session: AsyncSession,
    login: str,
    password: str,
    role: Role,
    organisation: Organisation,
    now: datetime,
    *,
    by: Actor | None,
    function: StaffFunction | None = None,
) -> Actor:
    if found := rules.sign_up_problems(login, password):
        raise Invalid("wrong-sign-up", "请检查登录名和密码。", "Check the log-in and the password.", fields=found)
    password_hash = await asyncio.to_thread(_hasher.hash, password)
    try:
        async with session.begin_nested():
            actor = await store.add_account(session, login, password_hash, role, organisation, now, function)
    except IntegrityError:
        raise Invalid.at("login-taken", "login", "该登录名已被使用。", "This log-in is taken.") from None
    await audit.record(
        session,
        "account.opened",
        f"account:{actor.account_id}",
        now,
        account_id=by.account_id if by else None,
        role=role.value,
    )
    return actor


async def organisation(session: AsyncSession, kind: OrganisationKind, code: str, name: str) -> Organisation:
    """Return the organisation with this code, added if it is new."""
    return await store.find_organisation(session, kind, code) or await store.add_organisation(session, kind, code, name)


async def find_organisation(session: AsyncSession, kind: OrganisationKind, code: str) -> Organisation | None:
    """Return the organisation with this code, if there is one."""
    return await store.find_organisation(session, kind, code)


async def banks(session: AsyncSession) -> list[Organisation]:
    """Return all banks."""
    return await store.organisations(session, OrganisationKind.BANK)


async def reviewers(session: AsyncSession) -> list[Organisation]:
    """Return all third-party institutions that review green ratings."""
    return await store.organisations(session, OrganisationKind.REVIEWER)


async def sign_in(session: AsyncSession, login: str, password: str, kind: SignInKind, now: datetime) -> tuple[str, Actor]:
    """Return (secret, actor) of a new session or token. Raises NotSignedIn, the same for a wrong log-in or password."""
    async with database.as_platform(session):  # log-ins and secrets are closed to requests, whoever asks
        return await _sign_in(session, login, password, kind, now)


async def _sign_in(session: AsyncSession, login: str, password: str, kind: SignInKind, now: datetime) -> tuple[str, Actor]:
    found = await store.find_account(session, login)
    actor, kept = found or (None, _decoy())
    try:
        await asyncio.to_thread(_hasher.verify, kept, password)
    except VerifyMismatchError:
        actor = None
    if actor is None:
        raise NotSignedIn("wrong-login", "登录名或密码不正确。", "The log-in or the password is wrong.")
    if _hasher.check_needs_rehash(kept):
        await store.set_password_hash(session, actor.account_id, await asyncio.to_thread(_hasher.hash, password))
    secret = secrets.token_urlsafe(32)
    await store.add_sign_in(session, hashed(secret), actor.account_id, kind, now + LIFETIME[kind])
    return secret, actor


async def who(session: AsyncSession, secret: str, kind: SignInKind, now: datetime) -> Actor | None:
    """Return whose secret this is, if it is still good."""
    found = await sign_in_of(session, secret, kind, now)
    return found.actor if found else None


async def sign_in_of(session: AsyncSession, secret: str, kind: SignInKind, now: datetime) -> SignIn | None:
    """Return whose secret this is and until when, if it is still good."""
    return await store.find_sign_in(session, hashed(secret), kind, now)


async def sign_out(session: AsyncSession, secret: str) -> None:
    """End a session or token."""
    async with database.as_platform(session):
        await store.remove_sign_in(session, hashed(secret))


async def forget_expired(session: AsyncSession, now: datetime) -> int:
    """Remove ended sign-ins; return how many."""
    return await store.remove_expired(session, now)
