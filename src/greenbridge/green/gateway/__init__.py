"""What the green rating has outside itself: policy files, a store of uploads."""

from greenbridge.green.gateway.files import FakeFiles, Files, S3Files, files_of
from greenbridge.green.gateway.policies import flow_cases, flow_policies, subsidy_cases, subsidy_policies
from greenbridge.green.gateway.seal import Seal, seal_of

__all__ = [
    "FakeFiles",
    "Files",
    "S3Files",
    "Seal",
    "files_of",
    "flow_cases",
    "flow_policies",
    "seal_of",
    "subsidy_cases",
    "subsidy_policies",
]
