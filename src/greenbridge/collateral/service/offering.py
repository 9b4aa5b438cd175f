"""The firm offers an asset to a bank, and may take an offer back. Nothing is compared yet: an offer tells nobody anything."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.collateral.rules import pledging
from greenbridge.collateral.rules.identity import canonical, encoded, number
from greenbridge.collateral.service.limits import count_offer, policy
from greenbridge.collateral.service.safe import Safe, in_use, sealed
from greenbridge.collateral.store import pledges as store
from greenbridge.collateral.values import (
    STATE_NAMES,
    AssetKind,
    Canonical,
    Draft,
    Evidence,
    Pledge,
    PledgeEvent,
    PledgeState,
    Stated,
)
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus
from greenbridge.facts import service as facts
from greenbridge.kit import outbox
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound
from greenbridge.kit.text import Text


async def firm_of(session: AsyncSession, actor: Actor) -> Enterprise:
    """Return the actor's verified firm. Raises Forbidden, Conflict."""
    if actor.role is not Role.ENTERPRISE:
        raise Forbidden("not-an-enterprise", "只有企业账户可以办理。", "Only an enterprise account may do this.")
    firm = await enterprises.mine(session, actor)
    if firm is None or firm.status is not EnterpriseStatus.VERIFIED:
        raise Conflict("not-verified", "企业尚未通过实名核验。", "The firm is not verified.")
    return firm


async def offer(session: AsyncSession, actor: Actor, box: Safe, draft: Draft, now: datetime) -> Pledge:
    """Offer an asset of the actor's firm to a bank. Raises Invalid with each wrong field, TooOften, Conflict for an unverified firm."""
    firm, rule, today = await firm_of(session, actor), policy(now), business_date(now)
    about = canonical(draft.stated)
    found = list(pledging.problems(draft, rule, today))
    if draft.bank_id not in {bank.id for bank in await accounts.banks(session)}:
        found.append(FieldProblem("bank", Text("没有这家银行", "There is no such bank")))
    if found:
        raise Invalid("wrong-pledge", "请检查质押内容。", "Check what the pledge says.", fields=tuple(found))
    await count_offer(session, firm, now)
    stated = Stated(
        draft.stated.kind, {name: text.strip() for name, text in draft.stated.fields.items() if text.strip()}, draft.stated.whole_fen
    )
    key, pledge_id = await in_use(session, box, now), uuid4()
    pledge = Pledge(
        pledge_id,
        stated.kind,
        firm.id,
        draft.bank_id,
        firm.uscc,
        firm.name,
        draft.amount_fen,
        stated.whole_fen,
        PledgeState.OFFERED,
        await _evidence(session, firm, stated, about, now),
        now,
        actor.account_id,
        today + timedelta(days=rule.limits.offer_days),
        draft.expires_on,
        sealed(key, str(pledge_id), stated),
        key.commit(encoded(about.kind, about.full)),
    )
    await store.add(session, pledge, rule.kinds[stated.kind].sharing)
    await store.add_event(session, pledge, PledgeEvent.OFFER, now, actor.account_id)
    told = {"pledge_id": str(pledge.id), "number": pledge.number, "kind": pledge.kind.value}
    await outbox.publish(session, pledge.bank_id, "pledge.offered", told, now)
    await audit.record(session, "pledge.offered", f"pledge:{pledge.id}", now, account_id=actor.account_id, kind=pledge.kind.value)
    return pledge


async def _evidence(session: AsyncSession, firm: Enterprise, stated: Stated, about: Canonical, now: datetime) -> Evidence:
    """Return what departments' data say of a firm's own asset: of invoices the tax office's, of real estate the register's."""
    if stated.kind is AssetKind.INVOICE:
        day = datetime.fromisoformat(about.fields["issued_on"]).date()
        found = await facts.invoice_stated(session, firm.uscc, day, about.fields["number"])
        if not found:
            return Evidence.UNKNOWN
        return Evidence.CONFIRMED if (stated.whole_fen, "valid") in found else Evidence.CONTRADICTED
    if stated.kind is AssetKind.REAL_ESTATE:
        wanted = ("real_estate.ownership", "real_estate.seizures")
        known = (await facts.facts_of(session, [firm.uscc], business_date(now), now, wanted))[firm.uscc]
        same = [fact for fact in known if _same(str(fact.values["certificate_no"]), about.fields["certificate_no"])]
        if any(fact.item == "real_estate.seizures" and not fact.values.get("released_on") for fact in same):
            return Evidence.CONTRADICTED
        owned = [fact for fact in same if fact.item == "real_estate.ownership"]
        return Evidence.CONFIRMED if any(not fact.values.get("cancelled_on") for fact in owned) else Evidence.UNKNOWN
    return Evidence.UNKNOWN


def _same(delivered: str, stated: str) -> bool:
    try:
        return number(delivered) == stated
    except ValueError:
        return False


async def own(session: AsyncSession, actor: Actor, pledge_id: UUID, *, lock: bool = False) -> Pledge:
    """Return a pledge of the actor's firm, or to the actor's bank; another's is not found, whether there is one or not."""
    found = await store.find(session, pledge_id, lock=lock)
    if found is not None and actor.role is Role.OFFICER and found.bank_id == actor.organisation.id:
        return found
    mine = await enterprises.mine(session, actor) if actor.role is Role.ENTERPRISE else None
    if found is None or mine is None or found.enterprise_id != mine.id:
        raise none()
    return found


def none() -> NotFound:
    """Return the problem of a pledge that is not there, or not for its asker."""
    return NotFound("no-pledge", "没有这笔质押。", "There is no such pledge.")


def after(pledge: Pledge, event: PledgeEvent) -> PledgeState:
    """Return where an event leads a pledge. Raises Conflict where it cannot happen."""
    state = pledging.next_state(pledge.state, event)
    if state is None:
        name = STATE_NAMES[pledge.state]
        raise Conflict("pledge-state", f"该笔质押当前“{name.zh}”，不能进行此操作。", f"The pledge is now: {name.en}; this cannot be done.")
    return state


async def locked(session: AsyncSession, actor: Actor, pledge_id: UUID, event: PledgeEvent) -> PledgeState:
    """Lock a pledge of the actor's and return where an event leads it: judged by what it is once the lock is held."""
    after(await own(session, actor, pledge_id), event)
    # A role may lock what it may still move: what was closed since it was read is not there for the lock.
    if await store.find(session, pledge_id, lock=True) is None:
        after(await own(session, actor, pledge_id), event)
        raise none()
    return after(await own(session, actor, pledge_id), event)


async def withdraw(session: AsyncSession, actor: Actor, pledge_id: UUID, now: datetime) -> Pledge:
    """Take back an offer that the bank has not answered. A transfer between banks is not the firm's to take back."""
    firm = await firm_of(session, actor)
    found = await own(session, actor, pledge_id)
    if found.succeeds is not None:
        raise Conflict("not-your-offer", "债权转让由银行提出，企业不能撤回。", "A transfer is offered by the bank that holds the pledge.")
    state = await locked(session, actor, pledge_id, PledgeEvent.WITHDRAW)
    pledge = await store.move(session, pledge_id, state, now)
    await store.add_event(session, pledge, PledgeEvent.WITHDRAW, now, actor.account_id)
    told = {"pledge_id": str(pledge.id), "number": pledge.number}
    await outbox.publish(session, pledge.bank_id, "pledge.withdrawn", told, now)
    await audit.record(session, "pledge.withdrawn", f"pledge:{pledge.id}", now, account_id=actor.account_id, firm=str(firm.id))
    return pledge
