"""SQL of objections."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.disputes.tables import ObjectionRow
from greenbridge.disputes.values import Answer, Deadlines, Draft, Escalation, Ground, Objection, Outcome, Policy, State
from greenbridge.facts.values import Disputed, Fact
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date


def _value(row: ObjectionRow) -> Objection:
    return Objection(
        row.id,
        row.enterprise_id,
        row.item,
        row.record_key,
        row.digest,
        Ground(row.ground),
        row.text,
        row.policy,
        row.raised_at,
        row.raised_by,
        Deadlines(row.due_on, row.last_on),
        State(row.state),
        Escalation(row.escalation) if row.escalation else None,
        Outcome(row.outcome) if row.outcome else None,
        row.answer,
        row.closed_at,
        row.closed_by,
        row.corrected_by,
    )


async def add(
    session: AsyncSession, enterprise_id: UUID, fact: Fact, draft: Draft, policy: Policy, until: Deadlines, by: UUID, now: datetime
) -> Objection:
    """Write an objection; raises IntegrityError where another one is open on the record."""
    row = ObjectionRow(
        enterprise_id=enterprise_id,
        item=fact.item,
        record_key=fact.key,
        digest=fact.digest,
        ground=draft.ground.value,
        text=draft.text.strip(),
        policy=policy.version,
        raised_at=now,
        raised_by=by,
        due_on=until.due_on,
        last_on=until.last_on,
        state=State.OPEN.value,
        escalation=None,
        outcome=None,
        corrected_by=None,
        closed_by=None,
    )
    session.add(row)
    await session.flush()
    return _value(row)


async def find(session: AsyncSession, objection_id: UUID, *, lock: bool = False) -> Objection | None:
    row = await session.get(ObjectionRow, objection_id, populate_existing=True, with_for_update=lock)
    return _value(row) if row else None


async def of_enterprise(session: AsyncSession, enterprise_id: UUID) -> list[Objection]:
    query = select(ObjectionRow).where(col(ObjectionRow.enterprise_id) == enterprise_id).order_by(col(ObjectionRow.raised_at).desc())
    return [_value(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def of_record(session: AsyncSession, enterprise_id: UUID, item: str, key: str) -> list[Objection]:
    query = select(ObjectionRow).where(
        col(ObjectionRow.enterprise_id) == enterprise_id, col(ObjectionRow.item) == item, col(ObjectionRow.record_key) == key
    )
    return [_value(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def waiting(session: AsyncSession) -> list[Objection]:
    """Return what is open, the earliest deadline first; one without, because a year's holidays are not known, comes after the others."""
    query = select(ObjectionRow).where(col(ObjectionRow.state) == State.OPEN.value)
    query = query.order_by(col(ObjectionRow.due_on).nulls_last(), col(ObjectionRow.raised_at), col(ObjectionRow.id))
    return [_value(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def firms_waiting(session: AsyncSession) -> dict[UUID, tuple[str, str]]:
    """Return firm -> (code, name) of those with an open objection."""
    query = "select id, uscc, name from enterprise where id in (select enterprise_id from objection where state = 'open')"
    return {firm: (uscc, name) for firm, uscc, name in await database.rows(session, query)}


async def close(
    session: AsyncSession,
    objection_id: UUID,
    state: State,
    now: datetime,
    by: UUID,
    answer: Answer | None = None,
    corrected_by: UUID | None = None,
) -> Objection:
    row = await session.get_one(ObjectionRow, objection_id)
    row.state, row.closed_at, row.closed_by = state.value, now, by
    if answer:
        row.outcome, row.answer, row.corrected_by = answer.outcome.value, answer.text.strip(), corrected_by
    await session.flush()
    return _value(row)


async def set_escalation(session: AsyncSession, objection_id: UUID, escalation: Escalation) -> None:
    (await session.get_one(ObjectionRow, objection_id)).escalation = escalation.value
    await session.flush()


async def set_deadlines(session: AsyncSession, objection_id: UUID, until: Deadlines) -> Objection:
    row = await session.get_one(ObjectionRow, objection_id)
    row.due_on, row.last_on = until.due_on, until.last_on
    await session.flush()
    return _value(row)


# The view has what is marked and since when, of firms that the session may read; why, it has not.
_OPEN = """
    select uscc, item, record_key, raised_at from disputed_record
    where uscc = any(%(usccs)s) and raised_at <= %(known_at)s and (closed_at is null or closed_at > %(known_at)s)
    order by raised_at desc
"""


async def open_at(session: AsyncSession, usccs: Sequence[str], known_at: datetime) -> Disputed:
    """Return (uscc, item, key) -> since when, of what was disputed at an instant."""
    found: list[tuple[Any, ...]] = await database.rows(session, _OPEN, {"usccs": list(usccs), "known_at": known_at})
    marks: dict[tuple[str, str, str], date] = {(uscc, item, key): business_date(raised_at) for uscc, item, key, raised_at in found}
    return marks
