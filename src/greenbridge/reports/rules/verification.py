"""What is wrong with the signed file of a report or a green certificate, named leaf by leaf; only the file and the keys are asked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from greenbridge.green.values import CERTIFICATE_FORMAT
from greenbridge.kit import merkle
from greenbridge.kit.canonical import canonical
from greenbridge.kit.signing import Unverified
from greenbridge.kit.text import Text
from greenbridge.reports.rules.envelope import FORMAT

# (key id, algorithm, signed bytes, signature in base64url); raises Unverified. `partial(signing.verify, public_document)`.
Verify = Callable[[str, str, bytes, str], None]
_HEAD = {"format": str, "hash": str, "number": str, "root": str, "leaves": int, "made_at": str}
_SIGNATURE = {"kid": str, "alg": str, "value": str}
_WHOLE = {"head": dict, "signature": dict, "seed": str, "leaf_hashes": dict, "content": dict}
_PART = {"head": dict, "signature": dict, "disclosed": list}
_DISCLOSED = {"pointer": str, "index": int, "salt": str, "value": object, "path": list}
_TEXTS = {
    "malformed": Text("缺失、多余或格式不对", "missing, not expected here, or not of the right form"),
    "unknown-format": Text("不支持的文件格式或哈希算法", "a format or hash that is not known here"),
    "changed-value": Text("内容已被改动", "the value is not the one that was signed"),
    "missing-leaf": Text("签名时有此项，现已被删去", "was there when the report was signed and has been taken away"),
    "added-leaf": Text("签名时没有此项，系后来添加", "was not there when the report was signed"),
    "changed-hash": Text("此项的哈希值已被改动，内容本身与签名相符", "the listed hash was changed; the content is as it was signed"),
    "changed-seed": Text("种子已被改动（或全部内容都已被改动）", "the seed was changed, or else all of the content"),
    "root-mismatch": Text("根哈希与内容不符", "the root does not agree with the content"),
    "wrong-count": Text("项数与内容不符", "the number of leaves does not agree with the content"),
    "repeated-leaf": Text("同一项出现两次", "stands twice"),
    "nothing-disclosed": Text("文件没有摘出任何内容", "shows nothing of the report"),
    "bad-signature": Text("签名与文件头不符：文件头或签名已被改动", "the signature does not agree with the head: one of them was changed"),
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong. `pointer`: a leaf of the report, or a part of the file (`/head/root`, `/signature`, `/leaf_hashes/...`)."""

    code: str
    pointer: str
    text: Text


def check(document: Mapping[str, Any], verify: Verify) -> tuple[Flaw, ...]:
    """Return all that is wrong with a whole file or a part of one; empty means that it is as it was signed. Raises nothing.

    A value changed in a whole file is named by its leaf, in a part too; head and signature vouch for each other alone, so a change
    in one of them reads "one of them was changed" at `/signature` where nothing else tells which.
    """
    # Of the two forms the one it is nearer to, so that a member misspelt is told as that.
    whole, part = ([*_shape(document, form, "")] for form in (_WHOLE, _PART))
    flaws, is_part = (part, True) if len(part) < len(whole) else (whole, False)
    if not any(flaw.pointer in {"/head", "/signature"} for flaw in flaws):
        flaws += _shape(document["head"], _HEAD, "/head")
        flaws += _shape(document["signature"], _SIGNATURE, "/signature")
    if flaws:
        return tuple(flaws)
    head = document["head"]
    flaws += _head(head)
    signature = [*_signature(head, document["signature"], verify)]
    if not flaws:
        flaws += _part(document, head) if is_part else _whole(document, head)
    return (*flaws, *signature)


def _flaw(code: str, pointer: str, text: Text | None = None) -> Flaw:
    return Flaw(code, pointer, text or _TEXTS[code])


def _shape(found: Mapping[str, Any], wanted: Mapping[str, type], at: str) -> Iterator[Flaw]:
    """Yield the members that are missing, unexpected or of another type. True is no number here."""
    for name in sorted({*found, *wanted}):
        value = found.get(name)
        if (
            name not in found
            or name not in wanted
            or not isinstance(value, wanted[name])
            or (wanted[name] is int and isinstance(value, bool))
        ):
            yield _flaw("malformed", f"{at}/{name}")


def _head(head: Mapping[str, Any]) -> Iterator[Flaw]:
    if head["format"] not in {FORMAT, CERTIFICATE_FORMAT}:
        yield _flaw("unknown-format", "/head/format")
    if head["hash"] not in merkle.HASHES:
        yield _flaw("unknown-format", "/head/hash")
    if _bytes(head["root"]) is None:
        yield _flaw("malformed", "/head/root")


def _signature(head: Mapping[str, Any], signature: Mapping[str, str], verify: Verify) -> Iterator[Flaw]:
    try:
        verify(signature["kid"], signature["alg"], canonical(head), signature["value"])
    except Unverified as refused:
        at = {"unknown-key": "/signature/kid", "wrong-key": "/signature/kid", "wrong-algorithm": "/signature/alg"}
        text = None if refused.reason == "bad-signature" else refused.text
        yield _flaw(refused.reason, at.get(refused.reason, "/signature"), text)
    except ValueError:
        yield _flaw("malformed", "/head")


def _bytes(text: object, size: int = 32) -> bytes | None:
    """Return the bytes of a hex text written as we write it, None otherwise."""
    try:
        data = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return None
    return data if len(data) == size and data.hex() == text else None


def _whole(document: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[Flaw]:
    seed = _bytes(document["seed"], len(document["seed"]) // 2)
    if seed is None or not merkle.is_seed(seed):
        yield _flaw("malformed", "/seed")
        return
    try:
        leaves = merkle.leaves(document["content"])
    except ValueError:
        yield _flaw("malformed", "/content")
        return
    hashes: dict[str, bytes] = {}
    for pointer, value in leaves.items():
        try:
            hashes[pointer] = merkle.leaf_hash(pointer, value, merkle.salt(seed, pointer), head["hash"])
        except ValueError:
            hashes[pointer] = b""
            yield _flaw("malformed", pointer)
    listed = {pointer: _bytes(hashed) for pointer, hashed in sorted(document["leaf_hashes"].items())}
    yield from (_flaw("malformed", f"/leaf_hashes{pointer}") for pointer, hashed in listed.items() if hashed is None)
    yield from _differences(hashes, {pointer: hashed or b"" for pointer, hashed in listed.items()}, head)


def _differences(hashes: Mapping[str, bytes], listed: Mapping[str, bytes], head: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield where the content's hashes and the listed ones part; the root in the head says which of the two are the signed ones."""
    content_stands = merkle.root_of([*hashes.values()], head["hash"]).hex() == head["root"]
    list_stands = merkle.root_of([*listed.values()], head["hash"]).hex() == head["root"]
    if head["leaves"] != len(listed if list_stands else hashes):
        yield _flaw("wrong-count", "/head/leaves")
    if content_stands:
        changed = sorted({*hashes, *listed})
        yield from (_flaw("changed-hash", f"/leaf_hashes{p}") for p in changed if hashes.get(p) != listed.get(p))
        return
    if not list_stands:
        # Head and list contradict each other. Which leaves differ from the list is told all the same.
        yield _flaw("root-mismatch", "/head/root")
    if len(hashes) > 1 and hashes.keys() == listed.keys() and not any(hashes[p] == listed[p] for p in hashes):
        yield _flaw("changed-seed", "/seed")
        return
    for pointer in sorted({*hashes, *listed}):
        if hashes.get(pointer) != listed.get(pointer):
            code = "missing-leaf" if pointer not in hashes else "added-leaf" if pointer not in listed else "changed-value"
            yield _flaw(code, pointer)


def _part(document: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[Flaw]:
    if not document["disclosed"]:
        yield _flaw("nothing-disclosed", "/disclosed")
    roots: dict[str, bytes | None] = {}
    for place, entry in enumerate(document["disclosed"]):
        at = f"/disclosed/{place}"
        shape = [*_shape(entry, _DISCLOSED, at)] if isinstance(entry, Mapping) else [_flaw("malformed", at)]
        yield from shape
        if shape:
            continue
        if entry["pointer"] in roots:
            yield _flaw("repeated-leaf", entry["pointer"])
        roots[entry["pointer"]] = _root(entry, head)
    signed = bytes.fromhex(head["root"])
    found = set(roots.values())
    if len(roots) > 1 and len(found) == 1 and found.isdisjoint({None, signed}):
        # All leaves agree with one another: it is the head that was changed.
        yield _flaw("root-mismatch", "/head/root")
        return
    yield from (_flaw("changed-value", pointer) for pointer, root in roots.items() if root != signed)


def _root(entry: Mapping[str, Any], head: Mapping[str, Any]) -> bytes | None:
    """Return the root that a disclosed leaf leads to, None where it cannot lead to one."""
    path, salt = tuple(_bytes(hashed) for hashed in entry["path"]), _bytes(entry["salt"], merkle.SALT_BYTES)
    if salt is None or None in path:
        return None
    leaf = merkle.Disclosed(entry["pointer"], entry["value"], salt, entry["index"], tuple(hashed for hashed in path if hashed))
    try:
        return merkle.root_from(leaf, head["leaves"], head["hash"])
    except ValueError:
        return None
