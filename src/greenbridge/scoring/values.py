"""Features, reasons, scores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from greenbridge.kit.text import Text

Floats = NDArray[np.float64]
Arrays = Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of the model. `direction` is the monotone constraint on default: +1 riskier when larger, -1 safer, 0 free.

    `formula` maps the series arrays (see facts.values.Series) to float[n_firms]; NaN means unknown.
    """

    name: str
    label: Text
    unit: str
    direction: int
    activity: bool
    formula: Callable[[Arrays], Floats]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a probability is high: a feature, its value, what is usual among the firms the model learnt from."""

    code: str
    label: Text
    value: float | None
    usual: float
    unit: str
    contribution: float


@dataclass(frozen=True, slots=True)
class Score:
    """A firm's probability of default as of a day. `band` A (best) to E; at most four reasons, the weightiest first."""

    id: UUID
    enterprise_id: UUID
    as_of: date
    scored_at: datetime
    model_version: str
    default_probability: float
    band: str
    reasons: tuple[Reason, ...]
    known_share: float


@dataclass(frozen=True, slots=True)
class KeptScore:
    """A score as it was kept, with the features that it was made of (None: unknown); empty where they were not asked for."""

    score: Score
    features: Mapping[str, float | None]
