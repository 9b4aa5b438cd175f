"""Screening a list of firms for somebody who may: public lists for operators and departments, grades for the operator alone."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.facts.rules.identity import normalise_name
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.codes import is_uscc
from greenbridge.kit.errors import Forbidden, Invalid
from greenbridge.schemes import store
from greenbridge.schemes.rules import screening as rules
from greenbridge.schemes.rules.screening import Candidate, Screened, Screening
from greenbridge.schemes.service.book import Book
from greenbridge.schemes.service.rating import fields_of, rate_firms
from greenbridge.schemes.values import Rating, Scheme

BATCH = 5_000


async def screen(
    session: AsyncSession,
    actor: Actor | None,
    book: Book,
    rows: Sequence[Candidate],
    now: datetime,
    *,
    scheme: str | None = None,
    below: str | None = None,
    as_of: date | None = None,
) -> Screening:
    """Screen a list against the severe lists, and against a scheme's grades where one is named. `actor` None: the command line.

    Rows that mean no firm are set aside with a reason, the others go on. Raises Forbidden, NotFound or Invalid.
    """
    _allowed(actor, scheme)
    day = as_of or business_date(now)
    if day > business_date(now):
        raise Invalid.at("future-date", "as_of", "筛查日期不能晚于今天。", "A list cannot be screened for a day ahead.")
    by, line = _line(book, scheme, below, day)
    async with database.as_platform(session):  # public lists are everybody's; grades are the operator's, checked above
        names = await store.of_names(session, [normalise_name(r.name) for r in rows if r.name.strip()])
        known = await store.known(session, [rules.tidy(r.uscc) for r in rows if is_uscc(rules.tidy(r.uscc))])
        meant = rules.sort(rows, names, known)
        usccs = [code for _, code in meant.meant]
        delivered = {item: to for item, (to, *_) in (await facts.coverage(session, now)).items()}
        hits: dict[str, tuple[rules.Hit, ...]] = {}
        registered: dict[str, str] = {}
        for start in range(0, len(usccs), BATCH):
            records = await facts.facts_of(session, usccs[start : start + BATCH], day, now, (*rules.ITEMS, items.REGISTRATION))
            hits |= {uscc: rules.hits(own, delivered, day) for uscc, own in records.items()}
            registered |= {uscc: rules.registered_name(own) for uscc, own in records.items()}
        ratings = await rate_firms(session, book, by, usccs, day, now) if by else {}
        await _note(session, actor, book, by, usccs, day, now)
    # A department gets back the names that it gave: which firms are on the platform is not told to it.
    told = actor is None or actor.role is not Role.DEPARTMENT
    shown = {code: registered[code] or row.name or next(iter(known[code]), "") if told else row.name for row, code in meant.meant}
    screened = [_screened(row, code, shown[code], hits[code], ratings.get(code), line) for row, code in meant.meant]
    made = Screening(day, len(rows), screened, meant.set_aside, rules.unchecked(delivered), by, line)
    await audit.record(
        session,
        "screening.made",
        f"scheme:{by.code}" if by else "lists",
        now,
        account_id=actor.account_id if actor else None,
        rows=made.rows,
        found=len(made.found),
        quarantined=len(made.set_aside),
    )
    return made


def _allowed(actor: Actor | None, scheme: str | None) -> None:
    """Severe lists are open to everybody by law, but reading them in bulk is for operators and departments; grades stand on what firms
    agreed to, so a department gets none.
    """
    if actor is None or actor.role is Role.OPERATOR or (actor.role is Role.DEPARTMENT and scheme is None):
        return
    raise Forbidden("no-screening", "您的角色不能按计分方案筛查企业。", "Your role may not screen firms by a scheme.")


def _line(book: Book, scheme: str | None, below: str | None, day: date) -> tuple[Scheme | None, str | None]:
    """Return the scheme and the grade under which a firm is found: the second lowest where none is named."""
    if scheme is None:
        if below is not None:
            raise Invalid.at("no-scheme-named", "scheme", "指定等级时须同时指定计分方案。", "A grade needs its scheme.")
        return None, None
    found = book.find(scheme, day)
    if not found.of_firms:
        zh = f"{found.name.zh}评定的是{found.subject.zh}，不能用来筛查企业名单。"
        raise Invalid.at("not-of-firms", "scheme", zh, f"{found.name.en} rates a {found.subject.en}: no list of firms is screened by it.")
    by_points = [grade.code for grade in found.grades if grade.at_least is not None]
    line = below or by_points[-2]
    if not rules.has_grade(found, line):
        listed = "、".join(by_points)
        raise Invalid.at("no-grade", "below", f"{found.name.zh}没有等级 {line}；可用：{listed}。", f"No grade {line}; known: {listed}.")
    return found, line


def _screened(row: Candidate, code: str, name: str, hits: tuple[rules.Hit, ...], rating: Rating | None, below: str | None) -> Screened:
    if rating is None or below is None:
        return Screened(row, code, name, hits)
    found = (*hits, *rules.grade_hit(rating, below))
    return Screened(row, code, name, found, rating.grade, rating.grade_name, rating.points, rating.coverage, rating.possible_grade)


async def _note(
    session: AsyncSession, actor: Actor | None, book: Book, scheme: Scheme | None, usccs: Sequence[str], day: date, now: datetime
) -> None:
    """Write into the ledgers of verified firms that their fields were read for a grade; public lists need no row."""
    if scheme:
        firms = await enterprises.verified(session, usccs)
        login = actor.login if actor else "-"
        await consents.record_operators(session, firms, fields_of(book, scheme, day), ReadKind.FACTS, now, login=login)
