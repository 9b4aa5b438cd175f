"""SQL of monitoring."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.monitoring.tables import ContagionRiskRow, ContagionRunRow, ModelAlertRow, ModelCheckRow
from greenbridge.monitoring.values import (
    AlertKind,
    Channel,
    ContagionRun,
    Event,
    Finding,
    FirmContagion,
    KeptHop,
    KeptPath,
    ModelAlert,
    ModelCheck,
)

CHUNK = 10_000


async def add_run(session: AsyncSession, run: ContagionRun, firms: Sequence[FirmContagion]) -> None:
    """Keep a run with its firms."""
    names = ("id", "as_of", "made_at", "policy_version", "period", "firms", "edges", "rounds", "bound", "error", "known_share", "kept")
    session.add(ContagionRunRow(**{name: getattr(run, name) for name in names}))
    await session.flush()
    insert = text("""
        insert into contagion_risk (run_id, uscc, own_risk, reached, known_share, exposures, paths)
        select :run, x.* from json_to_recordset(cast(:rows as json))
            as x(uscc text, own_risk float8, reached float8, known_share float8, exposures int, paths jsonb)
    """)
    for start in range(0, len(firms), CHUNK):
        rows = [
            {
                "uscc": firm.uscc,
                "own_risk": firm.own_risk,
                "reached": firm.reached,
                "known_share": firm.known_share,
                "exposures": firm.exposures,
                "paths": [_path_json(path) for path in firm.paths],
            }
            for firm in firms[start : start + CHUNK]
        ]
        await session.execute(insert, {"run": run.id, "rows": msgspec.json.encode(rows).decode()})


def _path_json(path: KeptPath) -> dict[str, Any]:
    event = {"item": path.event.item, "since": path.event.since.isoformat()} if path.event else None
    hops = [{"uscc": hop.uscc, "channel": hop.channel.value, "share": hop.share} for hop in path.hops]
    return {"hops": hops, "contribution": path.contribution, "risk": path.risk, "event": event}


def _path(found: Mapping[str, Any]) -> KeptPath:
    event = Event(found["event"]["item"], date.fromisoformat(found["event"]["since"])) if found["event"] else None
    hops = tuple(KeptHop(hop["uscc"], Channel(hop["channel"]), hop["share"]) for hop in found["hops"])
    return KeptPath(hops, found["contribution"], found["risk"], event)


async def newest_run(session: AsyncSession, as_of: date, known_at: datetime) -> ContagionRun | None:
    """Return the newest run for a day or before that was made by an instant."""
    query = select(ContagionRunRow).where(col(ContagionRunRow.as_of) <= as_of, col(ContagionRunRow.made_at) <= known_at)
    row = (await session.scalars(query.order_by(col(ContagionRunRow.as_of).desc(), col(ContagionRunRow.made_at).desc()).limit(1))).first()
    if row is None:
        return None
    counts = (row.period, row.firms, row.edges, row.rounds, row.bound, row.error, row.known_share, row.kept)
    return ContagionRun(row.id, row.as_of, row.made_at, row.policy_version, *counts)


async def firms_of_run(session: AsyncSession, run: ContagionRun, usccs: Sequence[str]) -> dict[str, FirmContagion]:
    """Return code -> its result in a run, of those that have one."""
    query = select(ContagionRiskRow).where(col(ContagionRiskRow.run_id) == run.id, col(ContagionRiskRow.uscc).in_(usccs))
    return {
        row.uscc: FirmContagion(
            run.id,
            run.as_of,
            row.uscc,
            row.own_risk,
            row.reached,
            row.known_share,
            row.exposures,
            run.period,
            tuple(_path(path) for path in row.paths),
        )
        for row in await session.scalars(query)
    }


async def add_check(session: AsyncSession, check: ModelCheck) -> None:
    found = msgspec.to_builtins(check)
    session.add(
        ModelCheckRow(
            model_version=check.model_version,
            made_at=check.made_at,
            as_of=check.as_of,
            policy_version=check.policy_version,
            found=found,
        )
    )
    await session.flush()


async def checks(session: AsyncSession, model_version: str | None, limit: int) -> list[ModelCheck]:
    """Return the newest check of each day, newest first, of one model or all."""
    query = text("""
        select found from (
            select distinct on (model_version, as_of) as_of, made_at, found from model_check
            where cast(:version as text) is null or model_version = :version order by model_version, as_of desc, made_at desc
        ) days order by as_of desc, made_at desc limit :limit
    """)
    rows = await session.scalars(query, {"version": model_version, "limit": limit})
    return [msgspec.convert(found, ModelCheck, strict=False) for found in rows]


def _alert(row: ModelAlertRow) -> ModelAlert:
    finding = Finding(AlertKind(row.kind), row.subject, row.value, row.limit)
    return ModelAlert(row.id, row.model_version, finding, row.opened_at, row.closed_at)


async def open_alerts(session: AsyncSession, model_version: str | None) -> list[ModelAlert]:
    query = select(ModelAlertRow).where(col(ModelAlertRow.closed_at).is_(None))
    if model_version:
        query = query.where(col(ModelAlertRow.model_version) == model_version)
    return [_alert(row) for row in await session.scalars(query.order_by(col(ModelAlertRow.opened_at), col(ModelAlertRow.subject)))]


async def closed_alerts(session: AsyncSession, limit: int) -> list[ModelAlert]:
    query = select(ModelAlertRow).where(col(ModelAlertRow.closed_at).is_not(None)).order_by(col(ModelAlertRow.closed_at).desc())
    return [_alert(row) for row in await session.scalars(query.limit(limit))]


async def open_alert(session: AsyncSession, model_version: str, finding: Finding, now: datetime) -> ModelAlert:
    row = ModelAlertRow(
        model_version=model_version,
        kind=finding.kind.value,
        subject=finding.subject,
        value=finding.value,
        limit=finding.limit,
        opened_at=now,
        closed_at=None,
    )
    session.add(row)
    await session.flush()
    return _alert(row)


async def close_alert(session: AsyncSession, alert_id: UUID, now: datetime) -> None:
    row = await session.get_one(ModelAlertRow, alert_id)
    row.closed_at = now
    await session.flush()
