"""SQL of claims, their steps and the ledger."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.green.rules import wire
from greenbridge.green.tables import SubsidyClaimRow, SubsidyEventRow, SubsidyPostingRow
from greenbridge.green.values import Account, Claim, ClaimEvent, ClaimState, ClaimStep, Entitlement, Loan, Posting
from greenbridge.kit import database

# What was asked back, and what of it came.
_BACK = ", ".join(
    f"coalesce((select sum(amount_fen) from subsidy_posting p where p.claim_id = s.id and p.{side} = 'receivable'), 0)::bigint"
    for side in ("debit", "credit")
)
_CLAIM = f"""
    select s.id, s.number, s.enterprise_id, s.uscc, s.name, s.loan_reference, s.principal_fen, s.drawn_on, s.repaid_on, s.bank_id,
        coalesce((select o.name from organisation o where o.id = s.bank_id), ''), s.until, s.policy,
        s.base_rate_bp, s.amount_fen, s.segments, e.state, e.seq, s.claimed_at, e.at, {_BACK}, s.generated,
        s.project_id, coalesce((select g.project->>'title' from green_case g where g.id = s.project_id), '')
    from subsidy_claim s join lateral (select state, seq, at from subsidy_event where claim_id = s.id order by seq desc limit 1) e on true
"""
# A firm sees its claims without the ledger, which is the platform's book.
_OWN = _CLAIM.replace(_BACK, "0::bigint, 0::bigint")


def _claim(row: Sequence[Any]) -> Claim:
    segments = tuple(wire.segment_of(kept) for kept in row[15]["segments"])
    return Claim(*[*row[:5], Loan(*row[5:11]), *row[11:15], segments, ClaimState(row[16]), *row[17:]])


async def add(
    session: AsyncSession,
    number: str,
    firm: tuple[UUID, str, str],
    loan: Loan,
    until: date,
    policy: str,
    base_rate_bp: int,
    earned: Entitlement,
    now: datetime,
    account_id: UUID,
    login: str,
    *,
    generated: bool,
    project_id: UUID | None = None,
) -> UUID | None:
    """Write a claim with its first step; None where another live claim stands for the loan."""
    enterprise_id, uscc, name = firm
    row = SubsidyClaimRow(
        number=number,
        enterprise_id=enterprise_id,
        uscc=uscc,
        name=name,
        loan_reference=loan.reference,
        principal_fen=loan.principal_fen,
        drawn_on=loan.drawn_on,
        repaid_on=loan.repaid_on,
        bank_id=loan.bank_id,
        project_id=project_id,
        until=until,
        policy=policy,
        base_rate_bp=base_rate_bp,
        amount_fen=earned.amount_fen,
        segments={"segments": [wire.segment_json(s) for s in earned.segments]},
        generated=generated,
        live=True,
        claimed_at=now,
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None
    await step(session, row.id, 1, ClaimEvent.CLAIM, ClaimState.CLAIMED, now, account_id, login, "")
    return row.id


async def step(
    session: AsyncSession,
    claim_id: UUID,
    seq: int,
    event: ClaimEvent,
    state: ClaimState,
    now: datetime,
    account_id: UUID | None,
    login: str,
    note: str,
) -> bool:
    """Append a step; False where the claim has moved on since it was read."""
    row = SubsidyEventRow(
        claim_id=claim_id, seq=seq, event=event.value, state=state.value, at=now, account_id=account_id, login=login, note=note
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


async def end(session: AsyncSession, claim_id: UUID) -> None:
    """Set a claim free of its loan: another may be claimed."""
    (await session.get_one(SubsidyClaimRow, claim_id)).live = False
    await session.flush()


async def post(session: AsyncSession, posting: Posting, now: datetime) -> None:
    """Append a posting."""
    row = SubsidyPostingRow(
        claim_id=posting.claim_id,
        seq=posting.seq,
        credit=posting.credit.value,
        debit=posting.debit.value,
        amount_fen=posting.amount_fen,
        at=now,
    )
    session.add(row)
    await session.flush()


async def postings(session: AsyncSession) -> list[tuple[UUID, int, Account, Account, int, datetime]]:
    """Return the ledger, oldest first."""
    rows = await database.rows(session, "select claim_id, seq, credit, debit, amount_fen, at from subsidy_posting order by id")
    return [(claim, seq, Account(credit), Account(debit), fen, at) for claim, seq, credit, debit, fen, at in rows]


async def find(session: AsyncSession, claim_id: UUID, *, own: bool = False) -> Claim | None:
    rows = await database.rows(session, f"{_OWN if own else _CLAIM} where s.id = %(id)s", {"id": claim_id})
    return _claim(rows[0]) if rows else None


async def of_enterprise(session: AsyncSession, enterprise_id: UUID) -> list[Claim]:
    """Return a firm's claims, newest first."""
    query = f"{_OWN} where s.enterprise_id = %(firm)s order by s.claimed_at desc, s.number desc"
    return [_claim(row) for row in await database.rows(session, query, {"firm": enterprise_id})]


async def every(session: AsyncSession) -> list[Claim]:
    """Return all claims, newest first."""
    return [_claim(row) for row in await database.rows(session, f"{_CLAIM} order by s.claimed_at desc, s.number desc")]


async def steps(session: AsyncSession, claim_id: UUID) -> list[ClaimStep]:
    """Return a claim's steps, oldest first."""
    query = "select seq, event, state, at, login, note from subsidy_event where claim_id = %(id)s order by seq"
    rows = await database.rows(session, query, {"id": claim_id})
    return [ClaimStep(seq, ClaimEvent(event), ClaimState(state), *rest) for seq, event, state, *rest in rows]
