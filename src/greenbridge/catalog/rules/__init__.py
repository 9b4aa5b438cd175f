"""Pure rules of the catalogue: vocabulary and verdicts."""
