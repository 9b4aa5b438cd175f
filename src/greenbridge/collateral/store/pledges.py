"""SQL of pledges: themselves, their assets, events and checks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.collateral.tables import PledgeCheckRow, PledgeEventRow, PledgeRow
from greenbridge.collateral.values import AssetKind, Evidence, Happened, Pledge, PledgeEvent, PledgeState, Sharing
from greenbridge.kit import database
from greenbridge.kit.columns import JsonObject
from greenbridge.kit.paging import wrong_cursor


def _value(row: PledgeRow) -> Pledge:
    return Pledge(
        row.id,
        AssetKind(row.kind),
        row.enterprise_id,
        row.bank_id,
        row.pledgor_uscc,
        row.pledgor_name,
        row.amount_fen,
        row.whole_fen,
        PledgeState(row.state),
        Evidence(row.evidence),
        row.offered_at,
        row.offered_by,
        row.offer_until,
        row.expires_on,
        row.sealed,
        row.statement,
        row.asset_id,
        row.rank,
        row.accepted_at,
        row.ended_at,
        row.note,
        row.succeeds,
    )


async def add(session: AsyncSession, pledge: Pledge, sharing: Sharing) -> Pledge:
    """Write an offered pledge; raises IntegrityError where another one is to succeed the same."""
    row = PledgeRow(
        id=pledge.id,
        kind=pledge.kind.value,
        asset_id=None,
        enterprise_id=pledge.enterprise_id,
        bank_id=pledge.bank_id,
        pledgor_uscc=pledge.pledgor_uscc,
        pledgor_name=pledge.pledgor_name,
        amount_fen=pledge.amount_fen,
        whole_fen=pledge.whole_fen,
        exclusive=sharing is Sharing.WHOLE,
        rank=None,
        state=pledge.state.value,
        evidence=pledge.evidence.value,
        offered_at=pledge.offered_at,
        offered_by=pledge.offered_by,
        offer_until=pledge.offer_until,
        expires_on=pledge.expires_on,
        succeeds=pledge.succeeds,
        sealed=pledge.sealed,
        statement=pledge.statement,
        note=pledge.note,
    )
    session.add(row)
    await session.flush()
    return _value(row)


async def find(session: AsyncSession, pledge_id: UUID, *, lock: bool = False) -> Pledge | None:
    row = await session.get(PledgeRow, pledge_id, populate_existing=True, with_for_update=lock)
    return _value(row) if row else None


async def of_enterprise(session: AsyncSession, enterprise_id: UUID, limit: int | None = None, after: UUID | None = None) -> list[Pledge]:
    return await _listed(session, col(PledgeRow.enterprise_id), enterprise_id, limit, after)


async def of_bank(session: AsyncSession, bank_id: UUID, limit: int | None = None, after: UUID | None = None) -> list[Pledge]:
    return await _listed(session, col(PledgeRow.bank_id), bank_id, limit, after)


async def _listed(session: AsyncSession, column: Any, of: UUID, limit: int | None, after: UUID | None) -> list[Pledge]:
    """Return pledges, those that are open first, newest first; those behind one. Raises Invalid for one that is not theirs."""
    closed, at, key = col(PledgeRow.ended_at).is_not(None), col(PledgeRow.offered_at), col(PledgeRow.id)
    query = select(PledgeRow).where(column == of).order_by(closed, at.desc(), key).limit(limit)
    if after is not None:
        mark = await session.get(PledgeRow, after)
        if mark is None or of not in {mark.enterprise_id, mark.bank_id}:
            raise wrong_cursor()
        ended, alike = mark.ended_at is not None, closed.is_(mark.ended_at is not None)
        later = (at < mark.offered_at) | ((at == mark.offered_at) & (key > mark.id))
        query = query.where((alike & later) if ended else ((alike & later) | closed))
    return [_value(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def lock_asset(session: AsyncSession, kind: AssetKind, commitment: str) -> UUID:
    """Return the asset of a commitment, made if nobody has pledged it yet; its row stays locked until the transaction ends."""
    known = {"kind": kind.value, "commitment": commitment}
    await session.execute(
        text(
            "insert into pledged_asset (id, kind, commitment) values (gen_random_uuid(), :kind, :commitment)"
            " on conflict (commitment) do nothing"
        ),
        known,
    )
    found = await session.execute(text("select id from pledged_asset where commitment = :commitment for update"), known)
    asset_id: UUID = found.scalar_one()
    return asset_id


async def standing_of_asset(session: AsyncSession, asset_id: UUID) -> list[Pledge]:
    """Return the active pledges of an asset, locked, over their time or not."""
    query = select(PledgeRow).where(col(PledgeRow.asset_id) == asset_id, col(PledgeRow.state) == PledgeState.ACTIVE.value)
    query = query.order_by(col(PledgeRow.id)).with_for_update()
    return [_value(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def move(
    session: AsyncSession, pledge_id: UUID, state: PledgeState, now: datetime, *, accepted: tuple[UUID, int] | None = None, note: str = ""
) -> Pledge:
    """Put a pledge into a state; `accepted`: its asset and rank."""
    row = await session.get_one(PledgeRow, pledge_id)
    row.state = state.value
    if accepted:
        row.asset_id, row.rank, row.accepted_at = *accepted, now
    if state is not PledgeState.ACTIVE:
        row.ended_at = now
    if note:
        row.note = note
    await session.flush()
    return _value(row)


async def add_event(
    session: AsyncSession,
    pledge: Pledge,
    event: PledgeEvent,
    now: datetime,
    account_id: UUID | None,
    receipt: JsonObject | None = None,
) -> None:
    session.add(
        PledgeEventRow(pledge_id=pledge.id, at=now, event=event.value, state=pledge.state.value, account_id=account_id, receipt=receipt)
    )
    await session.flush()


_HISTORY = "select pledge_id, at, event, state, receipt from pledge_event where pledge_id = any(%(ids)s) order by id"


async def history(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, tuple[Happened, ...]]:
    """Return pledge -> its events, oldest first."""
    found: dict[UUID, list[Happened]] = {one: [] for one in ids}
    for pledge_id, at, event, state, receipt in await database.rows(session, _HISTORY, {"ids": list(ids)}):
        found[pledge_id].append(Happened(at, PledgeEvent(event), PledgeState(state), receipt))
    return {one: tuple(events) for one, events in found.items()}


async def stands_as_stated(session: AsyncSession, enterprise_id: UUID, statement: str, today: date) -> bool:
    """Return whether an active pledge of a firm was stated exactly so: in its time, or with its mortgage on the register."""
    query = """
        select exists (select 1 from pledge p where p.enterprise_id = %(firm)s and p.statement = %(statement)s and p.state = 'active'
            and (p.expires_on >= %(today)s or exists (
                select 1 from mortgage_registration r where r.pledge_id = p.id
                    and r.state not in ('draft', 'discarded', 'rejected', 'cancelled'))))
    """
    ((found,),) = await database.rows(session, query, {"firm": enterprise_id, "statement": statement, "today": today})
    return bool(found)


async def due(session: AsyncSession, today: date) -> list[Pledge]:
    """Return the offers that nobody answered in time, and the pledges that are over their time."""
    overdue = (col(PledgeRow.state) == "offered") & (col(PledgeRow.offer_until) < today)
    over = (col(PledgeRow.state) == "active") & (col(PledgeRow.expires_on) < today)
    query = select(PledgeRow).where(overdue | over).order_by(col(PledgeRow.id)).with_for_update(skip_locked=True)
    return [_value(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def tell_overdue(session: AsyncSession, pledge_id: UUID, now: datetime) -> bool:
    """Note that it is told that a pledge is over and stays; False when that was told before."""
    statement = "update pledge set overdue_told_at = %(now)s where id = %(id)s and overdue_told_at is null returning id"
    return bool(await database.rows(session, statement, {"id": pledge_id, "now": now}))


async def add_check(
    session: AsyncSession, bank_id: UUID, account_id: UUID, enterprise_id: UUID, kind: AssetKind, now: datetime, *, pledged: bool
) -> None:
    session.add(
        PledgeCheckRow(at=now, bank_id=bank_id, account_id=account_id, enterprise_id=enterprise_id, kind=kind.value, pledged=pledged)
    )
    await session.flush()


_CHECKS = """
    select count(*), count(*) filter (where account_id = %(account)s), count(*) filter (where enterprise_id = %(firm)s)
    from pledge_check where bank_id = %(bank)s and at >= %(since)s
"""


async def checks_since(
    session: AsyncSession, bank_id: UUID, account_id: UUID, enterprise_id: UUID, since: datetime
) -> tuple[int, int, int]:
    """Return how often a bank has asked: in all, by one officer, about one firm."""
    ((in_all, by_officer, about_firm),) = await database.rows(
        session, _CHECKS, {"bank": bank_id, "account": account_id, "firm": enterprise_id, "since": since}
    )
    return in_all, by_officer, about_firm


_OFFERS = """
    select count(*) filter (where offered_at >= %(since)s), count(*) filter (where state = 'refused' and ended_at >= %(since)s)
    from pledge where enterprise_id = %(firm)s
"""


async def offers_since(session: AsyncSession, enterprise_id: UUID, since: datetime) -> tuple[int, int]:
    """Return how many pledges a firm has offered, and how many were refused as pledged already."""
    ((offered, refused),) = await database.rows(session, _OFFERS, {"firm": enterprise_id, "since": since})
    return offered, refused


async def counts(session: AsyncSession) -> dict[PledgeState, int]:
    found = Counter({PledgeState(s): n for s, n in await database.rows(session, "select state, count(*) from pledge group by state")})
    return {state: found[state] for state in PledgeState}


async def checks_by_bank(session: AsyncSession, since: datetime) -> list[tuple[str, int, int]]:
    """Return (bank, checks, of which found a pledge), most first."""
    query = """
        select o.name, count(*), count(*) filter (where c.pledged) from pledge_check c join organisation o on o.id = c.bank_id
        where c.at >= %(since)s group by o.name order by 2 desc, 1
    """
    return [(name, asked, found) for name, asked, found in await database.rows(session, query, {"since": since})]


async def refusals_by_firm(session: AsyncSession, since: datetime) -> list[tuple[str, int]]:
    """Return (firm's name, refused pledges), most first."""
    query = """
        select max(pledgor_name), count(*) from pledge where state = 'refused' and ended_at >= %(since)s
        group by enterprise_id order by 2 desc, 1 limit 20
    """
    return [(name, refused) for name, refused in await database.rows(session, query, {"since": since})]


async def summary_rows(session: AsyncSession, enterprise_id: UUID | None) -> Sequence[Mapping[str, Any]]:
    """Return pledges without what was stated in them, for the command line."""
    query = select(PledgeRow).order_by(col(PledgeRow.offered_at).desc(), col(PledgeRow.id)).limit(200)
    if enterprise_id:
        query = query.where(col(PledgeRow.enterprise_id) == enterprise_id)
    names = dict(await database.rows(session, "select id, name from organisation where kind = 'bank'"))
    return [
        {
            "number": (p := _value(row)).number,
            "kind": p.kind.value,
            "state": p.state.value,
            "firm": p.pledgor_name,
            "bank": names[p.bank_id],
            "amount_fen": p.amount_fen,
            "rank": p.rank,
            "expires_on": p.expires_on.isoformat(),
        }
        for row in await session.scalars(query)
    ]
