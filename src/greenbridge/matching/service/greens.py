"""How green a firm is, as far as product rules ask: by its certificate where it has one, else as the system rates it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.catalog.rules.vocabulary import GREEN_GRADES
from greenbridge.enterprises.values import Enterprise
from greenbridge.green import service as green
from greenbridge.kit import database
from greenbridge.kit.errors import NotFound
from greenbridge.matching.store import books
from greenbridge.matching.values import Basis, GradeOfDay
from greenbridge.schemes import service as schemes

SCHEME = "green-enterprise"


async def rated(session: AsyncSession, firms: Sequence[Enterprise], today: date, now: datetime) -> dict[UUID, GradeOfDay]:
    """Return firm -> its certified grade, or the one that the system rates now, and keep it; nobody where no scheme is in force."""
    try:
        scheme = schemes.book().find(SCHEME, today)
    except NotFound:
        return {}
    ratings = await schemes.rate_firms(session, schemes.book(), scheme, [firm.uscc for firm in firms], today, now)
    found = {}
    for firm in firms:
        rating = ratings[firm.uscc]
        scheme_version, coverage = rating.scheme.version, round(rating.coverage, 4)
        found[firm.id] = GradeOfDay(_grade(rating.grade), _grade(rating.possible_grade), coverage, Basis.SYSTEM, scheme_version, today)
        held = await green.standing(session, firm.id, today, now)
        if held and held.grade:
            grade, version = _grade(held.grade), held.scheme_version or scheme_version
            found[firm.id] = GradeOfDay(grade, grade, held.coverage or coverage, Basis.CERTIFIED, version, today)
    async with database.as_platform(session):
        await books.set_greens(session, found)
    return found


def _grade(code: str) -> str | None:
    return code if code in GREEN_GRADES else None


async def kept(session: AsyncSession, firms: Sequence[Enterprise], today: date, now: datetime) -> Mapping[UUID, GradeOfDay]:
    """Return firm -> its grade as kept when its facts were read last, rated now where there is none yet."""
    async with database.as_platform(session):
        found = await books.greens(session, [firm.id for firm in firms])
    unrated = [firm for firm in firms if firm.id not in found]
    return {**found, **await rated(session, unrated, today, now)} if unrated else found
