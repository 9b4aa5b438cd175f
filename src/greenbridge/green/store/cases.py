"""SQL of cases, their events, ratings and certificates."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.green.tables import GreenCaseRow, GreenCertificateEndRow, GreenCertificateRow, GreenEventRow, GreenRatingRow
from greenbridge.green.values import Case, Certificate, Event, GreenStanding, Happened, Rated, State, Subject
from greenbridge.kit import database
from greenbridge.kit.database import END_OF_TIME

_CASE = """
    select g.id, g.number, g.enterprise_id, g.uscc, g.name, g.subject, g.business_class, g.project, g.catalogue_code, g.catalogue_name,
        g.catalogue_version, g.reviewer_id, g.renews, g.generated, e.state, e.seq, e.at,
        (select rating_id from green_event where case_id = g.id and rating_id is not null order by seq desc limit 1)
    from green_case g join lateral (select state, seq, at from green_event where case_id = g.id order by seq desc limit 1) e on true
"""


def _case(row: Sequence[Any]) -> Case:
    return Case(*[*row[:5], Subject(row[5]), *row[6:14], State(row[14]), *row[15:]])


async def number(session: AsyncSession, sequence: str, letter: str, day: date) -> str:
    """Return the next number of a sequence: letter, day, count. G260310000001."""
    found = (await session.execute(text(f"select nextval('{sequence}')"))).scalar_one()
    return f"{letter}{day:%y%m%d}{found:06d}"


async def add_case(session: AsyncSession, case: Mapping[str, Any], now: datetime) -> UUID:
    """Write a case, without events yet."""
    row = GreenCaseRow(**case, opened_at=now)
    session.add(row)
    await session.flush()
    return row.id


async def set_case(session: AsyncSession, case_id: UUID, **changes: Any) -> None:
    """Change a case's particulars: class, catalogue item, project, reviewer."""
    row = await session.get_one(GreenCaseRow, case_id)
    for column, value in changes.items():
        setattr(row, column, value)
    await session.flush()


async def happen(
    session: AsyncSession,
    case_id: UUID,
    seq: int,
    event: Event,
    state: State,
    now: datetime,
    account_id: UUID | None,
    login: str,
    detail: Mapping[str, Any],
    rating_id: UUID | None,
) -> bool:
    """Append an event; False where the case has moved on since it was read."""
    row = GreenEventRow(
        case_id=case_id,
        seq=seq,
        event=event.value,
        state=state.value,
        at=now,
        account_id=account_id,
        login=login,
        detail=dict(detail),
        rating_id=rating_id,
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


async def find(session: AsyncSession, case_id: UUID) -> Case | None:
    rows = await database.rows(session, f"{_CASE} where g.id = %(id)s", {"id": case_id})
    return _case(rows[0]) if rows else None


async def of_number(session: AsyncSession, number: str) -> Case | None:
    rows = await database.rows(session, f"{_CASE} where g.number = %(number)s", {"number": number})
    return _case(rows[0]) if rows else None


async def of_enterprise(session: AsyncSession, enterprise_id: UUID, subject: Subject | None = None) -> list[Case]:
    """Return a firm's cases, newest first."""
    given = {"firm": enterprise_id, "subject": subject.value if subject else None}
    where = "where g.enterprise_id = %(firm)s and (%(subject)s::text is null or g.subject = %(subject)s)"
    return [_case(row) for row in await database.rows(session, f"{_CASE} {where} order by g.opened_at desc, g.number desc", given)]


async def of_reviewer(session: AsyncSession, reviewer_id: UUID) -> list[Case]:
    """Return the cases that a reviewer was given, those that wait the longest first."""
    where = "where g.reviewer_id = %(reviewer)s order by (e.state = 'in_review') desc, e.at"
    return [_case(row) for row in await database.rows(session, f"{_CASE} {where}", {"reviewer": reviewer_id})]


async def in_states(session: AsyncSession, states: Sequence[State]) -> list[Case]:
    """Return all cases in these states, those that changed first, first."""
    where = "where e.state = any(%(states)s) order by e.at, g.number"
    return [_case(row) for row in await database.rows(session, f"{_CASE} {where}", {"states": [s.value for s in states]})]


async def counts(session: AsyncSession) -> dict[State, int]:
    """Return state -> number of cases."""
    query = """
        select state, count(*)::int from (
            select distinct on (case_id) case_id, state from green_event order by case_id, seq desc) last group by state
    """
    return {State(state): n for state, n in await database.rows(session, query)}


async def load_of(session: AsyncSession) -> dict[UUID, int]:
    """Return reviewer -> cases that wait for it."""
    where = "where e.state = 'in_review' and g.reviewer_id is not null"
    found: dict[UUID, int] = {}
    for row in await database.rows(session, f"{_CASE} {where}"):
        found[row[11]] = found.get(row[11], 0) + 1
    return found


async def history(session: AsyncSession, case_id: UUID) -> list[Happened]:
    """Return a case's events, oldest first."""
    query = "select seq, event, state, at, login, detail, rating_id from green_event where case_id = %(id)s order by seq"
    rows = await database.rows(session, query, {"id": case_id})
    return [Happened(seq, Event(event), State(state), *rest) for seq, event, state, *rest in rows]


async def add_rating(session: AsyncSession, rated: Rated) -> None:
    row = GreenRatingRow(
        id=rated.id,
        case_id=rated.case_id,
        scheme=rated.scheme,
        scheme_version=rated.scheme_version,
        scheme_status=rated.scheme_status,
        as_of=rated.as_of,
        rated_at=rated.rated_at,
        grade=rated.grade,
        points=rated.points,
        coverage=rated.coverage,
        content=dict(rated.content),
        inputs=dict(rated.inputs),
        digest=rated.digest,
    )
    session.add(row)
    await session.flush()


async def rating(session: AsyncSession, rating_id: UUID) -> Rated | None:
    query = """
        select id, case_id, scheme, scheme_version, scheme_status, as_of, rated_at, grade, points, coverage, content, inputs, digest
        from green_rating where id = %(id)s
    """
    rows = await database.rows(session, query, {"id": rating_id})
    return Rated(*rows[0]) if rows else None


async def submitted(session: AsyncSession, case_id: UUID) -> Rated | None:
    """Return the system's own rating of what was submitted last, before any finding."""
    query = """
        select rating_id from green_event where case_id = %(id)s and event = 'submit' and rating_id is not null order by seq desc limit 1
    """
    rows = await database.rows(session, query, {"id": case_id})
    return await rating(session, rows[0][0]) if rows else None


async def forged_since(session: AsyncSession, uscc: str, since: datetime, known_at: datetime) -> bool:
    """Return whether forged evidence was found with a firm since an instant."""
    query = """
        select 1 from green_event e join green_case g on g.id = e.case_id
        where g.uscc = %(uscc)s and e.event = 'find_forgery' and e.at >= %(since)s and e.at <= %(known_at)s limit 1
    """
    return bool(await database.rows(session, query, {"uscc": uscc, "since": since, "known_at": known_at}))


async def add_certificate(session: AsyncSession, certificate: Certificate, rated: Rated, catalogue_version: str | None) -> None:
    row = GreenCertificateRow(
        number=certificate.number,
        case_id=certificate.case_id,
        enterprise_id=certificate.enterprise_id,
        subject=certificate.subject.value,
        rating_id=rated.id,
        grade=certificate.grade,
        points=certificate.points,
        coverage=certificate.coverage,
        scheme=rated.scheme,
        scheme_version=rated.scheme_version,
        scheme_status=rated.scheme_status,
        catalogue_version=catalogue_version,
        valid_from=certificate.valid_from,
        valid_to=certificate.valid_to,
        content=dict(certificate.content),
        head=dict(certificate.head),
        seed=certificate.seed,
        signature=dict(certificate.signature),
        recorded_at=certificate.recorded_at,
    )
    session.add(row)
    await session.flush()


async def end_certificate(session: AsyncSession, number: str, ended_on: date, reason: str, now: datetime) -> None:
    """Write that a certificate ended before its time, or before the end that was written."""
    session.add(GreenCertificateEndRow(number=number, ended_on=ended_on, reason=reason, recorded_at=now))
    await session.flush()


_CERTIFICATE = """
    select z.number, z.case_id, z.enterprise_id, z.subject, z.grade, z.points, z.coverage, z.valid_from, z.valid_to, z.content, z.head,
        z.seed, z.signature, z.recorded_at, d.ended_on, coalesce(d.reason, '')
    from green_certificate z
    left join lateral (select ended_on, reason from green_certificate_end where number = z.number order by ended_on limit 1) d on true
"""


def _certificate(row: Sequence[Any]) -> Certificate:
    return Certificate(*[*row[:3], Subject(row[3]), *row[4:]])


async def certificates(session: AsyncSession, *, case_id: UUID | None = None, enterprise_id: UUID | None = None) -> list[Certificate]:
    """Return the certificates of a case or of a firm, oldest first."""
    given = {"case": case_id, "firm": enterprise_id}
    where = "where (%(case)s::uuid is null or z.case_id = %(case)s) and (%(firm)s::uuid is null or z.enterprise_id = %(firm)s)"
    rows = await database.rows(session, f"{_CERTIFICATE} {where} order by z.recorded_at, z.number", given)
    return [_certificate(row) for row in rows]


async def certificate(session: AsyncSession, number: str) -> Certificate | None:
    rows = await database.rows(session, f"{_CERTIFICATE} where z.number = %(number)s", {"number": number})
    return _certificate(rows[0]) if rows else None


_STANDING = """
    select g.enterprise_id, e.state, z.grade, z.points, z.coverage, z.number, z.valid_from, z.valid_to, z.catalogue_version, z.scheme,
        z.scheme_version, z.scheme_status
    from green_case g
    join lateral (select state, at from green_event where case_id = g.id and at <= %(known_at)s order by seq desc limit 1) e on true
    left join lateral (
        select c.* from green_certificate c
        left join lateral (
            select min(ended_on) as ended_on from green_certificate_end where number = c.number and recorded_at <= %(known_at)s
        ) d on true
        where c.case_id = g.id and c.recorded_at <= %(known_at)s and %(day)s between c.valid_from and least(c.valid_to, d.ended_on)
        order by c.recorded_at desc, c.number desc limit 1
    ) z on true
    where g.enterprise_id = %(firm)s and g.subject = 'enterprise'
        and (z.number is not null or e.state not in ('draft', 'rated', 'withdrawn'))
    order by (z.number is not null) desc, e.at desc, g.number desc limit 1
"""


async def touched(session: AsyncSession, firms: Sequence[UUID], since: datetime) -> dict[UUID, datetime]:
    """Return firm -> when its certificates changed last, of firms where that was after an instant."""
    query = """
        select z.enterprise_id, max(greatest(z.recorded_at, d.recorded_at)) from green_certificate z
            left join green_certificate_end d on d.number = z.number
        where z.enterprise_id = any(%(firms)s) and greatest(z.recorded_at, d.recorded_at) > %(since)s group by z.enterprise_id
    """
    rows = await database.rows(session, query, {"firms": list(firms), "since": since})
    return {row[0]: row[1] for row in rows}


async def standing(session: AsyncSession, enterprise_id: UUID, day: date, known_at: datetime) -> GreenStanding | None:
    """Return a firm's standing on a day as it was known at an instant; a self-report that went no further is nobody's business."""
    given = {"firm": enterprise_id, "day": day, "known_at": min(known_at, END_OF_TIME)}
    rows = await database.rows(session, _STANDING, given)
    if not rows:
        return None
    (firm, state, *rest) = rows[0]
    return GreenStanding(firm, State(state), *rest)


async def public(session: AsyncSession) -> list[dict[str, Any]]:
    """Return what is shown to everybody: publicity and certificates, the newest change first."""
    columns = (
        "case_id", "number", "uscc", "name", "subject", "title", "generated", "state", "changed_at", "rated_grade", "scheme_version",
        "scheme_status", "catalogue_version", "certificate_number", "grade", "valid_from", "valid_to", "ended_on", "end_reason",
    )  # fmt: skip
    query = f"select {', '.join(columns)} from green_public order by changed_at desc, number desc"
    return [dict(zip(columns, row, strict=True)) for row in await database.rows(session, query)]


async def newest_rating(session: AsyncSession, case_id: UUID) -> Rated | None:
    """Return the last rating that was made of a case, whether an event took it up or not."""
    query = "select id from green_rating where case_id = %(id)s order by rated_at desc, id limit 1"
    rows = await database.rows(session, query, {"id": case_id})
    return await rating(session, rows[0][0]) if rows else None


async def labelled(session: AsyncSession, region: str, known_at: datetime) -> list[str]:
    """Return the codes of firms with a green honour, of a region (beginning of the region in the code; empty: all)."""
    query = """
        select distinct uscc from fact where item = 'honours.honours' and recorded_at <= %(known_at)s
            and values->>'title' like '%%绿色%%' and substr(uscc, 3) like %(region)s || '%%' order by uscc
    """
    return [uscc for (uscc,) in await database.rows(session, query, {"known_at": known_at, "region": region})]
