"""Departments' data: receive it, read it as of a day, keep its quality in sight."""

from greenbridge.facts.gateway import catalogue
from greenbridge.facts.service.intake import item_named
from greenbridge.facts.service.reading import (
    RegistrationFacts,
    batches,
    count,
    counterparties,
    coverage,
    facts_of,
    history,
    horizon,
    quarantined,
    reason_text,
    series,
)
from greenbridge.facts.service.receiving import raw_row, receive

__all__ = [
    "RegistrationFacts",
    "batches",
    "catalogue",
    "count",
    "counterparties",
    "coverage",
    "facts_of",
    "history",
    "horizon",
    "item_named",
    "quarantined",
    "raw_row",
    "reason_text",
    "receive",
    "series",
]
