"""Who acts, and for whom."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What an account is for."""

    ENTERPRISE = "enterprise"
    OFFICER = "officer"
    BANK_ADMINISTRATOR = "bank_administrator"
    OPERATOR = "operator"
    DEPARTMENT = "department"


class OrganisationKind(StrEnum):
    """What an organisation is on the platform."""

    ENTERPRISE = "enterprise"
    BANK = "bank"
    PLATFORM = "platform"
    DEPARTMENT = "department"


ORGANISATION_OF_ROLE = {
    Role.ENTERPRISE: OrganisationKind.ENTERPRISE,
    Role.OFFICER: OrganisationKind.BANK,
    Role.BANK_ADMINISTRATOR: OrganisationKind.BANK,
    Role.OPERATOR: OrganisationKind.PLATFORM,
    Role.DEPARTMENT: OrganisationKind.DEPARTMENT,
}


@dataclass(frozen=True, slots=True)
class Organisation:
    """A bank, an enterprise's own circle, a department, or the platform. `code` is unique within the kind."""

    id: UUID
    kind: OrganisationKind
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """The account that a request acts for."""

    account_id: UUID
    login: str
    role: Role
    organisation: Organisation
