"""Publicity and what comes after it: objections, certificates, renewal, expiry, downgrade. The clock's work is the nightly job's."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.green.gateway import Seal
from greenbridge.green.rules import flow, wire
from greenbridge.green.service import rating, subsidies
from greenbridge.green.service.steps import case_of, firm_of, none, policy, step
from greenbridge.green.store import cases
from greenbridge.green.store import evidence as statements_of
from greenbridge.green.values import Case, Certificate, Event, Happened, Publicity, Rated, Speaker, State
from greenbridge.kit import database, logs, merkle
from greenbridge.kit.calendar import business_date
from greenbridge.kit.canonical import canonical
from greenbridge.kit.errors import Conflict, Forbidden
from greenbridge.schemes.service import Book
from greenbridge.schemes.service.rating import fields_of

CLOCK = frozenset({Speaker.CLOCK})
PLATFORM = "绿桥平台"


@dataclass(frozen=True, slots=True)
class Night:
    """What a nightly run did. `failed`: cases that were left as they were, to be tried again."""

    certified: int = 0
    downgraded: int = 0
    removed: int = 0
    expired: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """How many cases moved."""
        return self.certified + self.downgraded + self.removed + self.expired

    def and_(self, more: "Night") -> "Night":
        """Return what two runs did together."""
        return Night(*[a + b for a, b in zip(astuple(self), astuple(more), strict=True)])


async def publicity(session: AsyncSession, case: Case, now: datetime) -> Publicity | None:
    """Return how a case's publicity stands; None where it never began. The length is that of the policy it began under."""
    history = await cases.history(session, case.id)
    began = next((h for h in history if h.state is State.PUBLISHED), None)
    if began is None:
        return None
    days = int(began.detail.get("publicity_days") or policy(business_date(began.at)).publicity_days)
    return flow.publicity(history, business_date(now), days)


async def object_to(session: AsyncSession, actor: Actor, number: str, text: str, now: datetime) -> State:
    """Object to a published case, as anybody with an account but the firm: the clock stands until the operator has looked into it."""
    async with database.as_platform(session):  # publicity is for everybody, also to speak up
        case = await cases.of_number(session, number)
        if case is None or case.state not in {State.PUBLISHED, State.OBJECTED, State.CERTIFIED}:
            raise none()
        if actor.role is Role.ENTERPRISE and await _is_own(session, actor, case):
            raise Forbidden("own-case", "不能对本企业的公示提出异议。", "A firm does not object to its own publicity.")
        await database.lock(session, f"green:{case.id}")
        mine = str(actor.organisation.id)
        if any(h.event is Event.OBJECT and h.detail.get("organisation") == mine for h in await cases.history(session, case.id)):
            # Or one rival could stop the clock again and again.
            raise Conflict("objected-already", "您已对该公示提出过异议。", "You have objected to this publicity already.")
        who = actor.organisation.name if actor.role is not Role.ENTERPRISE else "企业"
        told = {"reason": text.strip(), "from": who, "organisation": mine}
        return await step(session, case, Event.OBJECT, frozenset({Speaker.PUBLIC}), now, actor, told)


async def _is_own(session: AsyncSession, actor: Actor, case: Case) -> bool:
    query = "select 1 from enterprise where id = %(firm)s and organisation_id = %(mine)s"
    return bool(await database.rows(session, query, {"firm": case.enterprise_id, "mine": actor.organisation.id}))


async def settle(session: AsyncSession, actor: Actor, case_id: UUID, *, upheld: bool, reason: str, now: datetime) -> State:
    """Settle an objection as the operator: the clock goes on, or the case ends."""
    case, speaks = await case_of(session, actor, case_id, lock=True)
    return await step(session, case, Event.UPHOLD if upheld else Event.DISMISS, speaks, now, actor, {"reason": reason.strip()})


async def waiting(session: AsyncSession) -> list[UUID]:
    """Return the cases that the clock looks at, those on show first: a renewal comes before what it takes the place of."""
    shown = await cases.in_states(session, (State.PUBLISHED,))
    return [case.id for case in [*shown, *await cases.in_states(session, (State.CERTIFIED, State.OBJECTED))]]


async def nightly(session: AsyncSession, book: Book, seal: Seal, now: datetime, known_at: datetime | None = None) -> Night:
    """Do what the clock does: certify what was published long enough, downgrade or remove by events, expire. For the platform itself.

    A case that fails is undone alone, logged and counted. `known_at`: a demonstration looks back with what departments have delivered
    since.
    """
    done = Night()
    for case_id in await waiting(session):
        try:
            async with session.begin_nested():
                done = done.and_(await night_of(session, book, seal, case_id, now, known_at))
        except Exception:  # noqa: BLE001  the others go on; the count tells
            logs.get().exception("green night failed", case=str(case_id))
            done = replace(done, failed=done.failed + 1)
    return done


async def night_of(session: AsyncSession, book: Book, seal: Seal, case_id: UUID, now: datetime, known_at: datetime | None = None) -> Night:
    """Do what the clock does with one case, locked and read again. Raises what went wrong: the caller undoes it."""
    done = Night()
    await database.lock(session, f"green:{case_id}")
    case = await cases.find(session, case_id)
    if case and case.state is State.PUBLISHED:
        standing = await publicity(session, case, now)
        if standing and standing.ends_on and business_date(now) > standing.ends_on:
            done = replace(done, certified=int(await _certify(session, book, seal, case, now, known_at)))
            case = await cases.find(session, case_id)
    if case is None or case.state not in {State.CERTIFIED, State.PUBLISHED, State.OBJECTED}:
        return done
    event = await _watch(session, book, seal, case, now, known_at)
    return replace(done, downgraded=int(event is Event.DOWNGRADE), removed=int(event is Event.REMOVE), expired=int(event is Event.EXPIRE))


async def _certify(session: AsyncSession, book: Book, seal: Seal, case: Case, now: datetime, known_at: datetime | None) -> bool:
    rated = await cases.rating(session, case.rating_id) if case.rating_id else None
    assert rated is not None
    worse = await rating.since(session, book, case, rated, await statements_of.statements(session, case.id), now, known_at)
    if worse and worse.grade not in policy(business_date(now)).green_grades:
        return False  # what happened meanwhile removes it, see `_watch`
    day = business_date(now)
    issued = await _issue(session, seal, case, rated, *flow.validity(day, policy(day)), now)
    if case.renews:
        await _supersede(session, case.renews, now)
    told = {"grade": rated.grade, "certificate_number": issued.number, "valid_to": issued.valid_to.isoformat()}
    await step(session, case, Event.CERTIFY, CLOCK, now, None, told)
    return True


async def _supersede(session: AsyncSession, before_id: UUID, now: datetime) -> None:
    await database.lock(session, f"green:{before_id}")
    before = await cases.find(session, before_id)
    if before and before.state is State.CERTIFIED:
        await end_all(session, before, "renewed", now)
        await step(session, before, Event.SUPERSEDE, CLOCK, now, None)


async def _issue(session: AsyncSession, seal: Seal, case: Case, rated: Rated, first: date, last: date, now: datetime) -> Certificate:
    """Sign a certificate and keep it: its leaves can be shown one by one, and checked without network."""
    number = await cases.number(session, "green_certificate_number", "Z", business_date(now))
    content = wire.certificate_content(case, rated, number, first, last, PLATFORM, f"{seal.public_url}/green")
    seed = hmac.digest(seal.secret.encode(), b"green-certificate:" + hashlib.sha256(canonical(content)).digest(), "sha256")
    hashes = merkle.leaf_hashes(merkle.leaves(content), seed, merkle.SHA_256)
    head = wire.head_of(hashes, number, now)
    kid, alg, value = seal.keys.sign(canonical(head), now)
    signature = {"kid": kid, "alg": alg, "value": value}
    issued = Certificate(
        number,
        case.id,
        case.enterprise_id,
        case.subject,
        rated.grade,
        rated.points,
        rated.coverage,
        first,
        last,
        content,
        head,
        seed.hex(),
        signature,
        now,
    )
    await cases.add_certificate(session, issued, rated, case.catalogue_version)
    return issued


async def end_all(
    session: AsyncSession, case: Case, reason: str, now: datetime, *, first_without: date | None = None, void: bool = False
) -> None:
    """End a case's certificates that were not ended, with the day before `first_without` (today without one), never before they began.

    `void`: all that ever held, as if they never did.
    """
    last = (first_without or business_date(now)) - timedelta(days=1)
    for held in await cases.certificates(session, case_id=case.id):
        before = held.valid_from - timedelta(days=1)
        if void and held.last_day > before:
            await cases.end_certificate(session, held.number, before, reason, now)
        elif not void and held.ended_on is None:
            await cases.end_certificate(session, held.number, max(before, min(last, held.valid_to)), reason, now)


async def _watch(session: AsyncSession, book: Book, seal: Seal, case: Case, now: datetime, known_at: datetime | None) -> Event | None:
    """Return what became of a case tonight: its end by the calendar, a worse grade by events; None: nothing."""
    day = business_date(now)
    held = await cases.certificates(session, case_id=case.id)
    current = held[-1] if held else None
    if case.state is State.CERTIFIED and current and day > current.valid_to:
        await step(session, case, Event.EXPIRE, CLOCK, now, None, {"certificate_number": current.number})
        return Event.EXPIRE
    rated = await cases.rating(session, case.rating_id) if case.rating_id else None
    assert rated is not None
    said = await statements_of.statements(session, case.id)
    worse = await rating.since(session, book, case, rated, said, now, known_at)
    fields = fields_of(book, book.edition(rated.scheme, rated.scheme_version), day)
    await consents.record_operators(session, [case.enterprise_id], fields, ReadKind.FACTS, now)
    if worse is None:
        return None
    gone = worse.grade not in policy(day).green_grades
    since = rating.worse_from(book, case, rated, worse, policy(day).green_grades if gone else None)
    told: dict[str, Any] = {"grade": worse.grade, "grade_before": rated.grade, "why": _why(rated, worse), "since": since.isoformat()}
    if gone:
        await cases.add_rating(session, worse)
        await end_all(session, case, "removed", now, first_without=since)
        await step(session, case, Event.REMOVE, CLOCK, now, None, told, rating_id=worse.id)
        await subsidies.claw_back_of(session, case.enterprise_id, f"{case.number}：移出绿色库", now)
        return Event.REMOVE
    if case.state is not State.CERTIFIED or current is None:
        return None
    await cases.add_rating(session, worse)
    await end_all(session, case, "downgraded", now, first_without=since)
    # The worse grade holds from the day on which it was true; `recorded_at` says since when it is known.
    issued = await _issue(session, seal, case, worse, max(since, current.valid_from), current.valid_to, now)
    told["certificate_number"] = issued.number
    await step(session, case, Event.DOWNGRADE, CLOCK, now, None, told, rating_id=worse.id)
    await subsidies.claw_back_of(session, case.enterprise_id, f"{case.number}：降级", now)
    return Event.DOWNGRADE


def _why(before: Rated, after: Rated) -> list[str]:
    """Return what made a grade worse: vetoes that hold now, lines that lost points."""
    vetoes = [v["code"] for v in after.content["vetoes"] if v["known"]]
    was = {line["code"]: line["points"] for line in before.content["indicators"]}
    lost = [line["code"] for line in after.content["indicators"] if (was.get(line["code"]) or 0) > (line["points"] or 0)]
    return [*vetoes, *lost]


async def public(session: AsyncSession) -> list[dict[str, Any]]:
    """Return publicity and certificates for everybody."""
    return await cases.public(session)


async def certificate_part(session: AsyncSession, number: str) -> dict[str, Any]:
    """Return what a certificate shows to everybody who knows its number, signed: no points. Raises NotFound."""
    async with database.as_platform(session):  # a certificate is made to be shown; what firms keep to themselves stays out
        found = await cases.certificate(session, number)
    if found is None:
        raise none()
    return wire.public_file(found.content, found.head, found.seed, found.signature)


async def certificate_file(session: AsyncSession, actor: Actor | None, number: str) -> dict[str, Any]:
    """Return a certificate's whole signed file, points and seed too, to the firm that holds it and to the operator (None: the command
    line). Raises NotFound, also for another firm's.
    """
    found = await cases.certificate(session, number)
    if found is None or not (actor is None or actor.role is Role.OPERATOR or found.enterprise_id == (await firm_of(session, actor)).id):
        raise none()
    return wire.signed_file(found.content, found.head, found.seed, found.signature)


async def pool(session: AsyncSession, day: date) -> list[tuple[Case, Certificate]]:
    """Return the reserve pool: firms and projects whose certificate holds on a day, for the platform."""
    found = [(case, await cases.certificates(session, case_id=case.id)) for case in await cases.in_states(session, (State.CERTIFIED,))]
    return [(case, held[-1]) for case, held in found if held and held[-1].holds(day)]


async def past(session: AsyncSession) -> list[tuple[Case, Certificate]]:
    """Return what was certified once, the case that ended last first, for the platform: forged evidence may come to light later."""
    ended = await cases.in_states(session, (State.EXPIRED, State.SUPERSEDED, State.REMOVED))
    found = [(case, await cases.certificates(session, case_id=case.id)) for case in reversed(ended)]
    return [(case, held[-1]) for case, held in found if held]


async def on_show(session: AsyncSession) -> list[tuple[Case, Happened]]:
    """Return published cases with their last event, those objected to first, for the platform."""
    found = await cases.in_states(session, (State.OBJECTED, State.PUBLISHED))
    return [(case, (await cases.history(session, case.id))[-1]) for case in sorted(found, key=lambda c: c.state is not State.OBJECTED)]


async def public_until(session: AsyncSession, case_id: UUID, now: datetime) -> Publicity | None:
    """Return how the publicity of a public case stands, for everybody."""
    async with database.as_platform(session):  # how long a case is still on show is part of its publicity
        case = await cases.find(session, case_id)
        return await publicity(session, case, now) if case else None


async def grades(session: AsyncSession, of: Sequence[Case]) -> dict[UUID, str]:
    """Return case -> the grade of its newest rating, for the platform."""
    found = {case.id: await cases.rating(session, case.rating_id) for case in of if case.rating_id}
    return {case_id: rated.grade for case_id, rated in found.items() if rated}
