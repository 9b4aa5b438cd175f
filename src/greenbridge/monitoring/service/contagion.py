"""Measuring how risk spreads through the whole network of firms, and what it comes to for one."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from uuid import uuid4

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.facts.values import Fact, Trade
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Invalid
from greenbridge.monitoring import gateway, store
from greenbridge.monitoring.rules import contagion as rules
from greenbridge.monitoring.rules import paths as path_rules
from greenbridge.monitoring.values import (
    Bools,
    ContagionPolicy,
    ContagionRun,
    Event,
    FirmContagion,
    Floats,
    KeptHop,
    KeptPath,
    Network,
    Spread,
    Ties,
)
from greenbridge.reference import service as reference
from greenbridge.scoring import service as scoring

GUARANTEES = "annual_report.guarantees_given"


@dataclass(frozen=True, slots=True)
class _Place:
    """Everything that is known of all firms, by number."""

    numbers: Mapping[str, int]
    trade: Trade | None
    guarantees: Sequence[tuple[str, str, float]]
    holdings: Sequence[tuple[str, str, float]]
    events: Mapping[str, Event]
    probabilities: Mapping[str, float]
    industries: Mapping[str, str]


async def measure(session: AsyncSession, as_of: date | None, now: datetime) -> ContagionRun:
    """Measure the network as of a day (None: today) and keep what reaches the platform's firms. Raises Invalid for a day ahead."""
    day = as_of or business_date(now)
    if day > business_date(now):
        raise Invalid.at("future-date", "as_of", "统计日期不能晚于今天。", "Contagion cannot be measured for a day ahead.")
    policy = gateway.contagion_policy(day)
    firms = await enterprises.every(session)
    place = await _place(session, firms, policy, day, now)
    # In a thread: millions of edges take seconds, and the scheduler's other jobs share the loop.
    run, found = await asyncio.to_thread(_reckon, place, firms, policy, day, now)
    await store.add_run(session, run, found)
    return run


async def _place(session: AsyncSession, firms: Sequence[Enterprise], policy: ContagionPolicy, day: date, now: datetime) -> _Place:
    trade = await facts.trade(session, day, now)
    given = [fact for found in (await facts.of_all(session, [GUARANTEES], day, now)).values() for fact in found if _runs(fact, day)]
    debtors = await facts.codes_of(session, {str(fact.values["debtor"]) for fact in given if fact.values.get("debtor")})
    guarantees = [
        (fact.uscc, code, float(fact.values.get("debt_fen") or 0))
        for fact in given
        if (code := debtors.get(fact.values.get("debtor") or ""))
    ]
    held = await facts.of_all(session, [items.SHAREHOLDERS], day, now, having="investor_uscc")
    holdings = [
        (fact.values["investor_uscc"], fact.uscc, float(fact.values.get("share") or 0) / 100) for found in held.values() for fact in found
    ]
    events = worst_events(await facts.of_all(session, list(policy.severity), day, now), policy, day)
    by_id = {firm.id: firm.uscc for firm in firms}
    scores = await scoring.newest_kept(session, day, now)
    probabilities = {by_id[firm]: score.default_probability for firm, score in scores.items() if firm in by_id}
    everybody: dict[str, None] = dict.fromkeys(sorted(by_id.values()))
    told: Iterable[str | None] = (*(trade.usccs if trade else ()), *(trade.partners if trade else ()))
    everybody.update(dict.fromkeys(code for code in told if code))
    everybody.update(dict.fromkeys(code for one, other, _ in (*guarantees, *holdings) for code in (one, other)))
    numbers = {code: number for number, code in enumerate(everybody)}
    return _Place(numbers, trade, guarantees, holdings, events, probabilities, await facts.industries(session, day, now))


def _runs(fact: Fact, day: date) -> bool:
    until = fact.values.get("debt_to")
    return not until or str(until) >= day.isoformat()


def worst_events(found: Mapping[str, Sequence[Fact]], policy: ContagionPolicy, day: date) -> dict[str, Event]:
    """Return code -> its worst public record that is open on a day, the earliest of equals."""
    known = facts.catalogue().items
    worst: dict[str, Event] = {}
    for code, records in found.items():
        still = [fact for fact in records if is_open(fact, known[fact.item].closed_by, day)]
        if still:
            fact = min(still, key=lambda f: (-policy.severity[f.item], f.valid_from))
            worst[code] = Event(fact.item, fact.valid_from)
    return worst


def is_open(fact: Fact, closed_by: str | None, day: date) -> bool:
    """Return whether a record still holds on a day: nothing says that it was closed by then."""
    closed = fact.values.get(closed_by) if closed_by else None
    return fact.valid_from <= day and (not closed or str(closed) > day.isoformat())


def _reckon(
    place: _Place, firms: Sequence[Enterprise], policy: ContagionPolicy, day: date, now: datetime
) -> tuple[ContagionRun, list[FirmContagion]]:
    net, own, known = _network(place, policy)
    done = rules.spread(net, own, policy.tolerance)
    known_shares = rules.known_shares(net, known)
    run_id, period = uuid4(), place.trade.year if place.trade else None
    codes = list(place.numbers)
    found = []
    for firm in firms:
        number = place.numbers[firm.uscc]
        exposures = int(net.start[number + 1] - net.start[number])
        if exposures:
            kept = _kept_paths(net, own, done, number, codes, place.events, policy)
            share = float(known_shares[number])
            reached = float(done.risk[number] - own[number])
            own_risk = float(own[number]) if known[number] else None
            found.append(FirmContagion(run_id, day, firm.uscc, own_risk, max(0.0, reached), share, exposures, period, kept))
    whole, told = net.weight.sum(), (net.weight * known[net.target]).sum()
    known_share = float(told / whole) if whole else None
    counts = (period, net.firms, len(net.target), done.rounds, net.bound, done.error, known_share, len(found))
    return ContagionRun(run_id, day, now, policy.version, *counts), found


def _network(place: _Place, policy: ContagionPolicy) -> tuple[Network, Floats, Bools]:
    """Return the network, the own risks (0 where nothing is known, which spreads nothing) and of whom anything is known."""
    n, numbers = len(place.numbers), place.numbers
    sales, purchases, trade = np.zeros(n), np.zeros(n), _ties(())
    if place.trade is not None:
        told = place.trade
        one = np.fromiter((numbers[code] for code in told.usccs), np.int64, len(told.usccs))
        other = np.fromiter((numbers[code] if code else -1 for code in told.partners), np.int64, len(told.partners))
        sold, net_fen = np.array(told.sales, dtype=bool), np.maximum(np.array(told.net_fen, dtype=float), 0.0)
        sales = np.asarray(np.bincount(one[sold], weights=net_fen[sold], minlength=n), dtype=float)
        purchases = np.asarray(np.bincount(one[~sold], weights=net_fen[~sold], minlength=n), dtype=float)
        tied = other >= 0
        seller, buyer = np.where(sold, one, other)[tied], np.where(sold, other, one)[tied]
        trade = Ties(seller, buyer, net_fen[tied])
    divisions, sections = np.full(n, rules.UNKNOWN_INDUSTRY), np.full(n, rules.UNKNOWN_INDUSTRY)
    for code, number in numbers.items():
        if (industry := place.industries.get(code)) and (found := _industry(industry)):
            divisions[number], sections[number] = found
    own, known = np.zeros(n), np.zeros(n, dtype=bool)
    for code, event in place.events.items():
        if (number := numbers.get(code, -1)) >= 0:
            own[number], known[number] = policy.severity[event.item], True
    for code, probability in place.probabilities.items():
        number = numbers[code]
        own[number], known[number] = max(own[number], probability), True
    net = rules.network(
        trade=trade,
        guarantees=_ties([(numbers[a], numbers[b], size) for a, b, size in place.guarantees]),
        holdings=_ties([(numbers[a], numbers[b], size) for a, b, size in place.holdings]),
        sales=sales,
        purchases=purchases,
        divisions=divisions,
        sections=sections,
        policy=policy,
    )
    return net, own, known


def _ties(rows: Sequence[tuple[int, int, float]]) -> Ties:
    ends = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
    return Ties(ends[:, 0], ends[:, 1], np.array([row[2] for row in rows], dtype=float))


@cache
def _industry(code: str) -> tuple[int, int] | None:
    """Return (division, number of its section) of a registered industry code; None: it is none."""
    digits = code.lstrip("ABCDEFGHIJKLMNOPQRST")[:2]
    entry = reference.shipped_industry(digits) if digits.isdecimal() and len(digits) == 2 else None
    return (int(digits), ord(entry.extra["section"])) if entry else None


def _kept_paths(
    net: Network, own: Floats, done: Spread, number: int, codes: Sequence[str], events: Mapping[str, Event], policy: ContagionPolicy
) -> tuple[KeptPath, ...]:
    kept = []
    for path in path_rules.top_paths(net, own, done.risk, number, policy):
        end = path.hops[-1].firm
        event = events.get(codes[end])
        # A probability above what the record stands for is the reason then, and that is nobody's to know.
        public = event if event and own[end] <= policy.severity[event.item] else None
        hops = tuple(KeptHop(codes[hop.firm], hop.channel, hop.share) for hop in path.hops)
        kept.append(KeptPath(hops, path.contribution, float(own[end]), public))
    return tuple(kept)


async def of_firm(session: AsyncSession, uscc: str, now: datetime) -> tuple[ContagionRun, FirmContagion | None] | None:
    """Return the newest run with a firm's result in it, for whoever runs the platform; None: nothing was measured yet."""
    run = await store.newest_run(session, business_date(now), now)
    return (run, (await store.firms_of_run(session, run, [uscc])).get(uscc)) if run else None
