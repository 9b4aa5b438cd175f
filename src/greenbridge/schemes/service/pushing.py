"""Lists that are pushed: firms let themselves be named, banks subscribe, each night those that came on a list are sent.

A list is a scheme whose best grade is `listed`. Who did not agree is neither rated for a list nor named.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus
from greenbridge.kit import database, outbox
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Conflict, Forbidden, NotFound
from greenbridge.schemes import store
from greenbridge.schemes.service.book import Book
from greenbridge.schemes.service.rating import fields_of, rate_firms
from greenbridge.schemes.values import LISTED, Listed, Member, Pushed, Rating, Scheme

TOPIC = "list.sme_pushed"


@dataclass(frozen=True, slots=True)
class FirmList:
    """A list as a firm sees it: whether it takes part, its own entry where it stands on it."""

    scheme: Scheme
    member: bool
    entry: Listed | None


@dataclass(frozen=True, slots=True)
class BankList:
    """A list as a bank sees it: whether it subscribed, and then who stands on it."""

    scheme: Scheme
    subscribed: bool
    entries: list[Listed]


def lists(book: Book, now: datetime) -> list[Scheme]:
    """Return the schemes in force whose best grade is pushed."""
    return [s for s in book.listed(business_date(now)) if s.of_firms and s.grades[0].code == LISTED]


def _list(book: Book, code: str, now: datetime) -> Scheme:
    found = next((s for s in lists(book, now) if s.code == code), None)
    if found is None:
        raise NotFound("no-list", f"没有名单 {code}。", f"There is no list {code}.")
    return found


async def _firm(session: AsyncSession, actor: Actor) -> Enterprise:
    firm = await enterprises.mine(session, actor)
    if firm is None or firm.status is not EnterpriseStatus.VERIFIED:
        raise Conflict("not-verified", "企业尚未通过实名核验。", "The firm is not verified.")
    return firm


async def for_firm(session: AsyncSession, actor: Actor, book: Book, now: datetime) -> list[FirmList]:
    """Return the lists of the place as the actor's firm sees them."""
    firm = await _firm(session, actor)
    found = []
    for scheme in lists(book, now):
        own = [e for e in await store.entries(session, scheme.code) if e.enterprise_id == firm.id]
        found.append(FirmList(scheme, await store.is_member(session, firm.id, scheme.code), next(iter(own), None)))
    return found


async def choose(session: AsyncSession, actor: Actor, book: Book, code: str, now: datetime, *, wanted: bool) -> None:
    """Let the actor's firm take part in a list, or leave it: then it stands on it no more, and subscribers are told."""
    firm, scheme = await _firm(session, actor), _list(book, code, now)
    if wanted == await store.is_member(session, firm.id, scheme.code):
        return
    if wanted:
        await store.join(session, firm.id, scheme.code, actor.account_id, now)
    else:
        await store.leave(session, firm.id, scheme.code, now)
        own = [e for e in await store.entries(session, scheme.code) if e.enterprise_id == firm.id]
        async with database.as_platform(session):  # who subscribed is the banks' business
            for entry in own:
                await store.end_entry(session, entry.enterprise_id, entry.list_code, now)
            await _tell(session, scheme, [], own, now)
    about = "list.joined" if wanted else "list.left"
    await audit.record(session, about, f"enterprise:{firm.id}", now, account_id=actor.account_id, list=scheme.code)


async def for_bank(session: AsyncSession, actor: Actor, book: Book, now: datetime) -> list[BankList]:
    """Return the lists of the place as the actor's bank sees them."""
    wanted = await store.subscribed(session, actor.organisation.id)
    return [BankList(s, s.code in wanted, await store.entries(session, s.code) if s.code in wanted else []) for s in lists(book, now)]


async def subscribe(session: AsyncSession, actor: Actor, book: Book, code: str, now: datetime, *, wanted: bool) -> None:
    """Let the actor's bank subscribe to a list, or end that. A new subscriber is sent who stands on it now, later who comes and goes."""
    if actor.role is not Role.BANK_ADMINISTRATOR:
        raise Forbidden("wrong-role", "只有银行管理员可以订阅。", "Only a bank's administrator may subscribe.")
    scheme, bank = _list(book, code, now), actor.organisation.id
    if wanted == (scheme.code in await store.subscribed(session, bank)):
        return
    if wanted:
        await store.subscribe(session, bank, scheme.code, actor.account_id, now)
        async with database.as_platform(session):  # who stands on a list is the platform's to send; from now on the bank sees it too
            if standing := await store.entries(session, scheme.code):
                await outbox.publish(session, bank, TOPIC, _payload(scheme, standing, []), now)
    else:
        await store.unsubscribe(session, bank, scheme.code, now)
    about = "list.subscribed" if wanted else "list.unsubscribed"
    await audit.record(session, about, f"organisation:{bank}", now, account_id=actor.account_id, list=scheme.code)


async def push(session: AsyncSession, book: Book, now: datetime) -> Pushed:
    """Rate the firms that take part in each list, send those that came on it to its subscribers, take off those that fell. For the
    platform itself; each firm's ledger says that it was read.
    """
    rated = entered = left = sent = 0
    for scheme in lists(book, now):
        members = {m.uscc: m for m in await store.members(session, scheme.code)}
        ratings = await rate_firms(session, book, scheme, sorted(members), business_date(now), now)
        fields = fields_of(book, scheme, business_date(now))
        await consents.record_operators(session, [m.enterprise_id for m in members.values()], fields, ReadKind.FACTS, now)
        on_it = {e.uscc: e for e in await store.entries(session, scheme.code)}
        good = {uscc for uscc, rating in ratings.items() if rating.grade == LISTED}
        banks = await store.subscribers(session, scheme.code)
        risen = [_entry(members[uscc], ratings[uscc], len(banks), now) for uscc in sorted(good - on_it.keys())]
        for entry in risen:
            await store.enter(session, entry)
        for uscc in sorted(good & on_it.keys()):
            if (entry := _entry(members[uscc], ratings[uscc], on_it[uscc].pushed, now)) != replace(on_it[uscc], entered_at=now):
                await store.refresh(session, entry)
        fallen = [e for uscc, e in on_it.items() if uscc not in good]
        for entry in fallen:
            await store.end_entry(session, entry.enterprise_id, entry.list_code, now)
        rated, entered, left = rated + len(ratings), entered + len(risen), left + len(fallen)
        sent += await _tell(session, scheme, risen, fallen, now)
    return Pushed(rated, entered, left, sent)


async def _tell(session: AsyncSession, scheme: Scheme, entered: Sequence[Listed], left: Sequence[Listed], now: datetime) -> int:
    """Tell each subscriber all that has changed in one event; return how many firms were sent."""
    if not entered and not left:
        return 0
    banks = await store.subscribers(session, scheme.code)
    for bank in banks:
        await outbox.publish(session, bank, TOPIC, _payload(scheme, entered, left), now)
    return len(banks) * (len(entered) + len(left))


def _entry(member: Member, rating: Rating, pushed: int, now: datetime) -> Listed:
    scheme = rating.scheme
    about = (member.uscc, member.name, scheme.version, rating.points, rating.coverage, now, pushed)
    return Listed(member.enterprise_id, scheme.code, *about)


def _payload(scheme: Scheme, entered: Sequence[Listed], left: Sequence[Listed]) -> dict[str, Any]:
    firms = [{"event": event, **entry_json(e)} for event, entries in (("entered", entered), ("left", left)) for e in entries]
    about = {"list": scheme.code, "list_name": scheme.name.zh, "version": scheme.version, "status": scheme.status.value}
    return {**about, "entered": len(entered), "left": len(left), "firms": firms}


def entry_json(entry: Listed) -> dict[str, Any]:
    """Return an entry as it is written."""
    since = business_date(entry.entered_at).isoformat()
    return {"uscc": entry.uscc, "name": entry.name, "points": entry.points, "coverage": entry.coverage, "entered_on": since}


def list_json(one: BankList) -> dict[str, Any]:
    """Return a bank's list as it is written."""
    scheme = one.scheme
    about = {"list": scheme.code, "version": scheme.version, "name": {"zh": scheme.name.zh, "en": scheme.name.en}}
    return {**about, "status": scheme.status.value, "subscribed": one.subscribed, "firms": [entry_json(e) for e in one.entries]}
