"""Departments' data: items, gateways, cleaning, facts with two times."""
