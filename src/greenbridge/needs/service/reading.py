"""Reading needs: the firm's own, and for other domains that have checked who asks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.audit import service as audit
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.errors import NotFound
from greenbridge.needs import store
from greenbridge.needs.values import Happened, Mode, Need, NeedStatus


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
    """Return a need, its row locked until the transaction ends: what happens to one need happens one after another."""
    need = await store.find(session, need_id, for_update=True)
    if need is None:
        raise NotFound("no-need", "没有这条需求。", "There is no such need.")
    return need


async def history(session: AsyncSession, need_id: UUID) -> list[Happened]:
    """Return what happened to a need, oldest first, for a caller that has checked who asks."""
    return await store.events(session, need_id)


async def alive(session: AsyncSession) -> list[UUID]:
    """Return the needs whose life is not over, oldest first, for the clock."""
    return await store.alive(session)


async def histories(session: AsyncSession, enterprise_ids: Sequence[UUID], known_at: datetime) -> dict[UUID, list[Need]]:
    """Return each firm's needs as they stood at an instant, as far as publishing and withdrawing go, for another domain as the platform."""
    found: dict[UUID, list[Need]] = {enterprise_id: [] for enterprise_id in enterprise_ids}
    published = [need for need in await store.of_enterprises(session, enterprise_ids) if need.published_at <= known_at]
    withdrawn = {f"need:{need.id}": need for need in published if need.status is NeedStatus.WITHDRAWN}
    at = await audit.first_times(session, f"need.{NeedStatus.WITHDRAWN.value}", list(withdrawn))
    later = {need.id for subject, need in withdrawn.items() if subject in at and at[subject] > known_at}
    for need in published:
        found[need.enterprise_id].append(replace(need, status=NeedStatus.PUBLISHED) if need.id in later else need)
    return found


async def open_after(session: AsyncSession, today: date, after: int, limit: int, modes: Sequence[Mode]) -> list[tuple[int, Need]]:
    """Return (place in the list, open need), those after a place only: for whoever reads on from there. One that is opened again gets a
    new place, and no place is ever seen after a later one.
    """
    return await store.open_after(session, today, after, limit, modes)


async def of_enterprise(session: AsyncSession, enterprise_id: UUID) -> list[Need]:
    """Return a firm's needs, newest first."""
    return await store.of_enterprise(session, enterprise_id)


async def open_ones(
    session: AsyncSession, today: date, *, limit: int = 50, offset: int = 0, modes: Sequence[Mode] = tuple(Mode)
) -> list[Need]:
    """Return the needs that banks may answer, newest first."""
    return await store.open_ones(session, today, limit, offset, modes)


async def open_by_region(session: AsyncSession, today: date) -> Mapping[str, int]:
    """Return region code -> how many needs are open there."""
    return await store.open_by_region(session, today)


async def open_amounts(session: AsyncSession, today: date) -> list[int]:
    """Return the amounts of all open needs, in fen."""
    return await store.open_amounts(session, today)


async def totals(session: AsyncSession) -> tuple[int, int]:
    """Return (number of needs, their amounts in fen)."""
    return await store.totals(session)
