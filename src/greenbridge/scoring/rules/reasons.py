"""From the model's margin to a band and to reasons in words."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from greenbridge.scoring.rules.features import FEATURES
from greenbridge.scoring.values import Floats, Reason

MAX_REASONS = 4
# Under a twentieth of the odds' logarithm a feature explains nothing that a person would name.
MIN_CONTRIBUTION = 0.05


def band(default_probability: float, cuts: Mapping[str, float]) -> str:
    """Return the first band whose upper cut lies above the probability; `{"A": 0.05, "B": 0.12}` and 0.07 give B."""
    for name, upper in cuts.items():
        if default_probability < upper:
            return name
    return list(cuts)[-1]


def reasons(names: Sequence[str], values: Floats, contributions: Floats, usual: Mapping[str, float]) -> tuple[Reason, ...]:
    """Return at most four features that raise this firm's probability most; `contributions` are margins (TreeSHAP)."""
    by_name = {feature.name: feature for feature in FEATURES}
    order = np.argsort(-contributions, kind="stable")[:MAX_REASONS]
    return tuple(
        Reason(
            names[i],
            by_name[names[i]].label,
            None if math.isnan(values[i]) else float(values[i]),
            usual[names[i]],
            by_name[names[i]].unit,
            float(contributions[i]),
        )
        for i in order
        if contributions[i] > MIN_CONTRIBUTION
    )
