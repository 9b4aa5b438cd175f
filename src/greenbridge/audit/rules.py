"""The chain's arithmetic."""

import hashlib
import json
from collections.abc import Sequence

from greenbridge.audit.values import Event

GENESIS = "0" * 64


def link(previous_hash: str, event: Event) -> str:
    """Return the SHA-256 over the previous hash and the event's canonical JSON."""
    payload = {
        "at": event.at.isoformat(),
        "account": str(event.account_id) if event.account_id else None,
        "action": event.action,
        "subject": event.subject,
        "detail": event.detail,
    }
    canonical = json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous_hash}{canonical}".encode()).hexdigest()


def first_broken(events: Sequence[tuple[Event, str]]) -> int | None:
    """Return the index of the first event whose stored hash does not follow; None when the chain is whole."""
    previous = GENESIS
    for index, (event, stored) in enumerate(events):
        previous = link(previous, event)
        if previous != stored:
            return index
    return None
