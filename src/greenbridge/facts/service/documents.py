"""The catalogue as documents, for the command line, the API and the page."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from greenbridge.consents.values import DescribedItem
from greenbridge.facts.gateway import catalogue
from greenbridge.facts.values import Item
from greenbridge.kit.text import Text


def catalogue_document() -> dict[str, Any]:
    """Return the whole catalogue."""
    known = catalogue()
    return {
        "version": known.version,
        "categories": [
            {"code": c.code, "label": _text(c.label), "national": c.national, "items": [item_document(item) for item in c.items]}
            for c in known.categories
        ],
    }


@cache
def described() -> tuple[DescribedItem, ...]:
    """Return all items in words, with their fields' sensitivity: what consents are granted of."""
    return tuple(
        DescribedItem(item.code, c.label, item.label, item.department, tuple((f.name, f.label, f.sensitivity) for f in item.fields))
        for c in catalogue().categories
        for item in c.items
    )


@cache
def levels() -> Mapping[str, int]:
    """Return field (`tax.paid.paid`) -> its sensitivity, 1 to 5."""
    return {f"{item.code}.{name}": level for item in described() for name, _, level in item.fields}


def item_document(item: Item) -> dict[str, Any]:
    """Return one item with its fields, law, showing period and quality rules."""
    clock = catalogue().clocks[item.retention][0]
    return {
        "code": item.code,
        "label": _text(item.label),
        "department": {"code": item.department_code, **_text(item.department)},
        "national": item.national,
        "kind": item.shape.value,
        "key": list(item.key),
        "refresh_days": item.refresh_days,
        "due_working_days": item.due_working_days,
        "openness": item.openness.value,
        "legal_basis": item.legal_basis,
        "retention": {"code": item.retention, **_text(clock.label), "source": clock.source.zh, "source_en": clock.source.en},
        "alert": dict(item.alert),
        "rules": [{"kind": rule.kind, "reason": rule.reason, "fields": _rule_fields(rule)} for rule in item.rules],
        "fields": [
            {
                "name": f.name,
                "label": _text(f.label),
                "kind": f.kind.value,
                "unit": f.unit,
                "sensitivity": f.sensitivity,
                "openness": item.openness.value,
                "required": f.required,
                "names": list(f.names),
                "choices": list(f.choices),
                "minimum": f.minimum,
                "maximum": f.maximum,
            }
            for f in item.fields
        ],
    }


def _rule_fields(rule: Any) -> list[str]:
    return [name for name in (rule.earlier, rule.later, *rule.parts, rule.total) if name]


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
