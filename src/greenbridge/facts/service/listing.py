"""A firm's facts as a list, for the firm itself and for a bank with its consent: through the same door as the report."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.consents import rules
from greenbridge.consents import service as consents
from greenbridge.consents.service import Reading
from greenbridge.consents.values import ReadKind, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import EnterpriseStatus
from greenbridge.facts.gateway import Disputes, catalogue
from greenbridge.facts.rules import items
from greenbridge.facts.service.documents import levels
from greenbridge.facts.service.intake import item_named
from greenbridge.facts.service.reading import facts_of
from greenbridge.facts.values import Fact, ListedFact
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Forbidden


async def list_facts(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    wanted: Sequence[str],
    step: WorkStep,
    now: datetime,
    disputes: Disputes | None = None,
) -> list[ListedFact]:
    """Return a firm's present facts of some items (none named: all): whole to the firm, as consented to an officer; with the marks
    of open objections.
    """
    for code in wanted:
        item_named(code)
    if actor.role is Role.ENTERPRISE:
        enterprise = await enterprises.own(session, actor, enterprise_id)
        if enterprise.status is not EnterpriseStatus.VERIFIED:
            raise Conflict("not-verified", "企业尚未通过实名核验。", "The firm is not verified.")
        return await _listed(session, enterprise.uscc, wanted, Reading(None, levels()), now, disputes)
    if actor.role is not Role.OFFICER:
        raise Forbidden("wrong-role", "您的角色不能查阅企业数据。", "Your role may not read firms' data.")
    async with consents.reading(session, actor, enterprise_id, step, ReadKind.FACTS, levels(), now) as reading:
        enterprise = await enterprises.get(session, enterprise_id)
        return await _listed(session, enterprise.uscc, wanted, reading, now, disputes)


async def _listed(
    session: AsyncSession, uscc: str, wanted: Sequence[str], reading: Reading, now: datetime, disputes: Disputes | None
) -> list[ListedFact]:
    """Return the facts of an item after those of the other; of one that is closed to the reader the same, whatever there is."""
    today = business_date(now)
    known = catalogue().items
    found: dict[str, list[Fact]] = {code: [] for code in wanted or known if code != items.VAT_INVOICES}
    for fact in (await facts_of(session, [uscc], today, now, tuple(found)))[uscc]:
        found[fact.item].append(fact)
    disputed = await disputes.open_at(session, [uscc], now) if disputes else {}
    listed = []
    for code, facts in found.items():
        item = known[code]
        fields = [field for field in item.fields if field.name != "uscc"]
        withheld = {f.name: why.value for f in fields if (why := reading.withheld((f"{code}.{f.name}",), 0))}
        if len(withheld) == len(fields):
            listed.append(ListedFact(code, None, None, {}, withheld))
            continue
        told = next(f"{code}.{f.name}" for f in fields if f.name not in withheld)
        shown = [name for f in item.fields if f.name not in withheld for name in f.stored]
        for fact in facts:
            if reading.withheld((told,), rules.age(item.happened_on(fact), today)) is None:
                values = {name: fact.values[name] for name in shown if name in fact.values}
                day = None if set(item.valid_from) & set(withheld) else fact.valid_from
                listed.append(ListedFact(code, fact, day, values, withheld, disputed.get((uscc, code, fact.key))))
    return listed
