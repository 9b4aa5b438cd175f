"""Pure verbs of reference data."""
