"""Outside of scoring: model files, and the policy of bands."""

from greenbridge.scoring.gateway.artifacts import ArtifactRefused, check_files, check_registered, fingerprint
from greenbridge.scoring.gateway.model import (
    DefaultModel,
    FakeModel,
    LightGbmModel,
    current_version,
    load_current,
    load_registered,
)
from greenbridge.scoring.gateway.policy import band_policies, band_policy, cases

__all__ = [
    "ArtifactRefused",
    "DefaultModel",
    "FakeModel",
    "LightGbmModel",
    "band_policies",
    "band_policy",
    "cases",
    "check_files",
    "check_registered",
    "current_version",
    "fingerprint",
    "load_current",
    "load_registered",
]
