"""Where a firm stands in its industry: measured each night over all firms, by section of GB/T 4754."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.green.rules import percentiles
from greenbridge.green.store import peers as store
from greenbridge.kit.calendar import business_date
from greenbridge.kit.text import Text
from greenbridge.reference import service as reference
from greenbridge.schemes import service as schemes
from greenbridge.schemes.service import Book
from greenbridge.schemes.values import Inputs, Known

BATCH = 500
NAMES = tuple(m.of for m in percentiles.MEASURES)
PERCENTILES = frozenset(m.percentile for m in percentiles.MEASURES)


async def measure(session: AsyncSession, book: Book, now: datetime) -> int:
    """Measure what the firms of each section have, as of today, and keep it; return how many groups were kept. For the platform itself:
    what is kept is of no firm in particular, of ten or more.
    """
    day = business_date(now)
    found: list[tuple[str | None, dict[str, float]]] = []
    after = ""
    while usccs := await store.firms(session, after, BATCH):
        registered = await facts.facts_of(session, usccs, day, now, (items.REGISTRATION,))
        read = await schemes.inputs_of(session, book, NAMES, usccs, day, now)
        for uscc in usccs:
            known = next((f.values for f in registered.get(uscc, [])), {})
            guess = reference.classify(str(known.get("name", "")), known.get("business_scope")) if known else None
            values = {name: float(given.value) for name, given in read.get(uscc, {}).items()}
            found.append((guess.section if guess else None, values))
        after = usccs[-1]
    made = percentiles.groups(found)
    await store.add(session, day, now, made)
    return len(made)


async def known(session: AsyncSession, section: str | None, values: Inputs, day: date, known_at: datetime) -> dict[str, Known]:
    """Return the percentiles of a firm of a section with these values; empty where nothing was measured yet, or of too few firms."""
    if section is None:
        return {}
    entry = reference.shipped_industry(section)
    name = Text(entry.name, str(entry.extra.get("en", entry.name))) if entry else Text(section, section)
    return percentiles.known(await store.groups(session, section, day, known_at), values, name)
