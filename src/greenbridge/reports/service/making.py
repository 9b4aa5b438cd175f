"""Making a credit report: the firm's own, a consenting bank's, the command line's."""

import functools
import hashlib
import hmac
from base64 import b32encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import STAFF_FUNCTION_NAMES, Actor, Role
from greenbridge.consents import service as consents
from greenbridge.consents.service import Reading
from greenbridge.consents.values import IDENTITY, PURPOSE_NAMES, WORK_STEP_NAMES, Access, ReadKind, WorkStep
from greenbridge.disputes import service as disputes
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.facts.values import Fact, Series
from greenbridge.green import service as green
from greenbridge.kit import merkle
from greenbridge.kit.calendar import add_months, business_date, day_start
from greenbridge.kit.canonical import canonical, of_plain, plain
from greenbridge.kit.errors import Conflict, Forbidden, Invalid
from greenbridge.kit.text import Text
from greenbridge.peers import service as peers
from greenbridge.peers.values import Standing
from greenbridge.reports import store
from greenbridge.reports.gateway import Press
from greenbridge.reports.rules import envelope, wire
from greenbridge.reports.values import CreditReport, Material, Query, Rated, Reader
from greenbridge.schemes import service as schemes
from greenbridge.schemes.service import Book
from greenbridge.scoring import service as scoring

OWN_USE = Text("企业自查", "The firm's own")
PREVIEW, PUBLIC_CREDIT = "预览", "public-credit-zj-2020"
EARLIEST = date(2000, 1, 1)  # no department delivers anything older


async def for_actor(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    press: Press,
    now: datetime,
    as_of: date | None = None,
    step: WorkStep = WorkStep.SURVEY,
) -> CreditReport:
    """Make a report for somebody who asks: the firm itself, or an officer whose bank has the firm's consent to the work step.

    An officer sees what consent, template and the bank's own view let through; the ledger keeps what that was.
    """
    day = as_of or business_date(now)
    if actor.role is Role.ENTERPRISE:
        firm = await enterprises.own(session, actor, enterprise_id)
        if firm.status is not EnterpriseStatus.VERIFIED:
            # A code and a name are public: before the check anybody could have typed them.
            raise Conflict("not-verified", "企业尚未通过实名核验，不能查阅报告。", "The firm is not verified and may not read its report.")
        reader = Reader(firm.name, actor.login, None, OWN_USE, None, None, None)
        return (await make(session, [firm], press, day, now, made_for=actor.account_id, readers=[reader]))[0]
    if actor.role is not Role.OFFICER:
        raise Forbidden("wrong-role", "您的角色不能查阅信用报告。", "Your role may not read credit reports.")
    async with consents.reading(session, actor, enterprise_id, step, ReadKind.REPORT, facts.levels(), now) as reading:
        if not reading.reaches(day, business_date(now)):
            raise Forbidden("day-not-agreed", "该报告日期超出企业授权的时间范围。", "The firm's consent does not reach back to that day.")
        firm = await enterprises.get(session, enterprise_id)
        reader = _officer(actor, reading, now)
        made = await make(session, [firm], press, day, now, made_for=actor.account_id, readings=[reading], readers=[reader])
        reading.report_number = made[0].number
        reading.shown.update(IDENTITY)  # they stand above every report
    return made[0]


def _officer(actor: Actor, reading: Reading, now: datetime) -> Reader:
    access = reading.access
    assert access is not None
    function = STAFF_FUNCTION_NAMES[access.function]
    policy = consents.template(access.purpose, now).version
    purpose, step = PURPOSE_NAMES[access.purpose], WORK_STEP_NAMES[access.step]
    return Reader(actor.organisation.name, actor.login, function, purpose, step, policy, access.scope.months)


async def for_operator(
    session: AsyncSession, firms: Sequence[Enterprise], press: Press, as_of: date, now: datetime, *, known_at: datetime | None = None
) -> list[CreditReport]:
    """Make whole reports for whoever runs the platform, on its machine; each firm sees in its ledger that it was read.

    `known_at`: replay what was known then. The same inputs give the same bytes, and a report that is kept comes with its signature.
    """
    if known_at and known_at > now:
        raise Invalid.at("future-instant", "known_at", "获知时间不能晚于现在。", "Nothing is known yet at an instant ahead.")
    readings = [Reading(None, facts.levels()) for _ in firms]
    made = await make(session, firms, press, as_of, known_at or now, readings=readings)
    for firm, reading, report in zip(firms, readings, made, strict=True):
        await consents.record_operators(session, [firm.id], sorted(reading.shown), ReadKind.REPORT, now, report_number=report.number)
    return made


async def make(
    session: AsyncSession,
    firms: Sequence[Enterprise],
    press: Press,
    as_of: date,
    now: datetime,
    *,
    made_for: UUID | None = None,
    readings: Sequence[Reading] | None = None,
    readers: Sequence[Reader] | None = None,
) -> list[CreditReport]:
    """Make, sign and keep the reports of firms as of a day, in their order, each as its reading lets through (without: whole).

    The caller has checked who asks.
    """
    drafts = []
    for index, material in enumerate(await _materials(session, firms, press, as_of, now)):
        reader = readers[index] if readers else None
        ask = (readings[index] if readings else Reading(None, facts.levels())).withheld
        drafts.append((material, wire.content(replace(material, reader=reader), ask, press.public_url)))
    reports = []
    for material, content in drafts:
        written = plain(content)
        body = of_plain(written)
        hashes = functools.partial(merkle.leaf_hashes, merkle.leaves(written), plain=True)
        report = _signed(material.enterprise, press, as_of, now, content, body, hashes)
        if not await store.add(session, report, body, made_for, material.score.id if material.score else None):
            # A replay: it comes with the signature that it got then.
            report = (await store.of_numbers(session, [report.number])).get(report.number, report)
        reports.append(report)
    return reports


def _number(as_of: date, digest: bytes) -> str:
    """Return the number that people say on the telephone: the day, and 40 bits of the content's digest. R260310-7KQ2M4XW."""
    return f"R{as_of:%y%m%d}-{b32encode(digest)[:8].decode()}"


def _signed(
    firm: Enterprise,
    press: Press,
    as_of: date,
    now: datetime,
    content: Mapping[str, Any],
    body: bytes,
    hashes_with: Callable[[bytes], dict[str, bytes]],
) -> CreditReport:
    """Return a report with its head, seed and signature. The seed follows from content and the installation's secret: nobody guesses
    the salts, and the same report gets the same.
    """
    digest = hashlib.sha256(body).digest()
    seed = hmac.digest(press.secret.encode(), b"report-seed:" + digest, "sha256")
    hashes = hashes_with(seed)
    number = _number(as_of, digest)
    head = envelope.head_of(hashes, number, now)
    kid, alg, value = press.keys.sign(canonical(head), now)
    signature = {"kid": kid, "alg": alg, "value": value}
    return CreditReport(
        UUID(bytes=digest[:16]), number, firm.id, as_of, now, content, digest.hex(), head, seed.hex(), signature, hashes, body
    )


async def _materials(session: AsyncSession, firms: Sequence[Enterprise], press: Press, as_of: date, now: datetime) -> list[Material]:
    """Gather what the reports of firms are assembled from, in a few queries for all of them."""
    if as_of < EARLIEST:
        raise Invalid.at("too-early", "as_of", f"报告日期不能早于 {EARLIEST}。", f"A report's day may not lie before {EARLIEST}.")
    if as_of > business_date(now):
        raise Invalid.at("future-date", "as_of", "报告日期不能晚于今天。", "A report's day may not lie ahead.")
    usccs = [firm.uscc for firm in firms]
    model = await scoring.model_at(session, press.model, now)  # a replay is scored as it was then
    coverage = await facts.coverage(session, now)
    series = await facts.series(session, usccs, as_of, now, coverage)
    scores = await scoring.score_series(session, firms, series, model, as_of, now)
    found = await facts.facts_of(session, usccs, as_of, now)
    tied = sorted(_tied(found))
    disputed = await disputes.open_at(session, [*usccs, *tied], now)
    marks = await facts.public_marks(session, tied, as_of, now, disputed)
    # Whole days that were over: what is read at this moment commits sooner or later, and a replay must count the same.
    until = min(as_of, business_date(now))
    reads = await consents.report_reads(session, [firm.id for firm in firms], day_start(add_months(until, -12)), day_start(until))
    delivered = {item: newest for item, (newest, *_) in coverage.items()}
    materials = []
    for index, firm in enumerate(firms):
        standings = await _standings(session, series.of(index), found[firm.uscc], as_of, now)
        partners = await facts.counterparties(session, firm.uscc, as_of, now, covered=coverage)
        queries = [Query(read.at, read.organisation_name, PURPOSE_NAMES[read.purpose]) for read in reads.get(firm.id, ()) if read.purpose]
        materials.append(
            Material(
                firm,
                as_of,
                now,
                found[firm.uscc],
                series.of(index),
                partners,
                coverage,
                scores.get(firm.id),
                model.version,
                scoring.band_policy(business_date(now)).cuts,
                facts.catalogue(),
                facts.levels(),
                marks,
                standings,
                queries,
                disputed={(item, key): since for (uscc, item, key), since in disputed.items() if uscc == firm.uscc},
                ratings=await _ratings(session, press.book, firm, found[firm.uscc], delivered, (as_of, now)),
                model_fields=scoring.fields_read(model),
            )
        )
    return materials


async def _ratings(
    session: AsyncSession,
    book: Book,
    firm: Enterprise,
    records: Sequence[Fact],
    delivered: Mapping[str, date | None],
    at: tuple[date, datetime],
) -> tuple[Rated, ...]:
    """Return what the platform's schemes say of a firm by its records; `at`: the day, and when that is known, whose versions are taken."""
    day, today = at[0], business_date(at[1])
    found: list[Rated] = []
    if rated := await green.of_records(session, book, firm, records, delivered, *at):
        found.append(Rated("green", rated[0], schemes.fields_of(book, rated[0].scheme, today), rated[1]))
    for credit in [scheme for scheme in book.listed(today) if scheme.code == PUBLIC_CREDIT]:
        rating = schemes.rate_records(book, credit, records, delivered, day)
        found.append(Rated("public_credit", rating, schemes.fields_of(book, credit, today)))
    return tuple(found)


async def _standings(session: AsyncSession, series: Series, known: Sequence[Fact], as_of: date, now: datetime) -> list[Standing]:
    """Return the firm's place among firms of its division and size."""
    profile = peers.profile(series, known, as_of)
    division = profile.industry.division if profile.industry else None
    return await peers.standings(session, division, profile.sizing.size, profile.values, as_of, now)


def _tied(found: Mapping[str, Sequence[Fact]]) -> set[str]:
    """Return the codes of firms that the facts tie to these: companies that hold shares, branches."""
    keys = {items.SHAREHOLDERS: "investor_uscc", items.BRANCHES: "branch_uscc"}
    return {code for known in found.values() for fact in known if fact.item in keys and (code := fact.values.get(keys[fact.item]))}


async def previews(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, press: Press, accesses: Sequence[Access], now: datetime
) -> list[Mapping[str, Any]]:
    """Return what the actor's own firm's report would show to readers, one content each; nothing is kept."""
    enterprise = await enterprises.own(session, actor, enterprise_id)
    if enterprise.status is not EnterpriseStatus.VERIFIED:
        raise Conflict("not-verified", "企业尚未通过实名核验，不能查阅报告。", "The firm is not verified and may not read its report.")
    (material,) = await _materials(session, [enterprise], press, business_date(now), now)
    contents: list[Mapping[str, Any]] = []
    for access in accesses:
        steps = (STAFF_FUNCTION_NAMES[access.function], PURPOSE_NAMES[access.purpose], WORK_STEP_NAMES[access.step])
        reader = Reader(PREVIEW, "", *steps, None, access.scope.months)
        contents.append(wire.content(replace(material, reader=reader), Reading(access, facts.levels()).withheld, press.public_url))
    return contents
