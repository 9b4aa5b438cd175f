"""Pure rules of the green rating."""
