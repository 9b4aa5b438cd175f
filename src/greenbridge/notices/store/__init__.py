"""SQL of notices: what is waiting, for whom, and what came of it."""
