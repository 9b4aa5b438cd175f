"""Schemes: find one, rate firms by it, screen a list."""

from greenbridge.schemes.gateway import lists, vocabulary
from greenbridge.schemes.rules.rating import rate
from greenbridge.schemes.rules.screening import words as reason_text
from greenbridge.schemes.rules.wire import rating_json, scheme_head, scheme_json, screening_json
from greenbridge.schemes.service import pushing
from greenbridge.schemes.service.book import Book, CheckedCase, book, check
from greenbridge.schemes.service.rating import (
    class_named,
    fields_of,
    inputs_of,
    of_records,
    pledged,
    rate_enterprise,
    rate_firms,
    rate_records,
)
from greenbridge.schemes.service.screening import screen

__all__ = [
    "Book",
    "CheckedCase",
    "book",
    "check",
    "class_named",
    "fields_of",
    "inputs_of",
    "lists",
    "of_records",
    "pledged",
    "pushing",
    "rate",
    "rate_enterprise",
    "rate_firms",
    "rate_records",
    "rating_json",
    "reason_text",
    "scheme_head",
    "scheme_json",
    "screen",
    "screening_json",
    "vocabulary",
]
