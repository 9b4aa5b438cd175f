"""The market regulator, as the real-name check needs it."""

from datetime import date
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.enterprises.values import RegistryRecord


class Registry(Protocol):
    """Looks a code up in the market regulator's delivered data (facts implements it)."""

    async def find(self, session: AsyncSession, uscc: str, today: date) -> RegistryRecord | None:
        """Return the record that was valid on a day; None when the regulator has none."""
        ...


class FakeRegistry:
    """A registry in memory, for tests."""

    def __init__(self, *records: RegistryRecord) -> None:
        self.records = {record.uscc: record for record in records}

    async def find(self, session: AsyncSession, uscc: str, today: date) -> RegistryRecord | None:
        """Return the record with this code."""
        del session, today
        return self.records.get(uscc)
