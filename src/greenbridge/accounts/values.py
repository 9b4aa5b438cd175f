"""Who acts, and for whom."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from greenbridge.kit.text import Text


class Role(StrEnum):
    """What an account is for; a reviewer is of a third-party institution that reviews green ratings."""

    ENTERPRISE = "enterprise"
    OFFICER = "officer"
    BANK_ADMINISTRATOR = "bank_administrator"
    OPERATOR = "operator"
    DEPARTMENT = "department"
    REVIEWER = "reviewer"


class StaffFunction(StrEnum):
    """What a bank's officer does with a loan: what an officer may read depends on it."""

    RELATIONSHIP_MANAGER = "relationship_manager"
    CREDIT_REVIEWER = "credit_reviewer"
    DISBURSEMENT_OFFICER = "disbursement_officer"
    POST_LOAN_MANAGER = "post_loan_manager"


STAFF_FUNCTION_NAMES = {
    StaffFunction.RELATIONSHIP_MANAGER: Text("客户经理", "Relationship manager"),
    StaffFunction.CREDIT_REVIEWER: Text("审批人员", "Credit reviewer"),
    StaffFunction.DISBURSEMENT_OFFICER: Text("放款审核人员", "Disbursement officer"),
    StaffFunction.POST_LOAN_MANAGER: Text("贷后管理人员", "Post-loan manager"),
}


class OrganisationKind(StrEnum):
    """What an organisation is on the platform."""

    ENTERPRISE = "enterprise"
    BANK = "bank"
    PLATFORM = "platform"
    DEPARTMENT = "department"
    REVIEWER = "reviewer"


ORGANISATION_OF_ROLE = {
    Role.ENTERPRISE: OrganisationKind.ENTERPRISE,
    Role.OFFICER: OrganisationKind.BANK,
    Role.BANK_ADMINISTRATOR: OrganisationKind.BANK,
    Role.OPERATOR: OrganisationKind.PLATFORM,
    Role.DEPARTMENT: OrganisationKind.DEPARTMENT,
    Role.REVIEWER: OrganisationKind.REVIEWER,
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
    """The account that a request acts for; officers have a staff function, others none."""

    account_id: UUID
    login: str
    role: Role
    organisation: Organisation
    function: StaffFunction | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who is signed in, and until when."""

    actor: Actor
    expires_at: datetime
