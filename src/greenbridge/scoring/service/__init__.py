"""Scoring firms, and the models that do."""

from greenbridge.scoring.gateway import band_policy
from greenbridge.scoring.service.bulk import score_city, score_many
from greenbridge.scoring.service.kept import kept_months, learnt_distributions, newest_kept, run_days, run_distributions, run_scores
from greenbridge.scoring.service.registry import (
    challenge,
    champion,
    establish,
    model_at,
    models,
    promote,
    register,
    retire,
    rollback,
    runs,
    unregistered,
)
from greenbridge.scoring.service.scoring import MIN_KNOWN_SHARE, Scored, fields_read, keep, score, score_series, scored

__all__ = [
    "MIN_KNOWN_SHARE",
    "Scored",
    "band_policy",
    "challenge",
    "champion",
    "establish",
    "fields_read",
    "keep",
    "kept_months",
    "learnt_distributions",
    "model_at",
    "models",
    "newest_kept",
    "promote",
    "register",
    "retire",
    "rollback",
    "run_days",
    "run_distributions",
    "run_scores",
    "runs",
    "score",
    "score_city",
    "score_many",
    "score_series",
    "scored",
    "unregistered",
]
