"""Registering a firm and checking that it is what it says."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.enterprises import rules, store
from greenbridge.enterprises.gateway import Registry
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus, Origin
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.codes import is_generated_uscc, region_of, valid_uscc
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound


def _must_be_enterprise(actor: Actor) -> None:
    if actor.role is not Role.ENTERPRISE:
        raise Forbidden("not-an-enterprise", "只有企业账户可以办理。", "Only an enterprise account may do this.")


async def register(session: AsyncSession, actor: Actor, uscc: str, name: str, now: datetime) -> Enterprise:
    """Register the actor's firm, or put an unverified registration right. Raises Invalid, or Conflict for a taken code or account.

    Code and name are public, so a registration holds nothing until it is verified: an unverified one gives way.
    """
    _must_be_enterprise(actor)
    code = valid_uscc(uscc)
    if problem := rules.name_problem(name):
        raise Invalid("wrong-name", problem.message.zh, problem.message.en, fields=(problem,))
    mine = await store.find_of_organisation(session, actor.organisation.id)
    if mine and (mine.status is EnterpriseStatus.VERIFIED):
        raise Conflict("already-registered", f"本账户已登记企业“{mine.name}”。", "This account has registered a firm already.")
    if mine and mine.uscc == code:
        return await store.update(session, mine.id, name=name.strip())
    async with database.as_platform(session):  # the code may stand with another account
        standing = await store.find_by_uscc(session, code)
        if standing and standing.status is EnterpriseStatus.VERIFIED:
            raise Conflict(
                "uscc-taken",
                "该统一社会信用代码已在平台登记；如非本企业操作，请联系平台。",
                "This code is registered on the platform already.",
            )
        for outdated in (mine, standing):
            if outdated:
                await store.remove_unverified(session, outdated.id)
    origin = Origin.GENERATED if is_generated_uscc(code) else Origin.DECLARED
    try:
        async with session.begin_nested():
            enterprise = await store.add(session, code, name.strip(), region_of(code), origin, actor.organisation.id, now)
    except IntegrityError:
        raise Conflict(
            "registered-just-now", "该企业刚刚被登记，请重试。", "This firm or account was registered just now; try again."
        ) from None
    await audit.record(session, "enterprise.registered", f"enterprise:{enterprise.id}", now, account_id=actor.account_id, uscc=code)
    return enterprise


async def verify(session: AsyncSession, actor: Actor, enterprise_id: UUID, registry: Registry, now: datetime) -> Enterprise:
    """Check the firm against the market regulator; raises Invalid with each field that disagrees."""
    enterprise = await own(session, actor, enterprise_id)
    if enterprise.status is EnterpriseStatus.VERIFIED:
        return enterprise
    async with database.as_platform(session):  # until it is verified, the firm's own facts are closed to it too
        record = await registry.find(session, enterprise.uscc, business_date(now))
    if found := rules.mismatches(enterprise.uscc, enterprise.name, record):
        zh = "；".join(problem.message.zh for problem in found)
        raise Invalid(
            "not-verified",
            f"实名核验未通过：{zh}。",
            "The firm does not agree with the market regulator's data.",
            fields=found,
        )
    assert record is not None
    async with database.as_platform(session):
        verified = await store.update(session, enterprise.id, region_code=record.region_code, verified=(now, record.batch_id))
    await audit.record(
        session,
        "enterprise.verified",
        f"enterprise:{enterprise.id}",
        now,
        account_id=actor.account_id,
        batch=str(record.batch_id),
    )
    return verified


async def own(session: AsyncSession, actor: Actor, enterprise_id: UUID) -> Enterprise:
    """Return the actor's own firm; another firm's id is not found, whether it exists or not."""
    _must_be_enterprise(actor)
    enterprise = await store.find(session, enterprise_id)
    if enterprise is None or enterprise.organisation_id != actor.organisation.id:
        raise NotFound("no-enterprise", "没有这家企业。", "There is no such enterprise.")
    return enterprise


async def mine(session: AsyncSession, actor: Actor) -> Enterprise | None:
    """Return the firm of the actor's account, if one is registered."""
    return await store.find_of_organisation(session, actor.organisation.id)


async def get(session: AsyncSession, enterprise_id: UUID) -> Enterprise:
    """Return a firm for another domain, which has checked who asks."""
    enterprise = await store.find(session, enterprise_id)
    if enterprise is None:
        raise NotFound("no-enterprise", "没有这家企业。", "There is no such enterprise.")
    return enterprise


async def verified(session: AsyncSession, usccs: Iterable[str]) -> list[UUID]:
    """Return the ids of the verified firms among codes."""
    return await store.verified(session, usccs)


async def find(session: AsyncSession, id_or_uscc: str) -> Enterprise:
    """Return a firm by id or code: what the command line is given."""
    enterprise = None
    if len(id_or_uscc) == 18:
        enterprise = await store.find_by_uscc(session, id_or_uscc)
    else:
        with suppress(ValueError):
            enterprise = await store.find(session, UUID(id_or_uscc))
    if enterprise is None:
        raise NotFound("no-enterprise", f"没有企业 {id_or_uscc}。", f"There is no enterprise {id_or_uscc}.")
    return enterprise


async def every(session: AsyncSession, *, limit: int | None = None, offset: int = 0) -> list[Enterprise]:
    """Return the registered firms in the order of their codes."""
    return await store.page(session, limit, offset)


async def count(session: AsyncSession) -> int:
    """Return how many firms are registered."""
    return await store.count(session)
