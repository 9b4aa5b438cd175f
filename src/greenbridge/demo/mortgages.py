"""Pledges and mortgages of the demonstration: something in every state, the register served by the sandbox in this process."""

import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.collateral import service as collateral
from greenbridge.collateral.service import HttpRegistry, Safe
from greenbridge.collateral.values import AssetKind, Draft, Pledge, Registration, RegistrationState, Stated
from greenbridge.consents import service as consents
from greenbridge.consents.values import Purpose, WorkStep
from greenbridge.demo import estates
from greenbridge.demo.firms import World
from greenbridge.demo.values import Stage
from greenbridge.enterprises.values import Enterprise
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.clock import Clock
from greenbridge.kit.codes import generated_uscc
from greenbridge.kit.exchange import Key
from greenbridge.kit.keyring import KeyRing
from greenbridge.kit.keys import kept_key
from greenbridge.kit.money import FEN_PER_WAN
from greenbridge.sandbox.registry import Book, Parcel, create_registry

YEAR = timedelta(days=365)
Deed = Callable[[AsyncSession, Actor, UUID, datetime], Awaitable[Registration]]


@dataclass(frozen=True, slots=True)
class Later:
    """Another clock's time, so much later: nobody waits for the register."""

    clock: Clock
    by: timedelta

    def now(self) -> datetime:
        """Return the instant."""
        return self.clock.now() + self.by


def unit_no(estate: estates.Estate) -> str:
    """Return a generated unit number: county, cadastral district 000001, a parcel and a building of its own."""
    return f"{estate.firm.region_code}000001GB{estate.number:05d}F{estate.number:08d}"


def parcels_of(seed: int, firms: int, today: date) -> list[Parcel]:
    """Return the register's pieces of a generated town: what departments deliver of them, and which were seized."""
    world = World(seed=seed, count=firms, today=today)
    held = {row["certificate_no"] for row in estates.seizures(world) if row["released_on"] is None}
    owned = {row["certificate_no"]: row for row in estates.ownership(world)}
    earlier: dict[str, list[dict[str, object]]] = {}
    for row in estates.mortgages(world):
        if row["discharged_on"] is None:
            entry = {"mortgage_no": row["mortgage_no"], "mortgagee": row["mortgagee"], "secured_fen": int(row["secured"] * 100)}
            registered = {"rank": row["rank"], "registered_on": row["registered_on"].isoformat()}
            earlier.setdefault(row["certificate_no"], []).append(entry | registered)
    return [
        Parcel(
            estate.certificate_no,
            unit_no(estate),
            estate.firm.uscc,
            owned[estate.certificate_no]["address"],
            estate.area_m2,
            owned[estate.certificate_no]["use"],
            estate.certificate_no in held,
            tuple(earlier.get(estate.certificate_no, ())),
        )
        for estate in world.once(estates.estates)
        if owned[estate.certificate_no]["cancelled_on"] is None
    ]


async def pledge(stage: Stage, joined: Sequence[tuple[Actor, Enterprise]], officers: dict[str, Actor], parcels: Sequence[Parcel]) -> None:
    """Leave pledges and registrations in every state that a town of this size has assets for."""
    box, banks = collateral.safe(stage.settings), list(officers.values())
    await _of_the_first_firm(stage, joined, banks, box)
    actors = {firm.uscc: actor for actor, firm in joined}
    theirs = [one for one in parcels if one.owner_uscc in actors]
    with tempfile.TemporaryDirectory(prefix="greenbridge-registry-") as made:
        ring = KeyRing(Path(made))
        book = Book(parcels, ring, stage.clock)
        key = Key(kept_key(stage.settings.data_dir))
        server: Any = create_registry(book, key.private.public_key())  # httpx types an application more narrowly
        transport = httpx.ASGITransport(server)
        async with httpx.AsyncClient(transport=transport) as client:
            registry = HttpRegistry("http://registry.demo", ring.public_document(stage.clock.now()), key, client=client)
            await _asked(stage, joined, theirs, banks, registry)
            await _carried_on(stage, await _drafted(stage, actors, theirs, banks, box), registry)


def _draft(bank: Actor, kind: AssetKind, whole_wan: float, part: float, until: date, **fields: str) -> Draft:
    whole = int(whole_wan * FEN_PER_WAN)
    return Draft(bank.organisation.id, Stated(kind, fields, whole), int(whole * part), until)


async def _accepted(session: AsyncSession, firm: Actor, bank: Actor, box: Safe, draft: Draft, now: datetime) -> Pledge:
    offered = await collateral.offer(session, firm, box, draft, now)
    return await collateral.accept(session, bank, box, offered.id, now)


async def _of_the_first_firm(stage: Stage, joined: Sequence[tuple[Actor, Enterprise]], banks: Sequence[Actor], box: Safe) -> None:
    """Pledge what needs no register: an invoice in two parts, refused to a third bank, and one of each other end."""
    (firm, enterprise), (one, two, three) = joined[0], banks[:3]
    buyer, keeper = generated_uscc(9_001, "330502"), generated_uscc(9_002, "330502")
    async with stage.sessions.begin() as session:
        now = stage.clock.now()
        today = business_date(now)
        early, until = now - timedelta(days=45), today + YEAR // 2
        invoice = await _an_invoice(session, enterprise)
        old = _draft(two, AssetKind.ORDER, 30, 1, today - timedelta(days=5), buyer=buyer, number="YS-2025-0077")
        await _accepted(session, firm, two, box, old, early)
        order = _draft(three, AssetKind.ORDER, 45, 0.8, until, buyer=buyer, number="YS-2025-0081")
        await collateral.offer(session, firm, box, order, early)
        await collateral.end_overdue(session, now)
        for bank, part in ((one, 0.6), (two, 0.4), (three, 0.5)):
            fields = {"code": "033002600111", "number": invoice[1], "issued_on": invoice[0].isoformat()}
            draft = _draft(bank, AssetKind.INVOICE, invoice[2] / FEN_PER_WAN, part, until, **fields)
            await _accepted(session, firm, bank, box, draft, now)
        receipt = _draft(one, AssetKind.WAREHOUSE_RECEIPT, 120, 0.6, until, keeper=keeper, number="CD-2026-00031")
        held = await _accepted(session, firm, one, box, receipt, now - timedelta(days=20))
        await collateral.release(session, one, box, held.id, now)
        machine = {"maker": "演示注塑机制造有限公司", "serial": "YS-PM-24-0098"}
        held = await _accepted(session, firm, one, box, _draft(one, AssetKind.EQUIPMENT, 86, 0.5, until, **machine), now)
        taken = await collateral.hand_over(session, one, box, held.id, two.organisation.id, now)
        await collateral.accept(session, two, box, taken.id, now)
        lathe = _draft(two, AssetKind.EQUIPMENT, 35, 0.5, until, maker="演示机床厂", serial="YS-JC-19-7")
        declined = await collateral.offer(session, firm, box, lathe, now)
        await collateral.decline(session, two, declined.id, "设备使用年限较长，本行不接受。", now)
        for bank, number in ((one, "YS-2026-0102"), (three, "YS-2026-0107"), (one, "YS-2026-0110")):
            draft = _draft(bank, AssetKind.ORDER, 64, 0.7, until, buyer=buyer, number=number)
            waiting = await collateral.offer(session, firm, box, draft, now)
            if bank is three:
                await collateral.withdraw(session, firm, waiting.id, now)


async def _an_invoice(session: AsyncSession, firm: Enterprise) -> tuple[date, str, int]:
    """Return (day, number, amount with tax) of the firm's largest sale of the last delivery, so that the tax office bears it out."""
    query = """
        select issued_on, invoice_no, net_fen + tax_fen from vat_invoice
        where uscc = %(uscc)s and direction = 'output' and status = 'valid' and net_fen > 0 and invoice_no ~ '^[0-9]{1,8}$'
        order by 3 desc limit 1
    """
    found = await database.rows(session, query, {"uscc": firm.uscc})
    return (found[0][0], found[0][1], found[0][2]) if found else (date(2026, 1, 15), "00010086", 56 * FEN_PER_WAN)


# What becomes of the town's pieces, one after another: the most telling first, for small towns have few; the last two at a second bank.
_FATES = (
    RegistrationState.REGISTERED,
    RegistrationState.DRAFT,
    RegistrationState.SUBMITTED,
    RegistrationState.REJECTED,
    RegistrationState.ACCEPTED,
    RegistrationState.CANCELLATION_REQUESTED,
    RegistrationState.CANCELLED,
    RegistrationState.DISCARDED,
)
_AT_THE_SECOND_BANK = {RegistrationState.CANCELLED, RegistrationState.DISCARDED}
_SENT_FIRST = {
    RegistrationState.REGISTERED,
    RegistrationState.REJECTED,
    RegistrationState.CANCELLED,
    RegistrationState.CANCELLATION_REQUESTED,
}
Drafted = dict[RegistrationState, tuple[Actor, UUID]]


async def _drafted(stage: Stage, actors: dict[str, Actor], theirs: Sequence[Parcel], banks: Sequence[Actor], box: Safe) -> Drafted:
    """Mortgage pieces and draft their registrations; return fate -> (officer, registration)."""
    free = sorted((one for one in theirs if not one.seized and not one.mortgages), key=lambda one: one.unit_no)
    drafts: Drafted = {}
    async with stage.sessions.begin() as session:
        now = stage.clock.now()
        until = business_date(now) + 5 * YEAR
        for parcel, fate in zip(free, _FATES, strict=False):
            bank, wan = banks[fate in _AT_THE_SECOND_BANK], round(parcel.area_m2 * 0.35)
            wrong = parcel.unit_no[:-1] + ("9" if parcel.unit_no[-1] != "9" else "8")  # what the register will not agree with
            unit = wrong if fate is RegistrationState.REJECTED else parcel.unit_no
            draft = _draft(bank, AssetKind.REAL_ESTATE, max(wan, 50), 0.6, until, unit_no=unit, certificate_no=parcel.certificate_no)
            held = await _accepted(session, actors[parcel.owner_uscc], bank, box, draft, now)
            drafts[fate] = (bank, (await collateral.draft(session, bank, box, held.id, now)).id)
    return drafts


async def _carried_on(stage: Stage, drafts: Drafted, registry: HttpRegistry) -> None:
    """Bring each application as far as its fate says; what stays half-way comes last, for the register answers whatever it is asked."""

    async def act(deed: Deed, fates: set[RegistrationState]) -> None:
        async with stage.sessions.begin() as session:
            for fate in fates & drafts.keys():
                await deed(session, *drafts[fate], stage.clock.now())

    await act(collateral.discard, {RegistrationState.DISCARDED})
    await act(collateral.submit, _SENT_FIRST)
    await _exchange(stage, registry)
    await act(collateral.request_cancellation, {RegistrationState.CANCELLED})
    await _exchange(stage, registry)
    await act(collateral.request_cancellation, {RegistrationState.CANCELLATION_REQUESTED})
    await act(collateral.submit, {RegistrationState.ACCEPTED})
    await collateral.exchange(stage.sessions, registry, stage.clock)
    await act(collateral.submit, {RegistrationState.SUBMITTED})


async def _exchange(stage: Stage, registry: HttpRegistry) -> None:
    """Send what waits and ask until the register has had its say."""
    for minutes in (0, 3, 6):
        await collateral.exchange(stage.sessions, registry, Later(stage.clock, timedelta(minutes=minutes)))


async def _asked(
    stage: Stage, joined: Sequence[tuple[Actor, Enterprise]], theirs: Sequence[Parcel], banks: Sequence[Actor], registry: HttpRegistry
) -> None:
    """Let each bank ask the register once about a firm that agreed to it."""
    for bank in banks:
        async with stage.sessions.begin() as session:
            now = stage.clock.now()
            for _, firm in joined:
                mine = [one for one in theirs if one.owner_uscc == firm.uscc]
                if mine and await consents.standing(session, firm.id, bank.organisation.id, Purpose.LOAN_REVIEW, now):
                    await collateral.ask(session, bank, firm.id, mine[0].certificate_no, WorkStep.SURVEY, now)
                    break
    await _exchange(stage, registry)
