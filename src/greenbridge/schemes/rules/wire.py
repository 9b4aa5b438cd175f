"""Schemes, ratings and screenings as JSON documents."""

from collections.abc import Callable, Mapping
from typing import Any

from greenbridge.kit.text import Language, Text
from greenbridge.schemes.rules import words
from greenbridge.schemes.rules.screening import Screened, Screening, SetAside
from greenbridge.schemes.values import Condition, Evidence, Indicator, IndicatorPoints, InputName, Rating, Scheme

Words = Callable[[str], Text]


def said(text: Text) -> dict[str, str]:
    """Return a text in both languages."""
    return {"zh": text.zh, "en": text.en}


def evidence_json(e: Evidence) -> dict[str, Any]:
    """Return evidence as it is written."""
    return {
        "item": e.item,
        "source": {"zh": e.source.zh, "en": e.source.en},
        "date": e.on,
        "reference": e.reference,
        "pledged": e.pledged,
        "generated": e.generated,
    }


def indicator_json(line: IndicatorPoints, vocabulary: Mapping[str, InputName]) -> dict[str, Any]:
    """Return an indicator's points; null where nothing is known."""
    name = line.indicator.name
    return {
        "code": line.indicator.code,
        "name": {"zh": name.zh, "en": name.en},
        "dimension": line.indicator.dimension,
        "points": line.points,
        "max": line.max,
        "known_max": line.known_max,
        "applies": line.applies,
        "value": line.value,
        "unit": line.parts[0].part.unit,
        "limit": [said(words.full(p.part, vocabulary)) for p in line.parts],
        "missing": sorted({name for part in line.parts for name in part.missing}),
        "evidence": [evidence_json(e) for e in line.evidence],
        "parts": [{"zh": p.part.label.zh, "value": p.value, "points": p.points, "max": p.max} for p in line.parts]
        if len(line.parts) > 1
        else [],
    }


def rating_json(r: Rating, vocabulary: Mapping[str, InputName]) -> dict[str, Any]:
    """Return a rating: `points` is the sum of all lines, base and bonus; `grade` stands on it."""
    s, nxt = r.scheme, r.next_grade
    return {
        "scheme": s.code,
        "version": s.version,
        "status": s.status.value,
        "status_words": {"zh": s.status_words.zh, "en": s.status_words.en},
        "business_class": r.business_class.code,
        "as_of": r.as_of,
        "base": s.base,
        "points": r.points,
        "total": s.total,
        "coverage": r.coverage,
        "scaled_points": r.scaled,
        "possible_points": r.possible,
        "grade": r.grade,
        "grade_name": {"zh": r.grade_name.zh, "en": r.grade_name.en},
        "grade_by_points": r.grade_by_points,
        "possible_grade": r.possible_grade,
        "watched": r.watched,
        "capped_by": [{"kind": b.kind, "code": b.code, "grade": b.grade, "zh": b.words.zh, "en": b.words.en} for b in r.capped_by],
        "vetoes": [{"code": v.condition.code, "known": v.known, "missing": list(v.missing)} for v in r.vetoes],
        "next_grade": {
            "code": nxt.grade.code,
            "name": {"zh": nxt.grade.name.zh, "en": nxt.grade.name.en},
            "points": nxt.points,
            "bars": [{"kind": b.kind, "code": b.code, "zh": b.words.zh, "en": b.words.en} for b in nxt.bars],
        }
        if nxt
        else None,
        "dimensions": [{"code": d.dimension.code, "points": d.points, "max": d.max, "known_max": d.known_max} for d in r.dimensions],
        "indicators": [indicator_json(line, vocabulary) for line in r.indicators],
        "bonus": [indicator_json(line, vocabulary) for line in r.bonus],
    }


def _screened(s: Screened) -> dict[str, Any]:
    reasons = [{"code": h.code, "zh": h.words.zh, "en": h.words.en, "date": h.on, "reference": h.reference} for h in s.hits]
    rated = {"grade": s.grade, "possible_grade": s.possible_grade, "points": s.points, "coverage": s.coverage} if s.grade else {}
    return {"row": s.candidate.row_no, "uscc": s.uscc, "name": s.name, "hit": bool(s.hits), "reasons": reasons, **rated}


def _set_aside(s: SetAside, reason: Words) -> dict[str, Any]:
    c = s.candidate
    return {"row": c.row_no, "uscc": c.uscc, "name": c.name, "reason": s.reason, **said(reason(s.reason))}


def screening_json(s: Screening, reason: Words) -> dict[str, Any]:
    """Return a screening; `reason` says a quarantine reason in words."""
    scheme = {"code": s.scheme.code, "version": s.scheme.version, "status": s.scheme.status.value} if s.scheme else None
    return {
        "as_of": s.as_of,
        "rows": s.rows,
        "screened": len(s.screened),
        "found": len(s.found),
        "quarantined": len(s.set_aside),
        "scheme": scheme,
        "below": s.below,
        "unchecked_lists": [{"zh": t.zh, "en": t.en} for t in s.unchecked],
        "firms": [_screened(one) for one in s.screened],
        "quarantine": [_set_aside(one, reason) for one in s.set_aside],
    }


def _line_json(line: Indicator, vocabulary: Mapping[str, InputName]) -> dict[str, Any]:
    return {
        "code": line.code,
        "name": said(line.name),
        "dimension": line.dimension,
        "group": said(line.group) if line.group else None,
        "max": line.max,
        "status": line.status.value,
        "source": line.source,
        "evidence": said(line.evidence),
        "note": said(line.note) if line.note else None,
        "parts": [
            {
                "label": said(part.label),
                "input": part.input.text,
                "unit": part.unit,
                "max": part.max,
                "input_words": {lang: words.expression(part.input, vocabulary, lang) for lang in LANGUAGES},
                "curve": {lang: words.curve(part, vocabulary, lang) for lang in LANGUAGES},
            }
            for part in line.parts
        ],
    }


LANGUAGES: tuple[Language, ...] = ("zh", "en")


def _condition_json(c: Condition, vocabulary: Mapping[str, InputName]) -> dict[str, Any]:
    when = {lang: words.expression(c.when, vocabulary, lang) for lang in LANGUAGES}
    told = {"code": c.code, "name": said(c.name), "when": c.when.text, "when_words": when}
    return {**told, "grade": c.grade, "period": said(c.period), "source": c.source}


def scheme_head(s: Scheme) -> dict[str, Any]:
    """Return what a scheme is, without its lines."""
    return {
        "code": s.code,
        "version": s.version,
        "name": said(s.name),
        "status": s.status.value,
        "status_words": said(s.status_words),
        "issuer": said(s.issuer),
        "source": s.source,
        "effective_from": s.effective_from,
        "effective_to": s.effective_to,
        "total": s.total,
        "subject": said(s.subject),
        "of_firms": s.of_firms,
        "indicators": len(s.indicators),
        "dimensions": len(s.dimensions),
        "grades": [g.code for g in s.grades],
    }


def scheme_json(s: Scheme, vocabulary: Mapping[str, InputName]) -> dict[str, Any]:
    """Return a whole scheme: lines with their formulas and curves, in words too."""
    return {
        **scheme_head(s),
        "base": s.base,
        "deducts": s.deducts,
        "watch_under": s.watch_under,
        "notes": [said(note) for note in s.notes],
        "unknown": {
            "not_rated_under": s.unknown.not_rated_under,
            "caps": [{"under": c.under, "grade": c.grade} for c in s.unknown.caps],
        },
        "dimensions": [{"code": d.code, "name": said(d.name), "max": d.max} for d in s.dimensions],
        "indicators": [_line_json(line, vocabulary) for line in s.indicators],
        "bonus": [_line_json(line, vocabulary) for line in s.bonus],
        "business_classes": [{"code": c.code, "name": said(c.name), "weights": dict(c.weights)} for c in s.classes],
        "vetoes": [_condition_json(c, vocabulary) for c in s.vetoes],
        "caps": [_condition_json(c, vocabulary) for c in s.caps],
        "gates": [{"grade": g.grade, "dimension": g.dimension, "at_least": g.at_least} for g in s.gates],
        "grades": [{"code": g.code, "name": said(g.name), "at_least": g.at_least, "words": said(g.words)} for g in s.grades],
        "cases": [c.name for c in s.cases],
    }
