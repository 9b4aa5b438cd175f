"""SQL of scores and of the register of models."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database
from greenbridge.kit.calendar import add_months
from greenbridge.kit.text import Text
from greenbridge.scoring.tables import BulkDistributionRow
from greenbridge.scoring.values import BulkRun, Distribution, KeptScore, ModelAct, ModelEvent, ModelState, Reason, Score

KIND = "default"  # of model; the only one so far


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "group": reason.group,
        "label": {"zh": reason.label.zh, "en": reason.label.en},
        "value": reason.value,
        "usual": reason.usual,
        "unit": reason.unit,
        "contribution": reason.contribution,
        "sentence": {"zh": reason.sentence.zh, "en": reason.sentence.en},
    }


# Not through objects: a score is written with each report.
_INSERT = """
    insert into default_score (id, enterprise_id, as_of, scored_at, model_version, default_probability, band, points, band_policy,
        known_share, reasons, features)
    values (%(id)s, %(enterprise_id)s, %(as_of)s, %(scored_at)s, %(model_version)s, %(default_probability)s, %(band)s, %(points)s,
        %(band_policy)s, %(known_share)s, cast(%(reasons)s as jsonb), cast(%(features)s as jsonb))
"""


async def add(session: AsyncSession, scores: Sequence[tuple[Score, Mapping[str, float | None]]]) -> None:
    """Keep scores, each with the values of the features that made it."""
    for score, features in scores:
        given = {
            "id": score.id,
            "enterprise_id": score.enterprise_id,
            "as_of": score.as_of,
            "scored_at": score.scored_at,
            "model_version": score.model_version,
            "default_probability": score.default_probability,
            "band": score.band.code,
            "points": score.points,
            "band_policy": score.band_policy,
            "known_share": score.known_share,
            "reasons": msgspec.json.encode([_reason_json(r) for r in score.reasons]).decode(),
            "features": msgspec.json.encode(features).decode(),
        }
        await database.rows(session, _INSERT, given)


async def add_bulk(
    session: AsyncSession,
    ids: Sequence[UUID],
    probabilities: Sequence[float],
    known_shares: Sequence[float],
    of: tuple[str, str, date, datetime],
) -> None:
    """Keep scores of a run, `of`: (version, state, day, instant)."""
    version, state, as_of, now = of
    head, tail = f"{as_of},{version},", f",{now.isoformat()},{state},"
    lines = (f"{head}{i}{tail}{p!r},{k!r}\n" for i, p, k in zip(ids, probabilities, known_shares, strict=True))
    columns = ("as_of", "model_version", "enterprise_id", "scored_at", "state", "default_probability", "known_share")
    await database.copy_in(session, "bulk_score", columns, database.MadeAhead(iter(["".join(lines).encode()])))


async def has_run(session: AsyncSession, as_of: date, version: str) -> bool:
    """Return whether a version was run for a day."""
    query = "select exists (select 1 from bulk_distribution where name = 'score' and as_of = %(as_of)s and model_version = %(version)s)"
    return bool((await database.rows(session, query, {"as_of": as_of, "version": version}))[0][0])


async def newest_runs(session: AsyncSession) -> list[BulkRun]:
    """Return each version's newest run, a challenger's beside the champion's of that day."""
    rows = await session.execute(
        text("""
        with newest as (select model_version, max(as_of) as as_of from bulk_score group by model_version)
        select b.model_version as version, b.as_of, count(*) as firms, avg(b.default_probability) as mean_probability,
            avg(abs(b.default_probability - c.default_probability)) as mean_distance
        from newest n join bulk_score b on b.model_version = n.model_version and b.as_of = n.as_of
            left join bulk_score c on b.state = 'challenger' and c.state = 'champion'
                and c.as_of = b.as_of and c.enterprise_id = b.enterprise_id
        group by b.model_version, b.as_of order by b.model_version
        """)
    )
    return [BulkRun(r.version, r.as_of, r.firms, r.mean_probability, r.mean_distance) for r in rows]


_FORGOTTEN = """
    delete from {table} t where t.as_of < :month or (t.as_of < :day and exists (
        select 1 from bulk_distribution d where d.name = 'score' and d.model_version = t.model_version and d.as_of > t.as_of
            and date_trunc('month', d.as_of) = date_trunc('month', t.as_of)))
"""


async def forget_bulk(session: AsyncSession, today: date, days: int, months: int) -> None:
    """Forget runs older than so many days, but each version's last run of a month for so many months."""
    given = {"day": today - timedelta(days=days), "month": add_months(today, -months)}
    for table in ("bulk_score", "bulk_distribution"):
        await session.execute(text(_FORGOTTEN.format(table=table)), given)


async def add_distributions(session: AsyncSession, found: Sequence[Distribution], version: str, as_of: date, now: datetime) -> None:
    """Keep how a run's scores and features lie."""
    session.add_all(
        BulkDistributionRow(
            as_of=as_of, model_version=version, name=one.name, scored_at=now, edges=list(one.edges), counts=list(one.counts)
        )
        for one in found
    )
    await session.flush()


async def distributions(session: AsyncSession, version: str, as_of: date) -> dict[str, Distribution]:
    """Return name -> how it lay in a version's run of a day."""
    query = "select name, edges, counts from bulk_distribution where model_version = %(version)s and as_of = %(as_of)s"
    found = await database.rows(session, query, {"version": version, "as_of": as_of})
    return {name: Distribution(name, tuple(edges), tuple(counts)) for name, edges, counts in found}


async def run_days(session: AsyncSession, version: str, until: date, known_at: datetime) -> list[date]:
    """Return the days of a version's runs up to a day, as known at an instant, oldest first."""
    query = """
        select as_of from bulk_distribution
        where name = 'score' and model_version = %(version)s and as_of <= %(until)s and scored_at <= %(known_at)s order by as_of
    """
    given = {"version": version, "until": until, "known_at": known_at}
    return [row[0] for row in await database.rows(session, query, given)]


async def of_run(session: AsyncSession, version: str, as_of: date, firms: Sequence[UUID] | None) -> dict[UUID, float]:
    """Return firm -> its probability in a version's run of a day; all firms where none are named."""
    query = """
        select enterprise_id, default_probability from bulk_score where as_of = %(as_of)s and model_version = %(version)s
            and (%(firms)s::uuid[] is null or enterprise_id = any(%(firms)s::uuid[])) order by enterprise_id
    """
    given = {"version": version, "as_of": as_of, "firms": list(firms) if firms is not None else None}
    return {firm: probability for firm, probability in await database.rows(session, query, given)}  # noqa: C416  rows are of any length


async def newest_champions_run(session: AsyncSession, until: date, known_at: datetime) -> tuple[str, date] | None:
    """Return (version, day) of the newest run that a champion made, up to a day and known at an instant."""
    query = """
        select d.model_version, d.as_of from bulk_distribution d
        where d.name = 'score' and d.as_of <= %(until)s and d.scored_at <= %(known_at)s
            and exists (select 1 from bulk_score b where b.as_of = d.as_of and b.model_version = d.model_version and b.state = 'champion')
        order by d.as_of desc, d.scored_at desc limit 1
    """
    found = await database.rows(session, query, {"until": until, "known_at": known_at})
    return (found[0][0], found[0][1]) if found else None


async def events(session: AsyncSession) -> list[ModelEvent]:
    """Return all acts on models, oldest first."""
    rows = await session.execute(
        text("""
        select e.number, e.version, v.sha256, e.act, e.before, e.after, e.at, e.who, e.why
        from model_event e join model_version v on v.version = e.version where v.kind = :kind order by e.number
        """),
        {"kind": KIND},
    )
    return [
        ModelEvent(r.number, r.version, r.sha256, ModelAct(r.act), ModelState(r.before) if r.before else None, ModelState(r.after),
                   r.at.astimezone(UTC), r.who, r.why)
        for r in rows
    ]  # fmt: skip


async def add_event(
    session: AsyncSession,
    version: str,
    sha256: str,
    act: ModelAct,
    before: ModelState | None,
    after: ModelState,
    at: datetime,
    who: str,
    why: str,
) -> None:
    """Append one act and set the version's state; the unique index allows one champion."""
    if before is None:
        await session.execute(
            text("insert into model_version (version, kind, sha256, state) values (:version, :kind, :sha256, :state)"),
            {"version": version, "kind": KIND, "sha256": sha256, "state": after.value},
        )
    else:
        await session.execute(
            text("update model_version set state = :state where version = :version"), {"state": after.value, "version": version}
        )
    await session.execute(
        text(
            "insert into model_event (version, act, before, after, at, who, why) values (:version, :act, :before, :after, :at, :who, :why)"
        ),
        {"version": version, "act": act.value, "before": before and before.value, "after": after.value, "at": at, "who": who, "why": why},
    )


async def champion_at(session: AsyncSession, known_at: datetime) -> tuple[str, str] | None:
    """Return (version, sha256) of the champion at an instant, of earlier instants the first one; None where none is registered."""
    statement = """
        select e.version, v.sha256 from model_event e join model_version v on v.version = e.version where e.after = 'champion'
        order by e.at <= %(known_at)s desc, case when e.at <= %(known_at)s then -e.number else e.number end limit 1
    """
    for version, sha256 in await database.rows(session, statement, {"known_at": known_at}):
        return version, sha256
    return None


_NEWEST_KEPT = """
    select distinct on ({one}) enterprise_id, as_of, model_version, default_probability, band, reasons,
        array(select jsonb_object_keys(features)) as features
    from default_score where as_of <= :until and scored_at <= :known_at
        and (cast(:version as text) is null or model_version = :version)
        and (cast(:firms as uuid[]) is null or enterprise_id = any(cast(:firms as uuid[])))
    order by {one}, as_of desc, scored_at desc, id
"""


async def kept(
    session: AsyncSession,
    *,
    until: date,
    known_at: datetime,
    firms: Sequence[UUID] | None,
    monthly: bool,
    version: str | None = None,
) -> list[KeptScore]:
    """Return each firm's newest kept score up to a day (of each month, if `monthly`), with its weightiest reason."""
    query = _NEWEST_KEPT.format(one="enterprise_id, date_trunc('month', as_of)" if monthly else "enterprise_id")
    given = {"until": until, "known_at": known_at, "version": version, "firms": list(firms) if firms is not None else None}
    rows = await session.execute(text(query), given)
    return [
        KeptScore(r.enterprise_id, r.as_of, r.model_version, r.default_probability, r.band, _weightiest(r.reasons), tuple(r.features))
        for r in rows
    ]


def _weightiest(reasons: Sequence[Mapping[str, Any]]) -> Text | None:
    """Return the sentence of the reason that raised the probability most; None without one, and in older rows."""
    raising = (r for r in reasons if r["contribution"] > 0 and "sentence" in r)
    return next((Text(r["sentence"]["zh"], r["sentence"]["en"]) for r in raising), None)
