"""The talk with the land registry, outside of any request: take what is due, send or ask, keep what came back.

Each order is taken for a lease and the transaction closed before anything is sent. A worker that dies leaves its orders to the next
one; the registry knows an order by its id, so that sending it twice is sending it once.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.audit import service as audit
from greenbridge.collateral.gateway import LandRegistry, RegistryProblem
from greenbridge.collateral.rules import registering as rules
from greenbridge.collateral.service.registering import after
from greenbridge.collateral.store import registry as store
from greenbridge.collateral.values import (
    Acknowledgement,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    Registration,
    RegistrationEvent,
    RegistrationState,
)
from greenbridge.enterprises import service as enterprises
from greenbridge.kit import logs, outbox
from greenbridge.kit.clock import Clock
from greenbridge.kit.database import Sessions

LEASE = timedelta(minutes=5)
AT_ONCE = 20


async def exchange(sessions: Sessions, registry: LandRegistry, clock: Clock) -> int:
    """Send what is to be sent and ask for what is open; return how many orders came further."""
    async with sessions.begin() as session:
        taken = await store.take_due(session, clock.now(), LEASE, AT_ONCE)
    return sum([await _one(sessions, registry, clock, order) for order in taken])


async def _one(sessions: Sessions, registry: LandRegistry, clock: Clock, order: Order) -> bool:
    """Bring one order further. Whatever the registry answers, the next order has its turn."""
    try:
        found = await _asked(registry, order, clock)
        async with sessions.begin() as session:
            await _keep(session, order.id, order.state, found, clock.now())
    except Exception as error:  # noqa: BLE001  an answer that nobody foresaw must not stop all other orders
        problem = error.detail.zh if isinstance(error, RegistryProblem) else f"登记机构的答复无法处理：{type(error).__name__}"
        if isinstance(error, RegistryProblem):
            logs.get().warning("land registry", order=str(order.id), code=error.code)
        else:
            logs.get().exception("land registry", order=str(order.id))
        async with sessions.begin() as session:
            now = clock.now()
            await store.postpone(session, order.id, now + rules.wait(order.attempts + 1), problem[:500])
        return False
    return found is not None


async def _asked(registry: LandRegistry, order: Order, clock: Clock) -> Acknowledgement | Outcome | None:
    """Return what the registry says. That it does not take an order in at all is its last word: nobody would ever be asked again."""
    if order.state is not OrderState.QUEUED:
        return await registry.outcome(order)
    try:
        return await registry.submit(order)
    except RegistryProblem as problem:
        if not problem.final:
            raise
        return Outcome(False, clock.now(), None, (problem.detail.zh[:500],), {}, {})


async def _keep(session: AsyncSession, order_id: UUID, sent: OrderState, found: Acknowledgement | Outcome | None, now: datetime) -> None:
    """Keep what came back, unless another worker kept it meanwhile: its lease was over."""
    order = await store.find_order(session, order_id, lock=True)
    if order is None or order.state is not sent:
        return
    if found is None:
        await store.postpone(session, order.id, now + rules.POLL, None)
        return
    registration = await store.find(session, order.registration_id, lock=True) if order.registration_id else None
    if isinstance(found, Acknowledgement):
        await store.acknowledge(session, order.id, found, now + rules.POLL)
        if registration and order.kind is OrderKind.REGISTRATION:
            state = after(registration, RegistrationEvent.ACKNOWLEDGE)
            moved = await store.move(session, registration.id, state, accepted_at=now, reference=found.reference)
            await _tell(session, moved, RegistrationEvent.ACKNOWLEDGE, now)
            await audit.record(session, f"mortgage.{state.value}", f"mortgage_registration:{registration.id}", now)
        return
    await store.answer(session, order.id, found, now)
    if registration:
        await _carry_out(session, order, registration, found, now)


async def _carry_out(session: AsyncSession, order: Order, of: Registration, found: Outcome, now: datetime) -> None:
    """Let the registry's last word move the registration, and tell both sides."""
    event = rules.event_of(order.kind, found)
    state = after(of, event)
    changes: dict[str, object] = {"receipts": [*of.receipts, dict(found.receipt)]} if found.receipt else {}
    if event is RegistrationEvent.REGISTER:
        changes |= {"registry_number": found.number, "registry_rank": found.facts.get("rank"), "registered_at": found.at}
    if event in {RegistrationEvent.REJECT, RegistrationEvent.REFUSE_CANCELLATION}:
        changes["reasons"] = list(found.reasons) or ["登记机构未说明理由"]
    if state in {RegistrationState.REJECTED, RegistrationState.CANCELLED}:
        changes["ended_at"] = now
    moved = await store.move(session, of.id, state, **changes)
    await _tell(session, moved, event, now)
    await audit.record(session, f"mortgage.{event.value}", f"mortgage_registration:{of.id}", now, registry_number=moved.registry_number)


async def _tell(session: AsyncSession, of: Registration, event: RegistrationEvent, now: datetime) -> None:
    """Tell both sides what the registry said."""
    told = {"registration_id": str(of.id), "number": of.number, "state": of.state.value, "registry_number": of.registry_number}
    firm = await enterprises.get(session, of.enterprise_id)
    for organisation in (of.bank_id, firm.organisation_id):
        await outbox.publish(session, organisation, f"mortgage.{event.value}", told, now)
