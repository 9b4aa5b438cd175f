"""Receipts: what the platform signs of a pledge, and how whoever holds one shows what it is about.

The signed part names the asset by a salted digest. With the opening (salt and fields) it can be checked; without, it tells nothing.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from greenbridge.collateral.rules.identity import canonical, encoded
from greenbridge.collateral.values import AssetKind, Canonical, Pledge, PledgeEvent, Stated
from greenbridge.kit import signing
from greenbridge.kit.canonical import canonical as canonical_json
from greenbridge.kit.errors import Invalid

TYPE = "greenbridge-pledge-receipt"
NOTICE = "本回执证明平台登记的事实，不代替动产融资统一登记公示系统或不动产登记机构的登记。"


def digest(salt: str, about: Canonical) -> str:
    """Return SHA-256 over the salt and all that was stated of an asset, in hexadecimal: 64 characters."""
    return hashlib.sha256(salt.encode() + b"." + encoded(about.kind, about.full)).hexdigest()


def payload(pledge: Pledge, event: PledgeEvent, bank: str, about: Canonical, salt: str, at: datetime) -> dict[str, Any]:
    """Return what is signed."""
    return {
        "type": TYPE,
        "version": 1,
        "number": pledge.number,
        "pledge_id": str(pledge.id),
        "event": event.value,
        "at": at.isoformat(),
        "kind": pledge.kind.value,
        "asset_digest": digest(salt, about),
        "pledgor": {"uscc": pledge.pledgor_uscc, "name": pledge.pledgor_name},
        "pledgee": bank,
        "amount_fen": pledge.amount_fen,
        "rank": pledge.rank,
        "expires_on": pledge.expires_on.isoformat(),
        "notice": NOTICE,
    }


def document(signed: Mapping[str, Any], signature: tuple[str, str, str], stated: Stated, salt: str) -> dict[str, Any]:
    """Return the whole receipt: payload, signature (key id, algorithm, value) and the opening."""
    kid, alg, value = signature
    opening = {"salt": salt, "fields": dict(stated.fields), "whole_fen": stated.whole_fen}
    return {"payload": dict(signed), "signature": {"kid": kid, "alg": alg, "value": value}, "opening": opening}


def verified(receipt: Mapping[str, Any], public_keys: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the payload of a receipt whose signature holds and whose opening, if it is there, is of the asset it names.

    Raises signing.Unverified for the signature, Invalid for what is no receipt and for an opening of something else.
    """
    try:
        body, signature = receipt["payload"], receipt["signature"]
        right = body["type"] == TYPE and UUID(body["pledge_id"])
        kid, alg, value = signature["kid"], signature["alg"], signature["value"]
    except (KeyError, TypeError, ValueError):
        right = False
    if not right:
        raise Invalid.at("no-receipt", "receipt", "文件不是质押回执。", "The file is no pledge receipt.")
    signing.verify(public_keys, kid, alg, canonical_json(body), value)
    if opening := receipt.get("opening"):
        stated = Stated(AssetKind(body["kind"]), opening["fields"], opening["whole_fen"])
        if digest(opening["salt"], canonical(stated)) != body["asset_digest"]:
            raise Invalid.at("wrong-opening", "opening", "所附资产信息与回执不符。", "The opening is of another asset than the receipt.")
    found: Mapping[str, Any] = body
    return found
