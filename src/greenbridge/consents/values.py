"""A firm's consent that a bank reads its report."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Purpose(StrEnum):
    """What the data may be used for."""

    LOAN_REVIEW = "loan_review"


@dataclass(frozen=True, slots=True)
class Consent:
    """Firm x bank x purpose x period. Valid through `expires_on`, unless withdrawn."""

    id: UUID
    enterprise_id: UUID
    bank_id: UUID
    purpose: Purpose
    granted_at: datetime
    expires_on: date
    withdrawn_at: datetime | None
