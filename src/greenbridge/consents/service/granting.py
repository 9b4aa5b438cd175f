"""Granting, narrowing, withdrawing, acknowledging."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.consents import gateway, rules, store
from greenbridge.consents.service.bank import must_be_bank
from greenbridge.consents.values import Consent, ConsentView, DescribedItem, Narrowing, Purpose, Template, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.kit import outbox
from greenbridge.kit.calendar import add_working_days, business_date, day_start
from greenbridge.kit.errors import Conflict, Invalid, NotFound

AS_THE_TEMPLATE = Narrowing()


async def grant(
    session: AsyncSession,
    enterprise_id: UUID,
    bank_id: UUID,
    steps: Sequence[WorkStep],
    known: Sequence[DescribedItem],
    now: datetime,
    *,
    told_by: UUID | None,
    narrowing: Narrowing | None,
    basis: str,
) -> Consent:
    """Let a bank read a firm at some work steps of one purpose; the caller has checked that the firm said so, now or with its need.

    A consent that covers the steps already is returned as it stands; `narrowing=None` keeps what an earlier one narrowed. Raises
    Invalid for more than the template allows.
    """
    today, purpose = business_date(now), rules.purpose_of(steps[0])
    limits = gateway.template(purpose, today)
    await store.lock(session, enterprise_id, bank_id)
    given = await store.between(session, enterprise_id, bank_id)
    stands = rules.standing(given, purpose, today)
    if stands and narrowing is None and set(steps) <= set(stands.steps):
        return stands
    # The one that has not ended, over or not: what was narrowed in it is kept.
    earlier = next((c for c in given if c.purpose is purpose and c.ended_at is None), None)
    if found := rules.grant_problems(limits, steps, narrowing or AS_THE_TEMPLATE, known):
        raise Invalid("wrong-consent", "请检查授权内容。", "Check what the consent says.", fields=found)
    scope, functions, max_reads, expires_on = rules.granted(limits, narrowing or AS_THE_TEMPLATE, today)
    if earlier and narrowing is None:  # a step more, not a field, a read or a day more
        used, _ = await store.used(session, earlier, day_start(today))
        scope, functions, max_reads = earlier.scope, earlier.functions, max(1, earlier.max_reads - used)
        expires_on = today + (earlier.expires_on - business_date(earlier.granted_at))
    elif stands and not set(stands.steps) <= set(steps):
        # Said of some steps only: the steps that stay open are not widened by it, in nothing.
        scope, functions = rules.meet(scope, stands.scope), tuple(f for f in functions if f in stands.functions)
        max_reads, expires_on = min(max_reads, stands.max_reads), min(expires_on, stands.expires_on)
    covered = set(steps) | (set(stands.steps) if stands else set())
    consent = Consent(
        uuid4(),
        await store.number(session, today),
        enterprise_id,
        bank_id,
        purpose,
        tuple(step for step in WorkStep if step in covered),
        functions,
        scope,
        max_reads,
        limits.version,
        basis,
        now,
        expires_on,
        None,
        None,
        None,
        None,
    )
    if earlier:
        await store.end(session, earlier.id, now, replaced_by=consent.id, receipt_due_on=None)
    await store.add(session, consent, told_by)
    payload = {"consent_id": str(consent.id), "number": consent.number, "expires_on": expires_on.isoformat()}
    await outbox.publish(session, bank_id, "consent.granted", payload, now)
    await audit.record(
        session,
        "consent.granted",
        f"enterprise:{enterprise_id}",
        now,
        account_id=told_by,
        consent=consent.number,
        bank=str(bank_id),
        purpose=purpose.value,
        steps=[step.value for step in consent.steps],
    )
    return consent


async def _found(session: AsyncSession, consent_id: UUID) -> Consent | None:
    consent = await store.find(session, consent_id)
    if consent is None:
        return None
    await store.lock(session, consent.enterprise_id, consent.bank_id)
    return await store.find(session, consent_id)


async def withdraw(session: AsyncSession, actor: Actor, consent_id: UUID, now: datetime) -> Consent:
    """Withdraw the actor's own consent: the next read is refused, the bank is told and owes a receipt."""
    consent = await _found(session, consent_id)
    mine = await enterprises.mine(session, actor) if actor.role is Role.ENTERPRISE else None
    if consent is None or mine is None or consent.enterprise_id != mine.id:
        raise _no_consent()
    today = business_date(now)
    if consent.ended_at is not None or consent.expires_on < today:
        raise Conflict("consent-ended", "该授权已经结束。", "This consent has ended already.")
    due = add_working_days(today, gateway.template(consent.purpose, today).receipt_working_days)
    ended = await store.end(session, consent.id, now, replaced_by=None, receipt_due_on=due)
    payload = {"consent_id": str(consent.id), "number": consent.number, "withdrawn_at": now.isoformat(), "receipt_due_on": due.isoformat()}
    await outbox.publish(session, consent.bank_id, "consent.withdrawn", payload, now)
    await audit.record(session, "consent.withdrawn", f"enterprise:{mine.id}", now, account_id=actor.account_id, consent=consent.number)
    return ended


async def acknowledge(session: AsyncSession, actor: Actor, consent_id: UUID, now: datetime) -> Consent:
    """Give the bank's receipt of a withdrawal: it reads no more and uses no more what it read under it."""
    must_be_bank(actor)
    consent = await _found(session, consent_id)
    if consent is None or consent.bank_id != actor.organisation.id:
        raise _no_consent()
    if consent.receipt_due_on is None:
        raise Conflict("no-receipt-owed", "该授权未被撤回，无需回执。", "This consent was not withdrawn; no receipt is owed.")
    if consent.receipt_at is not None:
        return consent
    given = await store.set_receipt(session, consent.id, now, actor.account_id)
    await audit.record(
        session, "consent.receipt", f"enterprise:{consent.enterprise_id}", now, account_id=actor.account_id, consent=consent.number
    )
    return given


def _no_consent() -> NotFound:
    return NotFound("no-consent", "没有这份授权。", "There is no such consent.")


def template(purpose: Purpose, now: datetime) -> Template:
    """Return what consents for a purpose may allow at most now."""
    return gateway.template(purpose, business_date(now))


async def standing(session: AsyncSession, enterprise_id: UUID, bank_id: UUID, purpose: Purpose, now: datetime) -> Consent | None:
    """Return the consent that stands between a firm and a bank, if there is one."""
    return rules.standing(await store.between(session, enterprise_id, bank_id), purpose, business_date(now))


async def withdrawn_since(session: AsyncSession, enterprise_id: UUID, bank_id: UUID, instant: datetime) -> bool:
    """Return whether the firm has withdrawn a loan review's consent from a bank after an instant."""
    given = await store.between(session, enterprise_id, bank_id)
    return any(
        c.purpose is Purpose.LOAN_REVIEW and c.ended_at is not None and c.replaced_by is None and c.ended_at >= instant for c in given
    )


async def of_firm(session: AsyncSession, enterprise_id: UUID) -> list[ConsentView]:
    """Return a firm's consents for a caller that has checked who asks, newest first."""
    banks = {bank.id: bank.name for bank in await accounts.banks(session)}
    return [
        ConsentView(consent, banks[consent.bank_id], reads, last)
        for consent, reads, last in await store.of_enterprise(session, enterprise_id)
    ]


async def of_bank(session: AsyncSession, actor: Actor) -> list[ConsentView]:
    """Return the consents given to the actor's bank, newest first; they name no firm."""
    must_be_bank(actor)
    name = actor.organisation.name
    return [ConsentView(consent, name, reads, last) for consent, reads, last in await store.of_bank(session, actor.organisation.id)]


async def overdue_receipts(session: AsyncSession, now: datetime) -> list[ConsentView]:
    """Return the withdrawn consents of which a bank still owes the receipt after its due day, oldest first."""
    banks = {bank.id: bank.name for bank in await accounts.banks(session)}
    return [ConsentView(consent, banks[consent.bank_id], 0, None) for consent in await store.overdue(session, business_date(now))]
