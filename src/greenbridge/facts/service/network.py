"""What ties firms to each other: the place's trade, guarantees and shareholdings, for whoever reckons over all firms."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.facts.gateway import catalogue
from greenbridge.facts.rules import items, retention
from greenbridge.facts.rules.identity import normalise_name
from greenbridge.facts.service.reading import USCC_LENGTH, horizon
from greenbridge.facts.store import network as store
from greenbridge.facts.values import Fact, Trade
from greenbridge.kit.calendar import business_date

_FIRST_OF_CHINESE = "\u2e80"


async def trade(session: AsyncSession, as_of: date, known_at: datetime) -> Trade | None:
    """Return what every firm sold and bought in the last calendar year that was over; None: no invoices were delivered.

    A counterparty that is neither a code nor the name of one registered firm (masked, a person, abroad) is None: it counts in the
    firm's total and ties it to nobody.
    """
    _, last_day = await horizon(session, as_of, known_at)
    if last_day is None:
        return None
    year = last_day.year if (last_day.month, last_day.day) == (12, 31) else last_day.year - 1
    rows = await store.trade(session, date(year, 1, 1), known_at)
    found = await codes_of(session, {row[2] for row in rows})
    return Trade(
        year,
        [row[0] for row in rows],
        [row[1] == "output" for row in rows],
        [found.get(row[2]) for row in rows],
        [row[3] for row in rows],
    )


async def codes_of(session: AsyncSession, told: Iterable[str]) -> dict[str, str]:
    """Return what was told of firms (a code, a registered name) -> code; who is not known for sure is left out."""
    found: dict[str, str] = {}
    names: dict[str, list[str]] = {}
    for one in told:
        if len(one) == USCC_LENGTH and one.isascii() and one.isalnum():
            found[one] = one
        elif any(letter >= _FIRST_OF_CHINESE for letter in one):
            names.setdefault(normalise_name(one), []).append(one)
    for name, code in (await store.codes(session, names)).items():
        found.update(dict.fromkeys(names[name], code))
    return found


async def of_all(
    session: AsyncSession, wanted: Sequence[str], as_of: date, known_at: datetime, *, having: str | None = None
) -> dict[str, list[Fact]]:
    """Return uscc -> its records of items, of all firms that have any, as `facts_of` does: what may be shown no more is left out.

    `having`: only records in which that field is not empty.
    """
    known, shown_on = catalogue(), business_date(known_at)
    clocks = {code: known.clocks[known.items[code].retention] for code in wanted}
    found: dict[str, list[Fact]] = {}
    for fact in await store.of_all(session, wanted, as_of, known_at, having):
        last_day = retention.shown_until(clocks[fact.item], fact.values, shown_on)
        if last_day is None or shown_on <= last_day:
            found.setdefault(fact.uscc, []).append(fact)
    return found


async def industries(session: AsyncSession, as_of: date, known_at: datetime) -> Mapping[str, str]:
    """Return uscc -> its registered industry code."""
    return await store.industries(session, items.REGISTRATION, as_of, known_at)
