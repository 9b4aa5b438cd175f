"""Quality of departments' data: measured every day, with alerts where an item falls under its threshold."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.audit import service as audit
from greenbridge.facts.gateway import catalogue
from greenbridge.facts.rules import quality as rules
from greenbridge.facts.store import batches
from greenbridge.facts.store import operation as store
from greenbridge.facts.values import Alert, Batch, Item, Quality
from greenbridge.kit.calendar import business_date, working_days_between

# A day's quality speaks of the deliveries of so many days before it.
PERIOD_DAYS = 92
TREND_DAYS = 366


async def measure(session: AsyncSession, now: datetime) -> int:
    """Measure all delivered items as of today, open and close alerts; return how many items were measured."""
    today = business_date(now)
    compared = await store.consistency(session)
    # The newest delivery of an item counts however old it is: what nobody delivers any more must not drop out of sight.
    by_item = {batch.item: [batch] for batch in await batches.newest_of_each_item(session, now)}
    recent_of: dict[str, list[Batch]] = {}
    for batch in await batches.between(session, now - timedelta(days=PERIOD_DAYS), now + timedelta(microseconds=1)):
        recent_of.setdefault(batch.item, []).append(batch)
    by_item |= recent_of
    known = catalogue().items
    found = []
    for code, recent in by_item.items():
        item = known[code]
        found.append(rules.measured(item, today, recent, rules.timely(recent, *_lateness(item, recent, today)), compared.get(code)))
    await store.set_quality(session, found)
    await _alert(session, found, now)
    return len(found)


def _lateness(item: Item, recent: Sequence[Batch], today: date) -> tuple[list[int], bool]:
    """Return by how many working days each delivery after the first came after its due day, and whether one is overdue today."""
    days = [business_date(batch.received_at) for batch in recent]
    due = [day + timedelta(days=item.refresh_days) for day in days]
    late = [working_days_between(d, came) for d, came in zip(due, days[1:], strict=False)]
    return late, bool(due) and working_days_between(due[-1], today) > 0


async def _alert(session: AsyncSession, found: Sequence[Quality], now: datetime) -> None:
    known = catalogue().items
    waiting = {(alert.item, alert.measure): alert for alert in await store.alerts(session)}
    for quality in found:
        fallen = rules.fallen(known[quality.item], quality)
        for measure, (threshold, value) in fallen.items():
            if (quality.item, measure) not in waiting:
                await store.open_alert(session, quality.item, measure, threshold, value, now)
                await audit.record(
                    session, "quality.fell", f"item:{quality.item}", now, measure=measure, threshold=threshold, value=round(value, 4)
                )
        for (item, measure), alert in waiting.items():
            if item == quality.item and measure not in fallen:
                await store.close_alert(session, alert, now)
                await audit.record(session, "quality.recovered", f"item:{item}", now, measure=measure)


async def trends(session: AsyncSession, now: datetime) -> dict[str, list[Quality]]:
    """Return item -> its quality by day, oldest first, of the last year."""
    found: dict[str, list[Quality]] = {}
    for quality in await store.quality(session, business_date(now) - timedelta(days=TREND_DAYS)):
        found.setdefault(quality.item, []).append(quality)
    return found


async def alerts(session: AsyncSession) -> list[Alert]:
    """Return the open alerts."""
    return await store.alerts(session)
