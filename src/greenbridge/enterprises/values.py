"""A firm on the platform, and what the market regulator knows of it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class EnterpriseStatus(StrEnum):
    """How far the real-name check has come."""

    REGISTERED = "registered"
    VERIFIED = "verified"


class Origin(StrEnum):
    """Where the firm comes from: `generated` firms are demonstration data and are marked wherever they are shown."""

    DECLARED = "declared"
    GENERATED = "generated"


@dataclass(frozen=True, slots=True)
class Enterprise:
    """A registered firm. `region_code` is GB/T 2260 (6 digits)."""

    id: UUID
    uscc: str
    name: str
    region_code: str
    status: EnterpriseStatus
    origin: Origin
    organisation_id: UUID
    registered_at: datetime
    verified_at: datetime | None


@dataclass(frozen=True, slots=True)
class RegistryRecord:
    """The market regulator's entry for one code, with the delivery it came in."""

    uscc: str
    name: str
    region_code: str
    state: str | None
    established_on: date | None
    batch_id: UUID
