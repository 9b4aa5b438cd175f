"""Wire types of enterprises."""

from datetime import datetime
from uuid import UUID

from greenbridge.enterprises.values import Enterprise, EnterpriseStatus, Origin
from greenbridge.kit.wire import Closed


class NewEnterprise(Closed):
    """What a firm says of itself."""

    uscc: str
    name: str


class EnterpriseOut(Closed):
    """A firm as itself and the operator see it."""

    id: UUID
    uscc: str
    name: str
    region_code: str
    status: EnterpriseStatus
    origin: Origin
    verified_at: datetime | None

    @classmethod
    def of(cls, e: Enterprise) -> "EnterpriseOut":
        """Return the wire form."""
        return cls(
            id=e.id,
            uscc=e.uscc,
            name=e.name,
            region_code=e.region_code,
            status=e.status,
            origin=e.origin,
            verified_at=e.verified_at,
        )
