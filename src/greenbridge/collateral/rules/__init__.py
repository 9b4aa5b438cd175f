"""Pure rules of collateral."""
