"""Ratings, certificates and claims as documents."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from greenbridge.facts.values import Fact
from greenbridge.green.rules.evidence import STATEMENT
from greenbridge.green.values import (
    CERTIFICATE_FORMAT,
    CLAIM_STATE_NAMES,
    Author,
    Case,
    Claim,
    Forecast,
    GreenStanding,
    Rated,
    Segment,
    Statement,
)
from greenbridge.kit import merkle
from greenbridge.kit.money import Fen
from greenbridge.kit.text import Text
from greenbridge.schemes.values import Evidence, Known


def inputs_json(inputs: Mapping[str, Known]) -> dict[str, Any]:
    """Return known values as they are kept beside a rating."""
    return {name: {"value": known.value, "evidence": [_evidence(e) for e in known.evidence]} for name, known in sorted(inputs.items())}


def _evidence(e: Evidence) -> list[Any]:
    on = e.on.isoformat() if e.on else None
    return [e.item, e.source.zh, e.source.en, on, e.reference, e.pledged, e.generated]


def inputs_of(kept: Mapping[str, Any]) -> dict[str, Known]:
    """Return known values as `inputs_json` kept them."""
    return {name: Known(one["value"], tuple(_known_evidence(e) for e in one["evidence"])) for name, one in kept.items()}


def _known_evidence(e: Sequence[Any]) -> Evidence:
    on = date.fromisoformat(e[3]) if e[3] else None
    return Evidence(e[0], Text(e[1], e[2]), on, e[4], pledged=e[5], generated=e[6])


Links = dict[tuple[str, str, str], dict[str, Any]]


def links(facts: Iterable[Fact], statements: Iterable[Statement]) -> Links:
    """Return (item, day, reference) -> who said it, when, the hash that fixes it, its batch or file; a record without reference too."""
    found: Links = {}
    for f in facts:
        when = f.recorded_at.astimezone(UTC).isoformat()
        found[f.item, f.valid_from.isoformat(), ""] = {"author": "department", "at": when, "digest": f.digest, "batch": str(f.batch_id)}
    for s in statements:
        file = {"id": str(s.file.id), "name": s.file.name, "size": s.file.size, "sha256": s.file.sha256} if s.file else None
        by = s.login if s.author is Author.FIRM else ""
        told = {"author": s.author.value, "by": by, "at": s.at.astimezone(UTC).isoformat(), "reason": s.reason}
        found[STATEMENT, "", str(s.id)] = {**told, "digest": file["sha256"] if file else "", "file": file}
    return found


def links_in(content: Mapping[str, Any]) -> Links:
    """Return the links of a rating that is kept."""
    said = [e for line in [*content["indicators"], *content["bonus"]] for e in line["evidence"]]
    return {_key(e): e for e in said}


def _key(e: Mapping[str, Any]) -> tuple[str, str, str]:
    return (STATEMENT, "", str(e["reference"])) if e["item"] == STATEMENT else (str(e["item"]), str(e["date"] or ""), "")


def chained(document: dict[str, Any], known: Links) -> dict[str, Any]:
    """Return a rating's document whose evidence says who, when, hash, source and batch. Days become text, so that it can be kept.

    A value that follows from there being no record has no link: the item was delivered and says nothing of the firm.
    """
    for line in [*document["indicators"], *document["bonus"]]:
        said = [{**e, "date": str(e["date"]) if e["date"] else None} for e in line["evidence"]]
        line["evidence"] = [{"author": "platform", **known.get(_key(e), {}), **e} for e in said]
    return {**document, "as_of": str(document["as_of"]) if document["as_of"] else None}


def certificate_content(
    case: Case, rated: Rated, number: str, valid_from: date, valid_to: date, platform: str, verify_at: str
) -> dict[str, Any]:
    """Return what a certificate says; points per indicator stand in it for the firm, who may show a part (see `public_file`)."""
    content = rated.content
    grade = content["grade_name"] if rated.grade == content["grade"] else {"zh": rated.grade, "en": rated.grade}
    return {
        "kind": CERTIFICATE_FORMAT,
        "certificate": number,
        "issuer": platform,
        "verify_at": verify_at,
        "subject": {"kind": case.subject.value, "uscc": case.uscc, "name": case.name, "title": case.title},
        "case": case.number,
        "grade": {"code": rated.grade, **grade},
        "points": rated.points,
        "coverage": rated.coverage,
        "valid_from": valid_from.isoformat(),
        "valid_to": valid_to.isoformat(),
        "rated_on": rated.as_of.isoformat(),
        "scheme": {"code": rated.scheme, "version": rated.scheme_version, "status": rated.scheme_status, **content["status_words"]},
        "catalogue": {"code": case.catalogue_code, "name": case.catalogue_name, "version": case.catalogue_version},
        "rating_digest": rated.digest,
        "generated": case.generated,
        # `sections` is what the offline check walks through; one section holds the lines.
        "sections": [{"key": "indicators", "lines": {line["code"]: _points(line) for line in content["indicators"]}}],
    }


def _points(line: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": line["name"], "points": line["points"], "max": line["max"]}


def head_of(hashes: Mapping[str, bytes], number: str, made_at: datetime) -> dict[str, Any]:
    """Return what is signed of a certificate: the root over its leaves."""
    root = merkle.root_of([*hashes.values()], merkle.SHA_256).hex()
    when = made_at.astimezone(UTC).isoformat()
    return {"format": CERTIFICATE_FORMAT, "hash": merkle.SHA_256, "number": number, "root": root, "leaves": len(hashes), "made_at": when}


def signed_file(content: Mapping[str, Any], head: Mapping[str, Any], seed: str, signature: Mapping[str, str]) -> dict[str, Any]:
    """Return the whole file of a certificate for the firm that holds it, as `greenbridge verify` checks it."""
    hashes = merkle.leaf_hashes(merkle.leaves(content), bytes.fromhex(seed), head["hash"])
    listed = {pointer: hashed.hex() for pointer, hashed in hashes.items()}
    return {"head": dict(head), "signature": dict(signature), "seed": seed, "leaf_hashes": listed, "content": dict(content)}


# What a certificate shows to everybody: who holds which grade, for how long, by which edition. No points, no coverage, no evidence.
SHOWN = (
    "/kind", "/certificate", "/issuer", "/verify_at", "/subject", "/grade", "/valid_from", "/valid_to", "/rated_on", "/scheme",
    "/catalogue/version", "/generated",
)  # fmt: skip


def public_file(content: Mapping[str, Any], head: Mapping[str, Any], seed: str, signature: Mapping[str, str]) -> dict[str, Any]:
    """Return the part of a certificate that is for everybody, each leaf with its way to the signed root, as `greenbridge verify` checks it.

    The seed stays out: from it the salts of the other leaves could be had, and 24 points are soon guessed.
    """
    leaves = merkle.leaves(content)
    shown = [p for p in leaves if any(p == name or p.startswith(f"{name}/") for name in SHOWN)]
    disclosed = [
        {"pointer": d.pointer, "index": d.index, "salt": d.salt.hex(), "value": d.value, "path": [beside.hex() for beside in d.path]}
        for d in merkle.proof(leaves, bytes.fromhex(seed), shown, head["hash"])
    ]
    return {"head": dict(head), "signature": dict(signature), "disclosed": disclosed}


def standing_json(s: GreenStanding) -> dict[str, Any]:
    """Return a standing as it is written."""
    return {
        "state": s.state.value,
        "grade": s.grade,
        "points": s.points,
        "coverage": s.coverage,
        "certificate_number": s.certificate_number,
        "valid_from": s.valid_from,
        "valid_to": s.valid_to,
        "catalogue_version": s.catalogue_version,
        "scheme": s.scheme,
        "scheme_version": s.scheme_version,
        "scheme_status": s.scheme_status,
    }


def forecast_json(f: Forecast) -> dict[str, Any]:
    """Return a forecast as it is written; amounts in fen."""
    return {
        "grade": f.grade,
        "principal_fen": f.principal_fen,
        "days": f.days,
        "base_rate_bp": f.base_rate_bp,
        "share_bp": f.share_bp,
        "verified": f.verified,
        "amount_fen": f.amount_fen,
        "policy": f.policy,
    }


def segment_json(s: Segment) -> dict[str, Any]:
    """Return a segment as it is kept."""
    return {
        "grade": s.grade,
        "first": s.first.isoformat(),
        "last": s.last.isoformat(),
        "days": s.days,
        "share_bp": s.share_bp,
        "amount_fen": s.amount_fen,
        "certificate_number": s.certificate_number,
    }


def segment_of(kept: Mapping[str, Any]) -> Segment:
    """Return a segment as `segment_json` kept it."""
    return Segment(**{**kept, "first": date.fromisoformat(kept["first"]), "last": date.fromisoformat(kept["last"])})


EXPORT_HEADERS = (
    "申报编号", "企业名称", "统一社会信用代码", "放款银行", "绿色项目", "借据号", "本金（元）", "放款日",
    "还款日", "计息至", "基准利率（%）", "贴息天数",
    "贴息金额（元）", "其中应追回（元）", "状态", "政策版本", "证书编号", "演示数据",
)  # fmt: skip


def export_rows(claims: Iterable[Claim]) -> list[list[str | int | date | None]]:
    """Return the finance bureau's table, a claim a row."""
    return [
        [
            c.number,
            c.name,
            c.uscc,
            c.loan.bank,
            c.project,
            c.loan.reference,
            Fen(c.loan.principal_fen),
            c.loan.drawn_on,
            c.loan.repaid_on,
            c.until,
            f"{c.base_rate_bp / 100:.2f}",
            sum(s.days for s in c.segments),
            Fen(c.amount_fen),
            Fen(c.recoverable_fen),
            CLAIM_STATE_NAMES[c.state].zh,
            c.policy,
            " ".join(dict.fromkeys(s.certificate_number for s in c.segments)),
            "是" if c.generated else "",
        ]
        for c in claims
    ]
