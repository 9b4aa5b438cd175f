"""SQL of collateral."""
