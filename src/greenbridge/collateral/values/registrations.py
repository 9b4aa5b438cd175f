"""A mortgage's registration, and what is asked of the registry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from greenbridge.collateral.values.states import OrderKind, OrderState, RegistrationState
from greenbridge.kit.calendar import business_date


@dataclass(frozen=True, slots=True)
class Registration:
    """A mortgage on its way into the land register and out of it."""

    id: UUID
    pledge_id: UUID
    enterprise_id: UUID
    bank_id: UUID
    certificate_no: str
    unit_no: str
    secured_fen: int
    state: RegistrationState
    drafted_at: datetime
    submitted_at: datetime | None = None
    accepted_at: datetime | None = None
    reference: str | None = None
    registry_number: str | None = None
    registry_rank: int | None = None
    registered_at: datetime | None = None
    reasons: tuple[str, ...] = ()
    ended_at: datetime | None = None
    receipts: tuple[Mapping[str, Any], ...] = ()

    @property
    def number(self) -> str:
        """Return the application's number: M260310-3FA2C1."""
        return f"M{business_date(self.drafted_at):%y%m%d}-{self.id.hex[:6].upper()}"


@dataclass(frozen=True, slots=True)
class Order:
    """One thing asked of the land registry: sent, acknowledged, answered. Sending it twice is the same as once (`id`)."""

    id: UUID
    kind: OrderKind
    state: OrderState
    enterprise_id: UUID
    bank_id: UUID
    registration_id: UUID | None
    body: Mapping[str, Any]
    made_at: datetime
    attempts: int
    due_at: datetime
    reference: str | None = None
    answer: Mapping[str, Any] | None = None
    answered_at: datetime | None = None
    last_problem: str = ""

    @property
    def number(self) -> str:
        """Return the order's number: Q260310-3FA2C1."""
        return f"Q{business_date(self.made_at):%y%m%d}-{self.id.hex[:6].upper()}"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """That the registry has an order, and under which reference."""

    reference: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """The registry's last word on an order, with the document that it signed. `granted` false: rejected for `reasons`."""

    granted: bool
    at: datetime
    number: str | None
    reasons: tuple[str, ...]
    facts: Mapping[str, Any]
    receipt: Mapping[str, Any]
