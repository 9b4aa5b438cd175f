"""Granting a consent, and asking whether one allows a read."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.audit import service as audit
from greenbridge.consents import rules, store
from greenbridge.consents.values import Consent, Purpose
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Forbidden


async def grant(session: AsyncSession, actor: Actor, enterprise_id: UUID, bank_id: UUID, purpose: Purpose, now: datetime) -> Consent:
    """Let a bank read the actor's firm for a purpose; granting twice returns the consent that stands."""
    enterprise = await enterprises.own(session, actor, enterprise_id)
    today = business_date(now)
    standing = rules.allowing(await store.between(session, enterprise.id, bank_id), purpose, today)
    if standing:
        return standing
    consent = await store.add(session, enterprise.id, bank_id, purpose, now, today + timedelta(days=rules.LIFE_DAYS[purpose]))
    await audit.record(
        session,
        "consent.granted",
        f"enterprise:{enterprise.id}",
        now,
        account_id=actor.account_id,
        bank=str(bank_id),
        purpose=purpose.value,
    )
    return consent


async def stands(session: AsyncSession, enterprise_id: UUID, bank_id: UUID, purpose: Purpose, now: datetime) -> bool:
    """Return whether a bank may read a firm for the purpose now."""
    return rules.allowing(await store.between(session, enterprise_id, bank_id), purpose, business_date(now)) is not None


async def allows(session: AsyncSession, actor: Actor, enterprise_id: UUID, purpose: Purpose, now: datetime) -> bool:
    """Return whether the actor's bank may read the firm for the purpose now."""
    return await stands(session, enterprise_id, actor.organisation.id, purpose, now)


async def require(session: AsyncSession, actor: Actor, enterprise_id: UUID, purpose: Purpose, now: datetime) -> None:
    """Raise Forbidden unless the actor's bank may read the firm; an unknown firm gets the same answer."""
    if not await allows(session, actor, enterprise_id, purpose, now):
        raise Forbidden("no-consent", "企业尚未授权贵行查阅。", "The firm has not agreed that your bank reads it.")
