"""The watch-list: which of a bank's borrowers got worse since a day, and why, as far as each firm lets the bank see."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts.values import Actor
from greenbridge.answers import service as answers
from greenbridge.answers.values import Loan
from greenbridge.consents import service as consents
from greenbridge.consents.service import Reading
from greenbridge.consents.values import IDENTITY, WITHHELD_NAMES, ReadKind, WorkStep
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise, Origin
from greenbridge.facts import service as facts
from greenbridge.facts.rules import items
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Forbidden, Invalid
from greenbridge.kit.text import Text
from greenbridge.monitoring import gateway, store
from greenbridge.monitoring.rules import contagion as contagion_rules
from greenbridge.monitoring.rules import watching as rules
from greenbridge.monitoring.rules import wording
from greenbridge.monitoring.service.contagion import worst_events
from greenbridge.monitoring.values import Change, Channel, FirmContagion, Level, ScoreThen, Watched, WatchPolicy
from greenbridge.scoring import service as scoring

EARLIEST_DAYS = 731
NOT_MEASURED = Text("尚未测量", "Not measured yet")
NO_TIES = Text("未知：没有已识别的关联企业", "Unknown: no tie to a firm that could be identified")


def since_of(given: str | None, now: datetime) -> date:
    """Return the day that the list looks back to; None: the policy's. Raises Invalid for what is no day of the last two years."""
    today = business_date(now)
    if not given:
        return today - timedelta(days=gateway.watch_policy(today).days)
    try:
        day = date.fromisoformat(given)
    except ValueError:
        raise Invalid.at("no-day", "since", "请填写日期，例如 2026-06-30。", "Type a day, such as 2026-06-30.") from None
    if not today - timedelta(days=EARLIEST_DAYS) <= day < today:
        raise Invalid.at(
            "day-out-of-range", "since", "请选择最近两年内、今天之前的日期。", "Choose a day of the last two years, before today."
        )
    return day


async def watch_list(session: AsyncSession, actor: Actor, since: date, now: datetime) -> list[Watched]:
    """Return the bank's borrowers, those that got worst first; each firm that is looked at counts as one read of it.

    What a firm did not agree to, or this officer's function may not see, is said so. Raises Forbidden for who is no officer.
    """
    by_firm: dict[UUID, list[Loan]] = {}
    for loan in await answers.loans(session, actor):
        by_firm.setdefault(loan.enterprise_id, []).append(loan)
    found = [await _watched(session, actor, loans, since, now) for loans in by_firm.values()]
    return sorted(found, key=lambda one: (one.closed is not None, -one.worsening, one.number))


async def _watched(session: AsyncSession, actor: Actor, loans: Sequence[Loan], since: date, now: datetime) -> Watched:
    newest, amount = loans[0], sum(loan.amount_fen for loan in loans)
    try:
        async with (
            session.begin_nested(),
            consents.reading(session, actor, newest.enterprise_id, WorkStep.POST_LOAN, ReadKind.FACTS, facts.levels(), now) as reading,
        ):
            firm = await enterprises.get(session, newest.enterprise_id)
            reading.shown.update(IDENTITY)
            return await _looked_at(session, firm, newest, amount, reading, since, now)
    except Forbidden as refusal:
        name = None
        if await consents.named(session, actor, newest.enterprise_id, now):
            name = (await enterprises.get(session, newest.enterprise_id)).name
        return Watched(newest.need_id, newest.number, name, None, generated=False, amount_fen=amount, closed=refusal.detail)


async def _looked_at(
    session: AsyncSession, firm: Enterprise, loan: Loan, amount_fen: int, reading: Reading, since: date, now: datetime
) -> Watched:
    policy = gateway.watch_policy(business_date(now))
    records = await _records(session, firm, reading, since, policy, now)
    scores, score_withheld = await _scores(session, firm, reading, now)
    before = next((score for score in reversed(scores) if score.as_of <= since), None)
    moved = rules.score_change(before, scores[-1] if scores else None, policy)
    level, level_withheld, spread = await _contagion(session, firm, reading, since, policy, now)
    return Watched(
        loan.need_id,
        loan.number,
        firm.name,
        firm.uscc,
        firm.origin is Origin.GENERATED,
        amount_fen,
        score=scores[-1] if scores else None,
        score_withheld=score_withheld,
        level=level,
        level_withheld=level_withheld,
        changes=tuple(change for change in (*records, moved, spread) if change),
        points=tuple((score.as_of, score.probability) for score in scores),
    )


async def _records(
    session: AsyncSession, firm: Enterprise, reading: Reading, since: date, policy: WatchPolicy, now: datetime
) -> tuple[Change, ...]:
    known, today = facts.catalogue().items, business_date(now)
    open_to_reader, amounts = [], {}
    for code in policy.records:
        item = known[code]
        fields = [name for name in (*item.valid_from, item.closed_by) if name]
        if reading.withheld([f"{code}.{name}" for name in fields], rules.age(since, today)) is None:
            open_to_reader.append(code)
            if any(field.name == "amount" for field in item.fields):
                amounts[code] = reading.withheld([f"{code}.amount"], rules.age(since, today)) is None
    if not open_to_reader:
        return ()
    found = (await facts.facts_of(session, [firm.uscc], today, now, open_to_reader))[firm.uscc]
    return rules.record_changes(found, known, amounts, since, policy)


async def _scores(session: AsyncSession, firm: Enterprise, reading: Reading, now: datetime) -> tuple[list[ScoreThen], Text | None]:
    """Return the firm's probabilities, a month each, oldest first; or why they are withheld."""
    today = business_date(now)
    last_month, _ = await facts.horizon(session, today, now)
    if why := reading.withheld(rules.MODEL_FIELDS, rules.score_reach(last_month, today)):
        return [], WITHHELD_NAMES[why]
    async with database.as_platform(session):  # kept scores are the firm's own; the door has let this reader through
        kept = await scoring.kept_months(session, today, now, [firm.id])
    reads = rules.fields_of(dict.fromkeys(name for score in kept for name in score.features))  # some models read more than invoices
    if why := reading.withheld(reads, rules.score_reach(last_month, today)):
        return [], WITHHELD_NAMES[why]
    return [rules.then(score) for score in sorted(kept, key=lambda score: score.as_of)][-24:], None


async def _contagion(
    session: AsyncSession, firm: Enterprise, reading: Reading, since: date, policy: WatchPolicy, now: datetime
) -> tuple[Level | None, Text | None, Change | None]:
    """Return the level of what reaches a firm from others, or why it is not told, and how it changed with its paths."""
    today = business_date(now)
    async with database.as_platform(session):  # paths name third parties: what of them is told is decided here
        run = await store.newest_run(session, today, now)
        earlier = await store.newest_run(session, since, now)
        latest = (await store.firms_of_run(session, run, [firm.uscc])).get(firm.uscc) if run else None
        former = (await store.firms_of_run(session, earlier, [firm.uscc])).get(firm.uscc) if earlier else None
    if run is None:
        return None, NOT_MEASURED, None
    months = rules.age(date(run.period, 1, 1), today) if run.period else 0
    closed = {channel: reading.withheld(fields, months) for channel, fields in rules.READS.items()}
    # The level is made of all ties: one that is withheld withholds it. Whether there are any is told to nobody who may not see them.
    if why := next((why for why in closed.values() if why), None):
        return None, WITHHELD_NAMES[why], None
    if latest is None:
        return None, NO_TIES, None  # unknown, not none
    spread_policy = gateway.contagion_policy(today)
    level = contagion_rules.level(latest.reached, spread_policy)
    was = (contagion_rules.level(former.reached, spread_policy) if former else Level.NONE) if earlier else None
    said = await sentences(session, latest, tuple(rules.READS), now)
    return level, None, rules.contagion_change(was, level, said, policy)


async def sentences(session: AsyncSession, found: FirmContagion, readable: Sequence[Channel], now: datetime) -> list[Text]:
    """Return a firm's paths in words, the weightiest first, as far as they may be told to who may read these ties."""
    today = business_date(now)
    policy = gateway.contagion_policy(today)
    told = [path for path in found.paths if wording.may_be_told(path, readable)]
    ends = sorted({path.hops[-1].uscc for path in told if path.event})
    async with database.as_platform(session):  # courts' and registers' lists are everybody's, and so are registered names
        public = await facts.facts_of(session, ends, today, now, [*policy.severity, items.REGISTRATION]) if ends else {}
    names = {code: fact.values["name"] for code, known in public.items() for fact in known if fact.item == items.REGISTRATION}
    still = worst_events({code: [f for f in known if f.item in policy.severity] for code, known in public.items()}, policy, today)
    found_words = []
    for path in told:
        stands = {path.hops[-1].uscc} & set(still)
        if wording.is_worth_telling(path, policy, stands):
            found_words.append(wording.sentence(path, names=names, still=stands, period=found.period, policy=policy))
    return list(dict.fromkeys(found_words)) or ([wording.SPREAD_OUT] if told else [])
