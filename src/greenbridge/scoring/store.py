"""SQL of scores."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

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


async def add(session: AsyncSession, score: Score, features: Mapping[str, float | None]) -> None:
    # A row as it is, not an object: a score is written with each report.
    await session.execute(
        insert(ScoreRow).values(
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
