"""Departments' data: receive it, read it as of a day, keep its quality in sight."""

from greenbridge.facts.gateway import catalogue
from greenbridge.facts.service.documents import catalogue_document, item_document
from greenbridge.facts.service.doubts import Question, decide, questions
from greenbridge.facts.service.intake import item_named
from greenbridge.facts.service.pulling import pulls
from greenbridge.facts.service.quality import alerts, measure, trends
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
from greenbridge.facts.service.receiving import push, raw_row, receive

__all__ = [
    "Question",
    "RegistrationFacts",
    "alerts",
    "batches",
    "catalogue",
    "catalogue_document",
    "count",
    "counterparties",
    "coverage",
    "decide",
    "facts_of",
    "history",
    "horizon",
    "item_document",
    "item_named",
    "measure",
    "pulls",
    "push",
    "quarantined",
    "questions",
    "raw_row",
    "reason_text",
    "receive",
    "series",
    "trends",
]
