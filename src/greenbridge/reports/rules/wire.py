"""A report's content as JSON, schema 2: both languages, every fact with source, date, freshness and sensitivity."""

from collections.abc import Mapping
from typing import Any

from greenbridge.consents.values import WITHHELD_NAMES, Withheld
from greenbridge.facts.rules import items
from greenbridge.green.values import GreenStanding
from greenbridge.kit.text import Text
from greenbridge.reports.rules import findings, projection
from greenbridge.reports.rules.sections import all_sections, invoices, ratings
from greenbridge.reports.values import Finding, Line, Material, Rated, Reader, Section, Source, Table
from greenbridge.scoring.values import Score

SCHEMA_VERSION = "2.2"
USE = Text(
    "仅供注明的机构在企业授权范围内，为注明的用途使用；不得转给他人。平台汇集部门数据并作提示，贷与不贷由银行决定。",
    "For the organisation and the purpose named here alone, within the firm's consent; not to be passed on. The platform gathers"
    " departments' data and points things out; the bank decides.",
)
OBJECTION = Text(
    "对不良信息有异议的，可向平台或提供部门提出，平台当即标注，5 个工作日内、至迟 20 个工作日内答复；已履行义务的，可按《信用修复管理办法》申请修复。",
    "Whoever disputes an adverse record may object to the platform or the department: it is marked at once and answered within 5, at most"
    " 20 working days. Who has done what was due may apply for repair under the Measures for Credit Repair.",
)


def _text(value: Any) -> Any:
    return {"zh": value.zh, "en": value.en} if isinstance(value, Text) else value


def _source(source: Source | None) -> dict[str, Any] | None:
    return None if source is None else {
        "item": source.item,
        "department": _text(source.department),
        "valid_on": source.valid_on.isoformat(),
        "received_on": source.received_on.isoformat(),
        "freshness": source.freshness.value,
        "generated": source.generated,
    }  # fmt: skip


def withheld_json(why: Withheld | None) -> dict[str, Any] | None:
    """Return why something is withheld: code and words."""
    return None if why is None else {"reason": why.value, "text": _text(WITHHELD_NAMES[why])}


def _section(section: Section, levels: Mapping[str, int]) -> dict[str, Any]:
    shown = any(line.withheld is None for line in section.lines) or any(not table.is_withheld for table in section.tables)
    return {
        "key": section.key,
        "title": _text(section.title),
        "status": "available" if shown else "no_data" if section.note else "withheld",
        "note": _text(section.note),
        "facts": [_line(line, levels) for line in section.lines],
        "tables": [_table(table, levels) for table in section.tables],
    }


def _sensitivity(reads: tuple[str, ...], levels: Mapping[str, int]) -> int | None:
    return max((levels[key] for key in reads), default=None)


def _line(line: Line, levels: Mapping[str, int]) -> dict[str, Any]:
    return {
        "key": line.key,
        "label": _text(line.label),
        "value": _text(line.value),
        "unit": line.unit,
        "period": _text(line.period) if line.withheld is None else None,
        "sensitivity": _sensitivity(line.reads, levels),
        "source": _source(line.source),
        "disputed_since": line.disputed.isoformat() if line.disputed else None,
        "withheld": withheld_json(line.withheld),
    }


def _table(table: Table, levels: Mapping[str, int]) -> dict[str, Any]:
    return {
        "key": table.key,
        "title": _text(table.title),
        "columns": [
            {
                "key": key,
                "label": _text(label),
                "unit": unit,
                "sensitivity": _sensitivity(table.reads[key], levels),
                "withheld": withheld_json(table.withheld.get(key)),
            }
            for key, label, unit in table.columns
        ],
        "rows": [[_text(cell) for cell in row] for row in table.rows],
        "count": table.count,
        "disputed": [{"row": row, "since": since.isoformat()} for row, since in enumerate(table.disputed) if since],
        "law": _text(table.law) if table.rows else None,
        "source": _source(table.source),
    }


def score_json(score: Score) -> dict[str, Any]:
    """Return a score with its reasons both ways; a reason's `usual` is the median of the firms the model learnt from."""
    return {
        "default_probability": round(score.default_probability, 6),
        "meaning": _text(in_words(score.default_probability)),
        "band": score.band.code,
        "band_meaning": _text(score.band.meaning),
        "band_policy": score.band_policy,
        "points": score.points,
        "points_held": score.points_held,
        "known_share": round(score.known_share, 4),
        "model_version": score.model_version,
        "reasons": [
            {
                "code": r.code,
                "group": r.group,
                "effect": "raises" if r.raises else "lowers",
                "sentence": _text(r.sentence),
                "label": _text(r.label),
                "value": None if r.value is None else round(r.value, 4),
                "usual": round(r.usual, 4),
                "unit": r.unit,
            }
            for r in score.reasons
        ],
    }


def in_words(probability: float) -> Text:
    """Return a probability as a count of firms. `in_words(0.12)` says that of 100 such firms about 12 would default."""
    of = 100 if probability >= 0.01 else 1000
    n = max(1, round(probability * of))
    return Text(
        f"仅就发票情况看，与本企业相似的 {of} 家企业中，约有 {n} 家会违约",
        f"By their invoices alone, of {of} firms like this one about {n} would default",
    )


def _reader(reader: Reader | None) -> dict[str, Any] | None:
    if reader is None:
        return None
    return {
        "organisation": reader.organisation,
        "login": reader.login,
        "function": _text(reader.function),
        "purpose": _text(reader.purpose),
        "step": _text(reader.step),
        "policy": reader.policy,
        "months": reader.months,
    }


def _summary(material: Material, ask: projection.Ask) -> dict[str, Any]:
    """Return red flags, changes and coverage; what is withheld is told by its label alone."""
    found: dict[str, Any] = {}
    for name, wanted in (("flags", findings.flags(material)), ("changes", findings.changes(material))):
        told, unknown, withheld = projection.findings(wanted, ask, material.known_on)
        found[name] = {
            "found": [{"key": f.key, "level": f.level.value, "text": _text(_said(f))} for f in told if f.text],
            "clear": [_label(f) for f in told if not f.text],
            "unknown": [_label(f) for f in unknown],
            "withheld": [{**_label(f), "withheld": withheld_json(why)} for f, why in withheld],
        }
    rated = {r.key: _rating(r, projection.why_unrated(r, ask, material.as_of, material.known_on)) for r in material.ratings}
    return {**found, "coverage": _coverage(material, ask), "green": None, "public_credit": None, **rated}


def _rating(rated: Rated, why: Withheld | None) -> dict[str, Any]:
    """Return a rating by a scheme; of one that is withheld, whose it would be."""
    found, scheme = rated.rating, rated.rating.scheme
    following = found.next_grade
    return {
        "scheme": scheme.code,
        "version": scheme.version,
        "name": _text(scheme.name),
        "status": _text(scheme.status_words),
        "withheld": withheld_json(why),
        "rating": None if why else {
            "grade": found.grade,
            "grade_name": _text(found.grade_name),
            "points": found.points,
            "total": scheme.total,
            "coverage": round(found.coverage, 4),
            "possible_grade": found.possible_grade,
            "sentence": _text(ratings.in_words(rated)),
            "held_by": [_text(bar.words) for bar in found.capped_by],
            "certified": _certified(rated.certified),
            "next_grade": following and {
                "grade": following.grade.code,
                "grade_name": _text(following.grade.name),
                "points": following.points,
            },
        },
    }  # fmt: skip


def _certified(held: GreenStanding | None) -> dict[str, Any] | None:
    """Return the certificate that stands on the report's day."""
    return (held and held.grade and {
        "grade": held.grade,
        "points": held.points,
        "coverage": held.coverage,
        "number": held.certificate_number,
        "valid_from": held.valid_from and held.valid_from.isoformat(),
        "valid_to": held.valid_to and held.valid_to.isoformat(),
        "scheme_version": held.scheme_version,
        "catalogue_version": held.catalogue_version,
    }) or None  # fmt: skip


def _said(finding: Finding) -> Text | None:
    """Return a finding's sentence, and that the firm objects to what it is made of."""
    if finding.text is None or finding.disputed is None:
        return finding.text
    return Text(
        f"{finding.text.zh}（企业自 {finding.disputed} 起提出异议，正在核查）",
        f"{finding.text.en} (disputed by the firm since {finding.disputed}, under review)",
    )


def _label(finding: Finding) -> dict[str, Any]:
    return {"key": finding.key, "label": _text(finding.label)}


def _coverage(material: Material, ask: projection.Ask) -> dict[str, int]:
    """Return of how many data items the reader sees records, sees that there are none, has no delivery, or may see nothing."""
    have = {fact.item for fact in material.facts}
    if invoices.known(material):
        have.add(items.VAT_INVOICES)
    found = {"with_data": 0, "no_records": 0, "not_delivered": 0, "withheld": 0}
    for code, item in material.items.items():
        if all(ask((f"{code}.{field.name}",), 0) is not None for field in item.fields if field.name != "uscc"):
            found["withheld"] += 1
        elif code in have:
            found["with_data"] += 1
        else:
            found["no_records" if code in material.coverage else "not_delivered"] += 1
    return found


def content(whole: Material, ask: projection.Ask, verify_at: str) -> dict[str, Any]:
    """Return the report's content as its reader may see it; equal material and an equal reader give equal content.

    `verify_at`: where a paper is checked; it stands in what is signed, so that whoever sets the pages again sets the same.
    """
    material = projection.visible(whole, ask)
    enterprise = material.enterprise
    last_month = material.series.last_month
    invoices_open = ask(("tax.vat_invoices.issue_date",), 0) is None
    score, why = projection.score(material.score, material.model_fields, last_month, ask, material.known_on)
    newest = max((received for _, received, _ in material.coverage.values()), default=None)
    sections = projection.project(all_sections(material), ask, material.known_on)
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
        "known_at": material.known_at.isoformat(),
        "reader": _reader(material.reader),
        "verify_at": verify_at,
        "use": _text(USE),
        "objection": _text(OBJECTION),
        "data_cut": {
            "last_invoice_month": last_month.strftime("%Y-%m") if last_month and invoices_open else None,
            "newest_delivery": newest.isoformat() if newest else None,
        },
        "versions": {"schema": SCHEMA_VERSION, "catalogue": material.catalogue.version, "model": material.model_version},
        "score": {**score_json(score), "bands": [[name, upper] for name, upper in material.bands.items()]} if score else None,
        "score_withheld": withheld_json(why),
        "summary": _summary(material, ask),
        "sections": [_section(section, material.levels) for section in sections],
    }
