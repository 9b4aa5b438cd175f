"""Proposals for officers, their decisions, portfolios."""
