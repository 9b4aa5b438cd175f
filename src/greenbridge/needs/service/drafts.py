"""Forms put aside: nothing typed is lost, and nothing of them is shown to anybody else."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.needs import store
from greenbridge.needs.service.moving import record
from greenbridge.needs.values import Happened, KeptDraft, NeedEvent, NeedStatus

MOST = 20
FIELDS = frozenset(
    {
        "amount_fen", "max_annual_rate_bp", "term_months", "purpose", "guarantee_modes", "collateral", "first_loan", "agrees_to_report",
        "mode", "pledges_purpose",
    }
)  # fmt: skip


async def save(session: AsyncSession, actor: Actor, typed: Mapping[str, Any], now: datetime, draft_id: UUID | None = None) -> KeptDraft:
    """Put a form aside as it was typed, finished or not; with an id, anew. Raises Conflict beyond so many drafts of a firm."""
    enterprise = await enterprises.mine(session, actor)
    if enterprise is None:
        raise Conflict("not-verified", "请先完成企业实名核验。", "Register the firm first.")
    if draft_id is not None:
        await draft_of(session, actor, draft_id)
    elif len(await store.drafts(session, enterprise.id)) >= MOST:
        raise Conflict("many-drafts", f"草稿最多保存 {MOST} 份，请先删除不用的。", f"At most {MOST} drafts are kept; delete one first.")
    kept = {name: value for name, value in typed.items() if name in FIELDS}
    if any(len(str(value)) > 400 for value in kept.values()):
        raise Invalid("long-draft", "草稿内容过长。", "The draft is too long.")
    saved = await store.save_draft(session, draft_id or uuid4(), enterprise.id, kept, now)
    source = NeedStatus.DRAFT if draft_id else None
    await record(session, saved.id, enterprise.id, Happened(now, NeedEvent.SAVE, source, NeedStatus.DRAFT, actor.account_id, {}))
    return saved


async def drafts(session: AsyncSession, actor: Actor) -> list[KeptDraft]:
    """Return the drafts of the actor's firm, newest first."""
    enterprise = await enterprises.mine(session, actor)
    return await store.drafts(session, enterprise.id) if enterprise else []


async def draft_of(session: AsyncSession, actor: Actor, draft_id: UUID) -> KeptDraft:
    """Return a draft of the actor's firm; another firm's is not found."""
    found, mine = await store.find_draft(session, draft_id), await enterprises.mine(session, actor)
    if found is None or mine is None or found.enterprise_id != mine.id:
        raise NotFound("no-draft", "没有这份草稿。", "There is no such draft.")
    return found


async def discard(session: AsyncSession, actor: Actor, draft_id: UUID, now: datetime) -> None:
    """Throw a draft away."""
    found = await draft_of(session, actor, draft_id)
    await store.drop_draft(session, found.id)
    gone = Happened(now, NeedEvent.WITHDRAW, NeedStatus.DRAFT, NeedStatus.WITHDRAWN, actor.account_id, {})
    await record(session, found.id, found.enterprise_id, gone)
