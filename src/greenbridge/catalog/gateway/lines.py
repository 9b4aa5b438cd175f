"""On which line of a TOML file a field stands: what a bank must look at."""

import re
from collections.abc import Sequence
from itertools import pairwise

_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.]+)\s*\]?\]")


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """Return the line, from 1, of `("rules", 0, "any_of", 1, "fact")`; the nearest line above where the field itself is not written.

    None where nothing of the path is written. Tables, arrays of tables and inline members are found as product files write them.
    """
    if not path:
        return None
    lines = text.splitlines()
    headers = [(n, found[1]) for n, line in enumerate(lines) if (found := _HEADER.match(line))]
    blocks = [(name, start, end) for (start, name), (end, _) in pairwise([*headers, (len(lines), "")])]
    top = headers[0][0] if headers else len(lines)
    key = str(path[0])
    own = [(start, end) for name, start, end in blocks if name == key]
    if own and len(path) > 1 and isinstance(path[1], int) and path[1] < len(own):
        start, end = own[path[1]]
        return _inside(lines, start, end, path[2:], start)
    return _inside(lines, 0, top, path, None)


def _inside(lines: Sequence[str], start: int, end: int, path: Sequence[str | int], fallback: int | None) -> int | None:
    """Return the line of a key within a block; `any_of = [ {..}, {..} ]` is followed to its member."""
    found = next((n for n in range(start, end) if path and re.match(rf"\s*{re.escape(str(path[0]))}\s*=", lines[n])), None)
    if found is None:
        return None if fallback is None else fallback + 1
    if len(path) > 1 and isinstance(path[1], int):
        opened = -1
        for n in range(found, end):
            opened += lines[n].count("{")
            if opened >= path[1]:
                return n + 1
    return found + 1
