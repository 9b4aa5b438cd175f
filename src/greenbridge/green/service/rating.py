"""Rating a case: from departments' facts and statements, and again from what was known then."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.facts.values import Fact
from greenbridge.green.gateway import flow_policies
from greenbridge.green.rules import classes, evidence, wire, worsening
from greenbridge.green.rules.flow import in_force
from greenbridge.green.service import peers
from greenbridge.green.service.steps import policy
from greenbridge.green.store import cases
from greenbridge.green.store import evidence as statements_of
from greenbridge.green.values import SCHEME_OF, Author, Case, GreenStanding, Rated, State, Statement, Subject
from greenbridge.kit.calendar import business_date, day_start, same_day_after
from greenbridge.kit.canonical import canonical
from greenbridge.kit.errors import NotFound
from greenbridge.kit.text import Text
from greenbridge.reference import service as reference
from greenbridge.schemes import service as schemes
from greenbridge.schemes.service import Book
from greenbridge.schemes.service.rating import fields_of
from greenbridge.schemes.values import Evidence, Inputs, Known, Rating, Scheme

PLATFORM = Text("平台记录", "The platform's own record")
FORGED, GRADE = "evidence_forged", "green_grade"
HONOURS, GREEN = "honours.honours", "绿色"


async def known_of(
    session: AsyncSession,
    book: Book,
    scheme: Scheme,
    uscc: str,
    enterprise_id: UUID | None,
    now: datetime,
    known_at: datetime | None = None,
) -> dict[str, Known]:
    """Return what departments and the platform itself know of a firm today, for a scheme; `known_at`: what was delivered by then."""
    day = business_date(now)
    wanted = peers.PERCENTILES & set(scheme.names)
    asked = [*scheme.names, *(peers.NAMES if wanted else ())]
    read = (await schemes.inputs_of(session, book, asked, [uscc], day, known_at or now)).get(uscc, {})
    found = {name: value for name, value in read.items() if name in scheme.names}
    if wanted and any(name in read for name in peers.NAMES):
        places = await peers.known(session, await section_of(session, uscc, now), read, day, known_at or now)
        found |= {name: value for name, value in places.items() if name in wanted}
    if FORGED in scheme.names:
        since = day_start(same_day_after(day, -12 * policy(day).forgery_years))
        found[FORGED] = Known(await cases.forged_since(session, uscc, since, now), (Evidence("green.case", PLATFORM, day),))
    if GRADE in scheme.names and enterprise_id and (standing := await cases.standing(session, enterprise_id, day, now)) and standing.grade:
        found[GRADE] = Known(
            standing.grade, (Evidence("green.certificate", PLATFORM, standing.valid_from, standing.certificate_number or ""),)
        )
    return found


async def of_records(
    session: AsyncSession,
    book: Book,
    firm: Enterprise,
    records: Sequence[Fact],
    delivered: Mapping[str, date | None],
    day: date,
    now: datetime,
) -> tuple[Rating, GreenStanding | None] | None:
    """Return (a firm's rating on a day from records at hand, its standing), both as known at an instant; nothing is kept. None where no
    scheme was in force then.

    For a caller that has checked who asks. What the firm stated is in the standing alone: a reviewer has looked at it.
    """
    today = business_date(now)
    scheme = next((s for s in book.listed(today) if s.code == SCHEME_OF[Subject.ENTERPRISE]), None)
    flow = in_force(flow_policies(), today)
    if scheme is None or flow is None:
        return None
    since = day_start(same_day_after(day, -12 * flow.forgery_years))
    forged = Known(await cases.forged_since(session, firm.uscc, since, now), (Evidence("green.case", PLATFORM, day),))
    registered = next((f.values for f in records if f.item == items.REGISTRATION), {})
    section = _section(registered)
    compared = schemes.of_records(book, peers.NAMES, records, delivered, day)
    extra = {**await peers.known(session, section, compared, day, now), FORGED: forged}
    rating = schemes.rate_records(book, scheme, records, delivered, day, business_class=classes.class_of(section), extra=extra)
    return rating, await cases.standing(session, firm.id, day, now)


async def rate(
    session: AsyncSession, book: Book, case: Case, statements: Iterable[Statement], now: datetime, known_at: datetime | None = None
) -> Rated:
    """Rate a case as of today and keep the rating with its inputs and the chain of evidence, for a caller that has checked who asks.

    `known_at`: a demonstration looks back with what departments have delivered since.
    """
    scheme = book.find(SCHEME_OF[case.subject], business_date(now))
    said = list(statements)
    inputs = evidence.combined(await known_of(session, book, scheme, case.uscc, case.enterprise_id, now, known_at), said)
    links = await _links(session, case.uscc, inputs, said, now, known_at)
    return await _kept(session, _made(case, scheme, inputs, links, now))


async def again(session: AsyncSession, book: Book, case: Case, before: Rated, statements: Iterable[Statement], now: datetime) -> Rated:
    """Rate a case again from what the system knew then, with the reviewer's findings on top: departments are not asked."""
    said = [s for s in statements if s.author is Author.REVIEWER]
    inputs = evidence.combined(wire.inputs_of(before.inputs), said)
    links = {**wire.links_in(before.content), **wire.links((), said)}
    return await _kept(session, _made(case, book.edition(before.scheme, before.scheme_version), inputs, links, now))


async def since(
    session: AsyncSession,
    book: Book,
    case: Case,
    before: Rated,
    statements: Iterable[Statement],
    now: datetime,
    known_at: datetime | None = None,
) -> Rated | None:
    """Rate a certified case with what is known today: what nobody says anew stays as it was. None where the grade is the same or better.

    By the edition that it was certified by: a new one asks what nobody was asked then, and counts from the renewal on. What the reviewer
    found stays while the department says what it said then. The caller keeps it, where it acts on it.
    """
    scheme, said = book.edition(before.scheme, before.scheme_version), list(statements)
    found = {s.name for s in said if s.author is Author.REVIEWER and s.name != evidence.CLASS}
    today = await known_of(session, book, scheme, case.uscc, case.enterprise_id, now, known_at)
    submitted = await cases.submitted(session, case.id) or before
    inputs = evidence.overlaid(wire.inputs_of(before.inputs), wire.inputs_of(submitted.inputs), today, found)
    rating = schemes.rate(scheme, inputs, case.business_class, business_date(now))
    if scheme.rank(rating.grade) <= scheme.rank(before.grade):
        return None
    links = {**wire.links_in(before.content), **await _links(session, case.uscc, inputs, said, now, known_at)}
    return _made(case, scheme, inputs, links, now)


def worse_from(book: Book, case: Case, before: Rated, after: Rated, green: Sequence[str] | None) -> date:
    """Return the day from which a case's grade was worse than certified; of one that goes out of the pool, from which it was none of the
    `green` ones.
    """
    scheme = book.edition(before.scheme, before.scheme_version)

    def is_worse(grade: str) -> bool:
        return grade not in green if green is not None else scheme.rank(grade) > scheme.rank(before.grade)

    was, now = wire.inputs_of(before.inputs), wire.inputs_of(after.inputs)
    return worsening.worse_from(scheme, case.business_class, was, now, schemes.vocabulary(), is_worse, after.as_of)


async def unreported(
    session: AsyncSession, book: Book, subject: Subject, uscc: str, enterprise_id: UUID | None, business_class: str | None, now: datetime
) -> dict[str, Any]:
    """Return the rating of a firm from departments' facts alone, nothing kept: of a firm that has not reported."""
    scheme = book.find(SCHEME_OF[subject], business_date(now))
    kind = schemes.class_named(scheme, business_class).code
    inputs = await known_of(session, book, scheme, uscc, enterprise_id, now)
    return await _document(session, schemes.rate(scheme, inputs, kind, business_date(now)), uscc, inputs, (), now)


async def rate_now(
    session: AsyncSession, book: Book, subject: Subject, firm: Enterprise, business_class: str | None, now: datetime
) -> tuple[dict[str, Any], Case | None]:
    """Return a registered firm's rating as of today and the case that it is of, nothing kept: by its newest case that was not withdrawn,
    else by facts alone. For the platform: the firm's ledger says that it was read.
    """
    own = await cases.of_enterprise(session, firm.id, subject)
    case = next((c for c in own if c.state not in {State.WITHDRAWN, State.FORGED}), None)
    if case is None and subject is Subject.PROJECT:
        raise NotFound("no-project", "该企业没有绿色项目。", "The firm has no green project.")
    scheme = book.find(SCHEME_OF[subject], business_date(now))
    await consents.record_operators(session, [firm.id], fields_of(book, scheme, business_date(now)), ReadKind.FACTS, now)
    if case is None:
        return await unreported(session, book, subject, firm.uscc, firm.id, business_class, now), None
    said = await statements_of.statements(session, case.id)
    inputs = evidence.combined(await known_of(session, book, scheme, firm.uscc, firm.id, now), said)
    rating = schemes.rate(scheme, inputs, business_class or case.business_class, business_date(now))
    return await _document(session, rating, firm.uscc, inputs, said, now), case


async def document(
    session: AsyncSession, book: Book, firm: Enterprise, case: Case | None, said: Sequence[Statement], now: datetime
) -> dict[str, Any]:
    """Return the rating that the firm's own page shows, nothing kept: of a case that was rated, as it was kept; of a draft, as it would
    be if it was submitted now; without a case, from departments' facts alone.
    """
    if case and case.rating_id and case.state is not State.DRAFT and (kept := await cases.rating(session, case.rating_id)):
        return dict(kept.content)
    subject = case.subject if case else Subject.ENTERPRISE
    scheme = book.find(SCHEME_OF[subject], business_date(now))
    inputs = evidence.combined(await known_of(session, book, scheme, firm.uscc, firm.id, now), said)
    kind = case.business_class if case else classes.class_of(await section_of(session, firm.uscc, now))
    return await _document(session, schemes.rate(scheme, inputs, kind, business_date(now)), firm.uscc, inputs, said, now)


async def section_of(session: AsyncSession, uscc: str, now: datetime) -> str | None:
    """Return the section of GB/T 4754 that a firm's registered name and scope speak for; None where it is not known."""
    known = (await facts.facts_of(session, [uscc], business_date(now), now, (items.REGISTRATION,)))[uscc]
    return _section(known[0].values if known else {})


def _section(registered: Mapping[str, Any]) -> str | None:
    guess = reference.classify(str(registered.get("name", "")), registered.get("business_scope")) if registered else None
    return guess.section if guess else None


async def rate_labelled(session: AsyncSession, book: Book, region: str, now: datetime) -> list[dict[str, Any]]:
    """Return the ratings of all firms of a region that carry a green label, best first, from what departments delivered; nothing kept.

    For the platform; public lists name them, and they need not be registered here.
    """
    day = business_date(now)
    usccs = await cases.labelled(session, region, now)
    scheme = book.find(SCHEME_OF[Subject.ENTERPRISE], day)
    found = []
    known = await facts.facts_of(session, usccs, day, now, (items.REGISTRATION, HONOURS))
    for uscc in usccs:
        inputs = await known_of(session, book, scheme, uscc, None, now)
        registered = next((f.values for f in known[uscc] if f.item == items.REGISTRATION), {})
        rating = schemes.rate(scheme, inputs, classes.class_of(_section(registered)), day)
        labels = sorted({str(f.values["title"]) for f in known[uscc] if f.item == HONOURS and GREEN in str(f.values["title"])})
        document = await _document(session, rating, uscc, inputs, (), now)
        found.append({"uscc": uscc, "name": registered.get("name"), "labels": labels, **document})
    return sorted(found, key=lambda firm: (-float(firm["points"]), str(firm["uscc"])))


async def _document(
    session: AsyncSession, rating: Rating, uscc: str, inputs: Inputs, statements: Iterable[Statement], now: datetime
) -> dict[str, Any]:
    document = schemes.rating_json(rating, schemes.vocabulary())
    return wire.chained(document, await _links(session, uscc, inputs, statements, now))


async def _links(
    session: AsyncSession, uscc: str, inputs: Inputs, statements: Iterable[Statement], now: datetime, known_at: datetime | None = None
) -> wire.Links:
    wanted = sorted({e.item for known in inputs.values() for e in known.evidence} & facts.catalogue().items.keys())
    records = (await facts.facts_of(session, [uscc], business_date(now), known_at or now, wanted))[uscc] if wanted else []
    return wire.links(records, statements)


async def _kept(session: AsyncSession, rated: Rated) -> Rated:
    await cases.add_rating(session, rated)
    return rated


def _made(case: Case, scheme: Scheme, inputs: Inputs, links: wire.Links, now: datetime) -> Rated:
    day = business_date(now)
    rating = schemes.rate(scheme, inputs, case.business_class, day)
    content = wire.chained(schemes.rating_json(rating, schemes.vocabulary()), links)
    kept = wire.inputs_json(inputs)
    about = {"scheme": scheme.code, "version": scheme.version, "class": case.business_class, "as_of": day.isoformat(), "inputs": kept}
    digest = hashlib.sha256(canonical({**about, "catalogue": case.catalogue_version})).hexdigest()
    return Rated(
        uuid4(),
        case.id,
        scheme.code,
        scheme.version,
        scheme.status.value,
        day,
        now,
        rating.grade,
        rating.points,
        rating.coverage,
        content,
        kept,
        digest,
    )
