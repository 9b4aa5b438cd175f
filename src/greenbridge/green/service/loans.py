"""What banks reported of loans, beside what firms claim for them."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.green.rules import subsidy
from greenbridge.green.service.steps import firm_of
from greenbridge.green.service.subsidies import LIVE
from greenbridge.green.store import subsidies as store
from greenbridge.green.values import Claim, Comparison, ReportedLoan


class Disbursed(Protocol):
    """Tells the loans that banks reported, of a firm or of contract numbers: those who lend stand above this domain."""

    async def __call__(
        self, session: AsyncSession, *, enterprise_id: UUID | None = None, contracts: Sequence[str] | None = None
    ) -> list[ReportedLoan]:
        """Return the loans that the caller's session may see."""
        ...


async def reported(session: AsyncSession, actor: Actor, disbursed: Disbursed) -> list[ReportedLoan]:
    """Return the loans of the actor's firm that banks reported, but those that were claimed for."""
    firm = await firm_of(session, actor)
    taken = {(c.loan.bank_id, c.loan.reference) for c in await store.of_enterprise(session, firm.id) if c.state in LIVE}
    found = await disbursed(session, enterprise_id=firm.id)
    return [r for r in found if (r.loan.bank_id, r.loan.reference) not in taken]


async def compared(session: AsyncSession, claims: Sequence[Claim], disbursed: Disbursed) -> dict[UUID, Comparison]:
    """Return claim -> how it agrees with what banks reported, for the platform."""
    found = await disbursed(session, contracts=sorted({c.loan.reference for c in claims}))
    return {c.id: subsidy.compared(c, found) for c in claims}
