"""SQL of needs."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.kit import database
from greenbridge.kit.text import Text
from greenbridge.needs.rules import life
from greenbridge.needs.tables import NeedDraftRow, NeedEventRow, NeedRow
from greenbridge.needs.values import (
    Collateral,
    Finding,
    GuaranteeMode,
    Happened,
    KeptDraft,
    Mode,
    Need,
    NeedDraft,
    NeedEvent,
    NeedStatus,
    Point,
    Publishing,
    Purpose,
    Verdict,
)

OPEN = tuple(status.value for status in life.OPEN)


def _value(row: NeedRow) -> Need:
    draft = NeedDraft(
        row.amount_fen,
        row.max_annual_rate_bp,
        row.term_months,
        Purpose(row.purpose),
        tuple(GuaranteeMode(mode) for mode in row.guarantee_modes),
        tuple(Collateral(kind) for kind in row.collateral),
        row.first_loan,
        row.agrees_to_report,
        Mode(row.mode),
        row.pledges_purpose,
    )
    return Need(
        row.id,
        row.number,
        row.enterprise_id,
        draft,
        row.region_code,
        NeedStatus(row.status),
        row.published_at,
        row.open_until,
        row.slots,
        row.profile,
        row.window_closes_at,
        row.opened_at,
        tuple(_finding(found) for found in row.findings),
    )


def _finding(kept: Mapping[str, Any]) -> Finding:
    because = tuple(Text(zh, en) for zh, en in kept["because"])
    return Finding(Point(kept["point"]), Verdict(kept["verdict"]), because, kept["bars"])


def _kept(found: Finding) -> dict[str, Any]:
    return {
        "point": found.point.value,
        "verdict": found.verdict.value,
        "because": [[text.zh, text.en] for text in found.because],
        "bars": found.bars,
    }


async def add(
    session: AsyncSession,
    need_id: UUID | None,
    enterprise_id: UUID,
    region_code: str,
    draft: NeedDraft,
    policy: Publishing,
    findings: Sequence[Finding],
    *,
    profile: str,
    now: datetime,
    today: date,
    open_until: date,
    window_closes_at: datetime | None,
) -> Need:
    number = (await session.execute(text("select nextval('need_number')"))).scalar_one()
    row = NeedRow(
        id=need_id or uuid4(),
        number=f"N{today:%y%m%d}{number:06d}",
        enterprise_id=enterprise_id,
        amount_fen=draft.amount_fen,
        max_annual_rate_bp=draft.max_annual_rate_bp,
        term_months=draft.term_months,
        purpose=draft.purpose.value,
        guarantee_modes=[mode.value for mode in draft.guarantee_modes],
        collateral=[kind.value for kind in draft.collateral],
        first_loan=draft.first_loan,
        agrees_to_report=draft.agrees_to_report,
        mode=draft.mode.value,
        pledges_purpose=draft.pledges_purpose,
        region_code=region_code,
        status=NeedStatus.PUBLISHED.value,
        published_at=now,
        open_until=open_until,
        slots=policy.sealed_slots if draft.mode is Mode.SEALED else 1 if draft.mode is Mode.DIRECT else policy.slots,
        profile=profile,
        window_closes_at=window_closes_at,
        opened_at=None,
        findings=[_kept(found) for found in findings],
    )
    session.add(row)
    await session.flush()
    return _value(row)


async def find(session: AsyncSession, need_id: UUID, *, for_update: bool = False) -> Need | None:
    row = await session.get(NeedRow, need_id, with_for_update=for_update, populate_existing=for_update)
    return _value(row) if row else None


async def of_enterprise(session: AsyncSession, enterprise_id: UUID) -> list[Need]:
    query = select(NeedRow).where(col(NeedRow.enterprise_id) == enterprise_id).order_by(col(NeedRow.published_at).desc())
    return [_value(row) for row in await session.scalars(query)]


async def of_enterprises(session: AsyncSession, enterprise_ids: Sequence[UUID]) -> list[Need]:
    query = select(NeedRow).where(col(NeedRow.enterprise_id).in_(enterprise_ids)).order_by(col(NeedRow.published_at), col(NeedRow.number))
    return [_value(row) for row in await session.scalars(query)]


async def open_ones(session: AsyncSession, today: date, limit: int, offset: int, modes: Sequence[Mode]) -> list[Need]:
    query = (
        select(NeedRow)
        .where(col(NeedRow.status).in_(OPEN), col(NeedRow.open_until) >= today, col(NeedRow.mode).in_([mode.value for mode in modes]))
        .order_by(col(NeedRow.published_at).desc(), col(NeedRow.number).desc())
        .limit(limit)
        .offset(offset)
    )
    return [_value(row) for row in await session.scalars(query)]


async def list_anew(session: AsyncSession, need_id: UUID) -> None:
    """Give a need the next place in the list. Places become visible in their order: whoever draws one keeps the next drawer waiting until
    it has committed, so that no reader can be past a place that is not there yet. After the audit chain's lock, never before it.
    """
    await database.lock(session, "need-listing")
    await session.execute(text("update need set listed_no = nextval('need_listing') where id = :id"), {"id": need_id})


async def open_after(session: AsyncSession, today: date, after: int, limit: int, modes: Sequence[Mode]) -> list[tuple[int, Need]]:
    """Return (place, open need) in the order of their listing, those after a place only."""
    in_mode = col(NeedRow.mode).in_([mode.value for mode in modes])
    query = select(NeedRow).where(col(NeedRow.status).in_(OPEN), col(NeedRow.open_until) >= today, in_mode)
    query = query.where(col(NeedRow.listed_no) > after).order_by(col(NeedRow.listed_no)).limit(limit)
    found = await session.scalars(query.execution_options(populate_existing=True))
    return [(row.listed_no or 0, _value(row)) for row in found]


async def open_by_region(session: AsyncSession, today: date) -> dict[str, int]:
    query = select(col(NeedRow.region_code), func.count()).where(col(NeedRow.status).in_(OPEN), col(NeedRow.open_until) >= today)
    return {region: int(n) for region, n in await session.execute(query.group_by(col(NeedRow.region_code)))}


async def open_amounts(session: AsyncSession, today: date) -> list[int]:
    query = select(col(NeedRow.amount_fen)).where(col(NeedRow.status).in_(OPEN), col(NeedRow.open_until) >= today)
    return [int(amount) for amount in await session.scalars(query)]


async def set_status(session: AsyncSession, need_id: UUID, status: NeedStatus, open_until: date | None = None) -> Need:
    row = await session.get_one(NeedRow, need_id)
    row.status = status.value
    row.open_until = open_until or row.open_until
    await session.flush()
    return _value(row)


async def set_opened(session: AsyncSession, need_id: UUID, now: datetime) -> Need:
    row = await session.get_one(NeedRow, need_id)
    row.opened_at = now
    await session.flush()
    return _value(row)


async def add_event(session: AsyncSession, need_id: UUID, enterprise_id: UUID, happened: Happened) -> None:
    session.add(
        NeedEventRow(
            need_id=need_id,
            enterprise_id=enterprise_id,
            at=happened.at,
            event=happened.event.value,
            source=happened.source.value if happened.source else None,
            target=happened.target.value,
            account_id=happened.account_id,
            detail=dict(happened.detail),
        )
    )
    await session.flush()


async def events(session: AsyncSession, need_id: UUID) -> list[Happened]:
    """Return what happened to a need, oldest first."""
    query = select(NeedEventRow).where(col(NeedEventRow.need_id) == need_id).order_by(col(NeedEventRow.id))
    return [
        Happened(r.at, NeedEvent(r.event), NeedStatus(r.source) if r.source else None, NeedStatus(r.target), r.account_id, r.detail)
        for r in await session.scalars(query)
    ]


async def alive(session: AsyncSession) -> list[UUID]:
    """Return the needs whose life is not over, oldest first."""
    query = select(col(NeedRow.id)).where(col(NeedRow.status).not_in([status.value for status in life.FINAL]))
    return list(await session.scalars(query.order_by(col(NeedRow.published_at), col(NeedRow.id))))


def _draft(row: NeedDraftRow) -> KeptDraft:
    return KeptDraft(row.id, row.enterprise_id, row.typed, row.saved_at)


async def drafts(session: AsyncSession, enterprise_id: UUID) -> list[KeptDraft]:
    query = select(NeedDraftRow).where(col(NeedDraftRow.enterprise_id) == enterprise_id).order_by(col(NeedDraftRow.saved_at).desc())
    return [_draft(row) for row in await session.scalars(query)]


async def find_draft(session: AsyncSession, draft_id: UUID, *, for_update: bool = False) -> KeptDraft | None:
    row = await session.get(NeedDraftRow, draft_id, with_for_update=for_update, populate_existing=for_update)
    return _draft(row) if row else None


async def save_draft(session: AsyncSession, draft_id: UUID, enterprise_id: UUID, typed: Mapping[str, Any], now: datetime) -> KeptDraft:
    row = await session.get(NeedDraftRow, draft_id)
    if row is None:
        row = NeedDraftRow(id=draft_id, enterprise_id=enterprise_id, typed={}, saved_at=now)
        session.add(row)
    row.typed, row.saved_at = dict(typed), now
    await session.flush()
    return _draft(row)


async def drop_draft(session: AsyncSession, draft_id: UUID) -> None:
    row = await session.get_one(NeedDraftRow, draft_id)
    await session.delete(row)
    await session.flush()


async def totals(session: AsyncSession) -> tuple[int, int]:
    row = (await session.execute(text("select count(*), coalesce(sum(amount_fen), 0) from need"))).one()
    return int(row[0]), int(row[1])
