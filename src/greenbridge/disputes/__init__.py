"""Objections: a firm disputes a record about itself, and is answered in time."""
