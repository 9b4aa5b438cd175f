"""Who sees what: a firm all of its pledges, a bank its own, the operator counts; what an asset carries; and the command line."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.catalog import service as catalog
from greenbridge.collateral.rules import pledging
from greenbridge.collateral.service.limits import policy
from greenbridge.collateral.service.offering import firm_of, own
from greenbridge.collateral.service.safe import Safe, views
from greenbridge.collateral.store import keys as key_store
from greenbridge.collateral.store import pledges as store
from greenbridge.collateral.store import registry as registry_store
from greenbridge.collateral.values import Lending, Overview, Pledge, PledgeView
from greenbridge.kit.calendar import business_date, day_start
from greenbridge.kit.errors import Forbidden
from greenbridge.kit.text import Text
from greenbridge.underwriting import service as underwriting


async def mine(
    session: AsyncSession, actor: Actor, box: Safe, now: datetime, *, limit: int | None = None, after: UUID | None = None
) -> list[PledgeView]:
    """Return the pledges of the actor's firm, by whomever they are held, or those to the actor's bank; open ones first."""
    if actor.role is Role.OFFICER:
        found = await store.of_bank(session, actor.organisation.id, limit, after)
    else:
        found = await store.of_enterprise(session, (await firm_of(session, actor)).id, limit, after)
    return await views(session, box, found, now)


async def one(session: AsyncSession, actor: Actor, box: Safe, pledge_id: UUID, now: datetime) -> PledgeView:
    """Return a pledge of the actor's. Raises NotFound."""
    (found,) = await views(session, box, [await own(session, actor, pledge_id)], now)
    return found


async def lending(session: AsyncSession, actor: Actor, pledge: Pledge, now: datetime) -> Lending:
    """Return what a pledge carries, with the bank's products that take such security, as information for its officer."""
    rule = policy(now).kinds[pledge.kind]
    products = [
        (p.code, Text(p.name, p.name_en or p.name), p.max_amount_fen)
        for p in await catalog.listed(session, actor)
        if rule.mode in p.guarantee_modes and (not p.collateral or rule.collateral in p.collateral)
    ]
    mode_rate = underwriting.advance_rate(rule.mode, business_date(now))
    return pledging.lending(rule, pledge.whole_fen, pledge.amount_fen, mode_rate, products)


async def overview(session: AsyncSession, actor: Actor, now: datetime) -> Overview:
    """Return how many pledges and registrations there are in each state, who asks much and what waits: nothing that is pledged."""
    if actor.role is not Role.OPERATOR:
        raise Forbidden("not-the-operator", "只有平台运营可以查看。", "Only the operator may see this.")
    since = day_start(business_date(now))
    key = await key_store.current(session)
    return Overview(
        await store.counts(session),
        await registry_store.counts(session),
        tuple(await registry_store.waiting(session, 50)),
        tuple(await store.checks_by_bank(session, since)),
        tuple(await store.refusals_by_firm(session, since)),
        key[0] if key else None,
        key[2] if key else None,
    )


async def summary(session: AsyncSession, enterprise_id: UUID | None = None) -> Sequence[Mapping[str, Any]]:
    """Return the newest pledges without what was stated in them, for the command line."""
    return await store.summary_rows(session, enterprise_id)
