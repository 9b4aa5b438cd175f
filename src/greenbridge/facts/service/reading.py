"""Reading facts: what was true on a day, as known at an instant."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import RegistryRecord
from greenbridge.facts.gateway import catalogue
from greenbridge.facts.rules import items, retention
from greenbridge.facts.rules.series import lay_out
from greenbridge.facts.store import batches as batch_store
from greenbridge.facts.store import invoices as invoice_store
from greenbridge.facts.store import records as record_store
from greenbridge.facts.values import Batch, Clock, Counterparty, Disputed, Fact, Series
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date, day_start, last_complete_month, month_end
from greenbridge.kit.codes import region_of
from greenbridge.kit.errors import NotFound
from greenbridge.kit.text import Text

USCC_LENGTH = 18
# item -> (newest day delivered, newest receipt, whether all of it is generated)
Coverage = Mapping[str, tuple[date | None, datetime, bool]]
PUBLIC_MARKS = {
    items.DISHONESTY: Text("失信被执行人", "dishonest debtor"),
    items.SEVERE_LIST: Text("严重违法失信", "severe list"),
    items.ABNORMAL_LIST: Text("经营异常", "abnormal list"),
}


async def horizon(
    session: AsyncSession, as_of: date, known_at: datetime, covered: Coverage | None = None
) -> tuple[date | None, date | None]:
    """Return (last complete VAT month, its last day): what monthly facts may be read as of a day; `covered`: if it is known already."""
    known = await batch_store.coverage(session, known_at) if covered is None else covered
    month = last_complete_month(as_of, known[items.VAT_INVOICES][0] if items.VAT_INVOICES in known else None)
    return month, month_end(month) if month else None


async def series(session: AsyncSession, usccs: Sequence[str], as_of: date, known_at: datetime, covered: Coverage | None = None) -> Series:
    """Return the monthly and yearly VAT series of firms (36 months, 2 years) as of a day, as known at an instant."""
    month, last_day = await horizon(session, as_of, known_at, covered)
    if month is None or last_day is None:
        return lay_out(usccs, None, (), (), 0)
    months = await invoice_store.invoice_months(session, usccs, last_day, known_at)
    years = await invoice_store.counterparty_shares(session, usccs, last_day, known_at)
    last_year = last_day.year if (last_day.month, last_day.day) == (12, 31) else last_day.year - 1
    return lay_out(usccs, month, months, years, last_year)


async def counterparties(
    session: AsyncSession, uscc: str, as_of: date, known_at: datetime, top: int = 5, covered: Coverage | None = None
) -> list[Counterparty]:
    """Return the largest customers and suppliers per year that was over by the last complete month."""
    _, last_day = await horizon(session, as_of, known_at, covered)
    return [] if last_day is None else await invoice_store.counterparties(session, uscc, last_day, known_at, top)


async def facts_of(
    session: AsyncSession,
    usccs: Sequence[str],
    as_of: date,
    known_at: datetime,
    wanted: Sequence[str] = (),
    *,
    auditing: bool = False,
) -> dict[str, list[Fact]]:
    """Return uscc -> its facts that were true on a day as known at an instant; firms without facts have an empty list.

    Records whose showing period was over at that instant, or that a decision had hidden by then, are left out, also of an earlier
    day: what has been repaired or has lapsed is shown no more. A replay as known then, and an auditor (`auditing`), see it.
    """
    known, shown_on = catalogue(), business_date(known_at)
    wanted = wanted or [code for code in known.items if code != items.VAT_INVOICES]
    found: dict[str, list[Fact]] = {uscc: [] for uscc in usccs}
    ending = {} if auditing else _ending(wanted)
    for fact in await record_store.facts(session, usccs, wanted, as_of, known_at, auditing=auditing):
        clock = ending.get(fact.item)
        last_day = retention.shown_until(clock, fact.values, shown_on) if clock else None
        if last_day is None or shown_on <= last_day:
            found[fact.uscc].append(fact)
    return found


def _ending(wanted: Iterable[str]) -> dict[str, Sequence[Clock]]:
    """Return item -> its clocks, of the items that are not shown without end: only of those is each record asked."""
    known = catalogue()
    clocks = {code: known.clocks[known.items[code].retention] for code in wanted}
    return {code: clock for code, clock in clocks.items() if any(c.months is not None for c in clock)}


async def invoice_stated(session: AsyncSession, uscc: str, day: date, number: str) -> list[tuple[int, str]]:
    """Return (amount with tax in fen, `valid`, `void` or `withdrawn`) of a firm's sales invoices of a number and a day, for another
    domain, which has checked who asks.
    """
    async with database.as_platform(session):  # single invoices are closed to requests
        return await invoice_store.issued(session, uscc, day, number)


async def public_marks(
    session: AsyncSession, usccs: Sequence[str], as_of: date, known_at: datetime, disputed: Disputed | None = None
) -> dict[str, Text]:
    """Return uscc -> what lists that are open to everybody say of a firm, for those of whom they say anything, and whether it objects.

    Nobody's consent is needed for what is public, and nothing else is read.
    """
    if not usccs:
        return {}
    async with database.as_platform(session):  # a reader sees no rows of firms that have not agreed; these lists are everybody's
        found = await facts_of(session, usccs, as_of, known_at, tuple(PUBLIC_MARKS))
    marks: dict[str, Text] = {}
    for uscc, facts in found.items():
        listed = [_public_mark(fact, disputed or {}) for fact in facts if not fact.values.get("removed_on")]
        if listed:
            texts = list(dict.fromkeys(listed))
            marks[uscc] = Text("、".join(mark.zh for mark in texts), ", ".join(mark.en for mark in texts))
    return marks


def _public_mark(fact: Fact, disputed: Disputed) -> Text:
    mark = PUBLIC_MARKS[fact.item]
    if (fact.uscc, fact.item, fact.key) not in disputed:
        return mark
    return Text(f"{mark.zh}（企业提出异议，正在核查）", f"{mark.en} (disputed by that firm, under review)")


async def stop_showing(session: AsyncSession, fact: Fact, basis: str, now: datetime) -> None:
    """Show a version of a record no more, by a decision that its caller made and wrote down (`basis`).

    It stays stored: a report as known before shows it, and so does an auditor's view. Another version of the record, should its
    department deliver one, is shown.
    """
    await record_store.hide(session, fact, basis, now)


async def history(session: AsyncSession, uscc: str, item: str | None = None) -> list[Fact]:
    """Return every version of a firm's records, oldest knowledge first: what an auditor sees."""
    return await record_store.history(session, uscc, item)


async def touched(session: AsyncSession, usccs: Sequence[str], since: datetime, now: datetime) -> dict[str, datetime]:
    """Return uscc -> when what is shown of the firm changed last, for those of whom it did after an instant: a record came, a decision
    hid one, or the showing period of one was over (the first instant of the next day).
    """
    found = await record_store.touched(session, usccs, since)
    today, ending = business_date(now), _ending(catalogue().items)
    for fact in await record_store.facts(session, usccs, tuple(ending), today, now):
        last_day = retention.shown_until(ending[fact.item], fact.values, today)
        if last_day is None or last_day == retention.NEVER:
            continue
        over = day_start(last_day + timedelta(days=1))
        if since < over <= now:
            found[fact.uscc] = max(over, found.get(fact.uscc, over))
    return found


async def coverage(session: AsyncSession, known_at: datetime) -> dict[str, tuple[date | None, datetime, bool]]:
    """Return item -> (newest day delivered, newest receipt, whether all of it is generated)."""
    return await batch_store.coverage(session, known_at)


async def batches(session: AsyncSession, limit: int = 100, item: str | None = None) -> list[Batch]:
    """Return the newest deliveries, of one item if it is named."""
    return await batch_store.newest(session, limit, item)


async def batch(session: AsyncSession, batch_id: UUID) -> Batch:
    """Return one delivery. Raises NotFound."""
    found = await batch_store.get(session, batch_id)
    if found is None:
        raise NotFound("no-batch", "没有这次交付。", "There is no such delivery.")
    return found


async def quarantined(session: AsyncSession, batch_id: UUID, limit: int = 200) -> list[tuple[int, str, dict[str, Any]]]:
    """Return (row number, reason, the row as it came) of a batch."""
    return await batch_store.quarantined(session, batch_id, limit)


async def read_quarantined(
    session: AsyncSession, actor: Actor, batch_id: UUID, now: datetime, limit: int = 200
) -> list[tuple[int, str, dict[str, Any]]]:
    """Return a batch's quarantined rows to the operator; the firms that they name see it in their ledgers."""
    rows = await quarantined(session, batch_id, limit)
    if rows:
        await note_operators(session, actor, (await batch(session, batch_id)).item, [raw for *_, raw in rows], now)
    return rows


async def note_operators(session: AsyncSession, actor: Actor, item: str, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Write into firms' ledgers that the operator saw rows of theirs: those whose code stands in a row."""
    codes = {str(value).strip() for row in rows for value in row.values() if value is not None and len(str(value).strip()) == USCC_LENGTH}
    firms = await enterprises.verified(session, codes)
    fields = sorted(f"{item}.{field.name}" for field in catalogue().items[item].fields)
    await consents.record_operators(session, firms, fields, ReadKind.DELIVERY, now, login=actor.login)


async def count(session: AsyncSession) -> int:
    """Return how many facts are stored, all versions."""
    return await record_store.count(session)


def reason_text(reason: str) -> Text:
    """Return a quarantine reason in words."""
    return items.REASONS.get(reason, Text(reason, reason))


class RegistrationFacts:
    """The market regulator's delivered registrations as `enterprises.gateway.Registry`."""

    async def find(self, session: AsyncSession, uscc: str, today: date) -> RegistryRecord | None:
        """Return the newest registration known; what was delivered until now counts, so the instant is not asked."""
        found = await record_store.facts(session, [uscc], [items.REGISTRATION], today, database.END_OF_TIME)
        if not found:
            return None
        fact, values = found[0], dict(found[0].values)
        established, state = values.get("established"), values.get("state")
        return RegistryRecord(
            uscc,
            values["name"],
            values.get("reg_region_code") or region_of(uscc),
            catalogue().items[items.REGISTRATION].field_named("state").choice_name(state) if state else None,
            date.fromisoformat(established) if established else None,
            fact.batch_id,
        )
