"""What the register's changes say."""

from collections.abc import Iterable

from greenbridge.facts.values import Fact

REPRESENTATIVE = "法定代表人"


def representative_changes(changes: Iterable[Fact]) -> list[Fact]:
    """Return the changes of the legal representative among a firm's records of `registration.changes`; refused ones changed nothing."""
    return [c for c in changes if REPRESENTATIVE in str(c.values.get("matter") or "") and c.values.get("result") != "refused"]
