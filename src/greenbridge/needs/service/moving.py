"""One step in the life of a need: the table is asked, the state kept, the step recorded."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.audit import service as audit
from greenbridge.kit import states
from greenbridge.needs import rules, store
from greenbridge.needs.rules import life
from greenbridge.needs.service.reading import locked, own
from greenbridge.needs.values import Happened, Need, NeedEvent, NeedGuard

# What the audit trail calls an event: as it has happened.
PAST: Mapping[NeedEvent, str] = {
    NeedEvent.SAVE: "saved",
    NeedEvent.PUBLISH: "published",
    NeedEvent.CLAIM: "in_answer",
    NeedEvent.LOSE_ANSWERS: "left_unanswered",
    NeedEvent.ACCEPT: "offer_accepted",
    NeedEvent.FAIL: "failed",
    NeedEvent.PAY_PART: "partly_disbursed",
    NeedEvent.PAY_ALL: "disbursed",
    NeedEvent.REPAY: "closed",
    NeedEvent.ESCALATE: "escalated",
    NeedEvent.REOPEN: "reopened",
    NeedEvent.WITHDRAW: "withdrawn",
    NeedEvent.EXPIRE: "expired",
}


# With these a need comes into the list of open needs, at its end: also one that was there before and left it.
LISTED = frozenset({NeedEvent.PUBLISH, NeedEvent.REOPEN, NeedEvent.FAIL, NeedEvent.LOSE_ANSWERS})


async def happen(
    session: AsyncSession,
    need: Need,
    event: NeedEvent,
    now: datetime,
    holds: Iterable[NeedGuard] = (),
    *,
    account_id: UUID | None = None,
    open_until: date | None = None,
    **detail: Any,
) -> Need:
    """Let an event happen to a need for another domain, which has checked who asks and which guards hold. Raises Conflict with why not.

    The need's row is locked by the caller. Its step stands in its history and in the audit chain.
    """
    found = states.step(life.MACHINE, need.status, event, frozenset(holds))
    if isinstance(found, states.Refusal):
        raise rules.refusal(found)
    moved = await store.set_status(session, need.id, found, open_until)
    await record(session, need.id, need.enterprise_id, Happened(now, event, need.status, found, account_id, detail))
    return moved


async def record(session: AsyncSession, need_id: UUID, enterprise_id: UUID, happened: Happened) -> None:
    """Write a step into the history and the audit chain, whose lock is taken last; a need that is open (again) is listed under it."""
    await store.add_event(session, need_id, enterprise_id, happened)
    source = happened.source.value if happened.source else None
    await audit.record(
        session,
        f"need.{PAST[happened.event]}",
        f"need:{need_id}",
        happened.at,
        account_id=happened.account_id,
        source=source,
        target=happened.target.value,
        **happened.detail,
    )
    if happened.event in LISTED:
        await store.list_anew(session, need_id)


async def move_on(session: AsyncSession, need_id: UUID, event: NeedEvent, now: datetime, holds: Iterable[NeedGuard] = ()) -> Need | None:
    """Let an event happen if it can; None if it cannot: for the clock, which asks again later."""
    need = await locked(session, need_id)
    found = states.step(life.MACHINE, need.status, event, frozenset(holds))
    return None if isinstance(found, states.Refusal) else await happen(session, need, event, now, holds)


async def opened(session: AsyncSession, need_id: UUID, now: datetime) -> Need:
    """Note that a sealed window is over and its offers are told."""
    need = await store.set_opened(session, need_id, now)
    await audit.record(session, "need.opened", f"need:{need_id}", now)
    return need


async def withdraw(session: AsyncSession, actor: Actor, need_id: UUID, now: datetime) -> Need:
    """Withdraw the actor's need. What banks had begun is ended by the domain of answers."""
    mine = await own(session, actor, need_id)
    return await happen(session, await locked(session, mine.id), NeedEvent.WITHDRAW, now, account_id=actor.account_id)


__all__ = ["happen", "move_on", "opened", "record", "withdraw"]
