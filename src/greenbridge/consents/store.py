"""SQL of consents, views and the ledger."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, true, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from greenbridge.accounts.values import StaffFunction
from greenbridge.consents.tables import ConsentRow, DataRead, StaffView
from greenbridge.consents.values import Consent, Purpose, Read, ReadKind, Scope, View, WorkStep
from greenbridge.kit import database


def _value(row: ConsentRow) -> Consent:
    return Consent(
        row.id,
        row.number,
        row.enterprise_id,
        row.bank_id,
        Purpose(row.purpose),
        tuple(WorkStep(step) for step in row.steps),
        tuple(StaffFunction(function) for function in row.functions),
        Scope(row.max_level, row.months, frozenset(row.withheld)),
        row.max_reads,
        row.template_version,
        row.basis,
        row.granted_at,
        row.expires_on,
        row.withdrawn_at,
        row.replaced_by,
        row.receipt_due_on,
        row.receipt_at,
    )


async def lock(session: AsyncSession, enterprise_id: UUID, bank_id: UUID) -> None:
    """Let grants, reads and withdrawals between a firm and a bank come one after another, the first of them too.

    Locks are taken in one order: a need, then this, then the audit chain.
    """
    await database.lock(session, f"consents:{enterprise_id}:{bank_id}")


async def number(session: AsyncSession, today: date) -> str:
    """Return the number of a new consent: what people say on the telephone."""
    found = (await session.execute(text("select nextval('consent_number')"))).scalar_one()
    return f"C{today:%y%m%d}{found:06d}"


async def add(session: AsyncSession, consent: Consent, granted_by: UUID | None) -> Consent:
    session.add(
        ConsentRow(
            id=consent.id,
            number=consent.number,
            enterprise_id=consent.enterprise_id,
            bank_id=consent.bank_id,
            purpose=consent.purpose.value,
            steps=[step.value for step in consent.steps],
            functions=[function.value for function in consent.functions],
            max_level=consent.scope.max_level,
            months=consent.scope.months,
            withheld=sorted(consent.scope.withheld),
            max_reads=consent.max_reads,
            template_version=consent.template_version,
            basis=consent.basis,
            granted_by=granted_by,
            granted_at=consent.granted_at,
            expires_on=consent.expires_on,
            replaced_by=None,
            receipt_due_on=None,
        )
    )
    await session.flush()
    return consent


async def between(session: AsyncSession, enterprise_id: UUID, bank_id: UUID) -> list[Consent]:
    """Return all consents of a firm to a bank."""
    query = select(ConsentRow).where(col(ConsentRow.enterprise_id) == enterprise_id, col(ConsentRow.bank_id) == bank_id)
    query = query.order_by(col(ConsentRow.id)).execution_options(populate_existing=True)
    return [_value(row) for row in await session.scalars(query)]


async def find(session: AsyncSession, consent_id: UUID) -> Consent | None:
    """Return a consent as it stands now."""
    row = await session.get(ConsentRow, consent_id, populate_existing=True)
    return _value(row) if row else None


async def of_enterprise(session: AsyncSession, enterprise_id: UUID) -> list[tuple[Consent, int, datetime | None]]:
    """Return a firm's consents with (reads, last read), newest first."""
    return await _with_reads(session, col(ConsentRow.enterprise_id) == enterprise_id)


async def of_bank(session: AsyncSession, bank_id: UUID) -> list[tuple[Consent, int, datetime | None]]:
    """Return the consents given to a bank with (reads, last read), newest first."""
    return await _with_reads(session, col(ConsentRow.bank_id) == bank_id)


async def _with_reads(session: AsyncSession, condition: Any) -> list[tuple[Consent, int, datetime | None]]:
    counted = (
        select(col(DataRead.consent_id).label("consent_id"), func.count().label("reads"), func.max(DataRead.at).label("last"))
        .where(col(DataRead.consent_id).is_not(None), col(DataRead.kind) != ReadKind.NAMED.value)
        .group_by(col(DataRead.consent_id))
        .subquery()
    )
    query = (
        select(ConsentRow, func.coalesce(counted.c.reads, 0), counted.c.last)
        .join(counted, counted.c.consent_id == col(ConsentRow.id), isouter=True)
        .where(condition)
        .order_by(col(ConsentRow.granted_at).desc(), col(ConsentRow.number).desc())
        .execution_options(populate_existing=True)
    )
    return [(_value(row), int(reads), last) for row, reads, last in await session.execute(query)]


async def end(session: AsyncSession, consent_id: UUID, now: datetime, *, replaced_by: UUID | None, receipt_due_on: date | None) -> Consent:
    """End a consent before its time."""
    row = await session.get_one(ConsentRow, consent_id)
    row.withdrawn_at, row.replaced_by, row.receipt_due_on = now, replaced_by, receipt_due_on
    await session.flush()
    return _value(row)


async def set_receipt(session: AsyncSession, consent_id: UUID, now: datetime, account_id: UUID) -> Consent:
    query = update(ConsentRow).where(col(ConsentRow.id) == consent_id).values(receipt_at=now, receipt_by=account_id)
    await session.execute(query)
    return _value(await session.get_one(ConsentRow, consent_id, populate_existing=True))


async def overdue(session: AsyncSession, today: date) -> list[Consent]:
    """Return the withdrawn consents whose receipt is overdue, oldest first."""
    query = select(ConsentRow).where(col(ConsentRow.receipt_due_on) < today, col(ConsentRow.receipt_at).is_(None))
    return [_value(row) for row in await session.scalars(query.order_by(col(ConsentRow.receipt_due_on)))]


def _used(since: datetime) -> tuple[Any, Any]:
    """Return (reads under a consent's row, the bank's reads of the firm for its purpose since an instant) as columns."""
    of_pair = (
        (col(DataRead.enterprise_id) == col(ConsentRow.enterprise_id))
        & (col(DataRead.organisation_id) == col(ConsentRow.bank_id))
        & (col(DataRead.kind) != ReadKind.NAMED.value)
    )
    under = select(func.count()).where(of_pair, col(DataRead.consent_id) == col(ConsentRow.id)).correlate(ConsentRow).scalar_subquery()
    recent = col(DataRead.at) >= since, col(DataRead.purpose) == col(ConsentRow.purpose)
    return under, select(func.count()).where(of_pair, *recent).correlate(ConsentRow).scalar_subquery()


async def used(session: AsyncSession, consent: Consent, since: datetime) -> tuple[int, int]:
    """Return (reads under a consent, the bank's reads of the firm for its purpose since an instant)."""
    total, today = (await session.execute(select(*_used(since)).select_from(ConsentRow).where(col(ConsentRow.id) == consent.id))).one()
    return int(total), int(today)


async def at_the_door(
    session: AsyncSession, enterprise_id: UUID, bank_id: UUID, step: WorkStep, function: StaffFunction | None, since: datetime
) -> tuple[list[tuple[Consent, tuple[int, int]]], View | None]:
    """Return (the consents of a firm to a bank with the reads under each, the bank's view of a step and function) in one statement."""
    newest = (
        select(StaffView)
        .where(col(StaffView.step) == step.value, col(StaffView.function) == (function.value if function else ""))
        .where(col(StaffView.bank_id) == bank_id)
        .order_by(col(StaffView.set_at).desc())
        .limit(1)
        .subquery()
    )
    shown = aliased(StaffView, newest)
    query = select(ConsentRow, *_used(since), shown).join(shown, true(), isouter=True)
    query = query.where(col(ConsentRow.enterprise_id) == enterprise_id, col(ConsentRow.bank_id) == bank_id)
    rows = (await session.execute(query.execution_options(populate_existing=True))).all()
    return [(_value(row), (int(total), int(today))) for row, total, today, _ in rows], _view(rows[0][3]) if rows and rows[0][3] else None


async def view(session: AsyncSession, bank_id: UUID, step: WorkStep, function: StaffFunction) -> View | None:
    """Return what a bank shows a function at a step; None: all that consents allow."""
    query = select(StaffView).where(
        col(StaffView.bank_id) == bank_id, col(StaffView.step) == step.value, col(StaffView.function) == function.value
    )
    row = (await session.scalars(query.order_by(col(StaffView.set_at).desc()).limit(1))).first()
    return _view(row) if row else None


def _view(row: StaffView) -> View:
    return View(WorkStep(row.step), StaffFunction(row.function), row.max_level, frozenset(row.hidden), row.set_at)


async def views(session: AsyncSession, bank_id: UUID) -> list[View]:
    """Return the newest view of each step and function of a bank."""
    key = (col(StaffView.step), col(StaffView.function))
    query = select(StaffView).where(col(StaffView.bank_id) == bank_id).ext(distinct_on(*key)).order_by(*key, col(StaffView.set_at).desc())
    return [_view(row) for row in await session.scalars(query)]


async def view_revisions(session: AsyncSession, bank_id: UUID) -> dict[tuple[WorkStep, StaffFunction], int]:
    """Return how often a bank has set its view of each step and function."""
    query = "select step, function, count(*) from staff_view where bank_id = %(bank)s group by step, function"
    found = await database.rows(session, query, {"bank": bank_id})
    return {(WorkStep(step), StaffFunction(function)): count for step, function, count in found}


async def add_view(session: AsyncSession, bank_id: UUID, found: View, now: datetime, account_id: UUID) -> None:
    session.add(
        StaffView(
            bank_id=bank_id,
            step=found.step.value,
            function=found.function.value,
            set_at=now,
            set_by=account_id,
            max_level=found.max_level,
            hidden=sorted(found.hidden),
        )
    )
    await session.flush()


async def was_named(session: AsyncSession, account_id: UUID, enterprise_id: UUID, since: datetime) -> bool:
    """Return whether the ledger says already that an account was shown a firm's name since an instant."""
    query = select(col(DataRead.id)).where(
        col(DataRead.enterprise_id) == enterprise_id,
        col(DataRead.at) >= since,
        col(DataRead.account_id) == account_id,
        col(DataRead.kind) == ReadKind.NAMED.value,
    )
    return (await session.execute(query.limit(1))).first() is not None


async def add_reads(session: AsyncSession, reads: Iterable[Read], account_id: UUID | None) -> None:
    """Append to the ledger."""
    session.add_all(
        DataRead(
            at=read.at,
            enterprise_id=read.enterprise_id,
            organisation_id=read.organisation_id,
            organisation_name=read.organisation_name,
            login=read.login,
            account_id=account_id,
            function=read.function.value if read.function else None,
            purpose=read.purpose.value if read.purpose else None,
            step=read.step.value if read.step else None,
            consent_id=read.consent_id,
            kind=read.kind.value,
            report_number=read.report_number,
            fields=list(read.fields),
        )
        for read in reads
    )
    await session.flush()


def _read(row: DataRead) -> Read:
    return Read(
        row.at,
        row.enterprise_id,
        row.organisation_id,
        row.organisation_name,
        row.login,
        StaffFunction(row.function) if row.function else None,
        Purpose(row.purpose) if row.purpose else None,
        WorkStep(row.step) if row.step else None,
        row.consent_id,
        ReadKind(row.kind),
        row.report_number,
        tuple(row.fields),
    )


async def reads_of(session: AsyncSession, enterprise_id: UUID, limit: int, offset: int) -> Sequence[Read]:
    """Return who read a firm's fields, newest first."""
    query = select(DataRead).where(col(DataRead.enterprise_id) == enterprise_id).order_by(col(DataRead.at).desc(), col(DataRead.id).desc())
    return [_read(row) for row in await session.scalars(query.limit(limit).offset(offset))]


_REPORT_READS = """
    select at, enterprise_id, organisation_id, organisation_name, purpose from data_read
    where enterprise_id = any(%(firms)s) and at >= %(since)s and at < %(until)s and kind = 'report' and organisation_id is not null
    order by at desc, id desc
"""


async def report_reads(session: AsyncSession, enterprise_ids: Sequence[UUID], since: datetime, until: datetime) -> dict[UUID, list[Read]]:
    """Return firm -> the reports that organisations read of it in [since, until), newest first."""
    rows = await database.rows(session, _REPORT_READS, {"firms": list(enterprise_ids), "since": since, "until": until})
    found: dict[UUID, list[Read]] = {}
    for at, firm, organisation_id, name, purpose in rows:
        read = Read(at, firm, organisation_id, name, "", None, Purpose(purpose), None, None, ReadKind.REPORT, None, ())
        found.setdefault(firm, []).append(read)
    return found


async def forget_before(session: AsyncSession, instant: datetime) -> int:
    """Remove rows of the ledger that are older than its keeping time; the table's trigger refuses younger ones."""
    removed = await session.execute(text("delete from data_read where at < :instant returning 1"), {"instant": instant - timedelta(days=1)})
    return len(removed.all())
