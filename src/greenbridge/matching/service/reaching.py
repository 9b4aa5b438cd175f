"""For a bank: the open needs that its products fit, and word of new ones."""

import base64
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.catalog import service as catalog
from greenbridge.catalog.values import LoanProduct
from greenbridge.kit import database, outbox
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Forbidden, Invalid, NotFound
from greenbridge.matching.service.engines import compiled
from greenbridge.matching.store import reaching as store
from greenbridge.matching.values import FittingNeed, ProductReach, Subscription

TOPIC = "match.new_fit"


async def fitting(
    session: AsyncSession, actor: Actor, code: str, now: datetime, *, conditional: bool = True, cursor: str | None = None, limit: int = 50
) -> tuple[LoanProduct, list[FittingNeed], str | None]:
    """Return (the product, open needs that it fits, newest first, the cursor of the next page or None) for officers of its bank.

    Only needs published since the product is listed as it stands: see decision 24. Raises NotFound for a product of another bank.
    """
    if actor.role is not Role.OFFICER:  # needs are officers' work; an administrator is told how many there are
        raise Forbidden("not-an-officer", "只有信贷员可以查看需求。", "Only a loan officer may see needs.")
    product = await _own(session, actor, code, now)
    listed_at = (await catalog.listed_at(session))[code]
    after = _place(cursor) if cursor else None
    async with database.as_platform(session):  # needs of all firms; neither name nor term of one leaves these lines
        found = await store.fitting(session, code, business_date(now), listed_at, conditional=conditional, after=after, limit=limit + 1)
    more = found[:limit][-1] if len(found) > limit else None
    return product, found[:limit], _cursor(more) if more else None


async def _own(session: AsyncSession, actor: Actor, code: str, now: datetime) -> LoanProduct:
    product = (await compiled(session, business_date(now))).product(code)
    if product is None or product.bank.code != actor.organisation.code:
        raise NotFound("no-product", "没有这个产品。", "There is no such product.")
    return product


def _cursor(last: FittingNeed) -> str:
    return base64.urlsafe_b64encode(f"{last.published_at.isoformat()} {last.need_id}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, need_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return datetime.fromisoformat(at).astimezone(UTC), UUID(need_id)
    except ValueError:
        raise Invalid.at(
            "wrong-cursor", "cursor", "翻页标记无效，请从第一页开始。", "No cursor of ours: begin at the first page."
        ) from None


async def reach(session: AsyncSession, actor: Actor, now: datetime) -> list[ProductReach]:
    """Return each product of the actor's bank: how many open needs it fits, what the bank is told of new ones."""
    if actor.role not in {Role.OFFICER, Role.BANK_ADMINISTRATOR}:
        raise Forbidden("not-of-a-bank", "只有银行人员可以查看。", "Only people of a bank may see this.")
    own = [p for p in (await compiled(session, business_date(now))).edition.products if p.bank.code == actor.organisation.code]
    listed = await catalog.listed_at(session)
    async with database.as_platform(session):  # the platform's own books; of this bank's products only
        kept = {one.product_code: one for _, one in await store.subscriptions(session, actor.organisation.id)}
        counts = await store.counts(session, {p.code: listed[p.code] for p in own if p.code in listed}, business_date(now))
    silent = {p.code: Subscription(p.code, on=False, conditional=False) for p in own}
    return [ProductReach(p, *counts.get(p.code, (0, 0)), kept.get(p.code, silent[p.code])) for p in own]


async def subscribe(session: AsyncSession, actor: Actor, wanted: Subscription, now: datetime) -> Subscription:
    """Set what the actor's bank is told of a product of its own. What fits already is in the list and is not told as new."""
    if actor.role is not Role.BANK_ADMINISTRATOR:
        raise Forbidden("not-of-a-bank", "只有银行管理员可以设置。", "Only a bank's administrator may set this.")
    await _own(session, actor, wanted.product_code, now)
    listed_at = (await catalog.listed_at(session))[wanted.product_code]
    async with database.as_platform(session):
        await store.subscribe(session, actor.organisation.id, wanted, now)
        if wanted.on:
            code, today = wanted.product_code, business_date(now)
            await store.untold(session, code, today, listed_at, now, conditional=wanted.conditional)
    return wanted


async def tell(session: AsyncSession, now: datetime) -> int:
    """Tell banks of new needs that fit products they subscribed, each need and product once; return how many. For the scheduler."""
    today, listed = business_date(now), await catalog.listed_at(session)
    told = 0
    for bank_id, wanted in await store.subscriptions(session):
        code = wanted.product_code
        if code not in listed:
            continue
        for need in await store.untold(session, code, today, listed[code], now, conditional=wanted.conditional):
            payload = {"need_id": str(need.need_id), "number": need.number, "product_code": code, "eligibility": need.eligibility.value}
            await outbox.publish(session, bank_id, TOPIC, payload, now)
            told += 1
    return told
