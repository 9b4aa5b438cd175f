"""The bank answers: accepts, which is when an asset is compared with all others; declines; releases; hands over to another bank."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.collateral.gateway.vault import Key
from greenbridge.collateral.rules import pledging, receipts, registering
from greenbridge.collateral.rules.identity import canonical, encoded
from greenbridge.collateral.service.limits import policy
from greenbridge.collateral.service.offering import after, locked, none, own
from greenbridge.collateral.service.safe import Safe, in_use, opened, sealed
from greenbridge.collateral.store import pledges as store
from greenbridge.collateral.store import registry as registry_store
from greenbridge.collateral.values import Held, Pledge, PledgeEvent, PledgeState
from greenbridge.enterprises import service as enterprises
from greenbridge.kit import database, outbox
from greenbridge.kit.calendar import business_date
from greenbridge.kit.canonical import canonical as canonical_json
from greenbridge.kit.errors import Conflict, Forbidden, Invalid


def must_be_officer(actor: Actor) -> None:
    """Raise Forbidden unless the actor is a bank's officer."""
    if actor.role is not Role.OFFICER:
        raise Forbidden("not-an-officer", "只有银行信贷人员可以办理。", "Only a bank's officer may do this.")


async def accept(session: AsyncSession, actor: Actor, box: Safe, pledge_id: UUID, now: datetime) -> Pledge:
    """Accept an offer: return the pledge, active, or refused where the asset is pledged already and has no room left.

    A refusal is an answer and is kept: raised, it would roll back, and could be tried again and again uncounted. Of two that accept
    one asset at once the first to hold its row wins; the other then sees it.
    """
    must_be_officer(actor)
    after(await own(session, actor, pledge_id), PledgeEvent.ACCEPT)
    key = await in_use(session, box, now)
    async with database.as_platform(session):  # whether others hold the asset; who they are never leaves this block
        offered = await store.find(session, pledge_id, lock=True)
        if offered is None:
            raise none()
        after(offered, PledgeEvent.ACCEPT)
        if offered.offer_until < business_date(now):
            raise Conflict("offer-over", "该笔质押已超过确认期限。", "The offer is over its time.")
        done = await _compared(session, actor, key, offered, now)
        receipt = None
        if done.state is PledgeState.ACTIVE:
            receipt = _receipt(box, key, done, PledgeEvent.ACCEPT, actor.organisation.name, now)
        event = PledgeEvent.ACCEPT if receipt else PledgeEvent.REFUSE
        await store.add_event(session, done, event, now, actor.account_id, receipt)
        await _tell(session, done, "pledge.accepted" if receipt else "pledge.refused", now)
        await audit.record(session, f"pledge.{done.state.value}", f"pledge:{done.id}", now, account_id=actor.account_id)
    return done


async def _compared(session: AsyncSession, actor: Actor, key: Key, offered: Pledge, now: datetime) -> Pledge:
    """Return an offer as it ends: active beside those that stand, in place of the one that it succeeds, or refused."""
    about = canonical(opened(key, offered))
    asset_id = await store.lock_asset(session, offered.kind, key.commit(encoded(about.kind, about.key)))
    today, standing, before = business_date(now), [], None
    for one in await store.standing_of_asset(session, asset_id):
        if one.expires_on < today and not await _on_the_register(session, one.id):
            await _end(session, one, PledgeEvent.EXPIRE, now, None)
        elif one.id == offered.succeeds:
            before = one
        else:
            standing.append(Held(one.amount_fen, one.whole_fen, one.rank or 1))
    if offered.succeeds and before is None:  # released or over since it was offered: there is nothing to take over
        return await store.move(session, offered.id, PledgeState.REFUSED, now)
    rule = policy(now).kinds[offered.kind]
    if not pledging.fits(rule, standing, offered.whole_fen, offered.amount_fen):
        return await store.move(session, offered.id, PledgeState.REFUSED, now)
    if before:
        await _must_be_off_the_register(session, before.id)  # it was when it was offered; a registration may have been submitted since
        await _end(session, before, PledgeEvent.TRANSFER, now, actor.account_id)
    rank = before.rank if before and before.rank else pledging.rank(standing)
    return await store.move(session, offered.id, PledgeState.ACTIVE, now, accepted=(asset_id, rank))


async def _end(session: AsyncSession, pledge: Pledge, event: PledgeEvent, now: datetime, by: UUID | None) -> Pledge:
    done = await store.move(session, pledge.id, after(pledge, event), now)
    await store.add_event(session, done, event, now, by)
    return done


def _receipt(box: Safe, key: Key, pledge: Pledge, event: PledgeEvent, bank: str, now: datetime) -> dict[str, Any]:
    stated, salt = opened(key, pledge), secrets.token_urlsafe(24)
    signed = receipts.payload(pledge, event, bank, canonical(stated), salt, now)
    return receipts.document(signed, box.ring.sign(canonical_json(signed), now), stated, salt)


async def _tell(session: AsyncSession, pledge: Pledge, topic: str, now: datetime) -> None:
    firm = await enterprises.get(session, pledge.enterprise_id)
    told = {"pledge_id": str(pledge.id), "number": pledge.number, "state": pledge.state.value}
    await outbox.publish(session, firm.organisation_id, topic, told, now)


async def decline(session: AsyncSession, actor: Actor, pledge_id: UUID, note: str, now: datetime) -> Pledge:
    """Decline an offer, with a word of why."""
    must_be_officer(actor)
    words = note.strip()
    if not 2 <= len(words) <= 500:
        raise Invalid.at("no-note", "note", "请说明原因（2 至 500 字）。", "Say why, in 2 to 500 characters.")
    state = await locked(session, actor, pledge_id, PledgeEvent.DECLINE)
    done = await store.move(session, pledge_id, state, now, note=words)
    await store.add_event(session, done, PledgeEvent.DECLINE, now, actor.account_id)
    async with database.as_platform(session):  # the firm's account, which the bank may not look up
        await _tell(session, done, "pledge.declined", now)
    await audit.record(session, "pledge.declined", f"pledge:{done.id}", now, account_id=actor.account_id)
    return done


async def release(session: AsyncSession, actor: Actor, box: Safe, pledge_id: UUID, now: datetime) -> Pledge:
    """Release a pledge: the asset is free again. Raises Conflict while a mortgage behind it is on the register."""
    must_be_officer(actor)
    key = await in_use(session, box, now)  # before the row: a rotation holds the keys first, too
    await locked(session, actor, pledge_id, PledgeEvent.RELEASE)
    await _must_be_off_the_register(session, pledge_id)
    done = await store.move(session, pledge_id, PledgeState.RELEASED, now)
    receipt = _receipt(box, key, done, PledgeEvent.RELEASE, actor.organisation.name, now)
    await store.add_event(session, done, PledgeEvent.RELEASE, now, actor.account_id, receipt)
    async with database.as_platform(session):  # as above
        await _tell(session, done, "pledge.released", now)
    await audit.record(session, "pledge.released", f"pledge:{done.id}", now, account_id=actor.account_id)
    return done


async def _on_the_register(session: AsyncSession, pledge_id: UUID) -> bool:
    """Return whether a mortgage behind a pledge is on the register or on its way, for a caller that holds the pledge."""
    return any(one.state in registering.ON_THE_REGISTER for one in await registry_store.of_pledge(session, pledge_id))


async def _must_be_off_the_register(session: AsyncSession, pledge_id: UUID) -> None:
    if await _on_the_register(session, pledge_id):
        raise Conflict(
            "on-the-register",
            "该不动产的抵押登记尚未注销，请先申请注销登记。",
            "A mortgage behind this pledge is on the register: have it cancelled first.",
        )


async def hand_over(session: AsyncSession, actor: Actor, box: Safe, pledge_id: UUID, to: UUID, now: datetime) -> Pledge:
    """Offer a pledge that the actor's bank holds to another bank, which takes it over by accepting; return the offer.

    Until then the holder holds it. The firm is told (民法典 art. 546). Raises Conflict, Invalid for a bank that is none.
    """
    must_be_officer(actor)
    held = await own(session, actor, pledge_id)
    after(held, PledgeEvent.TRANSFER)
    if to == held.bank_id or to not in {bank.id for bank in await accounts.banks(session)}:
        raise Invalid.at("no-bank", "bank", "请选择另一家银行。", "Choose another bank.")
    await _must_be_off_the_register(session, pledge_id)
    key, new_id, rule = await in_use(session, box, now), uuid4(), policy(now)
    offered = replace(
        held,
        id=new_id,
        bank_id=to,
        state=PledgeState.OFFERED,
        offered_at=now,
        offered_by=actor.account_id,
        offer_until=business_date(now) + timedelta(days=rule.limits.offer_days),
        sealed=sealed(key, str(new_id), opened(key, held)),
        note=f"由{actor.organisation.name}转让",
        succeeds=held.id,
    )
    async with database.as_platform(session):  # a row of the other bank's
        try:
            async with session.begin_nested():
                made = await store.add(session, offered, rule.kinds[held.kind].sharing)
        except IntegrityError:
            zh, en = "该笔质押的转让正在等待对方确认。", "A transfer of this pledge waits for the other bank already."
            raise Conflict("transfer-waits", zh, en) from None
        await store.add_event(session, made, PledgeEvent.OFFER, now, actor.account_id)
        told = {"pledge_id": str(made.id), "number": made.number, "kind": made.kind.value, "transfer": True}
        await outbox.publish(session, to, "pledge.offered", told, now)
        await _tell(session, made, "pledge.transfer_offered", now)
    await audit.record(session, "pledge.transfer_offered", f"pledge:{held.id}", now, account_id=actor.account_id, successor=str(made.id))
    return made


async def end_overdue(session: AsyncSession, now: datetime) -> int:
    """End what is over its time: offers that nobody answered, pledges past their last day; return how many.

    A pledge stays while its mortgage is on the register, or that would stand for a bank that holds nothing; bank and operator are told.
    """
    ended = 0
    for one in await store.due(session, business_date(now)):
        if one.state is PledgeState.ACTIVE and await _on_the_register(session, one.id):
            if await store.tell_overdue(session, one.id, now):
                told = {"pledge_id": str(one.id), "number": one.number, "expires_on": one.expires_on.isoformat()}
                await outbox.publish(session, one.bank_id, "pledge.overdue", told, now)
                await audit.record(session, "pledge.overdue", f"pledge:{one.id}", now)
            continue
        event = PledgeEvent.LAPSE if one.state is PledgeState.OFFERED else PledgeEvent.EXPIRE
        done = await _end(session, one, event, now, None)
        await _tell(session, done, f"pledge.{done.state.value}", now)
        await audit.record(session, f"pledge.{done.state.value}", f"pledge:{done.id}", now)
        ended += 1
    return ended
