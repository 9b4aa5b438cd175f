"""Publishing a need and moving it along."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.audit import service as audit
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import EnterpriseStatus
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.needs import rules, store
from greenbridge.needs.values import NEED_STATUS_NAMES, Need, NeedDraft, NeedStatus


async def publish(session: AsyncSession, actor: Actor, enterprise_id: UUID, draft: NeedDraft, now: datetime) -> Need:
    """Publish a need of the actor's verified firm. Raises Invalid with each wrong field, Conflict when not verified."""
    enterprise = await enterprises.own(session, actor, enterprise_id)
    if enterprise.status is not EnterpriseStatus.VERIFIED:
        raise Conflict("not-verified", "企业尚未通过实名核验，不能发布需求。", "The firm is not verified and may not publish.")
    if found := rules.problems(draft):
        raise Invalid("wrong-need", "请检查需求内容。", "Check what the need says.", fields=found)
    today = business_date(now)
    need = await store.add(session, enterprise.id, enterprise.region_code, draft, now, today, today + timedelta(days=rules.OPEN_DAYS))
    await audit.record(session, "need.published", f"need:{need.id}", now, account_id=actor.account_id, amount_fen=draft.amount_fen)
    return need


async def withdraw(session: AsyncSession, actor: Actor, need_id: UUID, now: datetime) -> Need:
    """Withdraw the actor's need."""
    need = await own(session, actor, need_id)
    return await move(session, need.id, NeedStatus.WITHDRAWN, now, account_id=actor.account_id)


async def move(session: AsyncSession, need_id: UUID, status: NeedStatus, now: datetime, *, account_id: UUID | None = None) -> Need:
    """Move a need to a state for another domain, which has checked who asks. Raises Conflict where it may not go there."""
    need = await locked(session, need_id)
    if not rules.may_become(need.status, status):
        zh, en = NEED_STATUS_NAMES[need.status].zh, NEED_STATUS_NAMES[need.status].en
        raise Conflict("need-state", f"需求当前“{zh}”，不能进行此操作。", f"The need is now: {en}; this cannot be done.")
    moved = await store.set_status(session, need_id, status)
    await audit.record(session, f"need.{status.value}", f"need:{need_id}", now, account_id=account_id)
    return moved


async def own(session: AsyncSession, actor: Actor, need_id: UUID) -> Need:
    """Return the actor's own need; another firm's id is not found."""
    need = await store.find(session, need_id)
    mine = await enterprises.mine(session, actor)
    if need is None or mine is None or need.enterprise_id != mine.id:
        raise NotFound("no-need", "没有这条需求。", "There is no such need.")
    return need


async def get(session: AsyncSession, need_id: UUID) -> Need:
    """Return a need for another domain, which has checked who asks."""
    need = await store.find(session, need_id)
    if need is None:
        raise NotFound("no-need", "没有这条需求。", "There is no such need.")
    return need


async def find(session: AsyncSession, need_id: UUID) -> Need | None:
    """Return a need for the platform's own use; None for no such id."""
    return await store.find(session, need_id)


async def locked(session: AsyncSession, need_id: UUID) -> Need:
    """Return a need, its row locked until the transaction ends: answers to one need come one after another."""
    need = await store.find(session, need_id, for_update=True)
    if need is None:
        raise NotFound("no-need", "没有这条需求。", "There is no such need.")
    return need


async def of_enterprise(session: AsyncSession, enterprise_id: UUID) -> list[Need]:
    """Return a firm's needs, newest first."""
    return await store.of_enterprise(session, enterprise_id)


async def open_ones(session: AsyncSession, today: date, *, limit: int = 50, offset: int = 0) -> list[Need]:
    """Return the needs that banks may answer, newest first."""
    return await store.open_ones(session, today, limit, offset)


async def open_after(session: AsyncSession, today: date, after: tuple[datetime, str] | None, limit: int) -> list[Need]:
    """Return open needs in the order of their publication, those after (published_at, number) only: for whoever reads on from there."""
    return await store.open_after(session, today, after, limit)


async def open_by_region(session: AsyncSession, today: date) -> Mapping[str, int]:
    """Return region code -> how many needs are open there."""
    return await store.open_by_region(session, today)


async def open_amounts(session: AsyncSession, today: date) -> list[int]:
    """Return the amounts of all open needs, in fen."""
    return await store.open_amounts(session, today)


async def expire(session: AsyncSession, now: datetime) -> int:
    """Close the needs whose time is over; return how many."""
    late = await store.overdue(session, business_date(now))
    for need in late:
        await move(session, need.id, NeedStatus.EXPIRED, now)
    return len(late)


async def totals(session: AsyncSession) -> tuple[int, int]:
    """Return (number of needs, their amounts in fen)."""
    return await store.totals(session)
