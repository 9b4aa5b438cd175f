"""Canonical JSON (RFC 8785): one value, one sequence of bytes, so that a hash or a signature means the value."""

from math import isfinite
from typing import Any

import msgspec

SAFE = 2**53 - 1  # beyond it a double, and so JavaScript, no longer tells neighbouring integers apart
_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a JSON value. `canonical({"b": 1.0, "a": [1e-7, None]}) == b'{"a":[1e-7,null],"b":1}'`.

    Tuples count as lists. Raises ValueError for what has no such bytes, or none that every reader agrees on: NaN and infinities,
    integers beyond 2**53 - 1, lone surrogates, keys that are no strings or hold characters beyond U+FFFF (those sort differently by
    UTF-16, which the RFC asks for, than by UTF-8), types that are not JSON's, nesting without an end.
    """
    return of_plain(plain(value))


def plain(value: Any) -> Any:
    """Return a value whose canonical bytes `of_plain` writes, also of each part of it; most values are so already. Raises ValueError."""
    try:
        return _plain((value,))[0]
    except RecursionError:
        raise ValueError("nested too deeply") from None


def part_of_plain(value: Any) -> bytes:
    """Return the canonical bytes of a part of what `of_plain` has written whole: nothing is looked at again."""
    return _encode(value)


def of_plain(value: Any) -> bytes:
    """Return the canonical bytes of what `plain` returned: the look at every number is not taken twice."""
    try:
        written = _encode(value)
        # A character beyond U+FFFF begins with one of these bytes; most documents have none, and their keys need no look.
        if b"\xf0" in written or b"\xf1" in written or b"\xf2" in written or b"\xf3" in written or b"\xf4" in written:
            _check_keys(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except TypeError as error:
        raise ValueError(str(error)) from None
    return written


def _plain(container: Any) -> Any:
    """Return a dict or list if msgspec writes it as the RFC asks, else a copy with the numbers replaced that it would not write so.

    Only the containers on the way to such a number are copied.
    """
    replaced: dict[int, Any] = {}
    is_dict = type(container) is dict
    for member in container.values() if is_dict else container:
        # What most of a document is passes first and without a call: this loop is nine tenths of the time of the whole.
        kind = type(member)
        if kind is str or member is None or kind is bool:
            continue
        if kind is dict or kind is list or kind is tuple:
            plain = _plain(member)
        elif kind is float:
            plain = _number(member)
        elif kind is not int:
            raise ValueError(f"{kind.__name__} is no JSON type")
        elif -SAFE <= member <= SAFE:
            continue
        else:
            raise ValueError(f"{member} is beyond 2**53 - 1")
        if plain is not member:
            replaced[id(member)] = plain
    if not replaced:
        return container
    if is_dict:
        return {key: replaced.get(id(member), member) for key, member in container.items()}
    return [replaced.get(id(member), member) for member in container]


def _check_keys(value: Any) -> None:
    """Raise ValueError for a key with a character beyond U+FFFF."""
    if isinstance(value, dict):
        if any(max(key, default="") > "\uffff" for key in value):
            raise ValueError("a key holds a character beyond U+FFFF")
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for member in value:
        _check_keys(member)


def _number(value: float) -> float | int | msgspec.Raw:
    """Return what msgspec writes as ECMAScript would: whole numbers as integers, most others as they are, the rest spelt out."""
    if value.is_integer() and -SAFE <= value <= SAFE:
        return int(value)
    # Both turn to an exponent for small numbers: msgspec below 1e-5, ECMAScript below 1e-6. Beyond 2**53 every double is whole.
    size = abs(value)
    if 1e-5 <= size <= SAFE or size < 1e-6:
        return value
    if not isfinite(value):
        raise ValueError(f"{value} has no form in JSON")
    return msgspec.Raw(_spelt(value).encode())


def _spelt(value: float) -> str:
    """Return a number as ECMAScript prints it: in full from 1e-6 to below 1e21. `_spelt(2.5e20) == "250000000000000000000"`."""
    # Python and ECMAScript find the same shortest digits; they differ in where an exponent begins and how it looks.
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    sign = "-" if value < 0 else ""
    digits = (whole + fraction).strip("0")
    point = len(whole) + int(exponent or 0) if whole != "0" else len(digits) - len(fraction)
    if 0 < point <= 21:
        return f"{sign}{digits:0<{point}}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits[0]}{'.' * (len(digits) > 1)}{digits[1:]}e{point - 1:+d}"
