"""The signed file of a report, whole or in part (docs/decisions/0016-verifiable-reports.md); `verification` checks one."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from greenbridge.kit import merkle
from greenbridge.kit.errors import Invalid

FORMAT = "greenbridge-report/1"


def head_of(hashes: Mapping[str, bytes], number: str, made_at: datetime, algorithm: str = merkle.SHA_256) -> dict[str, Any]:
    """Return the head of a report whose leaves have these hashes."""
    return {
        "format": FORMAT,
        "hash": algorithm,
        "number": number,
        "root": merkle.root_of([*hashes.values()], algorithm).hex(),
        "leaves": len(hashes),
        "made_at": made_at.astimezone(UTC).isoformat(),
    }


def envelope(
    content: Mapping[str, Any],
    head: Mapping[str, Any],
    seed_hex: str,
    signature: tuple[str, str, str],
    hashes: Mapping[str, bytes] | None = None,
) -> dict[str, Any]:
    """Return the whole file. `signature`: key id, algorithm and value, of the head in canonical JSON.

    The hashes of the leaves are not signed, the root binds them: they let a check name the leaf that was changed.
    """
    kid, alg, value = signature
    if hashes is None:
        hashes = merkle.leaf_hashes(merkle.leaves(content), bytes.fromhex(seed_hex), head["hash"])
    return {
        "head": dict(head),
        "signature": {"kid": kid, "alg": alg, "value": value},
        "seed": seed_hex,
        "leaf_hashes": {pointer: hashed.hex() for pointer, hashed in hashes.items()},
        "content": dict(content),
    }


def disclosure(envelope: Mapping[str, Any], pointers: Iterable[str]) -> dict[str, Any]:
    """Return a file that shows the named leaves alone; a name stands for all under it, `/sections/legal_risk` for a section.

    Each leaf carries its salt and its way to the signed root; the seed, from which the other salts could be had, is left out.
    Raises Invalid for a name that is not in the report, and for an envelope whose content is not what was signed.
    """
    head, seed = envelope["head"], bytes.fromhex(envelope["seed"])
    leaves = merkle.leaves(envelope["content"])
    if merkle.root(leaves, seed, head["hash"]).hex() != head["root"]:
        raise Invalid(
            "broken-report", "报告内容与签名时不一致，不能摘出。", "The report is not what was signed, so nothing can be taken from it."
        )
    try:
        shown = merkle.proof(leaves, seed, pointers, head["hash"])
    except KeyError as unknown:
        pointer = unknown.args[0]
        raise Invalid.at("unknown-pointer", "pointers", f"报告中没有 {pointer}。", f"The report has no {pointer}.") from None
    return {
        "head": dict(head),
        "signature": dict(envelope["signature"]),
        "disclosed": [
            {
                "pointer": leaf.pointer,
                "index": leaf.index,
                "salt": leaf.salt.hex(),
                "value": leaf.value,
                "path": [hashed.hex() for hashed in leaf.path],
            }
            for leaf in shown
        ],
    }


def read(data: bytes) -> dict[str, Any]:
    """Return the JSON object in a file; raises ValueError when it is none, or says one thing twice.

    Of two members with one name readers take one or the other: what was checked need not be what is seen.
    """
    try:
        document = json.loads(data, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 -- whoever reads a file has one error to expect
    return document


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a member stands twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
