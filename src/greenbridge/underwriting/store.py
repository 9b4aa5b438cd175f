"""SQL of underwriting."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from greenbridge.accounts.values import Actor
from greenbridge.underwriting.tables import UnderwritingDecisionRow
from greenbridge.underwriting.values import Choice, Decision, Made, OverrideReason, Terms


async def add(
    session: AsyncSession,
    actor: Actor,
    made: Made,
    wire: dict[str, object],
    choice: Choice,
    reasons: tuple[OverrideReason, ...],
    note: str,
    terms: Terms,
    now: datetime,
) -> Decision:
    p = made.proposal
    row = UnderwritingDecisionRow(
        id=uuid4(),
        need_id=made.need_id,
        enterprise_id=made.enterprise_id,
        bank_id=actor.organisation.id,
        decided_by=actor.account_id,
        decided_at=now,
        choice=choice.value,
        reasons=[reason.value for reason in reasons],
        note=note,
        amount_fen=terms.amount_fen,
        annual_rate_bp=terms.annual_rate_bp,
        term_months=terms.term_months,
        report_number=made.report_number,
        as_of=made.as_of,
        known_at=made.known_at,
        model_version=made.model_version,
        policy_version=p.policy_version,
        product_code=p.product_code,
        product_version=p.product_version,
        proposal=wire,
    )
    session.add(row)
    await session.flush()
    return _value(row)


def _value(row: UnderwritingDecisionRow) -> Decision:
    return Decision(
        row.id,
        row.need_id,
        row.enterprise_id,
        row.bank_id,
        row.decided_by,
        row.decided_at,
        Choice(row.choice),
        tuple(OverrideReason(reason) for reason in row.reasons),
        row.note,
        Terms(row.amount_fen, row.annual_rate_bp, row.term_months),
        row.report_number,
        row.proposal,
    )


async def of_need(session: AsyncSession, need_id: UUID, bank_id: UUID) -> list[Decision]:
    """Return a bank's decisions on a need, newest first."""
    rows = await session.scalars(
        select(UnderwritingDecisionRow)
        .where(col(UnderwritingDecisionRow.need_id) == need_id, col(UnderwritingDecisionRow.bank_id) == bank_id)
        .order_by(col(UnderwritingDecisionRow.decided_at).desc())
    )
    return [_value(row) for row in rows]
