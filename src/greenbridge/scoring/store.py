"""SQL of scores."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database
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


# Not through objects: a score is written with each report.
_INSERT = """
    insert into default_score
        (id, enterprise_id, as_of, scored_at, model_version, default_probability, band, known_share, reasons, features)
    values (%(id)s, %(enterprise_id)s, %(as_of)s, %(scored_at)s, %(model_version)s, %(default_probability)s, %(band)s, %(known_share)s,
        cast(%(reasons)s as jsonb), cast(%(features)s as jsonb))
"""


async def add(session: AsyncSession, score: Score, features: Mapping[str, float | None]) -> None:
    await database.rows(
        session,
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
