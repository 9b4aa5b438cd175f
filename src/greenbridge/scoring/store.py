"""SQL of scores."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenbridge.kit.text import Text
from greenbridge.scoring.tables import ScoreRow
from greenbridge.scoring.values import Reason, Score


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "label": {"zh": reason.label.zh, "en": reason.label.en},
        "value": reason.value,
        "usual": reason.usual,
        "unit": reason.unit,
        "contribution": reason.contribution,
    }


def _reason(kept: dict[str, Any]) -> Reason:
    return Reason(kept["code"], Text(**kept["label"]), kept["value"], kept["usual"], kept["unit"], kept["contribution"])


async def add(session: AsyncSession, score: Score, features: Mapping[str, float | None]) -> None:
    session.add(
        ScoreRow(
            id=score.id,
            enterprise_id=score.enterprise_id,
            as_of=score.as_of,
            scored_at=score.scored_at,
            model_version=score.model_version,
            default_probability=score.default_probability,
            band=score.band,
            known_share=score.known_share,
            reasons=[_reason_json(r) for r in score.reasons],
            features=dict(features),
        )
    )
    await session.flush()


async def latest(session: AsyncSession, enterprise_id: UUID) -> Score | None:
    query = select(ScoreRow).where(col(ScoreRow.enterprise_id) == enterprise_id).order_by(col(ScoreRow.scored_at).desc()).limit(1)
    row = (await session.scalars(query)).first()
    if row is None:
        return None
    reasons = tuple(_reason(kept) for kept in row.reasons)
    return Score(
        row.id,
        row.enterprise_id,
        row.as_of,
        row.scored_at,
        row.model_version,
        row.default_probability,
        row.band,
        reasons,
        row.known_share,
    )
