"""Reading through a consent, and the ledger of what was read."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.consents import gateway, rules, store
from greenbridge.consents.values import IDENTITY, Access, Purpose, Read, ReadKind, Withheld, WorkStep
from greenbridge.kit import database
from greenbridge.kit.calendar import add_months, business_date, day_start
from greenbridge.kit.errors import Forbidden


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
        if (access := self.access) is not None:
            for key in keys:
                if (why := rules.withheld(access, key, self.levels[key], months)) is not None:
                    return why
        elif not self.levels.keys() >= set(keys):
            raise KeyError(next(key for key in keys if key not in self.levels))
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

    Firm and bank stay locked until the transaction ends: a withdrawal waits for the read, and the read after it is refused.
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
    await store.lock(session, enterprise_id, actor.organisation.id)
    given, view = await store.at_the_door(session, enterprise_id, actor.organisation.id, step, actor.function, day_start(today))
    consents, used = [consent for consent, _ in given], {consent.id: reads for consent, reads in given}
    consent = rules.standing(consents, purpose, today)
    reads = used[consent.id] if consent else (0, 0)
    refusal = rules.refusal(consents, purpose, step, actor.function, limits, reads, today)
    if refusal or consent is None or actor.function is None:
        assert refusal is not None
        raise Forbidden(refusal.code, refusal.text.zh, refusal.text.en)
    return rules.access(consent, step, actor.function, limits, view)


async def named(session: AsyncSession, actor: Actor, enterprise_id: UUID, now: datetime) -> tuple[WorkStep, ...]:
    """Return the work steps at which an officer may read a firm now; empty: not even its name may be shown.

    A standing consent tells the firm's name and code to the functions that may read at all; the ledger keeps who learnt them, once
    a day and account. That costs no read.
    """
    today, steps, under = business_date(now), [], None
    given = await store.between(session, enterprise_id, actor.organisation.id)
    for purpose in Purpose:
        consent = rules.standing(given, purpose, today)
        if consent and actor.function in consent.functions:
            levels = gateway.template(purpose, today).levels
            if open_steps := [step for step in consent.steps if actor.function in levels.get(step, {})]:
                steps += open_steps
                under = under or consent
    if under and not await store.was_named(session, actor.account_id, enterprise_id, day_start(today)):
        org = actor.organisation
        who = (org.id, org.name, actor.login, actor.function, under.purpose, None, under.id)
        await store.add_reads(session, [Read(now, enterprise_id, *who, ReadKind.NAMED, None, tuple(sorted(IDENTITY)))], actor.account_id)
    return tuple(steps)


async def record_operators(
    session: AsyncSession,
    enterprise_ids: Sequence[UUID],
    fields: Sequence[str],
    kind: ReadKind,
    now: datetime,
    *,
    login: str = "-",
    report_number: str | None = None,
) -> None:
    """Write into the ledger that the platform itself read firms' fields: on its own machine, or on the operator's pages."""
    rows = [Read(now, firm, None, "绿桥平台", login, None, None, None, None, kind, report_number, tuple(fields)) for firm in enterprise_ids]
    await store.add_reads(session, rows, None)


async def reads_of(session: AsyncSession, enterprise_id: UUID, *, limit: int = 100, offset: int = 0) -> Sequence[Read]:
    """Return who read a firm's fields, newest first, for a caller that has checked who asks."""
    return await store.reads_of(session, enterprise_id, limit, offset)


async def report_reads(session: AsyncSession, enterprise_ids: Sequence[UUID], since: datetime, until: datetime) -> dict[UUID, list[Read]]:
    """Return firm -> the reports that banks read of it from one instant until before another, newest first; the caller decides who
    is told which bank it was.
    """
    async with database.as_platform(session):  # a bank sees its own reads alone; how many there were is part of the report
        return await store.report_reads(session, enterprise_ids, since, until)


async def forget_old_reads(session: AsyncSession, now: datetime) -> int:
    """Remove ledger rows past their keeping time; return how many."""
    return await store.forget_before(session, day_start(add_months(business_date(now), -12 * gateway.ledger_years())))
