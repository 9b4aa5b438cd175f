"""Features, reasons, scores, bands, versions of the model."""

from greenbridge.scoring.values.features import (
    GROUP_NAMES,
    NOT_DELIVERED,
    Arrays,
    Case,
    Evidence,
    Feature,
    Floats,
    Group,
    GroupEffect,
    Reason,
    Split,
)
from greenbridge.scoring.values.models import MODEL_ACT_NAMES, MODEL_STATE_NAMES, ModelAct, ModelEvent, ModelState, ModelVersion
from greenbridge.scoring.values.scores import SCORE, Band, BandPolicy, BulkRun, BulkScores, Distribution, KeptScore, Scale, Score

__all__ = [
    "GROUP_NAMES",
    "MODEL_ACT_NAMES",
    "MODEL_STATE_NAMES",
    "NOT_DELIVERED",
    "SCORE",
    "Arrays",
    "Band",
    "BandPolicy",
    "BulkRun",
    "BulkScores",
    "Case",
    "Distribution",
    "Evidence",
    "Feature",
    "Floats",
    "Group",
    "GroupEffect",
    "KeptScore",
    "ModelAct",
    "ModelEvent",
    "ModelState",
    "ModelVersion",
    "Reason",
    "Scale",
    "Score",
    "Split",
]
