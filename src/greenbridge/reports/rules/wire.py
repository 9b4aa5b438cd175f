"""A report's content as JSON: both languages, every fact with its source."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from greenbridge.kit.text import Text
from greenbridge.reports.rules.sections import all_sections
from greenbridge.reports.values import Material, Section, Source
from greenbridge.scoring.values import Score

SCHEMA_VERSION = "1.0"


def _text(value: Any) -> Any:
    return {"zh": value.zh, "en": value.en} if isinstance(value, Text) else value


def _source(source: Source) -> dict[str, Any]:
    return {
        "item": source.item,
        "department": _text(source.department),
        "valid_on": source.valid_on.isoformat(),
        "received_on": source.received_on.isoformat(),
        "freshness": source.freshness.value,
        "generated": source.generated,
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": _text(section.title),
        "status": "no_data" if section.note else "available",
        "note": _text(section.note),
        "facts": [
            {
                "key": line.key,
                "label": _text(line.label),
                "value": _text(line.value),
                "unit": line.unit,
                "source": _source(line.source),
            }
            for line in section.lines
        ],
        "tables": [
            {
                "key": table.key,
                "title": _text(table.title),
                "columns": [{"key": key, "label": _text(label), "unit": unit} for key, label, unit in table.columns],
                "rows": [[_text(cell) for cell in row] for row in table.rows],
                "source": _source(table.source),
            }
            for table in section.tables
        ],
    }


def score_json(score: Score) -> dict[str, Any]:
    """Return a score with its reasons; a reason's `usual` is the median of the firms the model learnt from."""
    return {
        "default_probability": round(score.default_probability, 6),
        "band": score.band,
        "known_share": round(score.known_share, 4),
        "model_version": score.model_version,
        "reasons": [
            {
                "code": r.code,
                "label": _text(r.label),
                "value": None if r.value is None else round(r.value, 4),
                "usual": round(r.usual, 4),
                "unit": r.unit,
            }
            for r in score.reasons
        ],
    }


def content(material: Material) -> dict[str, Any]:
    """Return the report's content; equal material gives equal content."""
    enterprise = material.enterprise
    last_month = material.series.last_month
    return {
        "schema_version": SCHEMA_VERSION,
        "enterprise": {
            "id": str(enterprise.id),
            "uscc": enterprise.uscc,
            "name": enterprise.name,
            "region_code": enterprise.region_code,
            "origin": enterprise.origin.value,
        },
        "as_of": material.as_of.isoformat(),
        "known_on": material.known_on.isoformat(),
        "last_invoice_month": last_month.strftime("%Y-%m") if last_month else None,
        "model_version": material.model_version,
        "score": score_json(material.score) if material.score else None,
        "sections": [_section(section) for section in all_sections(material)],
    }


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
