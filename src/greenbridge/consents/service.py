"""Granting, narrowing, withdrawing; reading through a consent; what was read."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, Role, StaffFunction
from greenbridge.audit import service as audit
from greenbridge.consents import gateway, rules, store
from greenbridge.consents.values import (
    Access,
    Consent,
    ConsentView,
    DescribedItem,
    Narrowing,
    Purpose,
    Read,
    ReadKind,
    Template,
    View,
    Withheld,
    WorkStep,
)
from greenbridge.enterprises import service as enterprises
from greenbridge.kit import database, outbox
from greenbridge.kit.calendar import add_months, add_working_days, business_date, day_start
from greenbridge.kit.errors import Conflict, Forbidden, Invalid, NotFound

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
    await _lock(session, enterprise_id, bank_id)
    given = await store.between(session, enterprise_id, bank_id, for_update=True)
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


async def _lock(session: AsyncSession, enterprise_id: UUID, bank_id: UUID) -> None:
    """Let grants, reads and withdrawals between a firm and a bank come one after another, the first of them too.

    Locks are taken in one order: a need, then this, then the audit chain.
    """
    await database.lock(session, f"consents:{enterprise_id}:{bank_id}")


async def _found(session: AsyncSession, consent_id: UUID) -> Consent | None:
    consent = await store.find(session, consent_id)
    if consent is None:
        return None
    await _lock(session, consent.enterprise_id, consent.bank_id)
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
    _must_be_bank(actor)
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


def _must_be_bank(actor: Actor) -> None:
    if actor.role not in {Role.OFFICER, Role.BANK_ADMINISTRATOR}:
        raise Forbidden("not-a-bank", "只有银行人员可以办理。", "Only a bank's staff may do this.")


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


class Reading:
    """One read of a firm's fields: asks of each field whether it is shown, and keeps which were."""

    def __init__(self, access: Access | None, levels: Mapping[str, int]) -> None:
        """`access=None`: the firm itself, or the operator; nothing is withheld."""
        self.access = access
        self.levels = levels
        self.shown: set[str] = set()
        self.report_number: str | None = None

    def reaches(self, day: date, today: date) -> bool:
        """Return whether the agreed range of months reaches back to a day."""
        return self.access is None or rules.age(day, today) <= self.access.scope.months

    def withheld(self, keys: Sequence[str], months: int = 0) -> Withheld | None:
        """Return why what is made of these fields is not shown; None: it is, and they count as read. Raises KeyError for no field."""
        levels = [self.levels[key] for key in keys]
        if self.access is not None:
            for key, level in zip(keys, levels, strict=True):
                if (why := rules.withheld(self.access, key, level, months)) is not None:
                    return why
        self.shown.update(keys)
        return None


@asynccontextmanager
async def reading(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    step: WorkStep,
    kind: ReadKind,
    levels: Mapping[str, int],
    now: datetime,
) -> AsyncIterator[Reading]:
    """Open the one door to a firm's fields for an officer; at the end of the block the ledger has its row, or nothing was read.

    The consent's row stays locked until the transaction ends: a withdrawal waits for the read, and the read after it is refused.
    Raises Forbidden with what is in the way; a firm that does not exist gets the same answer as one that has not agreed.
    """
    access = await _access(session, actor, enterprise_id, step, now)
    found = Reading(access, levels)
    yield found
    row = Read(
        now,
        enterprise_id,
        actor.organisation.id,
        actor.organisation.name,
        actor.login,
        actor.function,
        access.purpose,
        step,
        access.consent_id,
        kind,
        found.report_number,
        tuple(sorted(found.shown)),
    )
    await store.add_reads(session, [row], actor.account_id)


async def _access(session: AsyncSession, actor: Actor, enterprise_id: UUID, step: WorkStep, now: datetime) -> Access:
    today, purpose = business_date(now), rules.purpose_of(step)
    limits = gateway.template(purpose, today)
    await _lock(session, enterprise_id, actor.organisation.id)
    consents = await store.between(session, enterprise_id, actor.organisation.id, for_update=True)
    consent = rules.standing(consents, purpose, today)
    used = await store.used(session, consent, day_start(today)) if consent else (0, 0)
    refusal = rules.refusal(consents, purpose, step, actor.function, limits, used, today)
    if refusal or consent is None or actor.function is None:
        assert refusal is not None
        raise Forbidden(refusal.code, refusal.text.zh, refusal.text.en)
    return rules.access(consent, step, actor.function, limits, await store.view(session, actor.organisation.id, step, actor.function))


async def record_operators(session: AsyncSession, enterprise_id: UUID, fields: Sequence[str], report_number: str, now: datetime) -> None:
    """Write into the ledger that the platform itself read a firm's report, on its own machine."""
    row = Read(now, enterprise_id, None, "绿桥平台", "-", None, None, None, None, ReadKind.REPORT, report_number, tuple(fields))
    await store.add_reads(session, [row], None)


async def of_firm(session: AsyncSession, enterprise_id: UUID) -> list[ConsentView]:
    """Return a firm's consents for a caller that has checked who asks, newest first."""
    banks = {bank.id: bank.name for bank in await accounts.banks(session)}
    return [
        ConsentView(consent, banks[consent.bank_id], reads, last)
        for consent, reads, last in await store.of_enterprise(session, enterprise_id)
    ]


async def of_bank(session: AsyncSession, actor: Actor) -> list[ConsentView]:
    """Return the consents given to the actor's bank, newest first; they name no firm."""
    _must_be_bank(actor)
    name = actor.organisation.name
    return [ConsentView(consent, name, reads, last) for consent, reads, last in await store.of_bank(session, actor.organisation.id)]


async def reads_of(session: AsyncSession, enterprise_id: UUID, *, limit: int = 100, offset: int = 0) -> Sequence[Read]:
    """Return who read a firm's fields, newest first, for a caller that has checked who asks."""
    return await store.reads_of(session, enterprise_id, limit, offset)


async def preview(
    session: AsyncSession, bank_id: UUID | None, step: WorkStep, narrowing: Narrowing, now: datetime
) -> list[tuple[StaffFunction, Access]]:
    """Return (staff function, what it would see) at a step under a consent that is narrowed so; with a bank, through its views."""
    limits = template(rules.purpose_of(step), now)
    found = []
    for function in limits.levels.get(step, {}):
        async with database.as_platform(session):  # a bank's view is the bank's; a firm sees what it comes to
            view = await store.view(session, bank_id, step, function) if bank_id else None
        found.append((function, rules.would_see(limits, step, function, narrowing, view)))
    return found


async def views(session: AsyncSession, actor: Actor) -> list[tuple[View, int]]:
    """Return the bank's view of every step and function that templates know, with the template's cap; unset ones show all."""
    _must_be_bank(actor)
    own = {(view.step, view.function): view for view in await store.views(session, actor.organisation.id)}
    found = []
    for limits in gateway.templates():
        for step, by_function in limits.levels.items():
            for function, cap in by_function.items():
                found.append((own.get((step, function)) or View(step, function, cap, frozenset()), cap))
    return found


async def set_view(session: AsyncSession, actor: Actor, view: View, known: Sequence[DescribedItem], now: datetime) -> View:
    """Set what the bank shows a staff function at a step; only its administrator may. Raises Invalid for what templates do not know."""
    if actor.role is not Role.BANK_ADMINISTRATOR:
        raise Forbidden("not-an-administrator", "只有银行管理员可以设置。", "Only the bank's administrator may do this.")
    caps = {(found.step, found.function): cap for found, cap in await views(session, actor)}
    if (view.step, view.function) not in caps:
        raise Invalid.at("no-view", "function", "该岗位在此环节不能查阅。", "This staff function reads nothing at this step.")
    if not 1 <= view.max_level <= caps[view.step, view.function]:
        most = caps[view.step, view.function]
        raise Invalid.at("wrong-view", "max_level", f"敏感度应为 1 至 {most}。", f"The sensitivity must be 1 to {most}.")
    if found := rules.grant_problems(gateway.templates()[0], (), Narrowing(withheld=view.hidden), known):
        raise Invalid("wrong-view", "请检查隐藏的数据项。", "Check the hidden items.", fields=found)
    await store.add_view(session, actor.organisation.id, view, now, actor.account_id)
    await audit.record(
        session,
        "view.set",
        f"organisation:{actor.organisation.id}",
        now,
        account_id=actor.account_id,
        step=view.step.value,
        function=view.function.value,
        max_level=view.max_level,
        hidden=sorted(view.hidden),
    )
    return view


async def overdue_receipts(session: AsyncSession, now: datetime) -> list[ConsentView]:
    """Return the withdrawn consents of which a bank still owes the receipt after its due day, oldest first."""
    banks = {bank.id: bank.name for bank in await accounts.banks(session)}
    return [ConsentView(consent, banks[consent.bank_id], 0, None) for consent in await store.overdue(session, business_date(now))]


async def forget_old_reads(session: AsyncSession, now: datetime) -> int:
    """Remove ledger rows past their keeping time; return how many."""
    return await store.forget_before(session, day_start(add_months(business_date(now), -12 * gateway.ledger_years())))
