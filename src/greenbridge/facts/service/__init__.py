"""Departments' data: receive it, read it as of a day, keep its quality in sight."""

from greenbridge.facts.gateway import catalogue
from greenbridge.facts.gateway.files import frames
from greenbridge.facts.service.documents import catalogue_document, described, item_document, levels
from greenbridge.facts.service.doubts import Question, decide, questions, questions_count, read_row, rows_in_doubt
from greenbridge.facts.service.intake import item_named
from greenbridge.facts.service.listing import list_facts
from greenbridge.facts.service.network import codes_of, industries, of_all, trade
from greenbridge.facts.service.pulling import pulls
from greenbridge.facts.service.quality import PERIOD_DAYS, alerts, measure, trends
from greenbridge.facts.service.reading import (
    RegistrationFacts,
    batch,
    batches,
    count,
    counterparties,
    coverage,
    facts_of,
    history,
    horizon,
    invoice_stated,
    public_marks,
    quarantined,
    read_quarantined,
    reason_text,
    series,
    stop_showing,
    touched,
)
from greenbridge.facts.service.receiving import hand_in, raw_row, receive

__all__ = [
    "PERIOD_DAYS",
    "Question",
    "RegistrationFacts",
    "alerts",
    "batch",
    "batches",
    "catalogue",
    "catalogue_document",
    "codes_of",
    "count",
    "counterparties",
    "coverage",
    "decide",
    "described",
    "facts_of",
    "frames",
    "hand_in",
    "history",
    "horizon",
    "industries",
    "invoice_stated",
    "item_document",
    "item_named",
    "levels",
    "list_facts",
    "measure",
    "of_all",
    "public_marks",
    "pulls",
    "quarantined",
    "questions",
    "questions_count",
    "raw_row",
    "read_quarantined",
    "read_row",
    "reason_text",
    "receive",
    "rows_in_doubt",
    "series",
    "stop_showing",
    "touched",
    "trade",
    "trends",
]
