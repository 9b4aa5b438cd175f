"""Greenbridge (绿桥): bank-enterprise credit matchmaking that a city can run."""

__version__ = "0.1.0"
