"""Limit, price, tenor and conditions for a need; the officer's decision; a portfolio's amounts and rates."""
