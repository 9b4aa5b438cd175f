"""What is recorded."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Event:
    """One act: who, what, on which thing (`need:<id>`), with which particulars."""

    at: datetime
    account_id: UUID | None
    action: str
    subject: str
    detail: dict[str, Any]
