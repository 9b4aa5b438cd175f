"""A report's content as JSON: both languages, every fact with its source."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from greenbridge.consents.values import WITHHELD_NAMES, Withheld
from greenbridge.kit.text import Text
from greenbridge.reports.rules import projection
from greenbridge.reports.rules.sections import all_sections
from greenbridge.reports.values import Material, Section, Source, Table
from greenbridge.scoring.values import Score

SCHEMA_VERSION = "1.2"


def _text(value: Any) -> Any:
    return {"zh": value.zh, "en": value.en} if isinstance(value, Text) else value


def _source(source: Source | None) -> dict[str, Any] | None:
    return (
        None
        if source is None
        else {
            "item": source.item,
            "department": _text(source.department),
            "valid_on": source.valid_on.isoformat(),
            "received_on": source.received_on.isoformat(),
            "freshness": source.freshness.value,
            "generated": source.generated,
        }
    )


def withheld_json(why: Withheld | None) -> dict[str, Any] | None:
    """Return why something is withheld: code and words."""
    return None if why is None else {"reason": why.value, "text": _text(WITHHELD_NAMES[why])}


def _section(section: Section) -> dict[str, Any]:
    shown = any(line.withheld is None for line in section.lines) or any(not table.is_withheld for table in section.tables)
    return {
        "key": section.key,
        "title": _text(section.title),
        "status": "available" if shown else "no_data" if section.note else "withheld",
        "note": _text(section.note),
        "facts": [
            {
                "key": line.key,
                "label": _text(line.label),
                "value": _text(line.value),
                "unit": line.unit,
                "source": _source(line.source),
                "withheld": withheld_json(line.withheld),
            }
            for line in section.lines
        ],
        "tables": [_table(table) for table in section.tables],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "key": table.key,
        "title": _text(table.title),
        "columns": [
            {"key": key, "label": _text(label), "unit": unit, "withheld": withheld_json(table.withheld.get(key))}
            for key, label, unit in table.columns
        ],
        "rows": [[_text(cell) for cell in row] for row in table.rows],
        "count": table.count,
        "source": _source(table.source),
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


def content(material: Material, ask: projection.Ask) -> dict[str, Any]:
    """Return the report's content as its reader may see it; equal material and an equal reader give equal content."""
    enterprise = material.enterprise
    last_month = material.series.last_month
    invoices_open = ask(("tax.vat_invoices.issue_date",), 0) is None
    score, why = projection.score(material.score, last_month, ask, material.known_on)
    return {
        "schema_version": SCHEMA_VERSION,
        "enterprise": {
            "id": str(enterprise.id),
            "uscc": enterprise.uscc,
            "name": enterprise.name,
            "region_code": enterprise.region_code if ask(("registration.basic.reg_region_code",), 0) is None else None,
            "origin": enterprise.origin.value,
        },
        "as_of": material.as_of.isoformat(),
        "known_on": material.known_on.isoformat(),
        "last_invoice_month": last_month.strftime("%Y-%m") if last_month and invoices_open else None,
        "model_version": material.model_version,
        "score": score_json(score) if score else None,
        "score_withheld": withheld_json(why),
        "sections": [_section(section) for section in projection.project(all_sections(material), ask, material.known_on)],
    }


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
