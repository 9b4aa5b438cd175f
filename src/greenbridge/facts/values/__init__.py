"""Deliveries, quarantine, facts."""

from greenbridge.facts.values.catalogue import (
    KIND_NAMES,
    OPENNESS_NAMES,
    SENSITIVITY_NAMES,
    Catalogue,
    Category,
    Clock,
    Department,
    Field,
    Item,
    Kind,
    Openness,
    QualityRule,
    Shape,
)
from greenbridge.facts.values.deliveries import Alert, Batch, Delivery, Quality
from greenbridge.facts.values.known import MONTHLY, YEARLY, Counterparty, Disputed, Fact, Floats, ListedFact, Series, Trade

__all__ = [
    "KIND_NAMES",
    "MONTHLY",
    "OPENNESS_NAMES",
    "SENSITIVITY_NAMES",
    "YEARLY",
    "Alert",
    "Batch",
    "Catalogue",
    "Category",
    "Clock",
    "Counterparty",
    "Delivery",
    "Department",
    "Disputed",
    "Fact",
    "Field",
    "Floats",
    "Item",
    "Kind",
    "ListedFact",
    "Openness",
    "Quality",
    "QualityRule",
    "Series",
    "Shape",
    "Trade",
]
