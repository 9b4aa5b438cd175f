"""Mortgages into the register and out of it, and asking the register: what is to be sent is written, and sent after the commit."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.collateral.rules import registering as rules
from greenbridge.collateral.rules.identity import canonical
from greenbridge.collateral.service.answering import must_be_officer
from greenbridge.collateral.service.offering import firm_of, own
from greenbridge.collateral.service.safe import Safe, in_use, opened
from greenbridge.collateral.store import pledges
from greenbridge.collateral.store import registry as store
from greenbridge.collateral.values import (
    REGISTRATION_NAMES,
    AssetKind,
    Order,
    OrderKind,
    OrderState,
    PledgeState,
    Registration,
    RegistrationEvent,
    RegistrationState,
)
from greenbridge.consents import service as consents
from greenbridge.consents.service import Reading
from greenbridge.consents.values import ReadKind, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.kit.errors import Conflict, Invalid, NotFound

# What the register says of a piece -> the field under whose sensitivity it is shown.
SHOWN: Mapping[str, str] = {
    "address": "real_estate.ownership.address",
    "area_m2": "real_estate.ownership.area_m2",
    "use": "real_estate.ownership.use",
    "unit_no": "real_estate.ownership.certificate_no",
    "mortgages": "real_estate.mortgages.secured",
    "seized": "real_estate.seizures.document_no",
}


async def draft(session: AsyncSession, actor: Actor, box: Safe, pledge_id: UUID, now: datetime) -> Registration:
    """Draft the registration of a mortgage of the actor's bank. The firm applies with it: it offered the piece for that.

    Raises Conflict for a pledge that does not stand, is of another kind, or has a registration on its way.
    """
    must_be_officer(actor)
    pledge = await own(session, actor, pledge_id)
    if pledge.kind is not AssetKind.REAL_ESTATE or pledge.state is not PledgeState.ACTIVE:
        raise Conflict("no-mortgage", "只有已成立的不动产抵押可以申请登记。", "Only a standing mortgage of real estate is registered.")
    stated = opened(await in_use(session, box, now), pledge)
    made = Registration(
        uuid4(),
        pledge.id,
        pledge.enterprise_id,
        pledge.bank_id,
        stated.fields["certificate_no"],
        canonical(stated).fields["unit_no"],
        pledge.amount_fen,
        RegistrationState.DRAFT,
        now,
    )
    try:
        async with session.begin_nested():
            made = await store.add(session, made, actor.account_id)
    except IntegrityError:
        raise Conflict("registration-open", "该抵押已有登记申请。", "A registration of this mortgage is on its way already.") from None
    await _record(session, actor, made, "drafted", now)
    return made


async def of_mine(session: AsyncSession, actor: Actor, *, limit: int | None = None, after: UUID | None = None) -> list[Registration]:
    """Return the registrations of the actor's firm or bank, newest first; those `after` one."""
    if actor.role is Role.OFFICER:
        return await store.of_organisation(session, "bank_id", actor.organisation.id, limit, after)
    return await store.of_organisation(session, "enterprise_id", (await firm_of(session, actor)).id, limit, after)


async def of_pledge(session: AsyncSession, actor: Actor, pledge_id: UUID) -> list[Registration]:
    """Return the registrations of a pledge of the actor's, newest first."""
    return await store.of_pledge(session, (await own(session, actor, pledge_id)).id)


async def _own(session: AsyncSession, actor: Actor, registration_id: UUID) -> Registration:
    must_be_officer(actor)
    found = await store.find(session, registration_id)
    if found is None or found.bank_id != actor.organisation.id:
        raise NotFound("no-registration", "没有这份登记申请。", "There is no such registration.")
    return found


def after(registration: Registration, event: RegistrationEvent) -> RegistrationState:
    """Return where an event leads a registration. Raises Conflict where it cannot happen."""
    state = rules.next_state(registration.state, event)
    if state is None:
        name = REGISTRATION_NAMES[registration.state]
        zh, en = f"登记申请当前“{name.zh}”，不能进行此操作。", f"The registration is now: {name.en}; this cannot be done."
        raise Conflict("registration-state", zh, en)
    return state


async def _locked(session: AsyncSession, actor: Actor, registration_id: UUID, event: RegistrationEvent) -> RegistrationState:
    after(await _own(session, actor, registration_id), event)
    await store.find(session, registration_id, lock=True)  # not there for the lock once it has moved on
    return after(await _own(session, actor, registration_id), event)


async def submit(session: AsyncSession, actor: Actor, registration_id: UUID, now: datetime) -> Registration:
    """Submit a draft: the order to the registry is written with it, and sent after the commit. Raises Conflict unless the pledge stands.

    The pledge is held first, as who releases, hands over or ends it holds it: of the two one sees what the other did.
    """
    pledge = await pledges.find(session, (await _own(session, actor, registration_id)).pledge_id, lock=True)
    if pledge is None or pledge.state is not PledgeState.ACTIVE:
        raise Conflict("no-mortgage", "该笔质押已不成立，不能申请登记。", "The pledge does not stand any more: nothing can be registered.")
    state = await _locked(session, actor, registration_id, RegistrationEvent.SUBMIT)
    moved = await store.move(session, registration_id, state, submitted_at=now)
    body = rules.application(moved, pledge.pledgor_uscc, actor.organisation.name)
    await store.add_order(session, _order(OrderKind.REGISTRATION, moved, body, now), actor.account_id)
    await _record(session, actor, moved, "submitted", now)
    return moved


async def discard(session: AsyncSession, actor: Actor, registration_id: UUID, now: datetime) -> Registration:
    """Give a draft up."""
    state = await _locked(session, actor, registration_id, RegistrationEvent.DISCARD)
    moved = await store.move(session, registration_id, state, ended_at=now)
    await _record(session, actor, moved, "discarded", now)
    return moved


async def request_cancellation(session: AsyncSession, actor: Actor, registration_id: UUID, now: datetime) -> Registration:
    """Ask the registry to cancel a registered mortgage."""
    state = await _locked(session, actor, registration_id, RegistrationEvent.REQUEST_CANCELLATION)
    moved = await store.move(session, registration_id, state)
    pledge = await own(session, actor, moved.pledge_id)
    body = {**rules.application(moved, pledge.pledgor_uscc, actor.organisation.name), "registry_number": moved.registry_number}
    await store.add_order(session, _order(OrderKind.CANCELLATION, moved, body, now), actor.account_id)
    await _record(session, actor, moved, "cancellation_requested", now)
    return moved


def _order(kind: OrderKind, of: Registration, body: Mapping[str, Any], now: datetime) -> Order:
    return Order(uuid4(), kind, OrderState.QUEUED, of.enterprise_id, of.bank_id, of.id, body, now, 0, now)


async def _record(session: AsyncSession, actor: Actor, of: Registration, what: str, now: datetime) -> None:
    await audit.record(session, f"mortgage.{what}", f"mortgage_registration:{of.id}", now, account_id=actor.account_id)


async def ask(session: AsyncSession, actor: Actor, enterprise_id: UUID, certificate_no: str, step: WorkStep, now: datetime) -> Order:
    """Ask the register about a piece of a firm that agreed. Raises Forbidden without consent, Invalid for an empty number."""
    must_be_officer(actor)
    asked = certificate_no.strip()
    if not 4 <= len(asked) <= 100:
        raise Invalid.at("no-certificate", "certificate_no", "请填写不动产权证号。", "The certificate number is missing.")
    async with consents.reading(session, actor, enterprise_id, step, ReadKind.FACTS, facts.levels(), now) as reading:
        reading.withheld(tuple(dict.fromkeys(SHOWN.values())))
        firm = await enterprises.get(session, enterprise_id)
        body = {"certificate_no": asked, "owner_uscc": firm.uscc}
        order = Order(uuid4(), OrderKind.QUERY, OrderState.QUEUED, firm.id, actor.organisation.id, None, body, now, 0, now)
        made = await store.add_order(session, order, actor.account_id)
    await audit.record(session, "register.queried", f"enterprise:{firm.id}", now, account_id=actor.account_id, order=str(made.id))
    return made


async def queries(session: AsyncSession, actor: Actor, *, limit: int = 100, after: UUID | None = None) -> list[Order]:
    """Return what the actor's bank has asked the register, newest first, without the answers: those are read one by one."""
    must_be_officer(actor)
    return [replace(one, answer=None) for one in await store.queries_of_bank(session, actor.organisation.id, limit, after)]


async def answer_of(session: AsyncSession, actor: Actor, order_id: UUID, step: WorkStep, now: datetime) -> Order:
    """Return a query with what its reader may see of the answer: through the door again, as the firm may have taken its consent back."""
    must_be_officer(actor)
    found = await store.find_order(session, order_id)
    if found is None or found.bank_id != actor.organisation.id or found.kind is not OrderKind.QUERY:
        raise NotFound("no-query", "没有这次查询。", "There is no such query.")
    if found.answer is None:
        return found
    async with consents.reading(session, actor, found.enterprise_id, step, ReadKind.FACTS, facts.levels(), now) as reading:
        return replace(found, answer=_projected(found.answer, reading))


def _projected(answer: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """Return an answer with the facts that a reader may see; the others are named, without a value. The signed whole stays kept."""
    told, withheld = {}, []
    for name, field in SHOWN.items():
        if reading.withheld((field,)) is None:
            told[name] = answer["facts"].get(name)
        else:
            withheld.append(name)
    return {**{name: answer[name] for name in ("granted", "at", "reasons")}, "facts": told, "withheld": withheld}
