"""What lies outside of collateral's rules: policy files, keys, the land registry."""

from greenbridge.collateral.gateway.http import HttpRegistry, Retries
from greenbridge.collateral.gateway.policy import policies
from greenbridge.collateral.gateway.registry import FakeRegistry, LandRegistry, RegistryProblem
from greenbridge.collateral.gateway.vault import Vault

__all__ = ["FakeRegistry", "HttpRegistry", "LandRegistry", "RegistryProblem", "Retries", "Vault", "policies"]
