"""The operator's side: what waits, how the record stands, the answer; and what happens to one that is late."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.disputes import gateway, rules, store
from greenbridge.disputes.service.objecting import after, none, shown
from greenbridge.disputes.values import Answer, Escalation, Objection, Outcome, Present, Standing, Waiting
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.kit import outbox
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Forbidden, Invalid


def _must_be_operator(actor: Actor) -> None:
    if actor.role is not Role.OPERATOR:
        raise Forbidden("not-the-operator", "只有平台运营可以办理。", "Only the operator may do this.")


async def waiting(session: AsyncSession, now: datetime) -> list[Waiting]:
    """Return what waits for an answer, the earliest deadline first, for a caller that has checked who asks."""
    today, firms = business_date(now), await store.firms_waiting(session)
    found = await store.waiting(session)
    return [Waiting(one, *firms[one.enterprise_id], rules.days_left(one, today), rules.escalation(one, today)) for one in found]


async def to_answer(session: AsyncSession, actor: Actor, objection_id: UUID, now: datetime) -> tuple[Waiting, Standing]:
    """Return an objection with its firm and how its record stands, to the operator; the firm sees in its ledger that it was looked at."""
    _must_be_operator(actor)
    found = await store.find(session, objection_id)
    if found is None:
        raise none()
    firm, stands, today = await enterprises.get(session, found.enterprise_id), await standing(session, found, now), business_date(now)
    fields = sorted(f"{found.item}.{field.name}" for field in facts.catalogue().items[found.item].fields)
    await consents.record_operators(session, [firm.id], fields, ReadKind.FACTS, now, login=actor.login)
    return Waiting(found, firm.uscc, firm.name, rules.days_left(found, today), rules.escalation(found, today)), stands


async def standing(session: AsyncSession, objection: Objection, now: datetime) -> Standing:
    """Return how the record of an objection stands now, against the version that was disputed."""
    firm = await enterprises.get(session, objection.enterprise_id)
    fact = await shown(session, firm.uscc, objection.item, objection.key, now)
    versions = [one for one in await facts.history(session, firm.uscc, objection.item) if one.key == objection.key]
    newest = max(versions, key=lambda one: (one.stated_at, one.withdrawn, one.digest), default=None)
    disputed = next(one for one in versions if one.digest == objection.digest)
    present = rules.present(objection.digest, fact, newest)
    bringing = {Present.CHANGED: fact, Present.TAKEN_BACK: newest}.get(present)
    return Standing(present, disputed, fact, bringing.batch_id if bringing else None)


async def answer(session: AsyncSession, actor: Actor, objection_id: UUID, given: Answer, now: datetime) -> Objection:
    """Answer an objection as the operator. Raises Invalid where what the outcome says of the record is not so, Conflict where it is
    answered already.

    Nothing is rewritten: a correction is the department's delivery, which the answer names; only showing is the platform's to stop.
    """
    _must_be_operator(actor)
    found = await store.find(session, objection_id, lock=True)
    if found is None:
        raise none()
    state = after(found, given.event)
    stands = await standing(session, found, now)
    if problems := rules.answer_problems(found, given, stands.present):
        raise Invalid("wrong-answer", "请检查答复内容。", "Check what the answer says.", fields=problems)
    if given.outcome is Outcome.DISPLAY_STOPPED and stands.fact:
        await facts.stop_showing(session, stands.fact, f"objection:{found.id}", now)
    by = None if given.outcome in {Outcome.NOT_UPHELD, Outcome.DISPLAY_STOPPED} else stands.bringing
    answered = await store.close(session, found.id, state, now, actor.account_id, given, by)
    firm = await enterprises.get(session, found.enterprise_id)
    told = {"objection_id": str(found.id), "raised_on": found.since.isoformat(), "item": found.item, "outcome": given.outcome.value}
    await outbox.publish(session, firm.organisation_id, "objection.answered", told, now)
    about = {"outcome": given.outcome.value, "corrected_by": str(by) if by else None}
    await audit.record(session, "objection.answered", f"objection:{found.id}", now, account_id=actor.account_id, **about)
    return answered


async def escalate(session: AsyncSession, now: datetime) -> int:
    """Mark what has become late since the last run, with an audit event each; return how many. The states stay.

    Deadlines that waited for a year's holidays to be known are set here.
    """
    today, raised = business_date(now), 0
    known = {rule.version: rule for rule in gateway.policies()}
    for one in await store.waiting(session):
        current = one
        if None in {one.deadlines.due_on, one.deadlines.last_on}:
            current = await store.set_deadlines(session, one.id, rules.deadlines(known[one.policy], one.since))
        level = rules.escalation(current, today)
        if level is not None and level is not current.escalation and current.escalation is not Escalation.OVERDUE:
            await store.set_escalation(session, one.id, level)
            due, last = str(current.deadlines.due_on), str(current.deadlines.last_on)
            await audit.record(session, f"objection.{level.value}", f"objection:{one.id}", now, due_on=due, last_on=last)
            raised += 1
    return raised
