"""All SQL of the green rating."""
