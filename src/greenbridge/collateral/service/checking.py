"""A bank asks whether a firm that agreed has pledged an asset: yes or no, counted, and in the firm's ledger."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.audit import service as audit
from greenbridge.collateral.rules.identity import canonical, encoded
from greenbridge.collateral.service.answering import must_be_officer
from greenbridge.collateral.service.limits import count_check
from greenbridge.collateral.service.safe import Safe, in_use
from greenbridge.collateral.store import pledges as store
from greenbridge.collateral.values import Stated
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Forbidden

FIELD = "collateral.pledges.standing"
LEVELS = {FIELD: 3}


async def check(session: AsyncSession, actor: Actor, box: Safe, enterprise_id: UUID, stated: Stated, step: WorkStep, now: datetime) -> bool:
    """Return whether a pledge of the firm's stands that was stated exactly so. Raises Forbidden without consent, Invalid, TooOften.

    It speaks of this firm's pledges alone: it alone has agreed. Of all firms' an asset is compared when a bank accepts it.
    """
    must_be_officer(actor)
    about = canonical(stated)
    async with consents.reading(session, actor, enterprise_id, step, ReadKind.FACTS, LEVELS, now) as reading:
        if (why := reading.withheld((FIELD,))) is not None:
            raise Forbidden("withheld", "您的岗位在该环节不能核对质押。", f"Pledges are withheld from you here: {why.value}.")
        firm = await enterprises.get(session, enterprise_id)
        await count_check(session, actor, firm, now)
        key = await in_use(session, box, now)
        statement = key.commit(encoded(about.kind, about.full))
        async with database.as_platform(session):  # other banks' pledges: whether there is one, and nothing else
            found = await store.stands_as_stated(session, firm.id, statement, business_date(now))
            bank, by = actor.organisation.id, actor.account_id
            await store.add_check(session, bank, by, firm.id, stated.kind, now, pledged=found)
    await audit.record(session, "pledge.checked", f"enterprise:{firm.id}", now, account_id=by, kind=stated.kind.value)
    return found
