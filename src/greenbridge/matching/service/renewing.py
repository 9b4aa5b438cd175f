"""Matching again when something changed that a need depends on, and only then."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.facts import service as facts
from greenbridge.green import service as greens_of
from greenbridge.kit import database
from greenbridge.kit.calendar import business_date
from greenbridge.matching.service import reaching
from greenbridge.matching.service.engines import Engine, compiled
from greenbridge.matching.service.making import Known, keep, known_of_needs
from greenbridge.matching.store import checking as store
from greenbridge.matching.store import reaching as fits_store
from greenbridge.matching.store.checking import Kept, Looked
from greenbridge.matching.values import MatchRun, Reason
from greenbridge.needs import service as needs
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel

AT_A_TIME = 200  # needs of one transaction of the scheduler
LATE = timedelta(minutes=15)  # a record may be seen so long after it says that it came: its delivery was not committed


async def rematch(session: AsyncSession, model: DefaultModel, now: datetime) -> int:
    """Look at all open needs once, and tell banks of new fits; return how many runs were made."""
    made = 0
    for some in await due(session, now):
        made += await look(session, some, model, now)
    await finish(session, now)
    return made


async def due(session: AsyncSession, now: datetime) -> list[list[UUID]]:
    """Return all open needs, those never matched, then those that were looked at longest ago, so many together as one transaction takes."""
    found = await store.due(session, business_date(now))
    return [found[start : start + AT_A_TIME] for start in range(0, len(found), AT_A_TIME)]


async def look(session: AsyncSession, some: Sequence[UUID], model: DefaultModel, now: datetime) -> int:
    """Match some open needs again that a change touches, and for the first time those that nobody has read yet; return how many runs."""
    looked = await store.looked(session, some)
    usccs, firms = {one.uscc for one in looked}, {one.enterprise_id: one.uscc for one in looked}
    since = min((one.checked_at for one in looked if one.checked_at), default=now) - LATE
    touched = dict(await facts.touched(session, sorted(usccs), since, now))
    for firm, at in (await greens_of.touched(session, list(firms), since)).items():
        touched[firms[firm]] = max(at, touched.get(firms[firm], at))
    made = await renew(session, looked, {uscc: at + LATE for uscc, at in touched.items()}, model, now)
    engine = await compiled(session, business_date(now))
    for one in looked:
        if one.kept and not one.listed and one.need_id not in made:  # it was closed, and is open again
            decided = engine.compiled.decide(one.kept.facts)
            fitting, waiting = (engine.codes(bits) for bits in (decided.eligible, decided.conditional))
            await fits_store.set_fits(session, one.need_id, now, fitting, waiting)
    return len(made)


async def finish(session: AsyncSession, now: datetime) -> None:
    """End a round: needs that are open no more leave the lists, banks are told of new fits."""
    await fits_store.forget_closed(session, business_date(now))
    await reaching.tell(session, now)


async def renew(
    session: AsyncSession, looked: Sequence[Looked], touched: Mapping[str, datetime], model: DefaultModel, now: datetime
) -> dict[UUID, MatchRun]:
    """Make the runs that are due of needs, and note all as looked at; return need -> its new run.

    Facts are read again of firms that something `touched` (social credit code -> when) since, once a day (ages and windows move with
    the day), and where another model is champion. A run is made where a fact came out otherwise, the list or the policy changed.
    """
    engine = await compiled(session, business_date(now))
    used = await scoring.model_at(session, model, now)
    stale = [one.need_id for one in looked if _is_stale(one, touched.get(one.uscc), used.version, now)]
    wanted = [await needs.get(session, need_id) for need_id in stale]
    fresh = dict(zip(stale, await known_of_needs(session, wanted, model, now), strict=True))
    made = {}
    for one in looked:
        reason, held = _reason(one.kept, fresh.get(one.need_id), engine)
        if reason:
            made[one.need_id] = await keep(session, engine, one.need_id, held, now, reason)
    async with database.as_platform(session):
        await store.note_looked(session, [one.need_id for one in looked], now)
    return made


def _is_stale(one: Looked, touched_at: datetime | None, used: str, now: datetime) -> bool:
    if one.kept is None or one.checked_at is None or one.kept.model_version != used:
        return True
    return business_date(one.checked_at) != business_date(now) or (touched_at is not None and touched_at > one.checked_at)


def _reason(kept: Kept | None, fresh: Known | None, engine: Engine) -> tuple[Reason | None, Known]:
    """Return (why a run is due, None for not at all; what it is made of)."""
    if kept is None:
        assert fresh is not None
        return Reason.FIRST, fresh
    held = Known(kept.facts, None, kept.model_version, kept.green)
    if fresh is not None and (fresh.facts, fresh.model_version) != (kept.facts, kept.model_version):
        return Reason.FACT, fresh
    if kept.catalogue != engine.edition.digest:
        return Reason.PRODUCT, held
    return (Reason.POLICY if kept.policy_version != engine.policy.version else None), held
