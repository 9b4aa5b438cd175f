"""SQL of scores."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit.text import Text
from greenbridge.scoring.values import KeptScore, Reason, Score


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "label": {"zh": reason.label.zh, "en": reason.label.en},
        "value": reason.value,
        "usual": reason.usual,
        "unit": reason.unit,
        "contribution": reason.contribution,
    }


# Not through objects: a score is written with each report.
_INSERT = text("""
    insert into default_score
        (id, enterprise_id, as_of, scored_at, model_version, default_probability, band, known_share, reasons, features)
    values (:id, :enterprise_id, :as_of, :scored_at, :model_version, :default_probability, :band, :known_share,
        cast(:reasons as jsonb), cast(:features as jsonb))
""")


async def add(session: AsyncSession, score: Score, features: Mapping[str, float | None]) -> None:
    await session.execute(
        _INSERT,
        {
            "id": score.id,
            "enterprise_id": score.enterprise_id,
            "as_of": score.as_of,
            "scored_at": score.scored_at,
            "model_version": score.model_version,
            "default_probability": score.default_probability,
            "band": score.band,
            "known_share": score.known_share,
            "reasons": msgspec.json.encode([_reason_json(r) for r in score.reasons]).decode(),
            "features": msgspec.json.encode(features).decode(),
        },
    )


_NEWEST_KEPT = """
    select distinct on ({one}) id, enterprise_id, as_of, scored_at, model_version, default_probability, band, known_share, reasons,
        {features}
    from default_score where as_of <= :until and as_of >= :since and scored_at <= :known_at
        and (cast(:version as text) is null or model_version = :version)
        and (cast(:firms as uuid[]) is null or enterprise_id = any(cast(:firms as uuid[])))
    order by {one}, as_of desc, scored_at desc, id
"""


async def kept(
    session: AsyncSession,
    *,
    since: date,
    until: date,
    known_at: datetime,
    version: str | None,
    firms: Sequence[UUID] | None,
    monthly: bool,
    features: bool,
) -> list[KeptScore]:
    """Return each firm's newest kept score of days between two (of each month, if `monthly`), with its reasons."""
    one = "enterprise_id, date_trunc('month', as_of)" if monthly else "enterprise_id"
    query = _NEWEST_KEPT.format(one=one, features="features" if features else "null as features")
    given = {"since": since, "until": until, "known_at": known_at, "version": version, "firms": list(firms) if firms is not None else None}
    rows = await session.execute(text(query), given)
    return [
        KeptScore(
            Score(r.id, r.enterprise_id, r.as_of, r.scored_at, r.model_version, r.default_probability, r.band, _reasons(r), r.known_share),
            r.features or {},
        )
        for r in rows
    ]


def _reasons(row: Any) -> tuple[Reason, ...]:
    return tuple(
        Reason(r["code"], Text(r["label"]["zh"], r["label"]["en"]), r["value"], r["usual"], r["unit"], r["contribution"])
        for r in row.reasons
        if {"code", "label", "value", "usual", "unit", "contribution"} <= set(r)
    )


async def newest_version(session: AsyncSession, known_at: datetime) -> str | None:
    """Return the model that scored last."""
    query = "select model_version from default_score where scored_at <= :known_at order by scored_at desc, id limit 1"
    return (await session.execute(text(query), {"known_at": known_at})).scalar_one_or_none()


async def first_day(session: AsyncSession, version: str, known_at: datetime) -> date | None:
    """Return the earliest day that a model's kept scores are of."""
    query = "select min(as_of) from default_score where model_version = :version and scored_at <= :known_at"
    found: date | None = (await session.execute(text(query), {"version": version, "known_at": known_at})).scalar_one()
    return found
