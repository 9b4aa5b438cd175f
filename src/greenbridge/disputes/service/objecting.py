"""The firm's side: raising and withdrawing an objection to a record about it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.disputes import gateway, rules, store
from greenbridge.disputes.values import STATE_NAMES, Draft, Event, Objection, Policy, State
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.facts.values import Fact
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound


def policy(now: datetime) -> Policy:
    """Return the policy in force. Raises Conflict where none is."""
    found = rules.in_force(gateway.policies(), business_date(now))
    if found is None:
        raise Conflict("no-policy", "当日没有有效的异议处理规则。", "No rule on objections is in force on that day.")
    return found


async def firm_of(session: AsyncSession, actor: Actor) -> Enterprise:
    """Return the actor's verified firm. Raises Forbidden for another role, Conflict before the real-name check."""
    if actor.role is not Role.ENTERPRISE:
        raise Forbidden("not-an-enterprise", "只有企业账户可以办理。", "Only an enterprise account may do this.")
    firm = await enterprises.mine(session, actor)
    if firm is None or firm.status is not EnterpriseStatus.VERIFIED:
        raise Conflict("not-verified", "企业尚未通过实名核验。", "The firm is not verified.")
    return firm


async def disputable(session: AsyncSession, actor: Actor, item: str, key: str, now: datetime) -> Fact:
    """Return a record of the actor's firm as it is shown today. Raises NotFound for one that is not, and for invoices."""
    return await _disputable(session, await firm_of(session, actor), item, key, now)


async def _disputable(session: AsyncSession, firm: Enterprise, item: str, key: str, now: datetime) -> Fact:
    found = await shown(session, firm.uscc, item, key, now)
    if found is None:
        raise NotFound("no-record", "没有展示这条记录。", "No such record is shown.")
    return found


async def shown(session: AsyncSession, uscc: str, item: str, key: str, now: datetime) -> Fact | None:
    """Return a firm's record as it is shown today; None: it is not."""
    if item not in facts.catalogue().items or item == items.VAT_INVOICES:
        return None
    known = (await facts.facts_of(session, [uscc], business_date(now), now, (item,)))[uscc]
    return next((fact for fact in known if fact.key == key), None)


async def object_to(session: AsyncSession, actor: Actor, item: str, key: str, draft: Draft, now: datetime) -> Objection:
    """Raise an objection to a record of the actor's firm: it is marked at once. Raises Invalid with each wrong field, NotFound, and
    Conflict where one waits already or the same content has been looked into and stands.
    """
    firm = await firm_of(session, actor)
    fact = await _disputable(session, firm, item, key, now)
    if found := rules.problems(draft):
        raise Invalid("wrong-objection", "请检查异议内容。", "Check what the objection says.", fields=found)
    earlier = rules.repeats(await store.of_record(session, firm.id, item, key), fact.digest)
    if earlier and earlier.state is State.OPEN:
        raise _waits_already()
    if earlier:
        raise Conflict(
            "already-answered",
            "该记录的同一内容已经核查并答复；如有新的依据，请向提供部门提出。",
            "The same content has been looked into and answered; with new evidence turn to the department.",
        )
    rule = policy(now)
    until = rules.deadlines(rule, business_date(now))
    try:
        async with session.begin_nested():
            raised = await store.add(session, firm.id, fact, draft, rule, until, actor.account_id, now)
    except IntegrityError:
        raise _waits_already() from None
    about = {"item": item, "ground": draft.ground.value, "due_on": str(until.due_on)}
    await audit.record(session, "objection.raised", f"objection:{raised.id}", now, account_id=actor.account_id, **about)
    return raised


def _waits_already() -> Conflict:
    return Conflict("objection-open", "对该记录的异议正在核查中。", "An objection to this record is under review already.")


async def own(session: AsyncSession, actor: Actor, objection_id: UUID) -> Objection:
    """Return an objection of the actor's firm; another's is not found, whether there is one or not."""
    mine = await enterprises.mine(session, actor)
    found = await store.find(session, objection_id)
    if found is None or mine is None or found.enterprise_id != mine.id:
        raise none()
    return found


def none() -> NotFound:
    """Return the problem of an objection that is not there, or not for its asker."""
    return NotFound("no-objection", "没有这份异议。", "There is no such objection.")


async def withdraw(session: AsyncSession, actor: Actor, objection_id: UUID, now: datetime) -> Objection:
    """Withdraw an objection of the actor's firm: its mark goes. Raises Conflict for one that is closed."""
    found = await own(session, actor, objection_id)
    state = after(found, Event.WITHDRAW)
    # A firm may lock open rows only: a closed one, also one that was closed since it was read, is not there for the lock.
    if await store.find(session, objection_id, lock=True) is None:
        state = after(await own(session, actor, objection_id), Event.WITHDRAW)
    closed = await store.close(session, found.id, state, now, actor.account_id)
    await audit.record(session, "objection.withdrawn", f"objection:{found.id}", now, account_id=actor.account_id)
    return closed


def after(objection: Objection, event: Event) -> State:
    """Return where an event leads an objection. Raises Conflict where it cannot happen."""
    state = rules.next_state(objection.state, event)
    if state is None:
        name = STATE_NAMES[objection.state]
        zh, en = f"异议当前“{name.zh}”，不能进行此操作。", f"The objection is now: {name.en}; this cannot be done."
        raise Conflict("objection-state", zh, en)
    return state


async def of_enterprise(session: AsyncSession, enterprise_id: UUID) -> list[Objection]:
    """Return a firm's objections, newest first, for a caller that has checked who asks."""
    return await store.of_enterprise(session, enterprise_id)
