"""SQL of the platform's own books: what was shown, how banks answered, which drafts were tried, how green a firm is."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.kit import database
from greenbridge.matching.rules.fairness import Shown
from greenbridge.matching.tables import BankBehaviourRow, DryRunRow
from greenbridge.matching.values import Basis, Behaviour, Exposure, GradeOfDay


async def note_exposure(session: AsyncSession, day: date, shown: Sequence[Shown]) -> None:
    """Add to the day's sums; rows in one order, so that two matchings wait for each other and do not block."""
    if not shown:
        return
    rows = [
        {"day": day, "code": s.product_code, "bank": s.bank_code, "attention": s.attention, "deserved": s.deserved}
        for s in sorted(shown, key=lambda s: s.product_code)
    ]
    add_up = """
        insert into product_exposure as e (day, product_code, bank_code, shown, attention, deserved)
        values (:day, :code, :bank, 1, :attention, :deserved)
        on conflict (day, product_code) do update set shown = e.shown + 1,
            attention = e.attention + excluded.attention, deserved = e.deserved + excluded.deserved
    """
    await session.execute(text(add_up), rows)


async def balances(session: AsyncSession) -> dict[str, float]:
    """Return bank -> attention less what it deserved, over all time."""
    query = "select bank_code, sum(attention - deserved) from product_exposure group by bank_code"
    return {bank: float(balance) for bank, balance in await session.execute(text(query))}


async def exposures(session: AsyncSession) -> list[Exposure]:
    """Return the sums of each product over all time, by bank and code."""
    query = """
        select product_code, bank_code, sum(shown), sum(attention), sum(deserved) from product_exposure
        group by product_code, bank_code order by bank_code, product_code
    """
    return [Exposure(r[0], r[1], int(r[2]), float(r[3]), float(r[4])) for r in await session.execute(text(query))]


async def behaviour(session: AsyncSession) -> dict[str, Behaviour]:
    """Return bank -> how it answered so far."""
    return {row.bank_code: Behaviour(row.score, row.well, row.asked) for row in await session.scalars(select(BankBehaviourRow))}


async def set_behaviour(session: AsyncSession, found: Mapping[str, Behaviour], now: datetime) -> int:
    """Write how banks answered where that changed, so that nobody is told of a change that is none; return how many rows changed."""
    query = """
        insert into bank_behaviour as b (bank_code, score, well, asked, measured_at) values (:bank, :score, :well, :asked, :now)
        on conflict (bank_code) do update
            set score = excluded.score, well = excluded.well, asked = excluded.asked, measured_at = excluded.measured_at
    """
    known = await behaviour(session)
    changed = [(bank, one) for bank, one in sorted(found.items()) if known.get(bank) != one]
    rows = [{"bank": bank, "score": one.score, "well": one.well, "asked": one.asked, "now": now} for bank, one in changed]
    if rows:
        await session.execute(text(query), rows)
    return len(rows)


async def drafts_of_day(session: AsyncSession, bank_id: UUID, day: date) -> set[str]:
    """Return the drafts that a bank has counted on a day."""
    query = select(col(DryRunRow.draft)).where(col(DryRunRow.bank_id) == bank_id, col(DryRunRow.day) == day)
    return set(await session.scalars(query))


async def note_draft(session: AsyncSession, bank_id: UUID, day: date, now: datetime, draft: str) -> None:
    session.add(DryRunRow(bank_id=bank_id, day=day, made_at=now, draft=draft))
    await session.flush()


async def greens(session: AsyncSession, firms: Sequence[UUID]) -> dict[UUID, GradeOfDay]:
    """Return firm -> its green grade as it was when its facts were read last."""
    query = "select enterprise_id, grade, possible, coverage, basis, scheme, rated_on from firm_green where enterprise_id = any(%(firms)s)"
    found = await database.rows(session, query, {"firms": list(firms)})
    return {row[0]: GradeOfDay(row[1], row[2], row[3], Basis(row[4]), row[5], row[6]) for row in found}


async def set_greens(session: AsyncSession, found: Mapping[UUID, GradeOfDay]) -> None:
    """Keep firms' green grades."""
    query = """
        insert into firm_green (enterprise_id, grade, possible, coverage, basis, scheme, rated_on)
        values (:firm, :grade, :possible, :coverage, :basis, :scheme, :rated_on)
        on conflict (enterprise_id) do update set grade = excluded.grade, possible = excluded.possible,
            coverage = excluded.coverage, basis = excluded.basis, scheme = excluded.scheme, rated_on = excluded.rated_on
    """
    rows = [
        {"firm": firm, "grade": g.grade, "possible": g.possible, "coverage": g.coverage, "basis": g.basis.value, "scheme": g.scheme,
         "rated_on": g.rated_on}
        for firm, g in sorted(found.items())
    ]  # fmt: skip
    if rows:
        await session.execute(text(query), rows)
