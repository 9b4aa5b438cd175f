"""A salted Merkle tree (RFC 6962) over the named leaves of a report: one root binds all of it, each leaf can be shown alone."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cryptography.hazmat.primitives import hashes as crypto_hashes

from greenbridge.kit.canonical import canonical, part_of_plain

SHA_256, SM3 = "sha-256", "sm3"
SALT_BYTES = 16
_SPLIT_IN_CONTENT = frozenset({"sections"})
_SPLIT_IN_SECTION = frozenset({"facts", "tables", "charts"})
_LEAF, _NODE = b"\x00", b"\x01"  # RFC 6962: without them a node could be passed off as a leaf


def _sha_256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm3(data: bytes) -> bytes:
    if "sm3" in hashlib.algorithms_available:
        return hashlib.new("sm3", data).digest()
    # An OpenSSL built without it: the one inside the package cryptography has it.
    context = crypto_hashes.Hash(crypto_hashes.SM3())
    context.update(data)
    return context.finalize()


HASHES: Mapping[str, Callable[[bytes], bytes]] = {SHA_256: _sha_256, SM3: _sm3}


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One leaf shown by itself. `path`: the hashes beside the way from it to the root, lowest first; `index` counts from 0."""

    pointer: str
    value: Any
    salt: bytes
    index: int
    path: tuple[bytes, ...]


def leaves(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report's leaves by JSON pointer (RFC 6901), sorted; every change of the content changes, adds or takes away one.

    Members that are objects are walked into; all else is one leaf, and so is an empty object. Three lists of a section (`facts`,
    `tables`, `charts`) have one leaf for each element, and `sections` is walked into. Elements go by their `key` instead of their
    index where all of the list have one and no two the same, and the list's own pointer is a leaf too: their names, in order.
    `{"sections": [{"key": "tax", "facts": [{"key": "grade", "value": "A"}]}]}` has `/sections` = `["tax"]`, `/sections/tax/facts` =
    `["grade"]`, `/sections/tax/facts/grade` and `/sections/tax/key`. Raises ValueError for what nests without end.
    """
    found: dict[str, Any] = {}
    try:
        _walk(content, "", _SPLIT_IN_CONTENT, found)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return dict(sorted(found.items()))


def _walk(node: Mapping[str, Any], at: str, split: frozenset[str], found: dict[str, Any]) -> None:
    if not node:
        found[at] = node
    for key, member in node.items():
        pointer = f"{at}/{_escaped(key)}"
        if key in split and isinstance(member, list):
            names = _names(member)
            found[pointer] = names
            for name, element in zip(names, member, strict=True):
                if split is _SPLIT_IN_CONTENT and isinstance(element, Mapping):
                    _walk(element, f"{pointer}/{_escaped(name)}", _SPLIT_IN_SECTION, found)
                else:
                    found[f"{pointer}/{_escaped(name)}"] = element
        elif isinstance(member, Mapping):
            _walk(member, pointer, frozenset(), found)
        else:
            found[pointer] = member


def _names(elements: Sequence[Any]) -> list[str]:
    names = [element["key"] for element in elements if isinstance(element, Mapping) and isinstance(element.get("key"), str)]
    return names if len(set(names)) == len(elements) else [str(i) for i in range(len(elements))]


def _escaped(name: object) -> str:
    if not isinstance(name, str):
        raise ValueError("a key is not a string")  # noqa: TRY004 -- whoever reads a file has one error to expect
    return name.replace("~", "~0").replace("/", "~1")


def named(leaves: Mapping[str, Any], pointers: Iterable[str]) -> tuple[str, ...]:
    """Return the leaves that are named, each once, sorted; a name stands for all under it. Raises KeyError with the one unknown.

    `/sections/tax` names `/sections/tax/facts/grade` and its siblings, the empty name everything.
    """
    chosen: set[str] = set()
    for pointer in pointers:
        under = {leaf for leaf in leaves if leaf == pointer or leaf.startswith(f"{pointer}/")}
        if not under:
            raise KeyError(pointer)
        chosen |= under
    return tuple(sorted(chosen))


def is_seed(seed: bytes) -> bool:
    """Return whether the bytes can be a seed: 16 to 64 of them."""
    return 16 <= len(seed) <= hashlib.blake2b.MAX_KEY_SIZE


def salt(seed: bytes, pointer: str) -> bytes:
    """Return the 16 bytes that keep a withheld leaf from being guessed from its hash; raises ValueError for a seed not of 16 to 64."""
    if not is_seed(seed):
        raise ValueError("a seed has 16 to 64 bytes")
    return hashlib.blake2b(pointer.encode(), digest_size=SALT_BYTES, key=seed, person=b"greenbridge-salt").digest()


def leaf_hash(pointer: str, value: Any, salt: bytes, algorithm: str = SHA_256) -> bytes:
    """Return H(0x00, salt, canonical [pointer, value]): the name is bound with the value."""
    return HASHES[algorithm](_LEAF + salt + canonical([pointer, value]))


def leaf_hashes(leaves: Mapping[str, Any], seed: bytes, algorithm: str = SHA_256, *, plain: bool = False) -> dict[str, bytes]:
    """Return the hash of each leaf, in the order given; `plain`: the leaves are of a value that `canonical.of_plain` has written."""
    digest, write = HASHES[algorithm], part_of_plain if plain else canonical
    return {p: digest(_LEAF + salt(seed, p) + write([p, value])) for p, value in leaves.items()}


def _levels(hashes: Sequence[bytes], algorithm: str) -> list[list[bytes]]:
    """Return the tree from the leaves up. A node without a sibling moves up as it is: the same tree as RFC 6962's split."""
    digest, levels = HASHES[algorithm], [list(hashes)]
    while len(below := levels[-1]) > 1:
        above = [digest(_NODE + left + right) for left, right in list(pairwise(below))[::2]]
        levels.append(above + below[len(above) * 2 :])
    return levels


def root_of(hashes: Sequence[bytes], algorithm: str = SHA_256) -> bytes:
    """Return the root over leaf hashes in their order; over none, the hash of nothing (RFC 6962)."""
    return _levels(hashes, algorithm)[-1][0] if hashes else HASHES[algorithm](b"")


def root(leaves: Mapping[str, Any], seed: bytes, algorithm: str = SHA_256) -> bytes:
    """Return the root over leaves sorted by pointer, as `leaves` gives them."""
    return root_of([*leaf_hashes(leaves, seed, algorithm).values()], algorithm)


def proof(leaves: Mapping[str, Any], seed: bytes, pointers: Iterable[str], algorithm: str = SHA_256) -> tuple[Disclosed, ...]:
    """Return the named leaves, each with its own way to the root; names as in `named`.

    One path per leaf, not one proof for all: each can be handed on alone and checked by twenty lines that many libraries have.
    The price is some 8 hashes a leaf.
    """
    levels = _levels([*leaf_hashes(leaves, seed, algorithm).values()], algorithm)
    places = {pointer: index for index, pointer in enumerate(leaves)}
    return tuple(
        Disclosed(pointer, leaves[pointer], salt(seed, pointer), places[pointer], _path(levels, places[pointer]))
        for pointer in named(leaves, pointers)
    )


def _path(levels: Sequence[Sequence[bytes]], index: int) -> tuple[bytes, ...]:
    return tuple(level[index >> up ^ 1] for up, level in enumerate(levels) if index >> up ^ 1 < len(level))


def root_from(disclosed: Disclosed, size: int, algorithm: str = SHA_256) -> bytes:
    """Return the root that one leaf of a tree of `size` leaves leads to; raises ValueError when its path cannot be of such a tree."""
    index, last, path = disclosed.index, size - 1, list(reversed(disclosed.path))
    if not 0 <= index <= last:
        raise ValueError("the leaf lies outside the tree")
    digest, node = HASHES[algorithm], leaf_hash(disclosed.pointer, disclosed.value, disclosed.salt, algorithm)
    while last:
        if index ^ 1 <= last:
            if not path:
                raise ValueError("the path is too short")
            beside = path.pop()
            node = digest(_NODE + (beside + node if index & 1 else node + beside))
        index, last = index >> 1, last >> 1
    if path:
        raise ValueError("the path is too long")
    return node
