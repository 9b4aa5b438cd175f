"""Objections, as a list of facts needs them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.facts.values import Disputed


class Disputes(Protocol):
    """Tells which records their firms dispute (disputes implements it)."""

    async def open_at(self, session: AsyncSession, usccs: Sequence[str], known_at: datetime) -> Disputed:
        """Return the records of firms with an objection that was open at an instant, as far as the session may see them."""
        ...
